//! # What it measures
//! How many different terms of the configured packs the text holds, and what they amount to. Terms are counted within
//! each pack and the largest count is the value, so that one term here and one there do not add up. The score of a pack
//! is the sum over its categories of the category's weight times `1 + 1/2 + … + 1/n` for `n` different terms. Terms are
//! found as written and, unless `normalise = false`, in disguise (look-alike, accented, wide or invisible characters,
//! digits for letters, repeated letters, letters apart, encoded characters).
//! # Why
//! The first and widest net of a high-risk cascade: cheap enough for every record, with high recall and known low
//! precision. A record passes, is escalated (`keywords/escalated`) for a scorer or a person to look at, or, where a pack
//! with a measured error rate says so, is blocked (`keywords/blocked`). Two different terms are asked for because single
//! terms are mostly harmless mentions; a term of weight 3 is enough alone.
//! # Source
//! O'Brien et al., Deep Ignorance, arXiv 2508.06601 (two distinct terms escalate to a classifier); the terms'
//! sources are in the packs.
//! # Differs from Deep Ignorance's blocklist in
//! matching whole words instead of substrings, in terms taken from public control lists instead of a language model's
//! list, and in refusing `action = "remove"` unless every pack shows a measured false-positive rate.
//! # Example
//! `packs = ["cbrn", "packs/our-own.toml"]`: shipped packs by name, own ones by the path of a `.toml` file.

use crate::pack::{ActionCap, Opinion, Origin, Outcome, Pack, Rulebook, SHIPPED, Sight, Thresholds, shipped};
use crate::{
    Action, Bound, BuildError, Column, ColumnNote, ColumnRef, Context, Decimal, Expiry, Filter, Findings,
    Kind, Rule, RuleBound, Span, Spec, Value, View,
};
use serde::{Deserialize, Serialize};
use std::ops::ControlFlow;
use std::sync::Arc;

/// Which packs, and how many of their terms matter.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Names of shipped packs, or paths of `.toml` files. Required.
    pub packs: Vec<String>,
    /// How many different terms of one pack escalate a record.
    pub distinct_min: u64,
    /// What score of one pack escalates a record.
    pub score_min: Decimal,
    /// Whether terms are looked for in disguise too.
    pub normalise: bool,
    /// An earlier stage's label of the record's language, such as `language/label`: groups for another language do not
    /// count then. All groups count where it is left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
}

impl Default for Config {
    fn default() -> Self {
        let Thresholds { distinct_min, score_min } = Thresholds::default();
        let score_min = Decimal::of(score_min);
        Self { packs: Vec::new(), distinct_min, score_min, normalise: true, language: None }
    }
}

const DISTINCT_TERMS: Rule =
    Rule { id: "distinct-terms", summary: "different terms of one pack in the text", alias: None };
const SCORE: Rule = Rule {
    id: "score",
    summary: "weights of one pack's different terms, with diminishing returns",
    alias: None,
};

/// The columns, in the order of [`Keywords::columns`].
const ESCALATED: usize = 0;
const DISTINCT: usize = 1;
const SCORE_COLUMN: usize = 2;
const BLOCKED: usize = 3;
const HARMFUL: usize = 4;
const CATEGORY: usize = 5;

/// The built filter.
pub struct Keywords {
    book: Rulebook,
    asked: Thresholds,
    sights: &'static [Sight],
    language: Option<ColumnRef>,
    /// Whether records are marked and no more, which every pack may do to every record.
    marks: bool,
    expiries: Vec<Expiry>,
}

