//! Chat records: whose turn a part of the text is.

use crate::Document;
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
}

/// A turn: whose it is, and where it stands in the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Turn {
    /// Whose.
    pub role: Role,
    /// Its bytes in the text.
    pub range: Range<usize>,
}

/// The turns of some roles as a text of their own, joined by one newline as those of the whole record are.
#[derive(Debug, Default)]
pub struct Chosen {
    text: String,
    turns: Vec<Turn>,
    /// Where each turn starts in the whole text.
    starts: Vec<usize>,
}

impl Chosen {
    /// The turns of these roles. Of none the text is empty.
    pub fn of(document: &Document<'_>, roles: &[Role]) -> Self {
        let mut chosen = Self::default();
        for turn in document.turns.iter().filter(|turn| roles.contains(&turn.role)) {
            if !chosen.turns.is_empty() {
                chosen.text.push('\n');
            }
            let start = chosen.text.len();
            chosen.text.push_str(document.text.get(turn.range.clone()).unwrap_or_default());
            chosen.turns.push(Turn { role: turn.role, range: start..chosen.text.len() });
            chosen.starts.push(turn.range.start);
        }
        chosen
    }

    /// The document that consists of them.
    pub fn document<'a>(&'a self, whole: &Document<'a>) -> Document<'a> {
        Document { text: &self.text, turns: &self.turns, ..*whole }
    }

    /// Where a byte of the chosen text stands in the whole one; the newline behind a turn where that turn ends.
    pub fn original_offset(&self, offset: usize) -> usize {
        let at = self.turns.partition_point(|turn| turn.range.start <= offset).saturating_sub(1);
        match (self.turns.get(at), self.starts.get(at)) {
            (Some(turn), Some(start)) => start + (offset - turn.range.start).min(turn.range.len()),
            _ => offset,
        }
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
        let turn = |role, range| Turn { role, range };
        let turns = [
            turn(Role::System, 0..7),
            turn(Role::User, 8..12),
            turn(Role::Assistant, 13..15),
            turn(Role::Assistant, 16..16),
            turn(Role::User, 17..21),
        ];
        let whole = Document { text, turns: &turns, ..Document::default() };
        let users = Chosen::of(&whole, &[Role::User]);
        let document = users.document(&whole);
        assert_eq!(document.text, "how?\nand?");
        assert_eq!(document.turns, [turn(Role::User, 0..4), turn(Role::User, 5..9)]);
        for (offset, c) in document.text.char_indices().filter(|(_, c)| *c != '\n') {
            assert!(text[users.original_offset(offset)..].starts_with(c), "{offset}");
        }
        assert_eq!((users.original_offset(4), users.original_offset(9)), (12, 21), "ends");
        assert_eq!(Chosen::of(&whole, &[Role::Assistant]).document(&whole).text, "so\n");
        let none = Chosen::of(&whole, &[Role::Tool]);
        assert_eq!((none.document(&whole).text, none.original_offset(0)), ("", 0));
    }
}
