//! # What it measures
//! Personal data and secrets in a text: how many stretches there are of each kind. Each is replaced by a token that names
//! its kind, and a record with too many of them is quarantined.
//! # Why
//! A model can be made to repeat what it was trained on. An address or a key is of no use to it, and of use to whoever
//! asks for it.
//! # Source
//! Own finders, each with its standard in `sensitive_data/`: RFC 5322 (`email`), ITU-T E.164 and the North American
//! plan (`phone`), ISO/IEC 7812 (`card`), ISO 13616 (`iban`), IANA's registries (`ip`), the check digits of national
//! numbers (`national`, `lettered`), issuers' prefixes (`tokens`), RFC 7519 (`jwt`), RFC 7468 (`private_key`). That many
//! stretches condemn a record is from Dolma 1.5 (Soldaini et al. 2024, arXiv 2402.00159), which removes with six.
//! # How
//! What carries a check (cards, accounts, most national numbers) is found wherever it stands; what has a form only, such
//! as nine digits, needs a word before it that says what it is. Left alone are addresses reserved for examples and
//! fiction, private networks, placeholders, and numbers in URLs; test numbers with a valid check are found. Stretches
//! that overlap become one. What shows only once others are replaced is replaced, too, so that a second pass finds
//! nothing. Where the stage edits, also the texts of records that are not released are written with their stretches
//! replaced, whatever took them out.
//! # Example
//! `"Write to ann@lovelace.dev"` becomes `"Write to <EMAIL>"`.

mod assigned;
mod card;
mod checksums;
mod context;
mod email;
mod iban;
mod ip;
mod jwt;
mod lettered;
mod national;
mod numbers;
mod phone;
mod private_key;
mod scan;
mod strength;
#[cfg(test)]
mod tests;
mod tokens;
mod topics;

use crate::{
    Action, Bound, BuildError, Column, ColumnNote, Context, Edit, Edits, Filter, Findings,
    Kind as ColumnKind, Rule, RuleBound, Span, Spec, Value, View,
};
use scan::{Found, Scan};
use serde::{Deserialize, Serialize};
use std::ops::ControlFlow;
use std::sync::Arc;

/// What a stretch is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// A private key between its boundaries.
    PrivateKey,
    /// A key, token or password.
    Secret,
    /// A payment card's number.
    Card,
    /// A bank account's number.
    Iban,
    /// A national number of a person.
    NationalId,
    /// An e-mail address.
    Email,
    /// A public address of the Internet.
    Ip,
    /// A telephone number.
    Phone,
}

const KINDS: [(Kind, &str); 8] = [
    (Kind::PrivateKey, "private-key"),
    (Kind::Secret, "secret"),
    (Kind::Card, "card"),
    (Kind::Iban, "iban"),
    (Kind::NationalId, "national-id"),
    (Kind::Email, "email"),
    (Kind::Ip, "ip"),
    (Kind::Phone, "phone"),
];

/// A set of kinds.
#[derive(Clone, Copy)]
struct Kinds(u8);

impl Kinds {
    fn of(kinds: &[Kind]) -> Self {
        Self(kinds.iter().fold(0, |set, kind| set | 1 << *kind as u8))
    }

    fn has(self, kind: Kind) -> bool {
        self.0 & 1 << kind as u8 != 0
    }

    fn has_numbers(self) -> bool {
        [Kind::Card, Kind::Iban, Kind::NationalId, Kind::Ip, Kind::Phone]
            .into_iter()
            .any(|kind| self.has(kind))
    }
}

/// What is looked for, and what becomes of it.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// The kinds that are looked for.
    pub kinds: Vec<Kind>,
    /// What stands for a stretch, with `{KIND}` or `{kind}` for its kind in capitals or small letters.
    pub replacement: String,
    /// Most stretches in a record that is released.
    pub spans_max: u64,
    /// Whether stretches are replaced, or only counted.
    pub edit: bool,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            kinds: KINDS.map(|(kind, _)| kind).to_vec(),
            replacement: "<{KIND}>".into(),
            // Dolma 1.5
            spans_max: 5,
            edit: true,
        }
    }
}

const RULES: [Rule; 1] =
    [Rule { id: "spans", summary: "stretches of personal data and secrets, of all kinds", alias: None }];
const SPANS: usize = 0;

/// How often a text is looked through again because of what was replaced in it.
const ROUNDS_MAX: usize = 8;

/// The built filter.
pub struct SensitiveData {
    scan: Scan,
    /// By the place of a kind in [`KINDS`].
    names: [Arc<str>; KINDS.len()],
    replacements: [String; KINDS.len()],
    /// The kinds that are looked for, in the order of their columns.
    chosen: Vec<Kind>,
    spans_max: u64,
    edit: bool,
}

