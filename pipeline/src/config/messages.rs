//! `input.messages`: the fields that a chat record consists of.

use filters::Role;
use serde::{Deserialize, Serialize};

/// The fields, in the order in which a record is read. One alone holds a list of messages; of several each holds such a
/// list, or a string, which is one turn.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(try_from = "Written", into = "Written")]
pub(crate) struct Messages(Vec<ChatField>);

/// One of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ChatField {
    pub(crate) name: String,
    /// Whose turn a string is.
    pub(crate) role: Role,
}

/// As the configuration has it: `"messages"`, or `["prompt", "reply=assistant"]`.
#[derive(Clone, Deserialize, Serialize)]
#[serde(untagged, expecting = "expected the name of a column, or a list of names")]
enum Written {
    One(String),
    Many(Vec<String>),
}

/// Fields of common data sets, and whose turn a string in them is.
const KNOWN: [(&str, Role); 16] = [
    ("system", Role::System),
    ("prompt", Role::User),
    ("question", Role::User),
    ("query", Role::User),
    ("instruction", Role::User),
    ("input", Role::User),
    ("completion", Role::Assistant),
    ("response", Role::Assistant),
    ("answer", Role::Assistant),
    ("output", Role::Assistant),
    ("chosen", Role::Assistant),
    ("rejected", Role::Assistant),
    // these hold lists, whose messages have roles
    ("messages", Role::Other),
    ("conversation", Role::Other),
    ("conversations", Role::Other),
    ("history", Role::Other),
];

impl ChatField {
    /// A field as it is written, with its role behind `=` if its name does not tell it.
    fn parse(written: &str) -> Result<Self, String> {
        let known = |name: &str| KNOWN.iter().find(|(known, _)| *known == name).map(|(_, role)| *role);
        if let Some((name, role)) = written.rsplit_once('=') {
            let role = match Role::named(role) {
                Role::Other => {
                    return Err(format!("`{role}` is no role: `system`, `user`, `assistant` or `tool`"));
                }
                role => role,
            };
            return Ok(Self { name: name.to_string(), role });
        }
        let role = known(written).ok_or_else(|| {
            format!("whose turn is `{written}`? `{written}=user` or `{written}=assistant` says it")
        })?;
        Ok(Self { name: written.to_string(), role })
    }

    fn written(&self) -> String {
        match KNOWN.contains(&(self.name.as_str(), self.role)) {
            true => self.name.clone(),
            false => format!("{}={}", self.name, self.role.name()),
        }
    }
}

impl TryFrom<Written> for Messages {
    type Error = String;

    fn try_from(written: Written) -> Result<Self, String> {
        let names = match written {
            Written::One(name) => return Ok(Self(vec![ChatField { name, role: Role::Other }])),
            Written::Many(names) => names,
        };
        let fields: Vec<ChatField> =
            names.iter().map(|name| ChatField::parse(name)).collect::<Result<_, _>>()?;
        let twice = |(at, field): &(usize, &ChatField)| fields[..*at].iter().any(|f| f.name == field.name);
        match fields.iter().enumerate().find(twice) {
            Some((_, field)) => Err(format!("`messages` names `{}` twice", field.name)),
            None if fields.len() < 2 => {
                Err("`messages` is a list of fewer than two fields: give one as a string".into())
            }
            None => Ok(Self(fields)),
        }
    }
}

impl From<Messages> for Written {
    fn from(messages: Messages) -> Self {
        match messages.0.as_slice() {
            [field] => Self::One(field.name.clone()),
            fields => Self::Many(fields.iter().map(ChatField::written).collect()),
        }
    }
}

impl Messages {
    pub(crate) fn fields(&self) -> &[ChatField] {
        &self.0
    }

    /// Whether a field may hold a string instead of a list.
    pub(crate) fn may_be_strings(&self) -> bool {
        self.0.len() > 1
    }

    /// The place of a field.
    pub(crate) fn position(&self, name: &str) -> Option<usize> {
        self.0.iter().position(|field| field.name == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_come_back_as_they_are_written() {
        for written in
            ["\"turns\"", "[\"prompt\",\"chosen\",\"rejected\"]", "[\"q=user\",\"a=assistant\",\"history\"]"]
        {
            let messages: Messages = serde_json::from_str(written).unwrap();
            assert_eq!(serde_json::to_string(&messages).unwrap(), written);
        }
        for (written, why) in [
            ("[\"prompt\",\"said\"]", "whose turn is `said`? `said=user` or `said=assistant` says it"),
            ("[\"a=who\",\"prompt\"]", "`who` is no role: `system`, `user`, `assistant` or `tool`"),
            ("[\"prompt\",\"prompt\"]", "`messages` names `prompt` twice"),
            ("[\"prompt\"]", "`messages` is a list of fewer than two fields: give one as a string"),
        ] {
            let told = serde_json::from_str::<Messages>(written).unwrap_err().to_string();
            assert!(told.contains(why), "{told}");
        }
    }
}
