//! # What it measures
//! How many different terms of the configured packs the text holds. Terms are counted within each pack and the
//! largest count is the value, so that one term here and one there do not add up.
//! # Why
//! The first and widest net of a high-risk cascade: cheap enough for every record, with high recall and known low
//! precision. By itself it only marks records (`keywords/escalated`) for a scorer or a person to look at; two
//! different terms are asked for because single terms are mostly harmless mentions.
//! # Source
//! O'Brien et al., Deep Ignorance, arXiv 2508.06601 (two distinct terms escalate to a classifier); the terms'
//! sources are in the packs.
//! # Differs from Deep Ignorance's blocklist in
//! matching whole words by hash instead of substrings, in terms taken from public control lists instead of a
//! language model's list, and in refusing `action = "remove"` unless every pack shows a measured false-positive rate.
//! # Example
//! `packs = ["cbrn", "packs/our-own.toml"]`: shipped packs by name, own ones by the path of a `.toml` file.

use crate::pack::{Matcher, Pack, SHIPPED, shipped};
use crate::{
    Action, Bound, BuildError, Column, Context, Filter, Findings, Kind, Rule, RuleBound, Span, Spec, Value,
    View,
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
}

impl Default for Config {
    fn default() -> Self {
        // two: the rule of arXiv 2508.06601, section 3
        Self { packs: Vec::new(), distinct_min: 2 }
    }
}

const DISTINCT_TERMS: Rule =
    Rule { id: "distinct-terms", summary: "different terms of one pack in the text", alias: None };

const ESCALATED: usize = 0;
const DISTINCT: usize = 1;

/// The built filter.
pub struct Keywords {
    matcher: Matcher,
    packs: usize,
    distinct_min: u64,
}

impl Spec for Config {
    const NAME: &'static str = "keywords";
    const SUMMARY: &'static str = "terms of rule packs; escalates records, removes none by itself";
    const SOURCE: &'static str =
        "Deep Ignorance, arXiv 2508.06601 (two distinct terms); terms as each pack says";
    const RULES: &'static [Rule] = &[DISTINCT_TERMS];
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
        let unproven = packs.iter().find(|pack| !pack.may_remove);
        if let (Action::Remove, Some(pack)) = (context.action(), unproven) {
            let why = format!(
                "is `remove`, but the pack `{}` may not remove: use `quarantine` or `tag`, or measure the pack",
                pack.id
            );
            return Err(BuildError::key("action", why));
        }
        Ok(Keywords { matcher: Matcher::new(&packs), packs: packs.len(), distinct_min: self.distinct_min })
    }
}

fn load(name: &str, context: &mut dyn Context) -> Result<Pack, BuildError> {
    if let Some(content) = shipped(name) {
        context.embedded(name, content.as_bytes());
        return Pack::parse(name, content.as_bytes());
    }
    if name.ends_with(".toml") {
        let asset = context.asset(name)?;
        return Pack::parse(name, (*asset.bytes).as_ref());
    }
    let why = format!(
        "names `{name}`, which is neither shipped ({}) nor the path of a .toml file",
        shipped_names()
    );
    Err(BuildError::key("packs", why))
}

fn shipped_names() -> String {
    let names: Vec<&str> = SHIPPED.iter().map(|(name, _)| *name).collect();
    names.join(", ")
}

impl Keywords {
    /// Notes every hit, and counts the different terms of each pack.
    fn scan(&self, text: &str, findings: &mut Findings) -> u64 {
        let mut hit_terms: Vec<usize> = Vec::new();
        self.matcher.find(text, |hit| {
            hit_terms.push(hit.term);
            let rule = Arc::clone(self.matcher.label(hit.term));
            findings.span(Span { start: hit.start, end: hit.end, rule, view: "raw" });
        });
        hit_terms.sort_unstable();
        hit_terms.dedup();
        let mut distinct = vec![0u64; self.packs];
        for &term in &hit_terms {
            distinct[self.matcher.pack(term)] += 1;
        }
        distinct.into_iter().max().unwrap_or(0)
    }
}

impl Filter for Keywords {
    fn rules(&self) -> Vec<RuleBound> {
        vec![RuleBound::new(&DISTINCT_TERMS, Bound::Below(self.distinct_min as f64))]
    }

    fn columns(&self) -> Vec<Column> {
        vec![Column::new("escalated", Kind::Flag), Column::new("distinct", Kind::Number)]
    }

    fn judge(&self, view: &View<'_>, findings: &mut Findings) -> ControlFlow<()> {
        let distinct = self.scan(view.text(), findings);
        findings.record(ESCALATED, Value::Flag(distinct >= self.distinct_min));
        findings.record(DISTINCT, Value::Number(distinct as f64));
        findings.measure(0, distinct as f64)
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

        context.assets.insert("own.toml".into(), pack("may_remove = true"));
        let unmeasured = build(table, &mut context).unwrap_err();
        assert!(unmeasured.contains("`may_remove` needs `measured`"), "{unmeasured}");

        let measured =
            "may_remove = true\nmeasured = { false_positive_rate = \"0.01\", records = 400, sample = \"a\" }";
        context.assets.insert("own.toml".into(), pack(measured));
        assert_eq!(build(table, &mut context), Ok(()));
    }

    #[test]
    fn wrong_names_are_told_with_the_right_ones() {
        let mut context = TestContext::default();
        for (table, part) in [
            ("packs = []", "`packs` is empty; shipped packs: cbrn, critical-infrastructure"),
            ("packs = [\"cbrm\"]", "`packs` names `cbrm`, which is neither shipped (cbrn,"),
            ("packs = [\"cbrn\", \"cbrn\"]", "`packs` names the pack `cbrn` twice"),
            ("packs = [\"none.toml\"]", "none.toml"),
        ] {
            let message = build(table, &mut context).unwrap_err();
            assert!(message.contains(part), "{message}");
        }
    }
}