impl Spec for Config {
    const NAME: &'static str = "keywords";
    const SUMMARY: &'static str = "terms of rule packs; escalates records, removes none by itself";
    const SOURCE: &'static str =
        "Deep Ignorance, arXiv 2508.06601 (two distinct terms); terms as each pack says";
    const RULES: &'static [Rule] = &[DISTINCT_TERMS, SCORE];
    const COLUMNS: &'static [ColumnNote] = &[
        ("escalated", Kind::Flag, "whether a scorer or a person should look at the record"),
        ("distinct", Kind::Number, "different terms of the pack with most of them"),
        ("score", Kind::Number, "the largest score of a pack"),
        ("blocked", Kind::Flag, "whether a pack whose measured error rate allows it says so"),
        ("harmful", Kind::Flag, "whether a term was found that is harmful by itself"),
        ("category", Kind::Label, "`pack/category` that adds most to the score"),
    ];
    const EXAMPLE: Option<&'static str> = Some("packs = [\"cbrn\"]");
    const ACTION: Action = Action::Tag;
    type Filter = Keywords;

    fn build(&self, context: &mut dyn Context) -> Result<Keywords, BuildError> {
        if self.packs.is_empty() {
            return Err(BuildError::key("packs", format!("is empty; shipped packs: {}", shipped_names())));
        }
        let packs = self.packs.iter().map(|name| load(name, context)).collect::<Result<Vec<_>, _>>()?;
        for (at, pack) in packs.iter().enumerate() {
            if packs[..at].iter().any(|earlier| earlier.id == pack.id) {
                return Err(BuildError::key("packs", format!("names the pack `{}` twice", pack.id)));
            }
        }
        packs.iter().try_for_each(|pack| allows(pack, context.action()))?;
        let language = self.language.as_ref().map(|name| context.column(name, Kind::Label)).transpose()?;
        Ok(Keywords {
            book: Rulebook::new(&packs).map_err(|why| BuildError::key("packs", why))?,
            asked: Thresholds { distinct_min: self.distinct_min, score_min: self.score_min.get() },
            sights: if self.normalise { Sight::BOTH } else { &[Sight::Raw] },
            language,
            marks: context.action() == Action::Tag,
            expiries: packs.iter().filter_map(Pack::expiry).collect(),
        })
    }
}

/// Whether the pack may do what the stage does with records.
fn allows(pack: &Pack, action: Action) -> Result<(), BuildError> {
    let (wanted, name, instead) = match action {
        Action::Tag => (ActionCap::Escalate, "tag", ""),
        Action::Quarantine => (ActionCap::Quarantine, "quarantine", "use `tag`"),
        Action::Remove => (ActionCap::Remove, "remove", "use `quarantine` or `tag`, or measure the pack"),
    };
    if wanted <= pack.action_cap {
        return Ok(());
    }
    let why = format!("is `{name}`, but the pack `{}` may not {name}: {instead}", pack.id);
    Err(BuildError::key("action", why))
}

/// Reads a pack and lists its canonical form as an asset: any change of a term or number changes that digest. The name
/// tells when the pack had expired at the day of the release.
fn load(name: &str, context: &mut dyn Context) -> Result<Pack, BuildError> {
    if let Some(content) = shipped(name) {
        let pack = Pack::parse(name, content.as_bytes())?;
        list(name, &pack, context);
        return Ok(pack);
    }
    if name.ends_with(".toml") {
        let asset = context.asset(name)?;
        let pack = Pack::parse(name, (*asset.bytes).as_ref())?;
        list(&format!("{name}, canonical"), &pack, context);
        return Ok(pack);
    }
    let why = format!(
        "names `{name}`, which is neither shipped ({}) nor the path of a .toml file",
        shipped_names()
    );
    Err(BuildError::key("packs", why))
}

fn list(name: &str, pack: &Pack, context: &mut dyn Context) {
    let past = pack.expiry().filter(|expiry| context.released().is_some_and(|day| expiry.is_past(day)));
    let name = past.map_or_else(|| name.to_string(), |expiry| format!("{name}, expired on {}", expiry.day));
    context.embedded(&name, pack.canonical().as_bytes());
}

fn shipped_names() -> String {
    let names: Vec<&str> = SHIPPED.iter().map(|(name, _)| *name).collect();
    names.join(", ")
}

/// The most different terms, the highest score, and the category that adds most to it.
fn top<'o>(opinions: impl Iterator<Item = &'o Opinion>) -> (f64, f64, Option<&'o Arc<str>>) {
    opinions.fold((0.0, 0.0, None), |(distinct, score, category), opinion| {
        let distinct = f64::max(distinct, opinion.distinct as f64);
        let higher = opinion.score > score;
        let (score, category) =
            if higher { (opinion.score, opinion.category.as_ref()) } else { (score, category) };
        (distinct, score, category)
    })
}

