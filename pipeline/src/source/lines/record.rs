//! One line: a JSON object (RFC 8259) whose members stay as they are written until they are asked for.

use crate::source::batch::Cause;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::error::Category;
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::fmt::{self, Write};

/// An object with its members in order. No two have the same name.
pub(super) struct Record<'l>(Vec<(Cow<'l, str>, &'l RawValue)>);

impl<'l> Record<'l> {
    /// Reads a line. Of two members with the same name readers take either, so what was judged might not be what is
    /// learnt from: such a line is refused.
    pub(super) fn parse(line: &'l [u8]) -> Result<Self, Cause> {
        let line = std::str::from_utf8(line).map_err(|_| Cause::InvalidUtf8)?;
        let record: Self = serde_json::from_str(line).map_err(|error| match error.classify() {
            Category::Data => Cause::NotAnObject,
            _ => Cause::InvalidJson,
        })?;
        let mut names: Vec<&str> = record.names().collect();
        names.sort_unstable();
        match names.windows(2).any(|pair| pair[0] == pair[1]) {
            true => Err(Cause::DuplicateKey),
            false => Ok(record),
        }
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(name, _)| name.as_ref())
    }

    fn get(&self, name: &str) -> Option<&'l RawValue> {
        self.0.iter().find(|(there, _)| there == name).map(|(_, value)| *value)
    }

    /// The member of this name, or else what a name with dots leads to.
    pub(super) fn find(&self, name: &str) -> Option<Value<'l>> {
        self.get(name).or_else(|| self.within(name)).map(|raw| Value(raw.get()))
    }

    fn within(&self, name: &str) -> Option<&'l RawValue> {
        let (first, rest) = name.split_once('.')?;
        let inner: Record<'l> = serde_json::from_str(self.get(first)?.get()).ok()?;
        inner.get(rest).or_else(|| inner.within(rest))
    }

    /// The object without one member, which [`find`](Self::find) finds; the values of the others as they are written.
    pub(super) fn without(&self, name: Option<&str>) -> String {
        let within = name.filter(|name| self.get(name).is_none()).and_then(|name| name.split_once('.'));
        let mut json = String::from("{");
        for (key, value) in self.0.iter().filter(|(key, _)| Some(key.as_ref()) != name) {
            let rest = within.filter(|(first, _)| first == key).map(|(_, rest)| rest);
            let inner = rest.and_then(|rest| {
                let inner: Record<'l> = serde_json::from_str(value.get()).ok()?;
                Some(inner.without(Some(rest)))
            });
            let comma = if json.len() > 1 { "," } else { "" };
            let value = inner.as_deref().unwrap_or(value.get());
            // writing to a string cannot fail
            let _ = write!(json, "{comma}{}:{value}", serde_json::Value::from(key.as_ref()));
        }
        json.push('}');
        json
    }
}

impl<'de> Deserialize<'de> for Record<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;
        impl<'de> Visitor<'de> for Members {
            type Value = Record<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Record<'de>, A::Error> {
                let mut members = Vec::new();
                while let Some(Text(name)) = map.next_key()? {
                    members.push((name, map.next_value()?));
                }
                Ok(Record(members))
            }
        }
        deserializer.deserialize_map(Members)
    }
}

/// A string that is not copied where it is written without escapes.
#[derive(serde::Deserialize)]
struct Text<'t>(#[serde(borrow)] Cow<'t, str>);

/// A value as it is written. It is known to be JSON, but for strings that no Unicode text can be (`"\ud800"`).
#[derive(Clone, Copy)]
pub(super) struct Value<'l>(&'l str);

