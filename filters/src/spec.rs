//! The seam: how a filter or scorer is described, configured and built.

use crate::{BenchmarkItem, BuildError, FieldRef, Findings, ItemFields, View};
use serde::{Serialize, de::DeserializeOwned};
use std::borrow::Cow;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::Arc;

/// Judges one document. Pure, total and infallible: the same view gives the same findings.
pub trait Filter: Send + Sync {
    /// The rules this instance applies, in the order in which they are decided, each with its bound. Positions in
    /// this list are what [`Findings::measure`] takes.
    fn rules(&self) -> Vec<RuleBound> {
        Vec::new()
    }

    /// The columns this instance records besides rule values. Positions in this list are what
    /// [`Findings::record`] takes.
    fn columns(&self) -> Vec<Column> {
        Vec::new()
    }

    /// Whether this instance may edit the text.
    fn edits(&self) -> bool {
        false
    }

    /// Whether its edits take out what no file of a release may hold: such edits are also made to the texts of records
    /// that are not released.
    fn redacts(&self) -> bool {
        false
    }

    /// Whether of several broken rules always the first in the order of [`Filter::rules`] decides.
    fn decides_in_order(&self) -> bool {
        true
    }

    /// What whoever runs it should know of this instance, such as what it was given and cannot use.
    fn notes(&self) -> Vec<String> {
        Vec::new()
    }

    /// What this instance rests on that is to be looked at again after a day.
    fn expiries(&self) -> &[Expiry] {
        &[]
    }

    /// Judges one document. `Break` means that a broken rule has decided and nothing more is measured; return it
    /// with `?` as it comes from [`Findings::measure`].
    fn judge(&self, view: &View<'_>, findings: &mut Findings) -> ControlFlow<()>;
}

/// Something that is to be looked at again after a day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expiry {
    /// What it is.
    pub what: String,
    /// The last day on which it need not be, `YYYY-MM-DD`.
    pub day: String,
}

impl Expiry {
    /// Whether that day is past on another one; never if the other is not written `YYYY-MM-DD`.
    pub fn is_past(&self, today: &str) -> bool {
        // days written so are in the order of their letters
        is_day(today) && self.day.as_str() < today
    }
}

/// Whether a day is written `YYYY-MM-DD`.
pub fn is_day(day: &str) -> bool {
    let number = |part: Option<&&str>, digits: usize, most: u32| {
        part.filter(|part| part.len() == digits && part.bytes().all(|b| b.is_ascii_digit()))
            .and_then(|part| part.parse::<u32>().ok())
            .is_some_and(|n| (1..=most).contains(&n))
    };
    let parts: Vec<&str> = day.split('-').collect();
    parts.len() == 3
        && number(parts.first(), 4, 9999)
        && number(parts.get(1), 2, 12)
        && number(parts.get(2), 2, 31)
}

/// The limit a rule holds its measured value against.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Bound {
    /// Broken when the value is smaller.
    AtLeast(f64),
    /// Broken when the value is larger.
    AtMost(f64),
    /// Broken when the value is not strictly larger.
    Above(f64),
    /// Broken when the value is not strictly smaller.
    Below(f64),
    /// Never broken: the rule is switched off, its value may still be recorded.
    Off,
}

impl Bound {
    /// A rule that only matches or does not: measure 1 for a match, 0 for none.
    pub const NO_MATCH: Bound = Bound::AtMost(0.0);

    /// Whether `value` lies outside this bound.
    pub fn broken_by(self, value: f64) -> bool {
        match self {
            Bound::AtLeast(least) => value < least,
            Bound::AtMost(most) => value > most,
            Bound::Above(floor) => value <= floor,
            Bound::Below(ceiling) => value >= ceiling,
            Bound::Off => false,
        }
    }

    /// The number of the bound, if it has one.
    pub fn limit(self) -> Option<f64> {
        match self {
            Bound::AtLeast(n) | Bound::AtMost(n) | Bound::Above(n) | Bound::Below(n) => Some(n),
            Bound::Off => None,
        }
    }
}

/// A rule as documented: stable id (without the stage's name), what it measures, and the reason string of the
/// reference implementation where there is one.
#[derive(Clone, Copy, Debug)]
pub struct Rule {
    /// Kebab-case id, unique within the filter; the ledger writes `stage/id`.
    pub id: &'static str,
    /// One line: what is measured, in which unit.
    pub summary: &'static str,
    /// The reference implementation's reason string for the same decision.
    pub alias: Option<&'static str>,
}

