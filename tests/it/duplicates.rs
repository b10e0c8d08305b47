//! What the deduplicating stages remove and in whose favour: small corpora, stages, and the removals they must make.

use crate::harness::{Sandbox, config};
use crate::ledgers::{Row, ledger};
use crate::made_up::{Record, changed, config_of_shards, text, write_shards};

const PACK: &str = r#"
schema = 1
id = "made-up"
version = "0.1.0"
owner = "a test"
summary = "words made up for a test"

[[source]]
id = "test"
title = "made up"
edition = "1"

[[group]]
category = "made-up"
source = "test"
lang = "en"
terms = ["zorblax", "quintofrine"]
must_hit = ["The zorblax."]
must_miss = ["The blax."]
"#;

/// Ids of a removed record and of its survivor, and what removed it.
type Removal = (&'static str, &'static str, &'static str);

/// What it is about, stages, records and the removals, in the order of the records.
struct Case(&'static str, &'static str, Vec<Record>, Vec<Removal>);

const DUPLICATE: &str = "exact-duplicates/duplicate";
const JACCARD: &str = "near-duplicates/jaccard";

fn near(seed: u64) -> String {
    changed(&text(seed, 104), &[50])
}

fn exact_cases() -> Vec<Case> {
    let (a, b) = (text(1, 20), text(2, 30));
    let spaced = a.replace(' ', "  \n");
    vec![
        Case(
            "text",
            "",
            vec![
                (0, "a", a.clone(), None),
                (0, "b", format!("{a} "), None),
                (1, "c", a.clone(), None),
                (1, "d", b.clone(), None),
            ],
            vec![("c", "a", DUPLICATE)],
        ),
        Case(
            "normal text",
            "by = [\"normal-text\"]",
            vec![(0, "a", a.clone(), None), (0, "b", b.clone(), None), (1, "c", spaced, None)],
            vec![("c", "a", DUPLICATE)],
        ),
        Case(
            "url, of those that have one",
            "by = [\"url\"]",
            vec![
                (0, "a", text(3, 20), Some("https://www.example.org/x/")),
                (0, "b", text(4, 20), None),
                (0, "c", text(5, 20), None),
                (1, "d", text(6, 20), Some("http://example.org:80/x#top")),
                (1, "e", text(7, 20), Some("http://example.org/X")),
                (1, "f", text(8, 20), Some("")),
                (1, "g", text(8, 20), Some("")),
            ],
            vec![("d", "a", DUPLICATE)],
        ),
        Case(
            "text within a source",
            "by = [\"text\", \"source\"]",
            vec![
                (0, "a", a.clone(), None),
                (1, "b", a.clone(), None),
                (0, "c", a.clone(), None),
                (1, "d", a.clone(), None),
            ],
            vec![("c", "a", DUPLICATE), ("d", "b", DUPLICATE)],
        ),
        Case(
            "lists of parts are not confused",
            "by = [\"id\", \"text\"]",
            vec![(0, "ab", "c d".into(), None), (0, "a", "bc d".into(), None)],
            vec![],
        ),
        Case(
            "keep the longest",
            "by = [\"url\"]\nkeep = \"longest\"",
            vec![
                (0, "a", text(3, 20), Some("example.org")),
                (0, "b", text(4, 25), Some("example.org")),
                (1, "c", text(4, 25), Some("example.org")),
            ],
            vec![("a", "b", DUPLICATE), ("c", "b", DUPLICATE)],
        ),
        Case(
            "keep the preferred source",
            "keep = \"source-priority\"\nsources = [\"second\", \"first\"]",
            vec![(0, "a", a.clone(), None), (1, "b", a.clone(), None), (1, "c", a, None)],
            vec![("a", "b", DUPLICATE), ("c", "b", DUPLICATE)],
        ),
        Case(
            "keep the highest score",
            "by = [\"url\"]\nkeep = \"highest-score\"\nscore = \"terms/distinct\"",
            vec![
                (0, "a", "zorblax and no more".into(), Some("example.org")),
                (0, "b", "nothing at all".into(), Some("example.org")),
                (1, "c", "zorblax, quintofrine".into(), Some("example.org")),
            ],
            vec![("a", "c", DUPLICATE), ("b", "c", DUPLICATE)],
        ),
    ]
}

fn near_cases() -> Vec<Case> {
    let whole = text(1, 104);
    let with = |terms: &str| format!("{whole} {terms}");
    let short: Vec<Record> = vec![
        (0, "a", "three short words".into(), None),
        (0, "b", "Three, short: words!".into(), None),
        (1, "c", "three short worlds".into(), None),
        (1, "d", near(1), None),
        (1, "e", whole.clone(), None),
    ];
    vec![
        Case(
            "keep the earliest",
            "",
            vec![
                (0, "a", near(1), None),
                (0, "b", text(2, 104), None),
                (1, "c", whole.clone(), None),
                (1, "d", changed(&whole, &[20, 40, 60, 80]), None),
            ],
            // four of 104 words changed: 80/120 of the shingles
            vec![("c", "a", JACCARD)],
        ),
        Case(
            "keep the longest",
            "keep = \"longest\"",
            vec![(0, "a", near(1), None), (0, "b", with("more words"), None), (1, "c", near(1), None)],
            vec![("a", "b", JACCARD), ("c", "b", JACCARD)],
        ),
        Case(
            "keep the preferred source",
            "keep = \"source-priority\"\nsources = [\"second\"]",
            vec![(0, "a", whole.clone(), None), (1, "b", near(1), None), (1, "c", whole.clone(), None)],
            vec![("a", "b", JACCARD), ("c", "b", JACCARD)],
        ),
        Case(
            "keep the highest score",
            "keep = \"highest-score\"\nscore = \"terms/distinct\"",
            vec![
                (0, "a", with("zorblax"), None),
                (0, "b", near(1), None),
                (1, "c", with("zorblax quintofrine"), None),
            ],
            vec![("a", "c", JACCARD), ("b", "c", JACCARD)],
        ),
        Case("short texts whole", "", short.clone(), vec![("b", "a", JACCARD), ("e", "d", JACCARD)]),
        Case("short texts skipped", "short = \"skip\"", short.clone(), vec![("e", "d", JACCARD)]),
        Case(
            "datatrove's signature",
            "signature = \"datatrove\"\nshort = \"skip\"",
            short,
            vec![("e", "d", JACCARD)],
        ),
        Case(
            "bands and rows by threshold",
            "threshold = \"0.85\"\nverify_jaccard_min = \"0.85\"",
            vec![
                (0, "a", whole.clone(), None),
                (0, "b", near(1), None),
                // two words: 89/109
                (1, "c", changed(&whole, &[30, 70]), None),
            ],
            vec![("b", "a", JACCARD)],
        ),
    ]
}

fn check(stage: &str, Case(name, keys, records, expected): Case) {
    let sandbox = Sandbox::with_keys();
    sandbox.write("pack.toml", PACK);
    write_shards(&sandbox, "corpus", &records);
    let terms =
        "[[stage]]\nuse = \"keywords\"\nname = \"terms\"\npacks = [\"pack.toml\"]\naction = \"tag\"\n";
    sandbox.write("c.toml", config_of_shards(&format!("{terms}[[stage]]\nuse = \"{stage}\"\n{keys}")));
    sandbox.release("c.toml", "out", &[]).expect(0);
    sandbox.verify("out", &["--inputs", "corpus"]).expect(0);
    let rows = ledger(&sandbox.path("out"));
    let found: Vec<(String, String, String)> =
        rows.iter().filter(|row| !row.is_released()).map(|row| told(row, &rows)).collect();
    let expected: Vec<_> =
        expected.into_iter().map(|(a, b, c)| (a.to_string(), b.to_string(), c.to_string())).collect();
    assert_eq!(found, expected, "{stage}: {name}");
}

/// Its id, its survivor's, and what removed it.
fn told(row: &Row, rows: &[Row]) -> (String, String, String) {
    let survivor = rows.iter().find(|other| Some((other.shard, other.row)) == row.duplicate_of);
    let by = format!("{}/{}", row.stage.as_deref().unwrap(), row.rule.as_deref().unwrap());
    (row.id.clone(), survivor.map(|row| row.id.clone()).unwrap_or_default(), by)
}

#[test]
fn exact_duplicates_by_what_and_in_whose_favour() {
    exact_cases().into_iter().for_each(|case| check("exact-duplicates", case));
}

#[test]
fn near_duplicates_by_what_and_in_whose_favour() {
    near_cases().into_iter().for_each(|case| check("near-duplicates", case));
}

#[test]
fn a_plan_tells_what_a_threshold_comes_to() {
    let sandbox = Sandbox::new();
    sandbox.samples("corpus", 10);
    let stage = |keys: &str| config(&format!("[[stage]]\nuse = \"near-duplicates\"\n{keys}"));
    sandbox.write("c.toml", stage("threshold = \"0.8\"\nhashes = 128"));
    let told = sandbox.run(&["plan", "c.toml"]).expect(0).stdout;
    let share = |s: f64| format!("{s} {:.1} %", 100.0 * (1.0 - (1.0 - s.powi(13)).powi(9)));
    for part in ["9 bands of 13 rows".to_string(), share(0.5), share(0.8), share(0.95)] {
        assert!(told.contains(&part), "{part}: {told}");
    }
    for (keys, why) in [
        ("threshold = \"0.8\"\nbands = 20", "`threshold` chooses `bands` and `rows`; give it or them"),
        ("threshold = \"1.5\"", "`threshold` is 1.5, expected more than 0 and less than 1"),
        ("threshold = \"0\"", "`threshold` is 0, expected more than 0 and less than 1"),
        ("threshold = \"0.8\"\nhashes = 1", "`hashes` is 1, which leaves `threshold` nothing to choose"),
        ("hashes = 64", "`hashes` is of no use without `threshold`"),
        (
            "keep = \"source-priority\"\nsources = [\"nope\"]",
            "`sources` names `nope`, which no `[[source]]` declares; declared: none",
        ),
        ("words = \"uax29\"", "hint: `words` is a key of the whole file"),
        ("band = 3", "hint: did you mean `bands`? `probity filters near-duplicates` lists all"),
        ("keep = \"highest-score\"", "`score` is needed by this `keep`"),
        ("sources = [\"a\"]", "`sources` is of no use to this `keep`"),
        ("quarantine_near = [\"hazard\"]", "no earlier stage `hazard`"),
        ("cluster_share_max = \"2\"", "`cluster_share_max` is 2, expected 0 to 1"),
        ("against = [\"nowhere\"]", "nowhere/auditor/index/near-duplicates.keys"),
    ] {
        sandbox.write("c.toml", stage(keys));
        let errors = sandbox.run(&["plan", "c.toml"]).expect(2).stderr;
        assert!(errors.contains(why) && errors.contains("c.toml:8"), "{keys}: {errors}");
    }
}

#[test]
fn nothing_is_compared_by_what_no_record_has() {
    let sandbox = Sandbox::new();
    sandbox.samples("corpus", 10);
    for (by, why) in [
        ("url", "`by` compares the url, but there is no `input.url`"),
        ("source", "`by` compares the source, but there is no `[[source]]`"),
    ] {
        sandbox.write("c.toml", config(&format!("[[stage]]\nuse = \"exact-duplicates\"\nby = [\"{by}\"]")));
        let errors = sandbox.run(&["plan", "c.toml"]).expect(2).stderr;
        assert!(errors.contains(why) && errors.contains("c.toml:8"), "{by}: {errors}");
    }
}

#[test]
fn one_cluster_that_is_most_of_the_corpus_stops_the_run_unless_allowed() {
    let sandbox = Sandbox::with_keys();
    let template = text(1, 104);
    let copy = |at: usize| changed(&template, &[at % 104]);
    let record =
        |at: usize| -> Record { (at % 2, "r", if at < 150 { copy(at) } else { text(at as u64, 40) }, None) };
    write_shards(&sandbox, "corpus", &(0..200).map(record).collect::<Vec<_>>());
    let near = "[[stage]]\nuse = \"near-duplicates\"\nverify_jaccard_min = \"0.7\"\n";
    sandbox.write("c.toml", config_of_shards(near));
    let stopped = sandbox.release("c.toml", "out", &[]).expect(2);
    let errors = stopped.errors().join("\n");
    for part in
        ["cluster of near-duplicates with record 0:0", "`cluster_share_max` = \"1\"", "got 150 records"]
    {
        assert!(errors.contains(part), "{errors}");
    }
    assert!(!sandbox.path("out/manifest.sigstore.json").exists());
    sandbox.write("c.toml", config_of_shards(&format!("{near}cluster_share_max = \"1\"")));
    // the same folder: what the stopped run left is for another plan, and not used
    sandbox.release("c.toml", "out", &[]).expect(0);
    sandbox.verify("out", &["--inputs", "corpus"]).expect(0);
    let removed = ledger(&sandbox.path("out")).iter().filter(|row| row.fate == "removed").count();
    assert!((140..150).contains(&removed), "{removed}");
}

#[test]
fn what_is_like_a_hazardous_record_is_quarantined_with_it() {
    let sandbox = Sandbox::with_keys();
    sandbox.write("pack.toml", PACK);
    let records: Vec<Record> = vec![
        (0, "like it", text(1, 104), None),
        (0, "hazard", format!("{} zorblax", near(1)), None),
        (0, "like the like", changed(&text(1, 104), &[5]), None),
        (1, "other", text(2, 104), None),
        (1, "copy of other", near(2), None),
    ];
    write_shards(&sandbox, "corpus", &records);
    let stages = "[[stage]]\nuse = \"keywords\"\nname = \"hazard\"\npacks = [\"pack.toml\"]\ndistinct_min = 1\naction = \"quarantine\"\n[[stage]]\nuse = \"near-duplicates\"\n";
    for (keys, expected) in [
        ("", [("like it", "kept"), ("hazard", "hazard"), ("like the like", "jaccard")]),
        (
            "quarantine_near = [\"hazard\"]",
            [("like it", "associated"), ("hazard", "hazard"), ("like the like", "associated")],
        ),
    ] {
        sandbox.write("c.toml", config_of_shards(&format!("{stages}{keys}")));
        let out = if keys.is_empty() { "without" } else { "with" };
        sandbox.release("c.toml", out, &[]).expect(0);
        sandbox.verify(out, &["--inputs", "corpus"]).expect(0);
        let rows = ledger(&sandbox.path(out));
        for (id, by) in expected {
            let row = rows.iter().find(|row| row.id == id).unwrap();
            match by {
                "kept" => assert_eq!(row.fate, "kept", "{row:?}"),
                "hazard" => assert_eq!(row.summary(), "quarantined hazard/distinct-terms 1 1", "{row:?}"),
                "associated" => {
                    assert_eq!(
                        (row.fate.as_str(), row.rule.as_deref()),
                        ("quarantined", Some(by)),
                        "{row:?}"
                    );
                    assert!(row.duplicate_of.is_none() && row.similarity.is_some(), "{row:?}");
                }
                _ => assert_eq!((row.fate.as_str(), row.rule.as_deref()), ("removed", Some(by)), "{row:?}"),
            }
        }
        // the names of hazard stages are not published, wherever they stand
        let public = String::from_utf8(sandbox.read(format!("{out}/config.public.json"))).unwrap();
        assert!(!public.contains("\"hazard\""), "{public}");
        // what is like nothing hazardous is deduplicated as ever
        let copy = rows.iter().find(|row| row.id == "copy of other").unwrap();
        assert_eq!((copy.rule.as_deref(), copy.duplicate_of), (Some("jaccard"), Some((1, 0))));
    }
}
