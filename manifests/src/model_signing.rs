//! A second signature over the same release, in the OpenSSF model-signing v1.0 format.
//!
//! The reference tool `model_signing verify key` checks it without knowing anything about Probity, and reports files
//! that changed, are missing or were added. What lies in an ignored path may be present or absent, which is how the
//! public view and the auditors' view pass the same signature. `run.json` is ignored because no signature covers it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::canonical::{CanonicalError, parse_canonical, to_canonical};
use crate::digest::Sha256;
use crate::predicate::{STATEMENT_TYPE, Subject};

/// Where the bundle lies in a release.
pub const DATASET_SIG: &str = "attestations/dataset.sig";
/// The predicate type the reference tool accepts.
pub const MODEL_SIGNING_TYPE: &str = "https://model_signing/signature/v1.0";
/// The paths the signature says nothing about, folders with everything in them.
pub const IGNORE_PATHS: [&str; 7] =
    [".git", ".gitattributes", ".github", ".gitignore", "attestations", "auditor", "run.json"];

/// The signed statement: one digest for the directory, and the digest of every file in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DirectoryStatement {
    #[serde(rename = "_type")]
    statement_type: String,
    subject: Vec<Subject>,
    #[serde(rename = "predicateType")]
    predicate_type: String,
    predicate: DirectoryPredicate,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct DirectoryPredicate {
    serialization: Serialization,
    resources: Vec<Resource>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Serialization {
    method: String,
    hash_type: String,
    allow_symlinks: bool,
    ignore_paths: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Resource {
    name: String,
    algorithm: String,
    digest: Sha256,
}

/// Why the signed bytes are not a statement about a directory.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DirectoryError {
    /// Not canonical, or not of the expected shape.
    #[error(transparent)]
    Canonical(#[from] CanonicalError),
    /// Canonical and of the expected shape, but with a value that no release of ours has.
    #[error("`{field}` is not what a release signs")]
    Field {
        /// The field.
        field: &'static str,
    },
}

/// Whether a path of the release is outside what the signature covers.
pub fn is_ignored(name: &str) -> bool {
    let top = name.split('/').next().unwrap_or(name);
    IGNORE_PATHS.contains(&top)
}

impl DirectoryStatement {
    /// The statement over some files; ignored ones are left out. `name` is the data set's, not the directory's:
    /// where a release happens to lie must not change its bytes.
    pub fn new(name: &str, files: &BTreeMap<String, Sha256>) -> Self {
        let resources: Vec<Resource> = files
            .iter()
            .filter(|(file, _)| !is_ignored(file))
            .map(|(file, digest)| Resource {
                name: file.clone(),
                algorithm: "sha256".to_owned(),
                digest: *digest,
            })
            .collect();
        Self {
            statement_type: STATEMENT_TYPE.to_owned(),
            subject: vec![Subject::new(name, root(&resources))],
            predicate_type: MODEL_SIGNING_TYPE.to_owned(),
            predicate: DirectoryPredicate { serialization: Serialization::ours(), resources },
        }
    }

    /// The bytes that are signed.
    pub fn to_bytes(&self) -> Result<Vec<u8>, CanonicalError> {
        to_canonical(self)
    }

    /// Reads signed bytes; they must be exactly what [`DirectoryStatement::new`] would write for the files they name.
    pub fn parse(bytes: &[u8], limit: usize) -> Result<Self, DirectoryError> {
        let statement: Self = parse_canonical(bytes, limit)?;
        let [subject] = statement.subject.as_slice() else {
            return Err(DirectoryError::Field { field: "subject" });
        };
        let again = Self::new(&subject.name, &statement.files());
        for (field, same) in [
            ("_type", again.statement_type == statement.statement_type),
            ("predicateType", again.predicate_type == statement.predicate_type),
            ("serialization", again.predicate.serialization == statement.predicate.serialization),
            ("resources", again.predicate.resources == statement.predicate.resources),
            ("subject", again.subject == statement.subject),
        ] {
            if !same {
                return Err(DirectoryError::Field { field });
            }
        }
        Ok(statement)
    }

    /// The name of the data set.
    pub fn name(&self) -> &str {
        self.subject.first().map_or("", |subject| &subject.name)
    }

    /// The files it covers.
    pub fn files(&self) -> BTreeMap<String, Sha256> {
        self.predicate.resources.iter().map(|file| (file.name.clone(), file.digest)).collect()
    }
}

impl Serialization {
    fn ours() -> Self {
        Self {
            method: "files".to_owned(),
            hash_type: "sha256".to_owned(),
            allow_symlinks: false,
            ignore_paths: IGNORE_PATHS.map(str::to_owned).to_vec(),
        }
    }
}

/// SHA-256 over the raw digests of all files, in the order of their names.
fn root(resources: &[Resource]) -> Sha256 {
    let raw: Vec<u8> = resources.iter().flat_map(|file| file.digest.0).collect();
    Sha256::of(&raw)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(names: &[&str]) -> BTreeMap<String, Sha256> {
        names.iter().map(|name| ((*name).to_owned(), Sha256::of(name.as_bytes()))).collect()
    }

    #[test]
    fn covers_every_file_but_the_ignored_ones_and_reads_back() {
        let all = files(&["README.md", "auditor/salt.key", "data/a", "attestations/dataset.sig", "run.json"]);
        let statement = DirectoryStatement::new("web-en", &all);
        assert_eq!(statement.files(), files(&["README.md", "data/a"]));
        let both = [Sha256::of(b"README.md").0, Sha256::of(b"data/a").0].concat();
        assert_eq!(statement.subject[0].digest.sha256, Sha256::of(&both));
        let bytes = statement.to_bytes().unwrap();
        assert_eq!(DirectoryStatement::parse(&bytes, 1 << 20).unwrap(), statement);
    }

    #[test]
    fn refuses_a_statement_that_hides_files() {
        let mut statement = DirectoryStatement::new("web-en", &files(&["README.md", "data/a"]));
        statement.predicate.serialization.ignore_paths.push("data".to_owned());
        let bytes = statement.to_bytes().unwrap();
        let error = DirectoryStatement::parse(&bytes, 1 << 20).unwrap_err();
        assert_eq!(error.to_string(), "`serialization` is not what a release signs");
    }
}