/// A rule of one built filter with the bound its configuration gives it.
#[derive(Clone, Debug, PartialEq)]
pub struct RuleBound {
    /// The rule's id; a documented [`Rule`] where the filter's rules do not depend on its configuration.
    pub id: Cow<'static, str>,
    /// What the measured value is held against.
    pub bound: Bound,
}

impl RuleBound {
    /// Pairs a documented rule with its bound.
    pub fn new(rule: &Rule, bound: Bound) -> Self {
        Self { id: Cow::Borrowed(rule.id), bound }
    }
}

/// What kind of value a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A finite number.
    Number,
    /// Yes or no.
    Flag,
    /// A short string from a closed set, such as a language code.
    Label,
}

/// A column a filter or scorer records for every document it sees; the ledger names it `stage/name`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// The name without the stage's.
    pub name: Cow<'static, str>,
    /// The kind of its values.
    pub kind: Kind,
}

/// The name of a column, its kind, and what it means.
pub type ColumnNote = (&'static str, Kind, &'static str);

impl Column {
    /// A column with a fixed name.
    pub const fn new(name: &'static str, kind: Kind) -> Self {
        Self { name: Cow::Borrowed(name), kind }
    }
}

/// Whether a configuration that names this means that column: by its full name, or by that of its stage for the column
/// `score`.
pub fn names_column(name: &str, column: &str) -> bool {
    column.strip_prefix(name).is_some_and(|rest| matches!(rest, "" | "/score"))
}

/// Where an earlier stage's column stands; got from [`Context::column`], read with [`Findings::get`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ColumnRef(pub usize);

/// What happens to a record that breaks a rule of a stage. Every stage may be given any of them, but a
/// keyword-only stage refuses `remove` unless its packs may remove.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Action {
    /// The record is not in the release.
    Remove,
    /// The record is not in the release and waits for a person.
    Quarantine,
    /// The record goes on; the broken rule is recorded in the column `stage/broken`.
    Tag,
}

/// Which words the rules count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum Words {
    /// The tokens of spaCy 3.8's blank English pipeline, stripped, empties dropped: what datatrove counts.
    #[default]
    #[serde(rename = "spacy-en")]
    SpacyEn,
    /// Unicode word boundaries (UAX #29), segments that hold a letter or digit.
    #[serde(rename = "uax29")]
    Uax29,
}

/// Bytes a stage needs besides its configuration, with the digest that goes into the manifest.
#[derive(Clone)]
pub struct Asset {
    /// The name as configured.
    pub name: String,
    /// The content; a memory map for large files.
    pub bytes: Arc<dyn AsRef<[u8]> + Send + Sync>,
}

/// What a stage may ask of its surroundings while it is built. Opening files is the pipeline's work.
pub trait Context {
    /// Reads a configured file (relative to the config file) and lists its digest in the manifest.
    fn asset(&mut self, name: &str) -> Result<Asset, BuildError>;

    /// Where a configured file or folder lies.
    fn place(&self, name: &str) -> PathBuf {
        PathBuf::from(name)
    }

    /// The files that a configured name or glob stands for, sorted; a glob that matches nothing is an error.
    /// Surroundings without folders leave this out.
    fn expand(&self, pattern: &str) -> Result<Vec<String>, BuildError> {
        Ok(vec![pattern.to_string()])
    }

    /// Reads a configured file of evaluation items, Parquet or JSON Lines, and lists its digest in the manifest.
    /// Surroundings in which no such file can be read leave this out.
    fn benchmark(&mut self, name: &str, fields: ItemFields<'_>) -> Result<Vec<BenchmarkItem>, BuildError> {
        Err(BuildError::asset(name, format!("items with a field `{}` cannot be read here", fields.text)))
    }

    /// Lists bytes that are in no file of their own, such as a pack in its canonical form, as an asset of the run.
    fn embedded(&mut self, name: &str, bytes: &[u8]);

    /// Finds a column recorded by an earlier stage. `name` is `stage/column`, or a stage's name alone for its
    /// column `score`.
    fn column(&self, name: &str, kind: Kind) -> Result<ColumnRef, BuildError>;

