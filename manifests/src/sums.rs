//! `SHA256SUMS`, as `sha256sum --strict --check` of coreutils reads it.
//!
//! The reader takes exactly what the writer writes: one line a file, sorted by name, each ended by a line feed. It
//! refuses the escaped lines, the binary marks, the carriage returns and the upper-case digits that coreutils would
//! take as well, so that there is nothing two readers could understand differently.

use std::collections::HashSet;

use crate::digest::Sha256;
use crate::paths::{PathError, RelPath};

/// A text is not a list of checksums in its only form.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SumsError {
    /// Not 64 lowercase digits, two spaces and a name.
    #[error("line {line} is not 64 lowercase hexadecimal digits, two spaces and a name")]
    Line {
        /// The line, from 1.
        line: usize,
    },
    /// The name could lead elsewhere.
    #[error("line {line}: {source}")]
    Name {
        /// The line, from 1.
        line: usize,
        /// What is wrong with the name.
        source: PathError,
    },
    /// A name is not after the one before it: out of order, or twice the same.
    #[error("line {line} is not sorted after the line before it")]
    Order {
        /// The line, from 1.
        line: usize,
    },
    /// Two names that are one file where case does not count.
    #[error("line {line} differs only in case from an earlier line")]
    Case {
        /// The line, from 1.
        line: usize,
    },
    /// The last line is cut off.
    #[error("the last line has no line feed")]
    Unterminated,
}

/// Writes the list, sorted by name.
pub fn format_sums(sums: &[(RelPath, Sha256)]) -> String {
    let mut sorted: Vec<&(RelPath, Sha256)> = sums.iter().collect();
    sorted.sort();
    sorted.iter().map(|(name, digest)| format!("{digest}  {name}\n")).collect()
}

/// Reads the list.
pub fn parse_sums(text: &str) -> Result<Vec<(RelPath, Sha256)>, SumsError> {
    if text.is_empty() {
        return Ok(Vec::new());
    }
    let body = text.strip_suffix('\n').ok_or(SumsError::Unterminated)?;
    let mut sums: Vec<(RelPath, Sha256)> = Vec::new();
    let mut lowercase = HashSet::new();
    for (index, content) in body.split('\n').enumerate() {
        let line = index + 1;
        let (name, digest) = parse_line(content, line)?;
        if sums.last().is_some_and(|(before, _)| *before >= name) {
            return Err(SumsError::Order { line });
        }
        if !lowercase.insert(name.as_str().to_lowercase()) {
            return Err(SumsError::Case { line });
        }
        sums.push((name, digest));
    }
    Ok(sums)
}

fn parse_line(content: &str, line: usize) -> Result<(RelPath, Sha256), SumsError> {
    let (digest, name) = content.split_once("  ").ok_or(SumsError::Line { line })?;
    let digest = digest.parse().map_err(|_| SumsError::Line { line })?;
    let name = name.parse().map_err(|source| SumsError::Name { line, source })?;
    Ok((name, digest))
}

#[cfg(test)]
mod tests;
