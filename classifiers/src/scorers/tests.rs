//! The registry, the golden cases (`tests/golden/scorers/*.toml`), and what the stages refuse.

use crate::fasttext::fixture::Fixture;
use crate::{SCORERS, ensemble, find, language_model, linear};
use filters::{
    Action, Asset, BuildError, Built, Column, ColumnRef, Context, Document, Filter, Findings, Kind, Layout,
    Measure, Scratch, Value, View,
};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

/// White space parts words, a tokenizer's smallest vocabulary names some of them; it would add and cut if it were let.
const TOKENIZER: &str = r#"{
  "version": "1.0", "normalizer": null, "decoder": null, "added_tokens": [],
  "truncation": {"direction": "Right", "max_length": 3, "strategy": "LongestFirst", "stride": 0},
  "padding": {"strategy": {"Fixed": 8}, "direction": "Right", "pad_to_multiple_of": null, "pad_id": 0, "pad_type_id": 0, "pad_token": "?"},
  "pre_tokenizer": {"type": "WhitespaceSplit"}, "post_processor": null,
  "model": {"type": "WordLevel", "vocab": {"?": 0, "a": 1, "plain": 2, "road": 3}, "unk_token": "?"}
}"#;

/// Stands for the pipeline; its files are the models of [`Fixture`].
struct Models;

impl Context for Models {
    fn asset(&mut self, name: &str) -> Result<Asset, BuildError> {
        let bytes = match name {
            "words.bin" => Fixture::words().write(),
            "no-end-of-line.bin" => Fixture { words: vec!["the", "good", "bad"], ..Fixture::words() }.write(),
            "tree.ftz" => Fixture::pruned_tree().write(),
            "torn.ftz" => Fixture::pruned_tree().write()[..200].to_vec(),
            "mapping.toml" => ensemble::tests::made_up().to_bytes().unwrap(),
            "tokenizer.json" => TOKENIZER.into(),
            "mill.arpa" => language_model::fixture::ARPA.into(),
            "mill.binary" => mill().as_binary().to_vec(),
            "made-up.probity" => linear::fixture::model().to_bytes().unwrap(),
            _ => return Err(BuildError::asset(name, "no such file")),
        };
        Ok(Asset { name: name.to_owned(), bytes: Arc::new(bytes) })
    }

    fn embedded(&mut self, _: &str, _: &[u8]) {}

    fn column(&self, name: &str, kind: Kind) -> Result<ColumnRef, BuildError> {
        let known =
            EARLIER.iter().position(|(known, of)| *of == kind && name.trim_end_matches("/score") == *known);
        known.map(ColumnRef).ok_or_else(|| BuildError::Column { name: name.to_owned(), known: String::new() })
    }

    fn action(&self) -> Action {
        Action::Remove
    }
}

/// What earlier stages record, where a scorer looks at that.
const EARLIER: [(&str, Kind); 3] =
    [("good", Kind::Number), ("noise", Kind::Number), ("language/label", Kind::Label)];

/// The earlier stages: they record what a case says.
struct Earlier(BTreeMap<String, toml::Value>);

impl Filter for Earlier {
    fn columns(&self) -> Vec<Column> {
        EARLIER.into_iter().map(|(name, kind)| Column::new(name, kind)).collect()
    }

    fn judge(&self, _: &View<'_>, findings: &mut Findings) -> ControlFlow<()> {
        for (at, (name, _)) in EARLIER.iter().enumerate() {
            match self.0.get(*name) {
                Some(toml::Value::String(label)) => findings.record(at, Value::Label(label.as_str().into())),
                Some(number) => findings.record(at, Value::Number(number.as_float().unwrap())),
                None => {}
            }
        }
        ControlFlow::Continue(())
    }
}

fn mill() -> language_model::Model {
    let arpa: Vec<u8> = language_model::fixture::ARPA.into();
    language_model::Model::load(Arc::new(arpa)).unwrap()
}

fn build(scorer: &str, table: toml::Table) -> Result<Built, String> {
    (find(scorer).unwrap().build)(table, &mut Models).map_err(|error| error.to_string())
}

/// A table that builds each scorer.
fn table(scorer: &str) -> toml::Table {
    let text = match scorer {
        "language" => "model = 'tree.ftz'\nkeep = ['en', '語']\nprobability_min = '0.5'\nprefix_bytes = 100",
        "language-spans" => "model = 'tree.ftz'\nchars_min = 1\nprobability_min = '0.1'",
        "fasttext" => "model = 'words.bin'\nlabel = 'yes'\nnewlines = 'join'",
        "ensemble" => "mapping = 'mapping.toml'\nscores = ['good', 'noise']\nlanguage = 'language/label'",
        "perplexity" => "model = 'mill.arpa'\nwords = 'plain'\ncuts = { all = ['3', '40.5'] }",
        "tokens" => "tokenizer = 'tokenizer.json'",
        "linear" => "model = 'made-up.probity'\nlabel = 'quim'",
        other => panic!("`{other}` needs a table here"),
    };
    text.parse().unwrap()
}