    /// Asks for a column of the input by its name, `a.b` for field `b` of the structs in column `a`, whose values
    /// [`Document::field`](crate::Document::field) then gives as text. That every shard has it, with values of this
    /// kind (a [`Kind::Label`] may be any string, number or boolean), is checked before the first record is read.
    /// Surroundings without such columns leave this out.
    fn field(&mut self, name: &str, _: Kind) -> Result<FieldRef, BuildError> {
        Err(BuildError::key("column", format!("names `{name}`, but records have no columns here")))
    }

    /// Which turns of a chat record the stage sees, in words of its configuration; `None` for all.
    fn turns(&self) -> Option<&str> {
        None
    }

    /// Whether records are chat records, whose documents have turns.
    fn has_turns(&self) -> bool {
        true
    }

    /// What the stage's `action` key says (or its entry's default).
    fn action(&self) -> Action;

    /// The day of the release, where the configuration declares one.
    fn released(&self) -> Option<&str> {
        None
    }
}

/// A stage's config struct: the typed table of one `[[stage]]`, without the keys every stage has (`use`, `name`,
/// `when`, `action`). Derive `Deserialize` with `deny_unknown_fields, default` and `rename_all = "snake_case"`.
pub trait Spec: DeserializeOwned + Serialize + Default {
    /// What `use` names.
    const NAME: &'static str;
    /// One line for lists.
    const SUMMARY: &'static str;
    /// Paper, table, reference implementation and version.
    const SOURCE: &'static str;
    /// Every rule an instance can break, in the order of decision. Empty for a scorer.
    const RULES: &'static [Rule];
    /// Every column an instance records; those that a model names are left out.
    const COLUMNS: &'static [ColumnNote] = &[];
    /// A complete `[[stage]]` table (without the header) that builds, using only what every program ships with;
    /// `None` where a user's file is needed.
    const EXAMPLE: Option<&'static str>;
    /// What a broken rule does unless the stage says otherwise.
    const ACTION: Action = Action::Remove;
    /// What it builds.
    type Filter: Filter + 'static;

    /// The columns above, as [`Filter::columns`] declares them.
    fn recorded() -> Vec<Column> {
        Self::COLUMNS.iter().map(|(name, kind, _)| Column::new(name, *kind)).collect()
    }

    /// Checks the values and builds the filter.
    fn build(&self, context: &mut dyn Context) -> Result<Self::Filter, BuildError>;
}

/// A filter built from a table, with the table in its resolved form (every default written out).
pub struct Built {
    /// The filter.
    pub filter: Box<dyn Filter>,
    /// The resolved configuration; this is what is hashed and signed.
    pub resolved: toml::Table,
}

/// One line of a registry: a [`Spec`] with its type erased. Everything a user sees derives from it.
#[derive(Clone, Copy)]
pub struct Entry {
    /// What `use` names.
    pub name: &'static str,
    /// One line for lists.
    pub summary: &'static str,
    /// Paper, table, reference implementation and version.
    pub source: &'static str,
    /// The rules an instance can break.
    pub rules: &'static [Rule],
    /// The columns an instance records.
    pub columns: &'static [ColumnNote],
    /// A table that builds without a user's file, if there is one.
    pub example: Option<&'static str>,
    /// What a broken rule does unless the stage says otherwise.
    pub action: Action,
    /// The configuration with every default written out.
    pub defaults: fn() -> Result<toml::Table, BuildError>,
    /// All its keys, also those without a default.
    pub keys: fn() -> &'static [&'static str],
    /// Builds an instance from a table without the common keys.
    pub build: fn(toml::Table, &mut dyn Context) -> Result<Built, BuildError>,
}

/// Erases the type of a [`Spec`].
pub const fn entry<S: Spec>() -> Entry {
    Entry {
        name: S::NAME,
        summary: S::SUMMARY,
        source: S::SOURCE,
        rules: S::RULES,
        columns: S::COLUMNS,
        example: S::EXAMPLE,
        action: S::ACTION,
        defaults: || resolve(&S::default()),
        keys: crate::keys::<S>,
        build: |table, context| {
            let spec: S = table.try_into().map_err(|e: toml::de::Error| BuildError::of_toml(&e))?;
            let filter = Box::new(spec.build(context)?);
            Ok(Built { filter, resolved: resolve(&spec)? })
        },
    }
}

fn resolve<S: Spec>(spec: &S) -> Result<toml::Table, BuildError> {
    toml::Table::try_from(spec).map_err(|e| BuildError::Config(e.to_string()))
}
