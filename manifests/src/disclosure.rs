//! Committed fields: signed as salted digests, opened to those who may see them.
//!
//! What helps somebody evade a filter (keyword packs, thresholds of hazard classifiers, the names of their categories)
//! is not in the signed bytes, only its digest is. Auditors get the openings in `auditor/disclosures.jsonl`, and a
//! public view is the same signed bytes without that file. The mechanism is that of RFC 9901 (SD-JWT), section 4.2:
//!
//! ```text
//! line   = canonical JSON of [salt, name, value]                        one line of the file
//! digest = base64url(SHA-256(ASCII(base64url(line))))                   in the manifest, unpadded
//! salt   = base64url(HMAC-SHA256(K, "curation/disclosure/v1\0" || name)[..16])
//! ```
//!
//! Salts derive from the release's salt key and not from chance, so that equal runs give equal bytes. The list of
//! digests is sorted and filled up with decoys to a multiple of [`PAD`], so that it tells neither which field is which
//! nor how many there are.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::canonical::{CanonicalError, parse_canonical, to_canonical};
use crate::digest::Sha256;
use crate::ledger::SaltKey;
use crate::predicate::{Asset, RuleTotal};

/// Where the openings lie in a release; a public view does not carry them.
pub const DISCLOSURES: &str = "auditor/disclosures.jsonl";
/// What stands in the totals instead of the names of committed stages and of their rules. A stage cannot be named so.
pub const COMMITTED: &str = "(committed)";
/// The name of the hash, as RFC 9901 spells it.
pub const ALGORITHM: &str = "sha-256";
/// The number of digests is a multiple of this.
pub const PAD: usize = 8;

/// The name of the disclosure that holds the totals of committed rules.
pub const RULES: &str = "accounting.byRule";
/// The name of the disclosure that holds the files committed stages rest on.
pub const ASSETS: &str = "assets";
/// The names of disclosed stages: this and the place in the configuration, from 0.
pub const STAGE: &str = "config.stages.";

/// Bytes of a salt: the 128 bits that RFC 9901, section 9.3 asks for.
const SALT_BYTES: usize = 16;

/// A field cannot be committed, or an opening does not hold.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DisclosureError {
    /// Not the canonical JSON of a salt, a name and a value.
    #[error("line {line} is not the canonical JSON of [salt, name, value]: {source}")]
    Line {
        /// The line, from 1.
        line: usize,
        /// What is wrong with it.
        source: CanonicalError,
    },
    /// A salt is not 16 bytes in base64url.
    #[error("the salt of `{0}` is not {SALT_BYTES} bytes in base64url")]
    Salt(String),
    /// Nobody signed this opening.
    #[error("the opening of `{0}` has a digest that the manifest does not sign")]
    Unsigned(String),
    /// One field twice.
    #[error("`{0}` is opened twice")]
    Twice(String),
    /// A name that no release commits to, or a place that is public.
    #[error("`{0}` is not a committed field")]
    NotCommitted(String),
    /// The value is not of the field's form.
    #[error("the value of `{name}` is not {expected}")]
    Value {
        /// The field.
        name: String,
        /// Its form.
        expected: &'static str,
    },
    /// A committed field has no opening.
    #[error("`{0}` is committed and not opened")]
    Closed(String),
    /// The bytes are not text, or the last line is cut off.
    #[error("not lines of text, each ended by a line feed")]
    Text,
    /// A value has no canonical form.
    #[error(transparent)]
    Canonical(#[from] CanonicalError),
}

/// One opening.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Disclosure {
    salt: String,
    name: String,
    value: Value,
}

impl Disclosure {
    /// Opens a field; its salt follows from the release's key and the field's name.
    pub fn new(key: &SaltKey, name: &str, value: Value) -> Self {
        let salt = URL_SAFE_NO_PAD.encode(key.disclosure_salt(name));
        Self { salt, name: name.to_owned(), value }
    }