impl Spec for Config {
    const NAME: &'static str = "sensitive-data";
    const SUMMARY: &'static str = "personal data and secrets, replaced by tokens that name their kind";
    const SOURCE: &'static str = "RFC 5322, E.164, ISO/IEC 7812, ISO 13616, national check digits, issuers' prefixes; arXiv 2402.00159 for the bound";
    const RULES: &'static [Rule] = &RULES;
    const COLUMNS: &'static [ColumnNote] = &[
        ("private-key", ColumnKind::Number, "private keys between their boundaries"),
        ("secret", ColumnKind::Number, "keys, tokens and passwords"),
        ("card", ColumnKind::Number, "numbers of payment cards"),
        ("iban", ColumnKind::Number, "numbers of bank accounts"),
        ("national-id", ColumnKind::Number, "national numbers of persons"),
        ("email", ColumnKind::Number, "e-mail addresses"),
        ("ip", ColumnKind::Number, "public addresses of the Internet"),
        ("phone", ColumnKind::Number, "telephone numbers"),
    ];
    const EXAMPLE: Option<&'static str> = Some("spans_max = 20");
    const ACTION: Action = Action::Quarantine;
    type Filter = SensitiveData;

    fn build(&self, _: &mut dyn Context) -> Result<SensitiveData, BuildError> {
        if self.kinds.is_empty() {
            return Err(BuildError::key("kinds", "is empty"));
        }
        let kinds = Kinds::of(&self.kinds);
        let scan = Scan::new(kinds).map_err(|e| BuildError::Config(e.to_string()))?;
        let replacements = KINDS.map(|(_, name)| {
            let capitals = name.to_ascii_uppercase().replace('-', "_");
            self.replacement.replace("{KIND}", &capitals).replace("{kind}", name)
        });
        let is_typed = self.replacement.contains("{KIND}") || self.replacement.contains("{kind}");
        let is_closed =
            |token: &String| token.starts_with(['<', '[', '{']) && token.ends_with(['>', ']', '}']);
        let is_clean = |token: &String| is_closed(token) && scan.find(token).is_empty();
        if !(is_typed && replacements.iter().all(is_clean)) {
            let expected =
                "expected `{KIND}` or `{kind}` between angle, square or curly brackets, such as `<{KIND}>`";
            return Err(BuildError::key("replacement", format!("is `{}`, {expected}", self.replacement)));
        }
        Ok(SensitiveData {
            scan,
            names: KINDS.map(|(_, name)| name.into()),
            replacements,
            chosen: KINDS.map(|(kind, _)| kind).into_iter().filter(|kind| kinds.has(*kind)).collect(),
            spans_max: self.spans_max,
            edit: self.edit,
        })
    }
}

impl Filter for SensitiveData {
    fn rules(&self) -> Vec<RuleBound> {
        vec![RuleBound::new(&RULES[SPANS], Bound::AtMost(self.spans_max as f64))]
    }

    fn columns(&self) -> Vec<Column> {
        self.chosen.iter().map(|kind| Column::new(KINDS[*kind as usize].1, ColumnKind::Number)).collect()
    }

    fn edits(&self) -> bool {
        self.edit
    }

    fn redacts(&self) -> bool {
        self.edit
    }

    fn judge(&self, view: &View<'_>, findings: &mut Findings) -> ControlFlow<()> {
        let Some((found, edits)) = self.redacted(view.text()) else {
            findings.fail();
            return ControlFlow::Break(());
        };
        for (column, kind) in self.chosen.iter().enumerate() {
            let count = found.iter().filter(|one| one.kind == *kind).count();
            findings.record(column, Value::Number(count as f64));
        }
        for Found { range, kind } in &found {
            let rule = Arc::clone(&self.names[*kind as usize]);
            findings.span(Span { start: range.start, end: range.end, rule, view: "raw" });
        }
        if self.edit {
            edits.as_slice().iter().for_each(|edit| findings.edit(edit.start..edit.end, edit.with.clone()));
        }
        findings.measure(SPANS, found.len() as f64)
    }
}

impl SensitiveData {
    /// All stretches of a text and the edits that replace them, also those that show only once others are replaced;
    /// `None` for a text made so that there is always one more.
    fn redacted(&self, text: &str) -> Option<(Vec<Found>, Edits)> {
        let mut all = self.scan.find(text);
        let mut edits = self.replaced(text, &all);
        for _ in 0..ROUNDS_MAX {
            if edits.is_empty() {
                return Some((all, edits));
            }
            let now = edits.apply(text);
            let more = self.scan.find(&now);
            if more.is_empty() {
                all.sort_by_key(|one| one.range.start);
                return Some((all, edits));
            }
            all.extend(more.iter().map(|Found { range, kind }| {
                let (start, last) =
                    (edits.original_offset(range.start), edits.original_offset(range.end - 1));
                Found { range: start..text.ceil_char_boundary(last + 1), kind: *kind }
            }));
            edits = edits.then(text, &self.replaced(&now, &more));
        }
        None
    }

    fn replaced(&self, text: &str, found: &[Found]) -> Edits {
        let edit = |Found { range, kind }: &Found| Edit {
            start: range.start,
            end: range.end,
            with: self.replacements[*kind as usize].clone().into(),
        };
        Edits::new(text, found.iter().map(edit).collect())
    }
}
