//! The turns of a line's chat record: read, and put back edited into the line they were read from.

use super::record::{Record, Value};
use crate::config::Messages;
use crate::source::batch::Cause;
use crate::{Error, Result};
use filters::{Chat, Document, EditedStrings, Edits, Role, within_strings};
use serde_json::value::RawValue;

/// A turn of a chat record. What else it has stays where it is.
pub(super) struct Message<'l> {
    pub(super) role: Option<String>,
    /// The strings of its content, which may be none; `None` without a content.
    strings: Option<Vec<Quoted<'l>>>,
}

/// A string as it is written, and what it says.
struct Quoted<'l> {
    literal: &'l str,
    text: String,
}

impl<'l> Quoted<'l> {
    fn parse(literal: &'l str) -> serde_json::Result<Self> {
        Ok(Self { literal, text: serde_json::from_str(literal)? })
    }
}

/// A turn as OpenAI or ShareGPT writes it.
#[derive(serde::Deserialize)]
struct Written<'l> {
    #[serde(alias = "from")]
    role: Option<String>,
    #[serde(borrow, alias = "value")]
    content: Option<&'l RawValue>,
}

/// A part of a turn; images and the like have no text.
#[derive(serde::Deserialize)]
struct Part<'l> {
    #[serde(borrow)]
    text: Option<&'l RawValue>,
}

impl<'l> Written<'l> {
    fn message(self) -> serde_json::Result<Message<'l>> {
        let Some(content) = self.content.map(RawValue::get) else {
            return Ok(Message { role: self.role, strings: None });
        };
        let strings = if content.starts_with('"') {
            vec![Quoted::parse(content)?]
        } else {
            let parts: Vec<Part<'l>> = serde_json::from_str(content)?;
            let texts = parts.into_iter().filter_map(|part| part.text);
            texts.map(|text| Quoted::parse(text.get())).collect::<serde_json::Result<_>>()?
        };
        Ok(Message { role: self.role, strings: Some(strings) })
    }
}

impl Message<'_> {
    /// Its strings, joined by one newline.
    pub(super) fn content(&self) -> Option<String> {
        let texts: Vec<&str> = self.strings.as_ref()?.iter().map(|string| string.text.as_str()).collect();
        Some(texts.join("\n"))
    }

    /// Where in its content strings were joined, and its length.
    pub(super) fn joints(&self) -> (Vec<u64>, u64) {
        let (mut joints, mut end) = (Vec::new(), 0);
        for (nth, string) in self.strings.iter().flatten().enumerate() {
            if nth > 0 {
                joints.push(end);
                end += 1;
            }
            end += string.text.len() as u64;
        }
        (joints, end)
    }
}

impl<'l> Value<'l> {
    /// The turns of a field. With a role it may be a string, which is one turn of that role.
    pub(super) fn turns(self, role: Option<Role>) -> std::result::Result<Vec<Message<'l>>, Cause> {
        let cause = |error: serde_json::Error| match error.classify() {
            serde_json::error::Category::Data => Cause::TextType,
            _ => Cause::InvalidUtf8,
        };
        if let Some(role) = role.filter(|_| self.is_string()) {
            let string = Quoted::parse(self.raw()).map_err(cause)?;
            return Ok(vec![Message { role: Some(role.name().into()), strings: Some(vec![string]) }]);
        }
        let written: Option<Vec<Written<'_>>> = serde_json::from_str(self.raw()).map_err(cause)?;
        written.ok_or(Cause::NullText)?.into_iter().map(|turn| turn.message().map_err(cause)).collect()
    }
}

/// The turns of a line, field by field; `None` if one of the fields is not what it should be, or all are missing.
fn turns<'l>(line: &'l str, fields: &Messages) -> Option<Vec<Message<'l>>> {
    let record = Record::parse(line.as_bytes()).ok()?;
    let mut turns = None;
    for field in fields.fields() {
        let Some(value) = record.find(&field.name).filter(|value| !value.is_null()) else { continue };
        let role = fields.may_be_strings().then_some(field.role);
        turns.get_or_insert_with(Vec::new).extend(value.turns(role).ok()?);
    }
    turns
}

/// Whether a line holds a chat record.
pub(super) fn is_record(line: &str, fields: &Messages) -> bool {
    turns(line, fields).is_some()
}

/// A line with the edits of its chat record; everything but the strings they touch is as it was.
pub(super) fn edited(line: &str, fields: &Messages, edits: &Edits) -> Result<String> {
    let gone = || Error::Bug("a line's messages are gone".into());
    let turns = turns(line, fields).ok_or_else(gone)?;
    let mut chat = Chat::default();
    for turn in &turns {
        chat.turn(Role::Other, 0);
        turn.strings.iter().flatten().for_each(|string| chat.say(&string.text));
    }
    let joints = chat.document(&Document::default()).joints;
    let edits = Edits::new(chat.text(), within_strings(edits.as_slice().to_vec(), joints));
    let mut strings = EditedStrings::new(&edits);
    let mut puts: Vec<(usize, &str, String)> = Vec::new();
    for turn in &turns {
        strings.turn();
        for Quoted { literal, text } in turn.strings.iter().flatten() {
            let now = strings.say(text);
            if now != *text {
                let start = literal.as_ptr().addr() - line.as_ptr().addr();
                puts.push((start, literal, serde_json::Value::from(now).to_string()));
            }
        }
    }
    // members stand in whatever order
    puts.sort_unstable_by_key(|(start, ..)| *start);
    let (mut made, mut at) = (String::with_capacity(line.len()), 0);
    for (start, literal, now) in puts {
        made.push_str(line.get(at..start).ok_or_else(gone)?);
        made.push_str(&now);
        at = start + literal.len();
    }
    made.push_str(line.get(at..).ok_or_else(gone)?);
    Ok(made)
}

#[cfg(test)]
mod tests {
    use super::*;
    use filters::Edit;

    fn put(line: &str, fields: &str, edits: &[(usize, usize, &'static str)]) -> String {
        let fields: Messages = serde_json::from_str(fields).unwrap();
        let edit =
            |&(start, end, with): &(usize, usize, &'static str)| Edit { start, end, with: with.into() };
        edited(line, &fields, &Edits::new(&"x".repeat(99), edits.iter().map(edit).collect())).unwrap()
    }

    #[test]
    fn only_what_is_edited_changes() {
        let line = r#"{"n": 1.50, "messages":[ {"role":"user","content":"a\u0062c", "w":0},{"from":"gpt","value":[{"type":"text","text":"de"},{"x":"de"},{"text":"fg"}]}],"z":"abc"}"#;
        assert_eq!(put(line, "\"messages\"", &[]), line);
        let both = put(line, "\"messages\"", &[(1, 2, "\"B"), (5, 8, "<D>")]);
        assert_eq!(
            both,
            line.replace(r"a\u0062c", r#"a\"Bc"#)
                .replace(r#""text":"de""#, r#""text":"d<D>""#)
                .replace(r#""fg""#, r#""g""#)
        );
        let line = r#"{"chosen":[{"content":"two"}],"in":{"prompt":"one" },"rejected":null}"#;
        let both = put(line, r#"["in.prompt=user","chosen","rejected"]"#, &[(0, 1, "O"), (4, 7, "")]);
        assert_eq!(both, line.replace("one", "One").replace("two", ""));
    }
}