#[test]
fn names_are_kebab_case_and_unique() {
    let names: BTreeSet<_> = SCORERS.iter().map(|entry| entry.name).collect();
    assert_eq!(names.len(), SCORERS.len());
    for entry in SCORERS {
        let kebab = |name: &str| {
            name.split('-').all(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_lowercase()))
        };
        assert!(kebab(entry.name), "{}", entry.name);
        assert!(entry.rules.iter().all(|rule| kebab(rule.id)), "{}", entry.name);
        assert!(find(entry.name).is_some_and(|found| found.name == entry.name));
        assert!(!entry.summary.is_empty() && !entry.source.is_empty(), "{}", entry.name);
    }
    assert!(find("no-such-scorer").is_none());
}

#[test]
fn a_scorer_never_decides() {
    for entry in SCORERS {
        let built = build(entry.name, table(entry.name)).unwrap();
        let rules: Vec<_> = built.filter.rules().iter().map(|rule| rule.id.to_string()).collect();
        assert_eq!(rules, entry.rules.iter().map(|rule| rule.id).collect::<Vec<_>>());
        // telling languages is as much choosing them: the one stage here that judges its own score
        assert_eq!(rules.is_empty(), entry.name != "language", "{}", entry.name);
        assert!(!built.filter.edits() && !built.filter.columns().is_empty(), "{}", entry.name);
    }
}

#[test]
fn unknown_keys_are_refused_by_name() {
    for entry in SCORERS {
        let mut table = table(entry.name);
        table.insert("modle".into(), "x".into());
        let error = build(entry.name, table).err().unwrap();
        let known = (entry.keys)()[0];
        assert!(error.contains("`modle`") && error.contains(&format!("`{known}`")), "{error}");
    }
}

#[test]
fn the_resolved_configuration_reads_back_equal() {
    for entry in SCORERS {
        let written = table(entry.name);
        let resolved = build(entry.name, written.clone()).unwrap().resolved;
        assert!(written.iter().all(|(key, value)| resolved.get(key) == Some(value)), "{resolved}");
        let again = build(entry.name, resolved.clone()).unwrap().resolved;
        assert_eq!(resolved, again);
        let defaults = (entry.defaults)().unwrap();
        assert!(defaults.keys().all(|key| resolved.contains_key(key)), "{defaults}");
    }
}

