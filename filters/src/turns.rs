//! Chat records: whose turn a part of the text is.

use crate::chat::within_strings;
use crate::{Chat, Document, Edit};
use serde::{Deserialize, Serialize};
use std::ops::Range;

/// Who speaks in a turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Instructions to the model.
    System,
    /// Whoever asks.
    User,
    /// The model that is to be trained.
    Assistant,
    /// What a tool that the model called gave back.
    Tool,
    /// A name that is none of these.
    Other,
}

/// Names of roles: OpenAI's, ShareGPT's, and those of common data sets.
const NAMES: [(&str, Role); 15] = [
    ("system", Role::System),
    ("developer", Role::System),
    ("user", Role::User),
    ("human", Role::User),
    ("prompter", Role::User),
    ("assistant", Role::Assistant),
    ("gpt", Role::Assistant),
    ("chatgpt", Role::Assistant),
    ("bot", Role::Assistant),
    ("chatbot", Role::Assistant),
    ("model", Role::Assistant),
    ("tool", Role::Tool),
    ("function", Role::Tool),
    ("function_response", Role::Tool),
    ("observation", Role::Tool),
];

impl Role {
    /// The role that a name stands for, in whatever case.
    pub fn named(name: &str) -> Self {
        let known = NAMES.iter().find(|(known, _)| known.eq_ignore_ascii_case(name.trim()));
        known.map_or(Self::Other, |(_, role)| *role)
    }

    /// Its own name.
    pub fn name(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::User => "user",
            Self::Assistant => "assistant",
            Self::Tool => "tool",
            Self::Other => "other",
        }
    }
}

/// A turn: whose it is, and where it stands in the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Turn {
    /// Whose.
    pub role: Role,
    /// Which of the record's fields it stands in, counted in the order of the configuration.
    pub field: usize,
    /// Its bytes in the text.
    pub range: Range<usize>,
}

/// Which turns of a chat record are looked at; `None` for no choice.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TurnSelection {
    /// Those of these roles.
    pub roles: Option<Vec<Role>>,
    /// Those that stand in these fields.
    pub fields: Option<Vec<usize>>,
}

impl TurnSelection {
    fn takes(&self, turn: &Turn) -> bool {
        self.roles.as_ref().is_none_or(|roles| roles.contains(&turn.role))
            && self.fields.as_ref().is_none_or(|fields| fields.contains(&turn.field))
    }
}

/// Some turns as a text of their own, joined by one newline as those of the whole record are.
#[derive(Debug, Default)]
pub struct Chosen {
    chat: Chat,
    /// Where each turn starts in the whole text.
    starts: Vec<usize>,
}

impl Chosen {
    /// The turns that are selected. Of none the text is empty.
    pub fn of(document: &Document<'_>, selection: &TurnSelection) -> Self {
        let mut chosen = Self::default();
        for turn in document.turns.iter().filter(|turn| selection.takes(turn)) {
            chosen.chat.turn(turn.role, turn.field);
            chosen.chat.say(document.text.get(turn.range.clone()).unwrap_or_default());
            let start = chosen.chat.turns().last().map_or(0, |turn| turn.range.start);
            let [from, to] = [turn.range.start, turn.range.end]
                .map(|at| document.joints.partition_point(|&joint| joint < at));
            let within = document.joints.get(from..to).unwrap_or_default();
            within.iter().for_each(|joint| chosen.chat.divide(joint - turn.range.start + start));
            chosen.starts.push(turn.range.start);
        }
        chosen
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.starts.is_empty()
    }

    /// The document that consists of them.
    pub fn document<'a>(&'a self, whole: &Document<'a>) -> Document<'a> {
        self.chat.document(whole)
    }

    /// Where a byte of the chosen text stands in the whole one; the newline behind a turn where that turn ends.
    pub fn original_offset(&self, offset: usize) -> usize {
        let turns = self.chat.turns();
        let at = turns.partition_point(|turn| turn.range.start <= offset).saturating_sub(1);
        match (turns.get(at), self.starts.get(at)) {
            (Some(turn), Some(start)) => start + (offset - turn.range.start).min(turn.range.len()),
            _ => offset,
        }
    }

    /// Edits of the chosen text as edits of the whole one.
    pub fn original_edits(&self, edits: Vec<Edit>) -> Vec<Edit> {
        let joints = self.chat.document(&Document::default()).joints;
        let moved = |Edit { start, end, with }| Edit {
            start: self.original_offset(start),
            end: self.original_offset(end),
            with,
        };
        within_strings(edits, joints).into_iter().map(moved).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stand_for_roles_in_whatever_case() {
        for (name, role) in [
            ("system", Role::System),
            ("Human", Role::User),
            (" gpt ", Role::Assistant),
            ("function", Role::Tool),
            ("narrator", Role::Other),
            ("", Role::Other),
        ] {
            assert_eq!(Role::named(name), role, "{name}");
        }
    }

    #[test]
    fn chosen_turns_lead_back_to_where_they_stand() {
        let text = "be kind\nhow?\nso\n\nand?";
        let turn = |role, range| Turn { role, field: 0, range };
        let turns = [
            turn(Role::System, 0..7),
            turn(Role::User, 8..12),
            turn(Role::Assistant, 13..15),
            turn(Role::Assistant, 16..16),
            turn(Role::User, 17..21),
        ];
        let of = |role| TurnSelection { roles: Some(vec![role]), fields: None };
        let whole = Document { text, turns: &turns, ..Document::default() };
        let users = Chosen::of(&whole, &of(Role::User));
        let document = users.document(&whole);
        assert_eq!(document.text, "how?\nand?");
        assert_eq!(document.turns, [turn(Role::User, 0..4), turn(Role::User, 5..9)]);
        for (offset, c) in document.text.char_indices().filter(|(_, c)| *c != '\n') {
            assert!(text[users.original_offset(offset)..].starts_with(c), "{offset}");
        }
        assert_eq!((users.original_offset(4), users.original_offset(9)), (12, 21), "ends");
        assert_eq!(Chosen::of(&whole, &of(Role::Assistant)).document(&whole).text, "so\n");
        let none = Chosen::of(&whole, &of(Role::Tool));
        assert_eq!((none.document(&whole).text, none.original_offset(0)), ("", 0));
    }
}
