//! A chat record as one text, and what edits make of it.

use crate::{Document, Edit, Edits, Role, Turn};
use std::borrow::Cow;

/// The strings of a chat record joined by one newline, and whose they are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Chat {
    text: String,
    turns: Vec<Turn>,
    /// Where strings were joined, in order. These newlines are of no string, so no edit may touch them.
    joints: Vec<usize>,
    /// Whether the last turn has had no string yet.
    silent: bool,
}

impl Chat {
    /// Forgets all turns.
    pub fn clear(&mut self) {
        self.text.clear();
        self.turns.clear();
        self.joints.clear();
    }

    /// Begins a turn, which has no text yet.
    pub fn turn(&mut self, role: Role, field: usize) {
        if !self.turns.is_empty() {
            self.join();
        }
        let start = self.text.len();
        self.turns.push(Turn { role, field, range: start..start });
        self.silent = true;
    }

    /// Adds a string to the last turn.
    pub fn say(&mut self, text: &str) {
        if !std::mem::take(&mut self.silent) {
            self.join();
        }
        self.text.push_str(text);
        if let Some(turn) = self.turns.last_mut() {
            turn.range.end = self.text.len();
        }
    }

    /// Says of a byte of the text, a newline, that it joins two strings.
    pub fn divide(&mut self, at: usize) {
        if let Err(place) = self.joints.binary_search(&at) {
            self.joints.insert(place, at);
        }
    }

    fn join(&mut self) {
        self.joints.push(self.text.len());
        self.text.push('\n');
    }

    /// A document after edits that leave its joints alone.
    pub fn after(document: &Document<'_>, edits: &Edits) -> Self {
        let start = |at: usize| at.checked_sub(1).map_or(0, |joint| edits.edited_offset(joint) + 1);
        let moved = |turn: &Turn| {
            let range = start(turn.range.start)..edits.edited_offset(turn.range.end);
            Turn { range, ..turn.clone() }
        };
        Self {
            text: edits.apply(document.text),
            turns: document.turns.iter().map(moved).collect(),
            joints: document.joints.iter().map(|&joint| edits.edited_offset(joint)).collect(),
            silent: false,
        }
    }

    /// The text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The turns.
    pub fn turns(&self) -> &[Turn] {
        &self.turns
    }

    /// The record with this text and these turns.
    pub fn document<'a>(&'a self, record: &Document<'a>) -> Document<'a> {
        Document { text: &self.text, turns: &self.turns, joints: &self.joints, ..*record }
    }
}

/// What edits make of the strings of a chat record, which are told in the order in which [`Chat`] was.
pub struct EditedStrings<'e> {
    edits: &'e [Edit],
    at: usize,
    turns: usize,
    silent: bool,
}

impl<'e> EditedStrings<'e> {
    /// Before the first turn. The edits leave joints alone.
    pub fn new(edits: &'e Edits) -> Self {
        Self { edits: edits.as_slice(), at: 0, turns: 0, silent: false }
    }

    /// A turn begins.
    pub fn turn(&mut self) {
        self.at += usize::from(self.turns > 0);
        self.turns += 1;
        self.silent = true;
    }

    /// What becomes of the next string of the turn.
    pub fn say(&mut self, text: &str) -> String {
        self.at += usize::from(!std::mem::take(&mut self.silent));
        let (start, end) = (self.at, self.at + text.len());
        self.at = end;
        let first = self.edits.partition_point(|edit| edit.start < start);
        let here = self.edits.iter().skip(first).take_while(|edit| edit.end <= end);
        let moved = |edit: &Edit| Edit { start: edit.start - start, end: edit.end - start, ..edit.clone() };
        Edits::new(text, here.map(moved).collect()).apply(text)
    }
}

/// Parts edits at joints, which stay: what is put in place of a stretch goes to the first string it has a part of.
pub fn within_strings(edits: Vec<Edit>, joints: &[usize]) -> Vec<Edit> {
    let mut parted = Vec::with_capacity(edits.len());
    for Edit { mut start, end, mut with } in edits {
        let from = joints.partition_point(|&joint| joint < start);
        for &joint in joints[from..].iter().take_while(|&&joint| joint < end) {
            if start < joint {
                parted.push(Edit {
                    start,
                    end: joint,
                    with: std::mem::replace(&mut with, Cow::Borrowed("")),
                });
            }
            start = joint + 1;
        }
        if start < end || !with.is_empty() {
            parted.push(Edit { start, end, with });
        }
    }
    parted
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chat(turns: &[(Role, &[&str])]) -> Chat {
        let mut chat = Chat::default();
        for (role, strings) in turns {
            chat.turn(*role, 0);
            strings.iter().for_each(|string| chat.say(string));
        }
        chat
    }

    #[test]
    fn edits_move_turns_and_never_join_them() {
        let before = chat(&[
            (Role::User, &["ab", "cd"]),
            (Role::Assistant, &[]),
            (Role::User, &["", "ef"]),
            (Role::Assistant, &["gh"]),
        ]);
        assert_eq!(before.text, "ab\ncd\n\n\nef\ngh");
        assert_eq!(before.joints, [2, 5, 6, 7, 10]);
        for (edits, after) in [
            (
                vec![(0, 2, "x")],
                chat(&[
                    (Role::User, &["x", "cd"]),
                    (Role::Assistant, &[]),
                    (Role::User, &["", "ef"]),
                    (Role::Assistant, &["gh"]),
                ]),
            ),
            (
                vec![(1, 12, "<A>")],
                chat(&[
                    (Role::User, &["a<A>", ""]),
                    (Role::Assistant, &[]),
                    (Role::User, &["", ""]),
                    (Role::Assistant, &["h"]),
                ]),
            ),
            (
                vec![(2, 9, "<A>")],
                chat(&[
                    (Role::User, &["ab", "<A>"]),
                    (Role::Assistant, &[]),
                    (Role::User, &["", "f"]),
                    (Role::Assistant, &["gh"]),
                ]),
            ),
            (
                vec![(5, 8, ""), (10, 13, "")],
                chat(&[
                    (Role::User, &["ab", "cd"]),
                    (Role::Assistant, &[]),
                    (Role::User, &["", "ef"]),
                    (Role::Assistant, &[""]),
                ]),
            ),
            (
                vec![(1, 4, ""), (8, 13, "<B>")],
                chat(&[
                    (Role::User, &["a", "d"]),
                    (Role::Assistant, &[]),
                    (Role::User, &["", "<B>"]),
                    (Role::Assistant, &[""]),
                ]),
            ),
        ] {
            let list: Vec<Edit> =
                edits.iter().map(|&(start, end, with)| Edit { start, end, with: with.into() }).collect();
            let list = Edits::new(&before.text, within_strings(list, &before.joints));
            let made = Chat::after(&before.document(&Document::default()), &list);
            assert_eq!(made, after, "{edits:?}");
            let mut strings = EditedStrings::new(&list);
            strings.turn();
            assert_eq!(strings.say("ab") + "\n" + &strings.say("cd"), made.text[made.turns[0].range.clone()]);
            strings.turn();
            strings.turn();
            assert_eq!(strings.say("") + "\n" + &strings.say("ef"), made.text[made.turns[2].range.clone()]);
            strings.turn();
            assert_eq!(strings.say("gh"), made.text[made.turns[3].range.clone()]);
        }
    }
}