impl<'l> Value<'l> {
    /// As it is written.
    pub(super) fn raw(self) -> &'l str {
        self.0
    }

    pub(super) fn is_string(self) -> bool {
        self.0.starts_with('"')
    }

    pub(super) fn is_null(self) -> bool {
        self.0 == "null"
    }

    /// The text of a record.
    pub(super) fn text(self) -> Result<Cow<'l, str>, Cause> {
        match self.0 {
            "null" => Err(Cause::NullText),
            _ if !self.is_string() => Err(Cause::TextType),
            _ => self.string().ok_or(Cause::InvalidUtf8),
        }
    }

    /// A string.
    pub(super) fn string(self) -> Option<Cow<'l, str>> {
        serde_json::from_str(self.0).ok().map(|Text(text)| text)
    }

    /// A string, or an integer in decimal.
    pub(super) fn name(self) -> Option<Cow<'l, str>> {
        self.string().or_else(|| self.integer().map(Cow::Owned))
    }

    /// A string, a number or a boolean as the batches of other formats spell it.
    pub(super) fn label(self) -> Option<Cow<'l, str>> {
        let other = || self.number().map(|number| format!("{number:?}"));
        self.name()
            .or_else(|| self.flag().map(|flag| Cow::Owned(flag.to_string())))
            .or_else(|| other().map(Cow::Owned))
    }

    fn integer(self) -> Option<String> {
        let signed = self.0.parse::<i64>().map(|number| number.to_string());
        signed.or_else(|_| self.0.parse::<u64>().map(|number| number.to_string())).ok()
    }

    /// A number.
    pub(super) fn number(self) -> Option<f64> {
        // what is JSON and no number is no float either: there are no bare names of infinities in it
        self.0.parse().ok()
    }

    /// A boolean.
    pub(super) fn flag(self) -> Option<bool> {
        self.0.parse().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_an_object_or_has_a_cause() {
        let cases: [(&[u8], Cause); 14] = [
            (b"", Cause::InvalidJson),
            (b"  \r", Cause::InvalidJson),
            (b"garbage", Cause::InvalidJson),
            (br#"{"text":"a""#, Cause::InvalidJson),
            (br#"{"text":"a"} {"text":"b"}"#, Cause::InvalidJson),
            (b"{\"text\":\"a\x00\"}", Cause::InvalidJson),
            (br#"{"text":"a",}"#, Cause::InvalidJson),
            (br#"{"\ud800":1}"#, Cause::InvalidJson),
            (b"{\"text\":\"\xff\"}", Cause::InvalidUtf8),
            (b"[]", Cause::NotAnObject),
            (b"null", Cause::NotAnObject),
            (b"3", Cause::NotAnObject),
            (br#"{"text":"a","text":"a"}"#, Cause::DuplicateKey),
            (br#"{"text":"a","te\u0078t":"b"}"#, Cause::DuplicateKey),
        ];
        for (line, cause) in cases {
            let told = Record::parse(line).err();
            assert_eq!(told, Some(cause), "{}", String::from_utf8_lossy(line));
        }
        let deep = format!(r#"{{"text":"a","deep":{}{}}}"#, "[".repeat(100_000), "]".repeat(100_000));
        assert!(Record::parse(deep.as_bytes()).is_ok());
    }

    #[test]
    fn members_are_read_as_asked_and_written_as_they_are() {
        let line =
            br#" {"text" : "a\u0000\n", "n": 1.50, "i":-0, "big":18446744073709551615, "e":1e2, "f":true,
            "meta":{"site":{"x":"y"}}, "a.b":"dot", "a":{"b":"no"}, "bad":"\udc00", "none":null}"#;
        let record = Record::parse(line).unwrap();
        assert_eq!(record.find("text").unwrap().text().unwrap(), "a\0\n");
        let label = |name: &str| record.find(name).and_then(Value::label).map(Cow::into_owned);
        let labels =
            ["n", "i", "big", "e", "f", "meta.site.x", "a.b", "bad", "none", "meta", "meta.no"].map(label);
        let expected = ["1.5", "0", "18446744073709551615", "100.0", "true", "y", "dot"].map(str::to_string);
        assert_eq!(labels[..7], expected.map(Some));
        assert_eq!(labels[7..], [None, None, None, None]);
        assert_eq!(record.find("bad").unwrap().text(), Err(Cause::InvalidUtf8));
        assert_eq!(record.find("none").unwrap().text(), Err(Cause::NullText));
        assert_eq!(record.find("n").unwrap().text(), Err(Cause::TextType));
        let rest = record.without(Some("text"));
        assert!(rest.starts_with(r#"{"n":1.50,"i":-0,"big":18446744073709551615,"e":1e2,"#), "{rest}");
        assert!(rest.ends_with(r#""bad":"\udc00","none":null}"#), "{rest}");
        assert_eq!(Record::parse(b"{}").unwrap().without(None), "{}");
        let nested = Record::parse(br#"{"a":{"b":{"c":"text","d":1}, "c":2},"a.c":3}"#).unwrap();
        assert_eq!(nested.find("a.b.c").unwrap().text().unwrap(), "text");
        assert_eq!(nested.without(Some("a.b.c")), r#"{"a":{"b":{"d":1},"c":2},"a.c":3}"#);
        assert_eq!(nested.without(Some("a.c")), r#"{"a":{"b":{"c":"text","d":1}, "c":2}}"#);
    }
}
