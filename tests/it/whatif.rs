//! `whatif` against the truth: whatever it says of a record under other bounds must be what a run with these bounds
//! comes to.

use crate::harness::{Sandbox, config, config_with, profile};
use crate::ledgers::{Row, ledger};
use crate::parquet_files::{texts, write};
use serde_json::Value;
use std::collections::BTreeMap;

/// The generator's records; enough for every kind of them in both shards.
const RECORDS: usize = 400;

const QUALITY: &str = "[[stage]]\nuse = \"gopher-quality\"\nstop_words_min = 3\n";
const LENGTH: &str = "[[stage]]\nuse = \"doc-length\"\nchars_min = 300\nwords_max = 260\n";
const LINES: &str = "[[stage]]\nuse = \"c4-lines\"\n";
const FINEWEB: &str = "[[stage]]\nuse = \"fineweb-quality\"\naction = \"quarantine\"\n";
const EXACT: &str = "[[stage]]\nuse = \"exact-duplicates\"\n";
const NEAR: &str = "[[stage]]\nuse = \"near-duplicates\"\n";
const TERMS: &str = "[[stage]]\nuse = \"keywords\"\npacks = [\"own.toml\"]\ndistinct_min = 2\n";
const ESCALATED: &str =
    "[[stage]]\nuse = \"doc-length\"\nname = \"escalated\"\nchars_max = 700\nwhen = \"keywords/escalated\"\n";
const RANGE: &str = "[[stage]]\nuse = \"score-range\"\nscore = \"keywords/distinct\"\nat_most = 4\n";
const TOP: &str = "[[stage]]\nuse = \"keep-top\"\nscore = \"keywords/distinct\"\nfraction = \"0.6\"\nby = [\"keywords/escalated\"]\n";
const BYTES: &str = "[[stage]]\nuse = \"keep-top\"\nscore = \"keywords/distinct\"\nbytes = 20000\n";
const FLOOR: &str =
    "[[stage.slice]]\ncolumn = \"keywords/distinct\"\nvalue = \"1\"\nfraction_min = \"0.9\"\n";
const SAMPLE: &str = "[[stage]]\nuse = \"sample\"\nrate = \"0.7\"\n";

const PACK: &str = "schema = 1\nid = \"own\"\nversion = \"1\"\nowner = \"o\"\nsummary = \"s\"\n\
    [[source]]\nid = \"x\"\ntitle = \"t\"\nedition = \"e\"\n\
    [[group]]\ncategory = \"c\"\nsource = \"x\"\nlang = \"en\"\n\
    terms = [\"lighthouse\", \"harbour master\", \"ledger\", \"beehive\", \"orchard\", \"barometer\", \"organ\"]\n\
    must_hit = [\"a lighthouse\"]\nmust_miss = [\"an apple\"]\n";

