//! Reading a pack: whatever can be wrong with a file is told here.

use super::{ActionCap, Group, Hashed, Measured, Pack, SCHEMA, SPELLINGS, TERM_WORDS_MAX, hashed, matcher};
use crate::{BuildError, Decimal, is_day};

impl Pack {
    /// Reads a pack; `name` is what messages call it.
    pub fn parse(name: &str, bytes: &[u8]) -> Result<Self, BuildError> {
        let wrong = |why: String| BuildError::asset(name, why);
        let text = std::str::from_utf8(bytes)
            .map_err(|e| wrong(format!("not UTF-8 after byte {}", e.valid_up_to())))?;
        let pack: Self = toml::from_str(text).map_err(|e| wrong(at_line(text, &e)))?;
        pack.check().map_err(wrong)?;
        Ok(pack)
    }

    fn check(&self) -> Result<(), String> {
        if self.schema != SCHEMA {
            return Err(format!("schema {} is not one this program reads: {SCHEMA}", self.schema));
        }
        if !is_kebab(&self.id) {
            return Err(format!("`id` is `{}`, not lower-case words joined by hyphens", self.id));
        }
        if self.groups.iter().all(|group| group.terms.is_empty() && group.hashed.is_none()) {
            return Err("holds no terms".to_string());
        }
        if self.action_cap == ActionCap::Remove {
            check_measured(self.measured.as_ref())?;
        }
        if self.expires.as_ref().is_some_and(|day| !is_day(day)) {
            return Err("`expires` is not a day written YYYY-MM-DD".to_string());
        }
        if self.density_min.is_some_and(|least| least < Decimal::of(0.0)) {
            return Err("`density_min` is negative".to_string());
        }
        self.allow.iter().try_for_each(|term| check_spelling(term))?;
        self.groups.iter().try_for_each(|group| self.check_group(group))
    }

    fn check_group(&self, group: &Group) -> Result<(), String> {
        let category = &group.category;
        if !is_kebab(category) {
            return Err(format!("category `{category}` is not lower-case words joined by hyphens"));
        }
        if !self.sources.iter().any(|source| source.id == group.source) {
            return Err(format!(
                "group `{category}` names the source `{}`, which is not listed",
                group.source
            ));
        }
        if group.weight < Decimal::of(0.0) {
            return Err(format!("group `{category}`: `weight` is negative"));
        }
        if let Some(window) = &group.window {
            let named: Vec<&String> = window.requires.iter().chain(&window.forbids).collect();
            if named.is_empty() {
                return Err(format!("group `{category}`: `window` needs `requires` or `forbids`"));
            }
            for name in named {
                if !self.groups.iter().any(|group| group.category == *name) {
                    return Err(format!(
                        "group `{category}`: its window names `{name}`, which is no category"
                    ));
                }
            }
        }
        group.spellings().try_for_each(|(_, spelling)| check_spelling(spelling))?;
        group.hashed.as_ref().map_or(Ok(()), |list| check_hashed(category, list))
    }
}

impl Group {
    /// The spellings of the group's terms, each with its term's place in the list.
    pub(super) fn spellings(&self) -> impl Iterator<Item = (usize, &str)> {
        let spellings = |(nth, term)| str::split(term, SPELLINGS).map(move |spelling| (nth, spelling.trim()));
        self.terms.iter().map(String::as_str).enumerate().flat_map(spellings)
    }
}

/// Fewest harmless records behind a rate, ours: of fewer, one false positive more or less is a point or more.
const MEASURED_RECORDS_MIN: u64 = 100;

/// The largest share of harmless records that a pack which removes may be thought to remove, ours.
const FALSE_POSITIVE_RATE_MAX: f64 = 0.05;

fn check_measured(measured: Option<&Measured>) -> Result<(), String> {
    let Some(measured) = measured else {
        return Err(
            "`action_cap = \"remove\"` needs `measured`: a false-positive rate and the records behind it"
                .to_string(),
        );
    };
    let (rate, records) = (measured.false_positive_rate, measured.records);
    if !(0.0..=1.0).contains(&rate.get()) {
        return Err(format!("`measured`: the false-positive rate is {rate}, not a share from 0 to 1"));
    }
    if records < MEASURED_RECORDS_MIN {
        return Err(format!(
            "`measured` rests on {records} records; `action_cap = \"remove\"` needs {MEASURED_RECORDS_MIN}"
        ));
    }
    let (_, upper) = crate::wilson(rate.get(), records);
    if upper > FALSE_POSITIVE_RATE_MAX {
        return Err(format!(
            "`measured`: a false-positive rate of {rate} on {records} records may be up to {upper:.4} (Wilson, 95 %); \
             `action_cap = \"remove\"` allows {FALSE_POSITIVE_RATE_MAX}"
        ));
    }
    Ok(())
}

fn check_spelling(term: &str) -> Result<(), String> {
    match matcher::words(term).count() {
        0 => Err(format!("term `{}` holds no letter or digit", told(term))),
        words if words > TERM_WORDS_MAX => {
            Err(format!("term `{}` has {words} words, more than {TERM_WORDS_MAX}", told(term)))
        }
        _ => Ok(()),
    }
}

/// As much of a term as a message needs.
fn told(term: &str) -> String {
    const CHARS_MAX: usize = 80;
    match term.char_indices().nth(CHARS_MAX) {
        Some((end, _)) => format!("{}…", &term[..end]),
        None => term.to_string(),
    }
}

fn check_hashed(category: &str, list: &Hashed) -> Result<(), String> {
    if list.salt.is_empty() {
        return Err(format!("group `{category}`: `salt` is empty"));
    }
    if !(1..=TERM_WORDS_MAX).contains(&list.words_max) {
        let found = list.words_max;
        return Err(format!("group `{category}`: `words_max` is {found}, expected 1 to {TERM_WORDS_MAX}"));
    }
    if let Some(term) = list.terms.iter().find(|term| hashed::parse_hash(term).is_none()) {
        return Err(format!("group `{category}`: `{term}` is not a hash of 32 hexadecimal digits"));
    }
    match list.tags.iter().find(|tag| hashed::parse_tag(tag).is_none()) {
        Some(tag) => Err(format!("group `{category}`: `{tag}` is not a tag of four hexadecimal digits")),
        None => Ok(()),
    }
}

fn at_line(text: &str, error: &toml::de::Error) -> String {
    match error.span() {
        Some(span) => {
            let line =
                text.as_bytes()[..span.start.min(text.len())].iter().filter(|&&b| b == b'\n').count() + 1;
            format!("line {line}: {}", error.message())
        }
        None => error.message().to_string(),
    }
}

fn is_kebab(name: &str) -> bool {
    let word = |w: &str| !w.is_empty() && w.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    name.split('-').all(word)
}

#[cfg(test)]
mod tests;
