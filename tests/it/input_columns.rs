//! Stages that look at columns of the input besides text, id and URL.

use crate::harness::{Sandbox, config_with};
use crate::ledgers::ledger;
use crate::parquet_files::{batch, strings, write};
use arrow_array::{ArrayRef, BooleanArray, Float64Array, Int64Array, StructArray};
use arrow_schema::{DataType, Field};
use std::sync::Arc;

const INPUT: &str = "text = \"text\"\nid = \"id\"";

/// Six records whose texts differ; what is equal is in other columns.
fn corpus() -> Sandbox {
    let sandbox = Sandbox::with_keys();
    let votes: ArrayRef = Arc::new(Float64Array::from(vec![
        Some(0.1),
        Some(2.5),
        None,
        Some(2.5),
        Some(f64::NAN),
        Some(-1e-7),
    ]));
    let site = strings([Some("a"), Some("a"), Some("b"), Some("b"), Some("a"), None]);
    let site = StructArray::from(vec![(Arc::new(Field::new("site", DataType::Utf8, true)), site)]);
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("id", strings(["r0", "r1", "r2", "r3", "r4", "r5"].map(Some))),
        ("text", strings(["one", "two", "three", "four", "five", "six"].map(Some))),
        ("lang", strings([Some("en"), Some("en"), Some("en"), None, Some("de"), None])),
        ("year", Arc::new(Int64Array::from(vec![2001, 2002, 2001, 2001, 2001, 2001]))),
        ("votes", votes),
        ("meta", Arc::new(site)),
        ("fresh", Arc::new(BooleanArray::from(vec![true, true, false, false, true, true]))),
    ];
    write(&sandbox.path("corpus/a.parquet"), &batch(columns), 2);
    sandbox
}

#[test]
fn duplicates_by_any_column() {
    let sandbox = corpus();
    let votes = "[[stage]]\nuse = \"input-score\"\nname = \"votes\"\ncolumn = \"votes\"\n";
    for (at, (keys, expected)) in [
        ("by = [\"column:lang\"]", vec![("r1", 0), ("r2", 0)]),
        ("by = [\"column:lang\", \"column:year\"]", vec![("r2", 0)]),
        ("by = [\"column:meta.site\"]", vec![("r1", 0), ("r3", 2), ("r4", 0)]),
        ("by = [\"column:meta.site\", \"column:fresh\"]", vec![("r1", 0), ("r3", 2), ("r4", 0)]),
        ("by = [\"column:votes\"]", vec![("r3", 1)]),
        ("by = [\"text\", \"column:lang\"]", vec![]),
        (
            "by = [\"column:meta.site\"]\nkeep = \"highest-score\"\nscore = \"votes\"",
            vec![("r0", 1), ("r2", 3), ("r4", 1)],
        ),
    ]
    .into_iter()
    .enumerate()
    {
        let stage = format!("{votes}[[stage]]\nuse = \"exact-duplicates\"\n{keys}");
        sandbox.write("c.toml", config_with(INPUT, &stage));
        let out = format!("out-{at}");
        sandbox.release("c.toml", &out, &[]).expect(0);
        sandbox.verify(&out, &["--inputs", "corpus", "--level", "replay"]).expect(0);
        let rows = ledger(&sandbox.path(&out));
        let removed = rows.iter().filter_map(|row| Some((row.id.as_str(), row.duplicate_of?.1)));
        assert_eq!(removed.collect::<Vec<_>>(), expected, "{keys}");
    }
}

#[test]
fn a_score_of_the_input_is_recorded_and_decided_upon() {
    let sandbox = corpus();
    let stages = "[[stage]]\nuse = \"input-score\"\nname = \"votes\"\ncolumn = \"votes\"\n[[stage]]\nuse = \"score-range\"\nscore = \"votes\"\nat_least = \"0\"";
    sandbox.write("c.toml", config_with(INPUT, stages));
    sandbox.release("c.toml", "out", &[]).expect(0);
    let rows = ledger(&sandbox.path("out"));
    let told: Vec<(Option<&str>, String)> =
        rows.iter().map(|row| (row.recorded.get("votes/score").map(String::as_str), row.summary())).collect();
    let kept = || "kept".to_string();
    let expected = vec![
        (Some("0.1"), kept()),
        (Some("2.5"), kept()),
        (None, kept()),
        (Some("2.5"), kept()),
        (None, kept()),
        (Some("-0.0000001"), "removed score-range/at-least -0.0000001 0".to_string()),
    ];
    assert_eq!(told, expected);
}

#[test]
fn a_column_that_is_not_there_or_of_the_wrong_kind_stops_before_the_first_record() {
    let sandbox = corpus();
    let by = |column: &str| format!("use = \"exact-duplicates\"\nby = [\"{column}\"]");
    let score = |column: &str| format!("use = \"input-score\"\ncolumn = \"{column}\"");
    for (stage, why) in [
        (by("column:language"), "no column `language`; there are: id, text, lang, year, votes, meta, fresh"),
        (by("column:meta.host"), "no column `meta.host`; `meta` holds: site"),
        (by("column:lang.site"), "column `lang.site`: `lang` is Utf8, expected a struct"),
        (by("column:meta"), "expected a string, number or boolean"),
        (by("lang"), "unknown part `lang`"),
        (by("column:"), "unknown part `column:`"),
        (score("lang"), "column `lang` is Utf8, expected a number"),
        (score(""), "`column` is missing"),
    ] {
        sandbox.write("c.toml", config_with(INPUT, &format!("[[stage]]\n{stage}")));
        let errors = sandbox.release("c.toml", "out", &[]).expect(2).stderr;
        assert!(errors.contains(why), "{stage}: {errors}");
        assert!(!sandbox.path("out/data").exists(), "{stage}");
    }
}
