//! What the golden cases cannot say: spans, notes, and that the index finds what comparing everything with everything
//! finds.

use crate::golden::{Outcome, Stages, TestContext, run};
use crate::{Document, Measure, Value};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

fn stages(config: &str, items: &[(&str, &str)]) -> Stages {
    let mut table: toml::Table = config.parse().unwrap();
    table.insert("use".into(), "decontamination".into());
    table.insert("benchmarks".into(), vec!["items.jsonl"].into());
    let lines: Vec<String> =
        items.iter().map(|(id, text)| serde_json::json!({ "id": id, "text": text }).to_string()).collect();
    Stages::build(&[table], &BTreeMap::from([("items.jsonl".to_string(), lines.join("\n"))])).unwrap()
}

fn judge(stages: &Stages, text: &str) -> Outcome {
    run(stages, Document { text, ..Document::default() }, Measure::First)
}

/// Every span with what it names.
fn spans<'t>(outcome: &Outcome, text: &'t str) -> Vec<(String, &'t str)> {
    outcome.spans.iter().map(|span| (span.rule.to_string(), &text[span.start..span.end])).collect()
}

const BAKER: &str = "The baker of the upper town carries nine warm loaves across the bridge each morning";
const CLERKS: &str = "Two clerks in the customs house copied the same long letter until the ink ran dry";

#[test]
fn every_stretch_is_a_span_under_the_item_it_is_most_of() {
    let longer =
        format!("{BAKER} before the bells of the three chapels ring and the first ferry leaves the quay");
    let stages = stages("", &[("longer", &longer), ("baker", BAKER), ("clerks", CLERKS)]);
    let text = format!("Née à Liège: «{BAKER}». Then {CLERKS}!\n{BAKER}\nand so on.");
    let outcome = judge(&stages, &text);
    let expected = [("items/baker", BAKER), ("items/clerks", CLERKS), ("items/baker", BAKER)];
    assert_eq!(spans(&outcome, &text), expected.map(|(rule, of)| (rule.to_string(), of)));
    // of two that are there whole the longer one
    assert_eq!(outcome.columns["item"], Value::Label("items/clerks".into()));
    assert_eq!(outcome.columns["position"], Value::Number(text.find("Two clerks").unwrap() as f64));
}

#[test]
fn places_are_those_of_the_text_as_it_is_written() {
    let stages = stages("", &[("baker", BAKER)]);
    let text = "\u{feff}…「İ」 THE\u{a0}BAKER—of\r\nthe Ùpper tówn… “carries nine” warm loaves, across the bridge (each morning) 世界";
    let outcome = judge(&stages, text);
    let found =
        "THE\u{a0}BAKER—of\r\nthe Ùpper tówn… “carries nine” warm loaves, across the bridge (each morning";
    assert_eq!(spans(&outcome, text), [("items/baker".to_string(), found)]);
}

#[test]
fn a_part_between_two_parts_is_not_bridged() {
    let stages = stages("ngram = 5\nitem_words_min = 5\ndistinct_words_min = 1", &[("baker", BAKER)]);
    let text = "the baker of the upper floor, and warm loaves across the bridge";
    let outcome = judge(&stages, text);
    let expected = ["the baker of the upper", "warm loaves across the bridge"];
    assert_eq!(spans(&outcome, text), expected.map(|of| ("items/baker".to_string(), of)));
}

#[test]
fn what_is_not_looked_for_is_said() {
    let notes = |stages: &Stages| stages.last().built.filter.notes();
    assert_eq!(notes(&stages("", &[("baker", BAKER)])), [""; 0]);
    let items = [
        ("baker", BAKER),
        ("two", "two words"),
        ("sum", "1 + 2 + 3 + 4 + 5 + 6 + 7 + 8"),
        ("no", ""),
        ("one", &"1 ".repeat(20)),
        ("three", "two and three"),
    ];
    assert_eq!(
        notes(&stages("", &items)),
        [
            "looks for 2 of 6 items; not for 3 of fewer than 8 words, 1 of one word again and again",
            "not looked for: 4 of `items`: two, no, three and 1 more"
        ]
    );
    assert_eq!(
        notes(&stages("ngram = 5", &[("baker", BAKER), ("two", "two words")])),
        [
            "looks for 1 of 2 items; not for 1 of fewer than 5 words, 0 of one word again and again",
            "not looked for: 1 of `items`: two"
        ]
    );
}

