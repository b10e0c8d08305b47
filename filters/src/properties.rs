//! What holds for every filter of the registry, whatever the text.

use crate::golden::{Outcome, Stages, TestContext, all_cases, run};
use crate::{Bound, Document, FILTERS, Findings, Measure, RuleBound, Scratch, View};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

/// Every filter in every configuration of its golden cases, each once.
static CONFIGURED: LazyLock<Vec<(String, Stages)>> = LazyLock::new(|| {
    let mut seen = BTreeSet::new();
    let mut all = Vec::new();
    for (filter, cases) in all_cases() {
        for case in cases {
            if seen.insert(format!("{filter} {:?} {:?} {:?}", case.config, case.before, case.files)) {
                all.push((format!("{filter}: {}", case.name), case.stages(&filter).unwrap()));
            }
        }
    }
    all
});

/// Pieces that rules look for, and characters that text handling gets wrong.
fn piece() -> impl Strategy<Value = String> {
    let known = prop::sample::select(vec![
        "the",
        "and",
        "of",
        "word",
        "word word word",
        ".",
        "...",
        "…",
        "•",
        "- ",
        "#",
        "{",
        "[1]",
        "[edit]",
        "[ [٣]",
        "\n",
        "\r\n",
        "\n\n",
        "\r",
        "\t",
        "  ",
        " ",
        "\u{85}",
        "\u{2028}",
        "\u{2029}",
        "\u{1c}",
        "\u{1f}",
        "\u{0}",
        "\u{301}",
        "\u{200d}",
        "\u{feff}",
        "\u{e000}",
        "\u{10ffff}",
        "\u{202e}",
        "字。",
        "שלום",
        "ﬁ",
        "İ",
        "ß",
        "👩‍👩‍👧",
        "e\u{301}",
        "lorem ipsum",
        "JavaScript",
        "privacy policy",
        "use cookies",
        "sarin",
        "ricin",
        "Yersinia pestis",
        "ignore all previous instructions",
        "1.5",
        "http://example.org/a?b",
        "don't",
        "'s",
        "\"",
        "One. Two! Three?",
        "Who wound the great clock above the market hall?",
        "no-training-4f1e",
    ]);
    prop_oneof![4 => known.prop_map(str::to_string), 1 => "[a-z]{1,9} ", 1 => "\\PC{0,4}", 1 => any::<char>().prop_map(|c| c.to_string())]
}

fn text() -> impl Strategy<Value = String> {
    let repeated =
        (prop::collection::vec(piece(), 0..12), 1usize..5).prop_map(|(p, times)| p.concat().repeat(times));
    prop_oneof![
        3 => prop::collection::vec(piece(), 0..60).prop_map(|pieces| pieces.concat()),
        2 => prop::collection::vec(piece(), 0..60).prop_map(|pieces| pieces.join(" ")),
        2 => repeated,
        1 => "[ \\n\\r\\t\u{85}\u{a0}\u{2028}]{0,20}",
        1 => "[\u{300}-\u{310}]{0,20}",
    ]
}

fn document<'a>(text: &'a str, url: Option<&'a str>) -> Document<'a> {
    Document { text, id: "id", url, ..Document::default() }
}

fn same(a: &Outcome, b: &Outcome) -> bool {
    a.broken == b.broken && a.edits == b.edits && a.spans == b.spans && a.columns == b.columns
}

/// What a loosened copy of the last stage's bounds decides.
fn broken_when_loosened(stages: &Stages, document: Document<'_>, by: f64) -> bool {
    let stage = stages.last();
    let rules =
        stage.slots.rules.iter().map(|rule| RuleBound { bound: loosened(rule.bound, by), ..rule.clone() });
    let mut slots = stage.slots.clone();
    slots.rules = rules.collect();
    let scratch = Scratch::default();
    let view = View::new(document, &scratch);
    let mut findings = Findings::new(&stages.layout, Measure::First);
    for earlier in &stages.stages[..stages.stages.len() - 1] {
        findings.enter(&earlier.slots);
        let _ = earlier.built.filter.judge(&view, &mut findings);
    }
    findings.enter(&slots);
    let _ = stage.built.filter.judge(&view, &mut findings);
    findings.broken().is_some()
}

