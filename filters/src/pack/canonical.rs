//! One spelling of a pack, to be hashed: canonical JSON, whatever the file's layout and comments.

use super::Pack;
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use unicode_normalization::UnicodeNormalization;

impl Pack {
    /// The pack as canonical JSON: keys sorted, no white space, strings in NFC with line feeds alone as line ends, what
    /// has its default value and is optional left out.
    pub fn canonical(&self) -> String {
        let mut json = String::new();
        // a pack is strings, numbers, lists and tables with names: serialising one cannot fail
        write(&serde_json::to_value(self).unwrap_or_default(), &mut json);
        json
    }

    /// SHA-256 of [`Pack::canonical`], in hexadecimal.
    pub fn digest(&self) -> String {
        Sha256::digest(self.canonical()).iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

fn write(value: &Value, json: &mut String) {
    match value {
        Value::Object(members) => {
            let members: BTreeMap<&String, &Value> = members.iter().collect();
            json.push('{');
            for (nth, (key, member)) in members.into_iter().enumerate() {
                comma(nth, json);
                write_string(key, json);
                json.push(':');
                write(member, json);
            }
            json.push('}');
        }
        Value::Array(items) => {
            json.push('[');
            for (nth, item) in items.iter().enumerate() {
                comma(nth, json);
                write(item, json);
            }
            json.push(']');
        }
        Value::String(text) => write_string(text, json),
        plain => json.push_str(&plain.to_string()),
    }
}

fn comma(nth: usize, json: &mut String) {
    if nth > 0 {
        json.push(',');
    }
}

fn write_string(text: &str, json: &mut String) {
    let text: String = text.replace("\r\n", "\n").replace('\r', "\n").nfc().collect();
    json.push_str(&Value::String(text).to_string());
}