/// Stages, overrides, and how many records `whatif` must say something new of, and how many it may not answer for.
struct Case(&'static str, &'static [&'static str], &'static [&'static str], Changes, Unknowns);

#[derive(Clone, Copy, PartialEq)]
enum Changes {
    None,
    Some,
}

#[derive(Clone, Copy, PartialEq)]
enum Unknowns {
    None,
    /// Some, but not all that could change.
    Some,
}

const CASES: &[Case] = &[
    Case("nothing new", &[QUALITY], &["gopher-quality.words_min=50"], Changes::None, Unknowns::None),
    Case("tighten", &[LENGTH, QUALITY], &["gopher-quality.words_min=120"], Changes::Some, Unknowns::None),
    Case("loosen", &[LENGTH, QUALITY], &["doc-length.chars_min=1"], Changes::Some, Unknowns::None),
    Case(
        "loosen a ratio",
        &[QUALITY],
        &["gopher-quality.hash_ratio_max=\"0.9\""],
        Changes::Some,
        Unknowns::None,
    ),
    Case(
        "several stages",
        &[LENGTH, QUALITY, FINEWEB],
        &[
            "doc-length.words_max=120",
            "gopher-quality.stop_words_min=7",
            "fineweb-quality.short_lines_max=0.2",
        ],
        Changes::Some,
        Unknowns::None,
    ),
    Case(
        "one up, one down",
        &[LENGTH, QUALITY, FINEWEB],
        &["doc-length.chars_min=10", "gopher-quality.words_min=130"],
        Changes::Some,
        Unknowns::None,
    ),
    Case("a rule switched on", &[LENGTH], &["doc-length.words_min=100"], Changes::Some, Unknowns::None),
    Case(
        "behind exact duplicates",
        &[EXACT, LENGTH],
        &["doc-length.words_max=150"],
        Changes::Some,
        Unknowns::None,
    ),
    Case(
        "before exact duplicates",
        &[LENGTH, EXACT, QUALITY],
        &["doc-length.words_max=90"],
        Changes::Some,
        Unknowns::None,
    ),
    Case(
        "freeing exact duplicates",
        &[LENGTH, EXACT],
        &["doc-length.words_max=9000"],
        Changes::Some,
        Unknowns::None,
    ),
    Case(
        "sampling before exact duplicates",
        &[SAMPLE, EXACT],
        &["sample.rate=0.35"],
        Changes::Some,
        Unknowns::None,
    ),
    Case("sampling more", &[SAMPLE, EXACT, LENGTH], &["sample.rate=0.95"], Changes::Some, Unknowns::None),
    Case(
        "before near duplicates",
        &[LENGTH, NEAR],
        &["doc-length.words_max=150"],
        Changes::Some,
        Unknowns::Some,
    ),
    Case(
        "near duplicates in between",
        &[LENGTH, NEAR, QUALITY],
        &["doc-length.words_max=300"],
        Changes::None,
        Unknowns::Some,
    ),
    Case(
        "behind near duplicates",
        &[NEAR, LENGTH],
        &["doc-length.words_max=150"],
        Changes::Some,
        Unknowns::None,
    ),
    Case(
        "behind edits",
        &[LINES, FINEWEB],
        &["fineweb-quality.line_punctuation_min=0"],
        Changes::Some,
        Unknowns::None,
    ),
    Case("the end of edits", &[LINES, LENGTH], &["doc-length.words_max=9000"], Changes::Some, Unknowns::None),
    Case(
        "before edits",
        &[LENGTH, LINES, FINEWEB],
        &["doc-length.words_max=9000"],
        Changes::Some,
        Unknowns::Some,
    ),
    Case(
        "last come the edits",
        &[LENGTH, LINES],
        &["doc-length.chars_min=1", "doc-length.words_max=9000"],
        Changes::Some,
        Unknowns::None,
    ),
    Case(
        "tighten before edits",
        &[LENGTH, LINES, FINEWEB],
        &["doc-length.words_max=100"],
        Changes::Some,
        Unknowns::None,
    ),
    Case(
        "tighten the edits",
        &[LINES, FINEWEB],
        &["c4-lines.sentences_min=14"],
        Changes::Some,
        Unknowns::None,
    ),
    Case("loosen the edits", &[LINES, QUALITY], &["c4-lines.sentences_min=1"], Changes::None, Unknowns::Some),
    Case(
        "edits before exact duplicates",
        &[LENGTH, LINES, EXACT],
        &["doc-length.words_max=100"],
        Changes::Some,
        Unknowns::None,
    ),
    Case(
        "newcomers to exact duplicates behind edits",
        &[LENGTH, LINES, EXACT],
        &["doc-length.words_max=280"],
        Changes::Some,
        Unknowns::Some,
    ),
    Case(
        "uncertain before exact duplicates",
        &[TERMS, ESCALATED, EXACT],
        &["keywords.distinct_min=3"],
        Changes::None,
        Unknowns::Some,
    ),
    Case("a range of a score", &[TERMS, RANGE], &["score-range.at_most=2"], Changes::Some, Unknowns::None),
    Case("a wider range", &[TERMS, RANGE, LENGTH], &["score-range.at_most=5"], Changes::Some, Unknowns::None),
    Case(
        "flags read later",
        &[TERMS, ESCALATED, LENGTH],
        &["keywords.distinct_min=1"],
        Changes::None,
        Unknowns::Some,
    ),
    Case("behind the flag", &[TERMS, ESCALATED], &["escalated.chars_max=400"], Changes::Some, Unknowns::None),
    Case("less of the top", &[TERMS, TOP], &["keep-top.fraction=\"0.3\""], Changes::Some, Unknowns::None),
    Case(
        "more of the top, with a floor",
        &[TERMS, LENGTH, TOP, FLOOR],
        &["keep-top.fraction=\"0.8\"", "keep-top.missing=remove"],
        Changes::Some,
        Unknowns::None,
    ),
    Case("other groups", &[TERMS, TOP, FLOOR], &["keep-top.by=[]"], Changes::Some, Unknowns::None),
    Case(
        "before the top",
        &[LENGTH, EXACT, TERMS, TOP, FLOOR, QUALITY],
        &["doc-length.words_max=150"],
        Changes::Some,
        Unknowns::None,
    ),
    Case("a budget", &[TERMS, BYTES], &["keep-top.bytes=90000"], Changes::Some, Unknowns::None),
    Case(
        "a budget behind edits",
        &[LENGTH, LINES, TERMS, BYTES, EXACT],
        &["doc-length.words_max=220"],
        Changes::Some,
        Unknowns::Some,
    ),
    Case(
        "tags decide nothing",
        &[TERMS, LENGTH],
        &["keywords.distinct_min=1"],
        Changes::None,
        Unknowns::None,
    ),
];

/// Fate, stage, rule, value and bound of a record.
type State = [Option<String>; 5];

fn state_of(row: &Row) -> State {
    [Some(row.fate.clone()), row.stage.clone(), row.rule.clone(), row.value.clone(), row.bound.clone()]
}

fn state(json: &Value) -> State {
    ["fate", "stage", "rule", "value", "bound"].map(|key| json[key].as_str().map(str::to_string))
}

fn place(json: &Value) -> (u32, u64) {
    (json["shard"].as_u64().unwrap() as u32, json["row"].as_u64().unwrap())
}

fn sets(overrides: &[&'static str]) -> Vec<&'static str> {
    overrides.iter().flat_map(|set| ["--set", *set]).collect()
}

/// Compares what is said with what is so, record by record.
fn compare(name: &str, told: &Value, old: &[Row], new: &[Row]) {
    let list = |key: &str| -> BTreeMap<(u32, u64), Value> {
        told[key].as_array().unwrap().iter().map(|item| (place(item), item.clone())).collect()
    };
    let (changes, unknown) = (list("changes"), list("unknown"));
    let count = |key: &str| told[key].as_u64().unwrap() as usize;
    assert_eq!(count("records"), old.len(), "{name}");
    assert_eq!(count("unanswered"), unknown.len(), "{name}");
    assert_eq!(count("flipped") + count("redecided"), changes.len(), "{name}");
    assert_eq!(count("unchanged") + changes.len() + unknown.len(), old.len(), "{name}");
    let mut after: BTreeMap<&str, u64> = BTreeMap::new();
    for (old, new) in old.iter().zip(new) {
        let at = (old.shard, old.row);
        assert_eq!(at, (new.shard, new.row), "{name}");
        if unknown.contains_key(&at) {
            assert!(!changes.contains_key(&at), "{name}: {at:?}");
            continue;
        }
        *after.entry(&new.fate).or_default() += 1;
        match changes.get(&at) {
            Some(change) => {
                assert_eq!(state(&change["old"]), state_of(old), "{name}: {at:?}");
                let (mut said, mut so) = (state(&change["new"]), state_of(new));
                if said[1].is_some() && said[2].is_none() {
                    // which of several rules of the stage comes first in the text is not claimed
                    (said[3], said[4], so[2], so[3], so[4]) = (None, None, None, None, None);
                }
                assert_eq!(said, so, "{name}: {at:?} {}", old.id);
            }
            None => assert_eq!(state_of(old)[..3], state_of(new)[..3], "{name}: {at:?} {}", old.id),
        }
    }
    for fate in ["kept", "edited", "removed", "quarantined"] {
        assert_eq!(
            told["after"][fate].as_u64(),
            Some(after.get(fate).copied().unwrap_or(0)),
            "{name}: {fate}"
        );
    }
}

fn check(sandbox: &Sandbox, at: usize, case: &Case) {
    let Case(name, stages, overrides, changes, unknowns) = case;
    let (file, old, new) = (format!("c{at}.toml"), format!("old{at}"), format!("new{at}"));
    sandbox.write(&file, config(&stages.concat()).replacen("schema = 1", "schema = 1\nmeasure = \"all\"", 1));
    sandbox.release(&file, &old, &[]).expect(0);
    sandbox.release(&file, &new, &sets(overrides)).expect(0);
    let told = sandbox.run(&[&["whatif", &old, "--json"], &sets(overrides)[..]].concat()).expect(0).json();
    compare(name, &told, &ledger(&sandbox.path(&old)), &ledger(&sandbox.path(&new)));
    let (changed, unknown) =
        (told["changes"].as_array().unwrap().len(), told["unanswered"].as_u64().unwrap());
    println!("{name}: {changed} changes, {unknown} unknown of {RECORDS}: {}", told["reasons"]);
    assert_eq!(*changes == Changes::Some, changed > 0, "{name}: {changed} changes");
    assert_eq!(*unknowns == Unknowns::Some, unknown > 0, "{name}: {unknown} unknown");
    assert!(unknown < RECORDS as u64 * 9 / 10, "{name}: {unknown} unknown");
}

#[test]
fn what_it_says_of_a_record_is_what_a_run_comes_to() {
    let sandbox = Sandbox::with_keys();
    sandbox.samples("corpus", RECORDS);
    sandbox.write("own.toml", PACK);
    for (at, case) in CASES.iter().enumerate() {
        check(&sandbox, at, case);
    }
}

#[test]
fn a_release_of_the_pretraining_profile_is_recounted() {
    let sandbox = Sandbox::with_keys();
    sandbox.samples("corpus", RECORDS);
    sandbox.write("c.toml", profile(&sandbox, "pretraining"));
    sandbox.release("c.toml", "old", &["--set", "measure=all"]).expect(0);
    for (at, set) in [
        "gopher-quality.words_min=120",
        "gopher-repetition.duplicate_lines_max=\"0.95\"",
        "c4-lines.sentences_min=9",
    ]
    .into_iter()
    .enumerate()
    {
        let new = format!("new{at}");
        sandbox.release("c.toml", &new, &["--set", "measure=all", "--set", set]).expect(0);
        let told = sandbox.run(&["whatif", "old", "--json", "--set", set]).expect(0).json();
        compare(set, &told, &ledger(&sandbox.path("old")), &ledger(&sandbox.path(&new)));
    }
}

#[test]
fn what_it_cannot_say_it_refuses() {
    let sandbox = Sandbox::with_keys();
    sandbox.samples("corpus", 60);
    sandbox.write("list.txt", "example.org\n");
    let list = "[[stage]]\nuse = \"url-list\"\nsoft_words = \"list.txt\"\n";
    let stages = [EXACT, LINES, QUALITY, FINEWEB, NEAR, list].concat();
    let input = "text = \"text\"\nid = \"id\"\nurl = \"url\"";
    sandbox.write("c.toml", config_with(input, &stages));
    sandbox.release("c.toml", "first", &[]).expect(0);
    sandbox.release("c.toml", "all", &["--set", "measure=all"]).expect(0);
    let no_bound = "is not the bound of a rule: it changes what is measured";
    let cases: &[(&[&str], i32, String)] = &[
        (&["first", "--set", "gopher-quality.words_min=3"], 2, "error: first/config.public.json: `measure` is `first`: the ledger holds no values to recount from\nhint: run the configuration again with `--set measure=all`".into()),
        (&["none", "--set", "gopher-quality.words_min=3"], 2, "error: `none/auditor/ledger`: ".into()),
        (&["all", "--set", "gopher-quality.words_mn=3"], 2, "stage `gopher-quality`: unknown field `words_mn`, expected one of".into()),
        (&["all", "--set", "gopher.words_min=3"], 2, "`--set` names the stage `gopher`; there are `exact-duplicates`".into()),
        (&["all", "--set", "gopher-quality.words_min=200000"], 2, "`words_min` is larger than `words_max`".into()),
        (&["all", "--set", "gopher-quality.action=tag"], 2, "`--set` cannot change `action` of a stage".into()),
        (&["all", "--set", "mesure=all"], 2, "unknown field `mesure`".into()),
        (&["all"], 2, "--set <STAGE.KEY=VALUE>".into()),
        (&["all", "--set", "fineweb-quality.short_line_chars=31"], 3, format!("`fineweb-quality.short_line_chars` {no_bound}\nhint: only a run can tell")),
        (&["all", "--set", "c4-lines.terminal_punctuation=true"], 3, format!("`c4-lines.terminal_punctuation` {no_bound}")),
        (&["all", "--set", "c4-lines.sentences_min=3", "--set", "c4-lines.line_words_min=4"], 3, format!("`c4-lines.line_words_min` {no_bound}")),
        (&["all", "--set", "near-duplicates.ngram=6"], 3, "`near-duplicates` is a barrier".into()),
        (&["all", "--set", "words=uax29"], 3, "`words` is not the bound of a rule".into()),
    ];
    for (arguments, code, message) in cases {
        let output = sandbox.run(&[&["whatif"], *arguments].concat());
        assert_eq!(output.code, *code, "{arguments:?}: {}{}", output.stdout, output.stderr);
        assert!(output.stderr.contains(message), "{arguments:?}: {}", output.stderr);
        assert!(output.stdout.is_empty(), "{arguments:?}: {}", output.stdout);
    }
    // a list is looked for in the current folder, and needed to build the stage anew
    sandbox.run(&["whatif", "all", "--set", "url-list.soft_words_min=1"]).expect(0);
    std::fs::rename(sandbox.path("list.txt"), sandbox.path("moved.txt")).unwrap();
    let output = sandbox.run(&["whatif", "all", "--set", "url-list.soft_words_min=1"]).expect(2);
    assert!(output.stderr.contains("stage `url-list`: asset `list.txt`: "), "{}", output.stderr);
    // what stays as it is needs no answer
    sandbox.run(&["whatif", "all", "--set", "words=spacy-en", "--set", "near-duplicates.ngram=5"]).expect(0);
}

#[test]
fn a_release_of_which_nothing_can_be_told_exits_3() {
    let sandbox = Sandbox::with_keys();
    let long = "a text of some words that is long enough to stay";
    write(&sandbox.path("corpus/a.parquet"), &texts(&[Some(long), Some("short"), Some(long)]), 2);
    let stages = format!("[[stage]]\nuse = \"doc-length\"\nchars_min = 10\n{NEAR}");
    sandbox.write("c.toml", config(&stages));
    sandbox.release("c.toml", "out", &["--set", "measure=all"]).expect(0);
    let output = sandbox.run(&["whatif", "out", "--set", "doc-length.chars_min=3"]).expect(3);
    assert!(
        output.stdout.contains("unknown        3: `near-duplicates` would compare other records"),
        "{}",
        output.stdout
    );
}

#[test]
fn the_text_lists_the_records_that_flip() {
    let sandbox = Sandbox::with_keys();
    write(
        &sandbox.path("corpus/a.parquet"),
        &texts(&[Some("12345678"), Some("1234"), Some("123456"), None]),
        2,
    );
    sandbox.write("c.toml", config("[[stage]]\nuse = \"doc-length\"\nchars_min = 5\nchars_max = 7"));
    sandbox.release("c.toml", "out", &["--set", "measure=all"]).expect(0);
    let sets = ["--set", "doc-length.chars_min=1", "--set", "doc-length.chars_max=4"];
    let expected = "\
records        4
flip           2
other rule     0
unknown        0
fate             release   what if
  kept                 1         1
  edited               0         0
  removed              2         2
  quarantined          1         1
rule                                         takes  gives up
  doc-length/chars-max                           1         0
  doc-length/chars-min                           0         1
0:1 r1 removed → kept (doc-length/chars-min 4 5 → 1)
0:2 r2 kept → removed (doc-length/chars-max 6 4)
";
    let whatif =
        |more: &[&str]| sandbox.run(&[&["whatif", "out"], &sets[..], more].concat()).expect(0).stdout;
    assert_eq!(whatif(&[]), expected);
    assert!(!whatif(&["--limit", "0"]).contains("0:1"));
    assert!(whatif(&["--limit", "1"]).ends_with("5 → 1)\nand 1 more: `--limit 2` lists all\n"));

    let told = sandbox.run(&["explain", "out", "0:1"]).expect(0).stdout;
    for line in [
        "  doc-length/chars-min                         4                      at least 5  broken, decided",
        "  doc-length/chars-max                         4                      at most 7",
        "  doc-length/words-max                         1                      off",
    ] {
        assert!(told.lines().any(|l| l == line), "{line}\n{told}");
    }
    let json = sandbox.run(&["explain", "out", "0:2", "--json"]).expect(0).json();
    assert_eq!(json["rules"].as_array().unwrap().len(), 4);
    assert_eq!(json["rules"][0]["value"], "6");
}

#[test]
fn a_ledger_whose_values_do_not_lead_to_its_decisions_is_refused() {
    let sandbox = Sandbox::with_keys();
    write(&sandbox.path("corpus/a.parquet"), &texts(&[Some("1234"), Some("123456")]), 2);
    sandbox.write("c.toml", config("[[stage]]\nuse = \"doc-length\"\nchars_min = 5"));
    sandbox.release("c.toml", "out", &["--set", "measure=all"]).expect(0);
    // the note in the ledger is changed, the rows are not
    let file = "out/auditor/ledger/part-00000.parquet";
    let mut bytes = sandbox.read(file);
    let at = bytes.windows(11).position(|w| w == b"\"limit\":\"5\"").unwrap();
    bytes[at + 9] = b'9';
    sandbox.write(file, bytes);
    let output = sandbox.run(&["whatif", "out", "--set", "doc-length.chars_min=5"]).expect(2);
    assert!(
        output.stderr.contains("row 1: the measured values do not lead to the recorded decision"),
        "{}",
        output.stderr
    );
}