    /// Reads a line of the file, without its line feed.
    pub fn parse(line: &[u8], number: usize) -> Result<Self, DisclosureError> {
        let parsed = parse_canonical(line, usize::MAX);
        let (salt, name, value): (String, String, Value) =
            parsed.map_err(|source| DisclosureError::Line { line: number, source })?;
        match URL_SAFE_NO_PAD.decode(&salt) {
            Ok(bytes) if bytes.len() == SALT_BYTES => Ok(Self { salt, name, value }),
            _ => Err(DisclosureError::Salt(name)),
        }
    }

    /// The field.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What it holds.
    pub fn value(&self) -> &Value {
        &self.value
    }

    /// The line of the file, without its line feed.
    pub fn to_line(&self) -> Result<Vec<u8>, CanonicalError> {
        to_canonical(&(&self.salt, &self.name, &self.value))
    }

    /// What the manifest signs.
    pub fn digest(&self) -> Result<String, CanonicalError> {
        let disclosure = URL_SAFE_NO_PAD.encode(self.to_line()?);
        Ok(URL_SAFE_NO_PAD.encode(Sha256::of(disclosure.as_bytes()).0))
    }
}

/// Whether a text is a digest in its only spelling.
pub(crate) fn is_digest(text: &str) -> bool {
    URL_SAFE_NO_PAD.decode(text).is_ok_and(|bytes| bytes.len() == 32)
}

/// The digests as they are signed: sorted, with decoys; none at all where nothing is committed.
pub(crate) fn signed_digests(
    key: &SaltKey,
    disclosures: &[Disclosure],
) -> Result<Vec<String>, CanonicalError> {
    let mut digests: Vec<String> = disclosures.iter().map(Disclosure::digest).collect::<Result<_, _>>()?;
    for number in digests.len()..digests.len().next_multiple_of(PAD) {
        digests.push(URL_SAFE_NO_PAD.encode(key.decoy(number as u64)));
    }
    digests.sort_unstable();
    Ok(digests)
}

/// The bytes of [`DISCLOSURES`].
pub(crate) fn to_lines(disclosures: &[Disclosure]) -> Result<Vec<u8>, CanonicalError> {
    let mut bytes = Vec::new();
    for disclosure in disclosures {
        bytes.extend(disclosure.to_line()?);
        bytes.push(b'\n');
    }
    Ok(bytes)
}

/// What stands in the public configuration in place of a stage.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct CommittedStage {
    committed: String,
}

/// Replaces stages of a resolved configuration by their digests; gives their openings.
pub fn commit_stages(
    config: &mut Value,
    places: &[usize],
    key: &SaltKey,
) -> Result<Vec<Disclosure>, DisclosureError> {
    let mut disclosures = Vec::new();
    for place in places {
        let name = format!("{STAGE}{place}");
        let stage = config.get_mut("stages").and_then(|stages| stages.get_mut(*place));
        let Some(stage) = stage else { return Err(DisclosureError::NotCommitted(name)) };
        let disclosure = Disclosure::new(key, &name, stage.take());
        *stage = serde_json::json!({ "committed": disclosure.digest()? });
        disclosures.push(disclosure);
    }
    Ok(disclosures)
}

/// The digests that stand in a public configuration, by the names of their openings.
pub(crate) fn committed_stages(config: &Value) -> BTreeMap<String, String> {
    let stages = config.get("stages").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let committed = |(place, stage): (usize, &Value)| {
        let stage: CommittedStage = serde_json::from_value(stage.clone()).ok()?;
        Some((format!("{STAGE}{place}"), stage.committed))
    };
    stages.iter().enumerate().filter_map(committed).collect()
}

/// The openings of a release, all of them held against the signed digests.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Opened {
    fields: BTreeMap<String, Disclosure>,
}

impl Opened {
    /// Reads [`DISCLOSURES`]. Every opening must be signed, none may come twice or speak about a public field.
    pub fn parse(bytes: &[u8], signed: &[String], config: &Value) -> Result<Self, DisclosureError> {
        let text = bytes.strip_suffix(b"\n").ok_or(DisclosureError::Text)?;
        let committed = committed_stages(config);
        let mut opened = Self::default();
        for (at, line) in text.split(|byte| *byte == b'\n').enumerate() {
            opened.add(Disclosure::parse(line, at + 1)?, signed, &committed)?;
        }
        Ok(opened)
    }