impl Filter for Keywords {
    fn rules(&self) -> Vec<RuleBound> {
        vec![
            RuleBound::new(&DISTINCT_TERMS, Bound::Below(self.asked.distinct_min as f64)),
            RuleBound::new(&SCORE, Bound::Below(self.asked.score_min)),
        ]
    }

    fn columns(&self) -> Vec<Column> {
        Config::recorded()
    }

    fn expiries(&self) -> &[Expiry] {
        &self.expiries
    }

    fn judge(&self, view: &View<'_>, findings: &mut Findings) -> ControlFlow<()> {
        let language = self.language.and_then(|column| findings.label(column));
        let origin = Origin { source: view.document().source, language };
        let verdict = self.book.judge(view.text(), origin, self.sights);
        for hit in &verdict.hits {
            let rule = Arc::clone(self.book.label(hit));
            findings.span(Span { start: hit.start, end: hit.end, rule, view: hit.sight.name() });
        }
        let opinions = &verdict.packs;
        let (distinct, score, category) = top(opinions.iter());
        let outcome = self.book.outcome(&verdict, self.asked);
        findings.record(ESCALATED, Value::Flag(outcome != Outcome::Pass));
        findings.record(DISTINCT, Value::Number(distinct));
        findings.record(SCORE_COLUMN, Value::Number(score));
        findings.record(BLOCKED, Value::Flag(outcome == Outcome::Block));
        findings.record(HARMFUL, Value::Flag(opinions.iter().any(|opinion| opinion.harmful)));
        if let Some(category) = category {
            findings.record(CATEGORY, Value::Label(Arc::clone(category)));
        }
        let deciding = opinions.iter().filter(|opinion| self.marks || !opinion.escalates_only);
        let (distinct, score, _) = top(deciding);
        findings.measure(0, distinct)?;
        findings.measure(1, score)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::golden::TestContext;

    fn build(table: &str, context: &mut TestContext) -> Result<(), String> {
        let entry = crate::find("keywords").unwrap();
        (entry.build)(table.parse().unwrap(), context).map(|_| ()).map_err(|e| e.to_string())
    }

    fn pack(measured: &str) -> String {
        format!(
            "schema = 1\nid = \"own\"\nversion = \"1\"\nowner = \"o\"\nsummary = \"s\"\n{measured}\n\
             [[source]]\nid = \"x\"\ntitle = \"t\"\nedition = \"e\"\n\
             [[group]]\ncategory = \"c\"\nsource = \"x\"\nlang = \"en\"\nterms = [\"apple tart\"]\n\
             must_hit = [\"an apple tart\"]\nmust_miss = [\"an apple\"]\n"
        )
    }

    #[test]
    fn only_a_measured_pack_may_remove() {
        let table = "packs = [\"own.toml\"]";
        let mut context = TestContext { action: Some(Action::Remove), ..TestContext::default() };
        context.assets.insert("own.toml".into(), pack(""));
        let refused = build(table, &mut context).unwrap_err();
        assert!(refused.starts_with("`action` is `remove`, but the pack `own` may not remove"), "{refused}");

        context.assets.insert("own.toml".into(), pack("action_cap = \"remove\""));
        let unmeasured = build(table, &mut context).unwrap_err();
        assert!(unmeasured.contains("`action_cap = \"remove\"` needs `measured`"), "{unmeasured}");

        let measured = "action_cap = \"remove\"\nmeasured = { false_positive_rate = \"0.01\", records = 400, sample = \"a\" }";
        context.assets.insert("own.toml".into(), pack(measured));
        assert_eq!(build(table, &mut context), Ok(()));
    }

    #[test]
    fn wrong_names_are_told_with_the_right_ones() {
        let mut context = TestContext::default();
        for (table, part) in [
            ("packs = []", "`packs` is empty; shipped packs: adult, cbrn, critical-infrastructure"),
            ("packs = [\"cbrm\"]", "`packs` names `cbrm`, which is neither shipped (adult, cbrn,"),
            ("packs = [\"cbrn\", \"cbrn\"]", "`packs` names the pack `cbrn` twice"),
            ("packs = [\"none.toml\"]", "none.toml"),
        ] {
            let message = build(table, &mut context).unwrap_err();
            assert!(message.contains(part), "{message}");
        }
    }
}