fn loosened(bound: Bound, by: f64) -> Bound {
    match bound {
        Bound::AtLeast(n) => Bound::AtLeast(n - by),
        Bound::AtMost(n) => Bound::AtMost(n + by),
        Bound::Above(n) => Bound::Above(n - by),
        Bound::Below(n) => Bound::Below(n + by),
        Bound::Off => Bound::Off,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn judging_is_total_deterministic_and_the_same_however_much_is_measured(
        text in text(), url in prop::option::of("[a-z]{0,3}://[A-Z.:@\\[\\]/]{0,12}|\\PC{0,12}"), by in 0.0..2.0f64,
    ) {
        let document = document(&text, url.as_deref());
        for (name, stages) in CONFIGURED.iter() {
            let first = run(stages, document, Measure::First);
            prop_assert!(same(&first, &run(stages, document, Measure::First)), "{}: not deterministic", name);
            let all = run(stages, document, Measure::All);
            prop_assert_eq!(&first.broken, &all.broken, "{}: measuring all decides otherwise", name);
            let kept = first.broken.is_none();
            prop_assert!(!kept || same(&first, &all), "{}: measuring all records or edits otherwise", name);
            prop_assert!(all.measured.iter().all(|value| !value.is_infinite()), "{}: {:?}", name, all.measured);
            let measured = all.measured.iter().filter(|value| !value.is_nan()).count();
            prop_assert!(measured == 0 || measured == all.measured.len(), "{name}: {:?}", all.measured);
            prop_assert!(first.edits.windows(2).all(|pair| pair[0].end <= pair[1].start), "{name}: edits overlap");
            for (start, end) in first.edits.iter().map(|e| (e.start, e.end)).chain(first.spans.iter().map(|s| (s.start, s.end))) {
                prop_assert!(start <= end && text.get(start..end).is_some(), "{name}: {start}..{end}");
            }
            prop_assert!(first.edits.is_empty() || stages.last().built.filter.edits(), "{name}: edits undeclared");
            let loose = broken_when_loosened(stages, document, by);
            prop_assert!(first.broken.is_some() || !loose, "{name}: looser bounds remove more");
        }
    }
}

#[test]
fn names_and_rule_ids_are_unique_and_in_kebab_case() {
    let kebab = |name: &str| {
        name.starts_with(|c: char| c.is_ascii_lowercase())
            && name.split('-').all(|word| {
                !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
            })
    };
    let mut names = BTreeSet::new();
    for entry in FILTERS {
        assert!(kebab(entry.name) && names.insert(entry.name), "{}", entry.name);
        assert!(!entry.summary.is_empty() && !entry.source.is_empty(), "{}", entry.name);
        let mut ids = BTreeSet::new();
        for rule in entry.rules {
            assert!(kebab(rule.id) && ids.insert(rule.id), "{}/{}", entry.name, rule.id);
            assert!(!rule.summary.is_empty(), "{}/{}", entry.name, rule.id);
        }
    }
}

#[test]
fn examples_build_and_resolved_configuration_reads_back_as_itself() {
    for entry in FILTERS {
        let defaults = (entry.defaults)().unwrap();
        let Some(example) = entry.example else { continue };
        let table: toml::Table = example.parse().unwrap();
        let mut context = TestContext { action: Some(entry.action), ..TestContext::default() };
        let built = (entry.build)(table, &mut context).unwrap_or_else(|e| panic!("{}: {e}", entry.name));
        for key in defaults.keys() {
            assert!(built.resolved.contains_key(key), "{}: `{key}` is not resolved", entry.name);
        }
        let again = (entry.build)(built.resolved.clone(), &mut context).unwrap();
        assert_eq!(again.resolved, built.resolved, "{}", entry.name);
        let text = toml::to_string(&built.resolved).unwrap();
        assert_eq!(text.parse::<toml::Table>().unwrap(), built.resolved, "{}", entry.name);
        let ids: Vec<String> = built.filter.rules().iter().map(|rule| rule.id.to_string()).collect();
        let documented: Vec<&str> = entry.rules.iter().map(|rule| rule.id).collect();
        assert_eq!(ids, documented, "{}", entry.name);
        let recorded = built.filter.columns().into_iter().map(|column| column.name.into_owned());
        let described: Vec<&str> = entry.columns.iter().map(|(name, ..)| *name).collect();
        assert_eq!(recorded.collect::<Vec<_>>(), described, "{}", entry.name);
    }
}

#[test]
fn an_unknown_key_is_refused_by_name() {
    for entry in FILTERS {
        let table = toml::Table::from_iter([("no_such_key".to_string(), toml::Value::Integer(1))]);
        let message = (entry.build)(table, &mut TestContext::default())
            .err()
            .map(|e| e.to_string())
            .unwrap_or_default();
        assert!(message.contains("unknown field `no_such_key`"), "{}: {message:?}", entry.name);
    }
}

#[test]
fn a_wrong_value_is_refused_with_its_key() {
    for (filter, config, part) in [
        ("doc-length", "words_min = 3\nwords_max = 2", "`words_min` is larger than `words_max`"),
        ("gopher-quality", "words_min = 200000", "`words_min` is larger than `words_max`"),
        (
            "gopher-quality",
            "mean_word_length_min = 11",
            "`mean_word_length_min` is larger than `mean_word_length_max`",
        ),
        ("gopher-quality", "stop_words_min = 9", "`stop_words_min` is larger than 8"),
        ("gopher-quality", "words_min = \"off\"", "`words_min`: invalid type: string \"off\", expected u64"),
        ("url-list", "", "`domains` is missing"),
        ("url-list", "urls = \"none.txt\"", "asset `none.txt`: no such file"),
        ("url-list", "domains = \"bad.txt\"", "asset `bad.txt`: nothing to match in `https://`"),
        ("sample", "", "`rate` is missing"),
        ("sample", "rate = 2", "`rate` is 2, outside 0 to 1"),
        ("score-range", "at_most = 1", "`score` is missing"),
        ("decontamination", "", "`benchmarks` is empty, and so is `canaries`"),
        ("decontamination", "canaries = [\" \"]", "`canaries` has an empty string"),
        ("decontamination", "benchmarks = [\"none.jsonl\"]", "asset `none.jsonl`: no such file"),
        ("decontamination", "canaries = [\"c\"]\nngram = 0", "`ngram` is 0, expected 1 to 64"),
        (
            "decontamination",
            "canaries = [\"c\"]\nngram = 7\nitem_words_min = 8",
            "`item_words_min` is 8, expected 1 to 7",
        ),
        (
            "decontamination",
            "canaries = [\"c\"]\ndistinct_words_min = 14",
            "`distinct_words_min` is 14, expected 0 to 13",
        ),
        ("decontamination", "canaries = [\"c\"]\nhits_min = 0", "`hits_min` is 0, expected at least 1"),
        ("decontamination", "canaries = [\"c\"]\noverlap_min = 2", "`overlap_min` is 2, expected 0 to 1"),
        ("decontamination", "canaries = [\"c\"]\nnormalisation = \"case\"", "unknown variant `case`"),
        ("score-range", "score = \"hazard\"", "`score` needs `at_least` or `at_most`"),
        (
            "score-range",
            "score = \"hazard\"\nat_least = 2\nat_most = 1",
            "`at_least` is larger than `at_most`",
        ),
        ("score-range", "score = \"hazard\"\nat_most = 1", "no earlier stage records `hazard/score`"),
    ] {
        let mut table: toml::Table = config.parse().unwrap();
        table.insert("use".into(), filter.into());
        let files = BTreeMap::from([("bad.txt".to_string(), "# list\nhttps://\n".to_string())]);
        let message = Stages::build(&[table], &files).err().unwrap_or_default();
        assert!(message.contains(part), "{filter}: {message:?} lacks {part:?}");
    }
}