    fn add(
        &mut self,
        disclosure: Disclosure,
        signed: &[String],
        committed: &BTreeMap<String, String>,
    ) -> Result<(), DisclosureError> {
        let (name, digest) = (disclosure.name.clone(), disclosure.digest()?);
        if !signed.contains(&digest) {
            return Err(DisclosureError::Unsigned(name));
        }
        let known = match name.as_str() {
            RULES | ASSETS => true,
            stage => committed.get(stage) == Some(&digest),
        };
        if !known {
            return Err(DisclosureError::NotCommitted(name));
        }
        match self.fields.insert(name.clone(), disclosure) {
            None => Ok(()),
            Some(_) => Err(DisclosureError::Twice(name)),
        }
    }

    /// One opening.
    pub fn get(&self, name: &str) -> Option<&Disclosure> {
        self.fields.get(name)
    }

    /// The openings, in byte order of their names.
    pub fn all(&self) -> impl Iterator<Item = &Disclosure> {
        self.fields.values()
    }

    /// The configuration with every committed stage in its place.
    pub fn config(&self, public: &Value) -> Result<Value, DisclosureError> {
        let mut config = public.clone();
        for name in committed_stages(public).into_keys() {
            let Some(opened) = self.fields.get(&name) else { return Err(DisclosureError::Closed(name)) };
            let place = name.strip_prefix(STAGE).and_then(|place| place.parse::<usize>().ok());
            let stage = place.and_then(|at| config.get_mut("stages").and_then(|stages| stages.get_mut(at)));
            let Some(stage) = stage else { return Err(DisclosureError::NotCommitted(name)) };
            *stage = opened.value.clone();
        }
        Ok(config)
    }

    /// The names of the committed stages.
    pub fn stage_names(&self) -> BTreeSet<String> {
        let stages = self.fields.iter().filter(|(name, _)| name.starts_with(STAGE));
        stages.filter_map(|(_, opened)| opened.value.get("name")?.as_str().map(str::to_owned)).collect()
    }

    /// The totals of the committed rules; none where none took anything out.
    pub fn rules(&self) -> Result<Vec<RuleTotal>, DisclosureError> {
        self.typed(RULES, "a list of rule totals")
    }

    /// The files that committed stages rest on.
    pub fn assets(&self) -> Result<Vec<Asset>, DisclosureError> {
        self.typed(ASSETS, "a list of assets")
    }

    fn typed<T: serde::de::DeserializeOwned>(
        &self,
        name: &str,
        expected: &'static str,
    ) -> Result<Vec<T>, DisclosureError> {
        let Some(opened) = self.fields.get(name) else { return Ok(Vec::new()) };
        serde_json::from_value(opened.value.clone())
            .map_err(|_| DisclosureError::Value { name: name.to_owned(), expected })
    }
}

/// The configuration of a release with every committed stage in its place, without asking who signed it: for its
/// producer. `public` is the content of `config.public.json`.
pub fn open_config(release: &Path, public: Value) -> Result<Value, DisclosureError> {
    let committed = committed_stages(&public);
    let Some(first) = committed.keys().next() else { return Ok(public) };
    let bytes = crate::paths::read_plain(&release.join(DISCLOSURES), crate::bundle::BUNDLE_BYTES_MAX as u64);
    let bytes = bytes.map_err(|_| DisclosureError::Closed(first.clone()))?;
    let mut signed: Vec<String> = committed.into_values().collect();
    for name in [RULES, ASSETS] {
        let line = bytes
            .split(|byte| *byte == b'\n')
            .find_map(|line| Disclosure::parse(line, 0).ok().filter(|disclosure| disclosure.name == name));
        signed.extend(line.and_then(|disclosure| disclosure.digest().ok()));
    }
    Opened::parse(&bytes, &signed, &public)?.config(&public)
}

/// The names of all stages in the order in which they decide.
pub(crate) fn stage_order(config: &Value) -> Vec<String> {
    let stages = config.get("stages").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    stages.iter().map(|stage| stage["name"].as_str().unwrap_or(COMMITTED).to_owned()).collect()
}

#[cfg(test)]
mod tests;
