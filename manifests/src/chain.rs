//! Releases in a row: which one is the newest somebody has seen, and what changed from one to the next.

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::digest::Sha256;
use crate::predicate::Predicate;
use crate::seal::{SealError, write_once};
use crate::verify::Checked;

/// The form of [`State`].
pub const STATE_FORMAT: &str = "curation-state/v1";

/// What a verifier remembers between releases: without it, nobody can tell an old release from the newest one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct State {
    format: String,
    /// The newest release seen, by the name of the data set.
    releases: BTreeMap<String, Seen>,
}

/// A release that was verified.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Seen {
    /// Its place among the releases.
    pub sequence: u64,
    /// Digest of its statement.
    pub manifest: Sha256,
}

/// A state file cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StateError {
    /// It cannot be read.
    #[error("{0}")]
    Read(std::io::Error),
    /// It has another form.
    #[error("not a state file: {0}")]
    Form(#[from] serde_json::Error),
    /// It is of another version.
    #[error("format {0:?} is not {STATE_FORMAT:?}")]
    Format(String),
    /// It cannot be written.
    #[error(transparent)]
    Write(#[from] SealError),
}

impl Default for State {
    fn default() -> Self {
        Self { format: STATE_FORMAT.to_owned(), releases: BTreeMap::new() }
    }
}

impl State {
    /// Reads a state file; one that is not there yet has seen nothing.
    pub fn load(path: &Path) -> Result<Self, StateError> {
        let bytes = match disk::read(path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Self::default()),
            Err(error) => return Err(StateError::Read(error)),
        };
        let state: Self = serde_json::from_slice(&bytes)?;
        if state.format == STATE_FORMAT { Ok(state) } else { Err(StateError::Format(state.format)) }
    }

    /// What is wrong with a release after all that was seen: expected, and found.
    pub(crate) fn objection(&self, predicate: &Predicate, statement: Sha256) -> Option<(String, String)> {
        let dataset = &predicate.dataset;
        let seen = self.releases.get(&dataset.name)?;
        if dataset.sequence < seen.sequence {
            let expected = format!("release {} or a later one", seen.sequence);
            return Some((expected, format!("release {}, which is older", dataset.sequence)));
        }
        if dataset.sequence == seen.sequence && statement != seen.manifest {
            let expected = format!("statement {} as release {}", seen.manifest, seen.sequence);
            return Some((expected, statement.to_string()));
        }
        let previous = dataset.previous_manifest.as_ref().map(|previous| previous.sha256);
        if dataset.sequence == seen.sequence.saturating_add(1) && previous != Some(seen.manifest) {
            let found = previous.map_or("none".to_owned(), |previous| previous.to_string());
            return Some((format!("a successor of statement {}", seen.manifest), found));
        }
        None
    }

    /// Remembers a release that was verified.
    pub fn remember(&mut self, name: &str, sequence: u64, manifest: Sha256) {
        let seen = self.releases.entry(name.to_owned()).or_insert(Seen { sequence, manifest });
        if sequence > seen.sequence {
            *seen = Seen { sequence, manifest };
        }
    }

    /// Writes the file as a whole.
    pub fn save(&self, path: &Path) -> Result<(), StateError> {
        let mut bytes = serde_json::to_vec_pretty(self)?;
        bytes.push(b'\n');
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or("state.json");
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        Ok(write_once(folder, name, &bytes)?)
    }
}

/// One field that two releases differ in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Change {
    /// Where it stands in the predicate.
    pub field: String,
    /// In the old release; `null` if it had none.
    pub old: Value,
    /// In the new release; `null` if it has none.
    pub new: Value,
}

/// What changed between two releases.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Difference {
    /// Whether the new release names the old one as its predecessor.
    pub successor: bool,
    /// The fields that differ, in order.
    pub changes: Vec<Change>,
}

/// Compares two releases whose signatures held.
pub fn diff(old: &Checked, new: &Checked) -> Result<Difference, serde_json::Error> {
    let changes =
        differences(&serde_json::to_value(old.predicate())?, &serde_json::to_value(new.predicate())?);
    let (sequence, previous) = (old.predicate().dataset.sequence, &new.predicate().dataset.previous_manifest);
    let successor = new.predicate().dataset.sequence == sequence.saturating_add(1)
        && previous.as_ref().is_some_and(|previous| previous.sha256 == old.sha256());
    Ok(Difference { successor, changes })
}