#[test]
fn what_cannot_be_built_is_refused_with_the_cause() {
    let check = |scorer: &str, text: &str, expected: &str| {
        let error = build(scorer, text.parse().unwrap()).err().unwrap_or_default();
        assert!(error.contains(expected), "{error:?} lacks {expected:?}");
    };
    check("language", "", "`model` is missing");
    check("language", "model = 'none.bin'", "asset `none.bin`: no such file");
    check("language", "model = 'torn.ftz'", "asset `torn.ftz`: the file ends inside");
    check(
        "language",
        "model = 'tree.ftz'\nkeep = ['eng']",
        "names `eng`, which the model lacks; its labels are `de`, `en`",
    );
    check("language", "model = 'tree.ftz'\nprobability_min = 1", "`probability_min` must be");
    check("language", "model = 'tree.ftz'\nprobability_min = '-0.1'", "`probability_min` must be");
    check("language", "model = 'tree.ftz'\nprefix_bytes = 0", "`prefix_bytes` must be at least 1");
    check(
        "linear",
        "",
        "`model` is missing: the path of a model, or a shipped one (hazard, generated, quality)",
    );
    check("linear", "model = 'words.bin'", "asset `words.bin`: not a linear model");
    check(
        "linear",
        "model = 'made-up.probity'\nlabel = 'zorp'",
        "names `zorp`, which the model lacks; its labels are `zorb`, `quim`",
    );
    check("ensemble", "", "`mapping` is missing: the path of a file");
    check("ensemble", "mapping = 'words.bin'", "asset `words.bin`: not a mapping of scores: not UTF-8");
    check(
        "ensemble",
        "mapping = 'mapping.toml'\nscores = ['noise', 'good']",
        "`scores` are not those the mapping was made from: good/score, noise/score",
    );
    check(
        "ensemble",
        "mapping = 'mapping.toml'\nscores = ['good', 'noise']",
        "`language` is not that of the mapping: language/label",
    );
    check("perplexity", "", "`model` is missing");
    check("perplexity", "model = 'a'\nmodels = { en = 'b' }\nlanguage = 'l'", "no earlier stage records `l`");
    check("perplexity", "models = { en = 'mill.arpa' }", "`language` is missing");
    check("perplexity", "model = 'mill.arpa'\ncuts = { en = [1, 2] }", "`language` is missing");
    check("perplexity", "model = 'mill.arpa'\ncuts = { all = [2, 1] }", "`cuts` of `all` decrease: 2, 1");
    check("perplexity", "model = 'mill.arpa'\nwords = 'folded'", "was trained with words `plain`");
    check(
        "perplexity",
        "model = 'words.bin'",
        "asset `words.bin`: neither an ARPA file nor a KenLM binary file",
    );
    check("tokens", "", "`tokenizer` is missing: the path of a `tokenizer.json`");
    check("tokens", "tokenizer = 'words.bin'", "asset `words.bin`: is no tokenizer: ");
    check("fasttext", "label = 'yes'", "`model` is missing");
    check("fasttext", "model = 'words.bin'", "`label` is missing; the model's labels are `no`, `yes`");
    check("fasttext", "model = 'words.bin'\nlabel = '__label__yes'", "its labels are `no`, `yes`");
    check("fasttext", "model = 'words.bin'\nlabel = 'yes'\nnewlines = 'glue'", "unknown variant `glue`");
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    case: Vec<Case>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    config: toml::Table,
    /// What earlier stages recorded: numbers with a decimal point, and labels.
    #[serde(default)]
    recorded: BTreeMap<String, toml::Value>,
    text: String,
    expect: String,
    value: Option<String>,
    bound: Option<String>,
    columns: BTreeMap<String, String>,
}

impl Case {
    fn check(&self, scorer: &str, measure: Measure) {
        let at = format!("{scorer}: {}", self.name);
        let built = build(scorer, self.config.clone()).unwrap_or_else(|error| panic!("{at}: {error}"));
        let mut layout = Layout::default();
        let earlier = Earlier(self.recorded.clone());
        let before = layout.add(&earlier, &[]);
        let slots = layout.add(built.filter.as_ref(), &[]);
        let mut findings = Findings::new(&layout, measure);
        findings.clear();
        let scratch = Scratch::default();
        let view = View::new(Document { text: &self.text, ..Document::default() }, &scratch);
        findings.enter(&before);
        let _ = earlier.judge(&view, &mut findings);
        findings.enter(&slots);
        let _ = built.filter.judge(&view, &mut findings);

        let broken = findings.broken();
        let rule = broken.map_or("keep".to_owned(), |broken| slots.rules[broken.rule].id.to_string());
        assert_eq!(rule, self.expect, "{at}: {broken:?}");
        assert_eq!(broken.map(|broken| broken.value.to_string()), self.value, "{at}: value");
        assert_eq!(
            broken.and_then(|broken| broken.bound.limit()).map(|limit| limit.to_string()),
            self.bound,
            "{at}"
        );
        let recorded = slots.column_range().zip(&slots.columns).filter_map(|(place, column)| {
            let value = match findings.get(ColumnRef(place)) {
                Value::Absent => return None,
                Value::Number(number) => number.to_string(),
                Value::Flag(flag) => flag.to_string(),
                Value::Label(label) => label.to_string(),
            };
            Some((column.name.to_string(), value))
        });
        assert_eq!(recorded.collect::<BTreeMap<_, _>>(), self.columns, "{at}: columns");
    }
}

#[test]
fn golden_cases_come_out_as_written() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/golden/scorers");
    let mut seen = BTreeSet::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let file: File = toml::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
        let scorer = path.file_stem().unwrap().to_str().unwrap().to_owned();
        for case in &file.case {
            case.check(&scorer, Measure::First);
            case.check(&scorer, Measure::All);
        }
        let names: BTreeSet<_> = file.case.iter().map(|case| &case.name).collect();
        assert_eq!(names.len(), file.case.len(), "{scorer}: a name is used twice");
        let expected: BTreeSet<_> = file.case.iter().map(|case| case.expect.as_str()).collect();
        let possible = find(&scorer).unwrap().rules.iter().map(|rule| rule.id).chain(["keep"]);
        assert_eq!(expected, possible.collect(), "{scorer}: each outcome has a case");
        seen.insert(scorer);
    }
    assert_eq!(seen, SCORERS.iter().map(|entry| entry.name.to_owned()).collect());
}
