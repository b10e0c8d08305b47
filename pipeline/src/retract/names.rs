//! Records as somebody names them: an id, or a place as `SHARD:ROW`, with the shard's number or its name.

use crate::{Error, Result};
use std::collections::HashMap;
use std::path::{Path, PathBuf};

/// Names, one a line of a file; empty lines and repetitions aside.
#[derive(Clone, Debug, Default)]
pub struct Names {
    path: PathBuf,
    lines: Vec<String>,
    by_text: HashMap<String, usize>,
}

impl Names {
    /// Reads the list in a file.
    pub fn load(path: &Path) -> Result<Self> {
        let names =
            Self::parse(path, &disk::read_to_string(path).map_err(|e| wrong(path, e.to_string(), ""))?);
        match names.is_empty() {
            false => Ok(names),
            true => Err(wrong(path, "names no record".into(), "one id or `SHARD:ROW` a line")),
        }
    }

    /// Reads a list of names; `path` is where it came from.
    pub fn parse(path: &Path, text: &str) -> Self {
        let mut names = Self { path: path.to_path_buf(), ..Self::default() };
        for line in text.lines().map(|line| line.strip_suffix('\r').unwrap_or(line)) {
            if !line.is_empty() && !names.by_text.contains_key(line) {
                names.by_text.insert(line.to_string(), names.lines.len());
                names.lines.push(line.to_string());
            }
        }
        names
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.lines.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// A complaint about the list.
    pub(super) fn error(&self, why: String, hint: &str) -> Error {
        wrong(&self.path, why, hint)
    }

    /// One of them.
    pub(super) fn line(&self, at: usize) -> &str {
        self.lines.get(at).map_or("", String::as_str)
    }

    /// The name that is this id.
    pub(super) fn of_id(&self, id: &str) -> Option<usize> {
        self.by_text.get(id).copied()
    }

    /// Places by shard and row: what can be read as a place of a release with these shards.
    pub(super) fn places(&self, stems: &[String]) -> HashMap<(usize, u64), usize> {
        let place = |(at, line): (usize, &String)| {
            let (shard, row) = line.rsplit_once(':')?;
            let row = row.parse().ok()?;
            let number = stems.iter().position(|stem| stem == shard);
            let number = number.or_else(|| shard.parse().ok().filter(|n: &usize| *n < stems.len()))?;
            Some(((number, row), at))
        };
        self.lines.iter().enumerate().filter_map(place).collect()
    }
}

fn wrong(path: &Path, why: String, hint: &str) -> Error {
    let hint = Some(hint.to_string()).filter(|hint| !hint.is_empty());
    Error::Config { path: path.to_path_buf(), line: None, why, hint }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_an_id_and_may_be_a_place() {
        let names = Names::parse(Path::new("ids"), "a\n\n1:2\r\nweb/b:3\nx:y\n9:0\na\n");
        assert_eq!(names.len(), 5);
        assert_eq!(names.of_id("1:2"), Some(1));
        let places = names.places(&["a".into(), "web/b".into()]);
        assert_eq!(places, HashMap::from([((1, 2), 1), ((1, 3), 2)]));
    }
}