/// The fields in which two documents differ, in order.
pub fn differences(old: &Value, new: &Value) -> Vec<Change> {
    let (mut before, mut after) = (BTreeMap::new(), BTreeMap::new());
    flatten("", old, &mut before);
    flatten("", new, &mut after);
    let mut fields: Vec<&String> = before.keys().chain(after.keys()).collect();
    fields.sort_unstable();
    fields.dedup();
    let change = |field: &&String| {
        let (old, new) = (before.get(*field).cloned(), after.get(*field).cloned());
        (old != new).then(|| Change {
            field: (*field).clone(),
            old: old.unwrap_or_default(),
            new: new.unwrap_or_default(),
        })
    };
    fields.iter().filter_map(change).collect()
}

/// Items of lists are named by what they are and not by their place, so that one more of them is one change.
fn flatten(path: &str, value: &Value, fields: &mut BTreeMap<String, Value>) {
    let below = |key: &str| if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") };
    match value {
        Value::Object(object) => object.iter().for_each(|(key, value)| flatten(&below(key), value, fields)),
        Value::Array(items) => {
            for item in items {
                flatten(&format!("{path}[{}]", item_name(item)), item, fields);
            }
        }
        _ => drop(fields.insert(path.to_owned(), value.clone())),
    }
}

fn item_name(item: &Value) -> String {
    let text = |key: &str| item.get(key).and_then(Value::as_str);
    match (text("id").or_else(|| text("name")), text("stage"), text("rule"), item.as_str()) {
        (Some(name), ..) | (None, None, None, Some(name)) => name.to_owned(),
        (None, Some(stage), Some(rule), _) => format!("{stage}/{rule}"),
        (None, Some(stage), None, _) => stage.to_owned(),
        _ => item.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::predicate::DigestSet;
    use crate::tamper_tests::fixture::Fixture;

    fn checked(release: &Fixture) -> Checked {
        Checked::open(&release.read("manifest.sigstore.json"), &release.public()).unwrap()
    }

    #[test]
    fn a_difference_names_what_changed() {
        let release = Fixture::sealed();
        let old = checked(&release);
        assert_eq!(diff(&old, &old).unwrap(), Difference { successor: false, changes: Vec::new() });
        release.claim(|s| {
            s.predicate.dataset.sequence = 2;
            s.predicate.dataset.previous_manifest = Some(DigestSet { sha256: old.sha256() });
            s.predicate.inputs.sources[1].license = Some("CC0-1.0".to_owned());
        });
        let difference = diff(&old, &checked(&release)).unwrap();
        assert!(difference.successor);
        let changes = difference.changes.iter().filter(|change| !change.field.starts_with("documents["));
        let fields: Vec<&str> = changes.map(|change| change.field.as_str()).collect();
        assert_eq!(
            fields,
            [
                "dataset.previousManifest",
                "dataset.previousManifest.sha256",
                "dataset.sequence",
                "inputs.sources[web].license"
            ]
        );
        assert_eq!(difference.changes.last().unwrap().new, "CC0-1.0");
    }

    /// Attack 13: an older release that was valid once.
    #[test]
    fn a_state_goes_forward_only() {
        let release = Fixture::sealed();
        let first = checked(&release);
        let next = |sequence: u64, previous: Sha256| {
            let mut predicate = first.predicate().clone();
            predicate.dataset.sequence = sequence;
            predicate.dataset.previous_manifest = Some(DigestSet { sha256: previous });
            predicate
        };
        let (one, two) = (Sha256::of(b"one"), Sha256::of(b"two"));
        let mut state = State::default();
        assert_eq!(state.objection(first.predicate(), one), None, "nothing seen yet");
        state.remember("tiny", 1, one);
        assert_eq!(state.objection(first.predicate(), one), None);
        assert!(state.objection(first.predicate(), two).is_some(), "two first releases");
        assert_eq!(state.objection(&next(2, one), two), None);
        assert!(state.objection(&next(2, two), two).is_some(), "not a successor");
        state.remember("tiny", 2, two);
        let (expected, found) = state.objection(first.predicate(), one).unwrap();
        assert_eq!(
            (expected.as_str(), found.as_str()),
            ("release 2 or a later one", "release 1, which is older")
        );
        assert_eq!(state.objection(&next(5, one), one), None, "some may have been missed");
        state.remember("tiny", 1, one);
        assert!(state.objection(first.predicate(), one).is_some(), "never backwards");
        let path = release.inputs().join("state.json");
        assert_eq!(State::load(&path).unwrap(), State::default());
        state.save(&path).unwrap();
        assert_eq!(State::load(&path).unwrap(), state);
        std::fs::write(&path, "{}").unwrap();
        assert!(State::load(&path).is_err());
    }
}
