//! Reading ARPA files: text with a section of n-grams for each order.
//!
//! ```text
//! # comments, before everything else
//! \data\
//! ngram 1=COUNT
//! …
//!
//! \1-grams:
//! LOG10 <tab> WORD [<tab> LOG10 of the back-off]
//! …
//!
//! \end\
//! ```
//!
//! A comment `# words = folded` says how texts are divided into words; without one they are at white space.

use super::builder::{Builder, Weights};
use super::layout::ORDER_MAX;
use super::{Model, ModelError, Words};

/// The fewest bytes of a line with an n-gram: `0`, a tab, a word, a line feed.
const LINE_BYTES_MIN: u64 = 4;
/// What the comment about words begins with.
const WORDS: &str = "# words = ";

/// The lines before the sections of an ARPA file.
pub fn arpa_header(counts: &[u64], words: Words) -> String {
    let counts = counts.iter().zip(1..).map(|(count, order)| format!("ngram {order}={count}\n"));
    format!("{WORDS}{}\n\\data\\\n{}", words.name(), counts.collect::<String>())
}

/// Reads a model from the bytes of an ARPA file.
pub(super) fn read(bytes: &[u8]) -> Result<Model, ModelError> {
    let mut lines = Lines { rest: bytes, line: 0 };
    let mut words = None;
    loop {
        let line = lines.next().ok_or(ModelError::Unknown)?;
        if let Some(name) = str::from_utf8(line).ok().and_then(|line| line.strip_prefix(WORDS)) {
            let known = Words::named(name.trim());
            words = Some(known.ok_or_else(|| lines.wrong(format!("unknown words `{}`", name.trim())))?);
        }
        if line == b"\\data\\" {
            break;
        }
        if !line.starts_with(b"#") && !line.trim_ascii().is_empty() {
            return Err(ModelError::Unknown);
        }
    }
    let counts = counts(&mut lines, bytes.len() as u64)?;
    let mut builder = Builder::new(&counts)?;
    for (count, order) in counts.iter().zip(1..) {
        section(&mut lines, &mut builder, order, *count)?;
    }
    match lines.next_filled() {
        Some(b"\\end\\") => builder.finish(words),
        _ => Err(lines.wrong("expected `\\end\\`; are there more n-grams than announced?")),
    }
}

fn counts(lines: &mut Lines<'_>, left: u64) -> Result<Vec<u64>, ModelError> {
    let mut counts = Vec::new();
    loop {
        let line = lines.next().ok_or_else(|| lines.wrong("the file ends inside the counts"))?;
        if line.trim_ascii().is_empty() {
            return Ok(counts);
        }
        let expected = format!("ngram {}=", counts.len() + 1);
        let count = str::from_utf8(line).ok().and_then(|line| line.strip_prefix(&expected));
        let count = count.and_then(|count| count.trim().parse::<u64>().ok());
        let count = count.ok_or_else(|| lines.wrong(format!("expected `{expected}` and a number")))?;
        if count > left / LINE_BYTES_MIN || counts.len() == ORDER_MAX {
            return Err(lines.wrong(format!("announces {count} {}-grams, too many", counts.len() + 1)));
        }
        counts.push(count);
    }
}

fn section(lines: &mut Lines<'_>, builder: &mut Builder, order: usize, count: u64) -> Result<(), ModelError> {
    let title = format!("\\{order}-grams:");
    if lines.next_filled() != Some(title.as_bytes()) {
        return Err(lines.wrong(format!("expected `{title}`")));
    }
    let mut ids = [0; ORDER_MAX];
    for _ in 0..count {
        let line = lines.next().ok_or_else(|| lines.wrong("the file ends inside the n-grams"))?;
        let entry = entry(line, order, builder, &mut ids).and_then(|weights| match weights {
            Some(weights) => builder.add(&ids[..order], weights),
            None => Ok(()),
        });
        entry.map_err(|error| lines.wrong(error.to_string()))?;
    }
    Ok(())
}

/// Reads one n-gram. Words are added at once; of longer n-grams it gives the weights and leaves the words in `ids`.
fn entry(
    line: &[u8],
    order: usize,
    builder: &mut Builder,
    ids: &mut [u32; ORDER_MAX],
) -> Result<Option<Weights>, ModelError> {
    let wrong = |why: &str| ModelError::Entry(why.to_owned());
    let mut parts = line.split(|byte| matches!(byte, b'\t' | b' ' | b'\r')).filter(|part| !part.is_empty());
    let number = |parts: &mut dyn Iterator<Item = &'_ [u8]>| {
        parts.next().map(|part| str::from_utf8(part).ok().and_then(|part| part.parse::<f32>().ok()))
    };
    let probability = number(&mut parts).flatten().ok_or_else(|| wrong("expected a log10 probability"))?;
    let mut word: &[u8] = b"";
    for id in &mut ids[..order] {
        word = parts.next().ok_or_else(|| wrong("a word is missing"))?;
        if order > 1 {
            let unknown = || wrong(&format!("`{}` is none of the words", String::from_utf8_lossy(word)));
            *id = builder.id(word).ok_or_else(unknown)?;
        }
    }
    let backoff = match number(&mut parts) {
        Some(backoff) => backoff.ok_or_else(|| wrong("expected a log10 back-off"))?,
        None => 0.0,
    };
    if parts.next().is_some() {
        return Err(wrong("something follows the back-off"));
    }
    let weights = Weights { probability, backoff };
    if order > 1 {
        return Ok(Some(weights));
    }
    builder.add_word(word, weights)?;
    Ok(None)
}

/// Lines with their numbers.
struct Lines<'a> {
    rest: &'a [u8],
    line: u64,
}

impl<'a> Lines<'a> {
    fn next(&mut self) -> Option<&'a [u8]> {
        if self.rest.is_empty() {
            return None;
        }
        let end = memchr::memchr(b'\n', self.rest).unwrap_or(self.rest.len());
        let line = &self.rest[..end];
        self.rest = self.rest.get(end + 1..).unwrap_or_default();
        self.line += 1;
        Some(line.strip_suffix(b"\r").unwrap_or(line))
    }

    fn next_filled(&mut self) -> Option<&'a [u8]> {
        loop {
            let line = self.next()?;
            if !line.trim_ascii().is_empty() {
                return Some(line);
            }
        }
    }

    fn wrong(&self, why: impl Into<String>) -> ModelError {
        ModelError::Line { line: self.line, why: why.into() }
    }
}