#[test]
fn canaries_are_spans_too() {
    let table = "use = \"decontamination\"\ncanaries = [\"do-not-train\", \"do-not-train-at-all\"]";
    let stages = Stages::build(&[table.parse().unwrap()], &BTreeMap::new()).unwrap();
    let text = "# DO-NOT-TRAIN-AT-ALL\ndo-not-train";
    let outcome = judge(&stages, text);
    assert_eq!(
        spans(&outcome, text),
        [("canary".into(), "DO-NOT-TRAIN-AT-ALL"), ("canary".into(), "do-not-train")]
    );
    assert_eq!(outcome.broken.map(|(rule, broken)| (rule, broken.value)), Some(("canary".into(), 2.0)));
}

#[test]
fn files_with_nothing_to_look_for_are_refused() {
    let table = toml::toml! { benchmarks = ["items.jsonl"] };
    let mut context = TestContext::default();
    for (lines, message) in [
        ("", "asset `items.jsonl`: holds no items"),
        (
            "{\"text\": \"two words\"}",
            "`benchmarks` hold nothing to look for: 1 of fewer than 8 words, 0 of one word again and again\nnot looked for: 1 of `items`: 0",
        ),
    ] {
        context.assets.insert("items.jsonl".into(), lines.into());
        let built = (crate::find("decontamination").unwrap().build)(table.clone(), &mut context);
        assert_eq!(built.err().unwrap().to_string(), message);
    }
}

/// The different runs of `ngram` words that have enough different words of letters; all words if there are fewer, or
/// if there is no such run.
fn grams<'w>(words: &[&'w str], ngram: usize, least: usize, distinct: usize) -> BTreeSet<Vec<&'w str>> {
    let tells = |run: &&[&str]| {
        let telling: BTreeSet<&&str> = run.iter().filter(|word| word.len() > 1).collect();
        telling.len() >= distinct
    };
    let found: BTreeSet<Vec<&str>> = match words.len() {
        len if len < least => return BTreeSet::new(),
        len if len < ngram => [words].into_iter().filter(tells).map(<[_]>::to_vec).collect(),
        _ => words.windows(ngram).filter(tells).map(<[_]>::to_vec).collect(),
    };
    let different = words.iter().collect::<BTreeSet<_>>().len();
    let whole = || (different >= distinct.min(2)).then(|| words.to_vec());
    if found.is_empty() { whole().into_iter().collect() } else { found }
}

proptest! {
    #[test]
    fn the_index_finds_what_comparing_everything_finds(
        items in prop::collection::vec(prop::collection::vec(0usize..6, 0..14), 1..6),
        text in prop::collection::vec(0usize..6, 0..40),
        (ngram, least, distinct, hits_min) in (2usize..7, 1usize..7, 0usize..4, 1usize..4),
    ) {
        const WORDS: [&str; 6] = ["an", "oar", "sail", "keel", "0", "x"];
        let (least, distinct) = (least.min(ngram), distinct.min(ngram));
        let words = |numbers: &[usize]| numbers.iter().map(|&n| WORDS[n]).collect::<Vec<_>>();
        let (items, text): (Vec<Vec<&str>>, Vec<&str>) = (items.iter().map(|item| words(item)).collect(), words(&text));
        let mut best: Option<(f64, usize, usize)> = None;
        for (at, item) in items.iter().enumerate() {
            let all = grams(item, ngram, least, distinct);
            let hits = all.iter().filter(|gram| text.windows(gram.len()).any(|window| window == &gram[..])).count();
            let share = hits as f64 / all.len() as f64;
            let better = best.is_none_or(|(s, h, _)| (share, hits) > (s, h));
            if hits > 0 && hits >= hits_min.min(all.len()) && better {
                best = Some((share, hits, at));
            }
        }
        let config = format!("ngram = {ngram}\nitem_words_min = {least}\ndistinct_words_min = {distinct}\nhits_min = {hits_min}");
        let joined: Vec<(String, String)> = items.iter().enumerate().map(|(at, item)| (at.to_string(), item.join(" "))).collect();
        let mut listed: Vec<(&str, &str)> = joined.iter().map(|(id, text)| (id.as_str(), text.as_str())).collect();
        // one at least that can be looked for
        listed.push(("other", "rope helm mast deck hull stern"));
        let outcome = judge(&stages(&config, &listed), &text.join(" "));
        let label = |at: usize| Value::Label(format!("items/{at}").into());
        let (share, hits, item) = best.map_or((0.0, 0, Value::Absent), |(share, hits, at)| (share, hits, label(at)));
        prop_assert_eq!(&outcome.columns["overlap"], &Value::Number(share));
        prop_assert_eq!(&outcome.columns["hits"], &Value::Number(hits as f64));
        prop_assert_eq!(&outcome.columns["item"], &item);
        prop_assert_eq!(outcome.broken.is_some(), share > 0.0);
        prop_assert_eq!(outcome.spans.is_empty(), share == 0.0);
    }
}
