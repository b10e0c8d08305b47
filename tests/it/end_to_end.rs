//! A whole run over the generated corpus: nothing vanishes, nothing changes that should not, everything is told.

use crate::harness::{Sandbox, config, config_with, profile, statement};
use crate::ledgers::{Row, ledger};
use crate::parquet_files::{column, read};
use crate::schemas::{assert_equal, released};
use arrow_array::{BooleanArray, RecordBatch};
use arrow_select::filter::filter_record_batch;
use std::collections::BTreeMap;

const RECORDS: usize = 400;

fn curated(name: &str) -> Sandbox {
    let sandbox = Sandbox::with_keys();
    sandbox.samples("corpus", RECORDS);
    sandbox.write("c.toml", profile(&sandbox, name));
    sandbox.release("c.toml", "out", &[]).expect(0);
    sandbox
}

fn shards(sandbox: &Sandbox) -> Vec<(RecordBatch, RecordBatch, RecordBatch)> {
    let one = |shard: usize| {
        let part = format!("part-{shard:05}.parquet");
        (
            read(&sandbox.path(format!("corpus/sample-{shard}.parquet"))),
            read(&sandbox.path("out/data").join(&part)),
            read(&sandbox.path("out/auditor/removed").join(&part)),
        )
    };
    vec![one(0), one(1)]
}

/// All columns but the text.
fn rest(batch: &RecordBatch) -> RecordBatch {
    let keep: Vec<usize> =
        (0..batch.num_columns()).filter(|&at| batch.schema().field(at).name() != "text").collect();
    batch.project(&keep).unwrap()
}

#[test]
fn records_in_are_kept_edited_removed_or_quarantined() {
    for name in ["pretraining", "observe", "high-risk"] {
        let sandbox = curated(name);
        let rows = ledger(&sandbox.path("out"));
        assert_eq!(rows.len(), RECORDS);
        let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
        for row in &rows {
            *counts.entry(row.fate.as_str()).or_default() += 1;
        }
        let statement = statement(&sandbox.path("out"));
        let accounting = &statement["predicate"]["accounting"];
        assert_eq!(accounting["in"], RECORDS);
        for fate in ["kept", "edited", "removed", "quarantined"] {
            assert_eq!(accounting[fate], counts.get(fate).copied().unwrap_or(0), "{name}: {fate}");
        }
        let places: Vec<(u32, u64)> = rows.iter().map(|row| (row.shard, row.row)).collect();
        let expected: Vec<(u32, u64)> =
            (0..2).flat_map(|shard| (0..RECORDS as u64 / 2).map(move |row| (shard, row))).collect();
        assert_eq!(places, expected, "{name}");
        rows.iter().for_each(assert_whole);
        if name == "observe" {
            assert_eq!(counts.get("removed"), None);
            assert!(rows.iter().any(|row| row.recorded.contains_key("gopher-quality/broken")));
        }
    }
}

/// A record that is out has a stage, a rule, a value and a bound; one that is in has none, and a place.
fn assert_whole(row: &Row) {
    let told = [&row.stage, &row.rule, &row.value, &row.bound].map(Option::is_some);
    match row.fate.as_str() {
        "kept" | "edited" => {
            assert_eq!(told, [false; 4], "{row:?}");
            assert!(row.out.is_some(), "{row:?}");
            assert_eq!(row.edits > 0, row.fate == "edited", "{row:?}");
        }
        "removed" | "quarantined" => {
            assert_eq!(told, [true; 4], "{row:?}");
            assert_eq!(row.out, None, "{row:?}");
            let (value, bound) = (row.value.as_deref().unwrap(), row.bound.as_deref().unwrap());
            assert!(value.parse::<f64>().is_ok() && bound.parse::<f64>().is_ok(), "{row:?}");
        }
        other => panic!("{other}"),
    }
    assert_eq!(row.duplicate_of.is_some(), row.similarity.is_some(), "{row:?}");
}

#[test]
fn kept_rows_are_the_input_rows_and_removed_files_hold_the_others() {
    let sandbox = curated("pretraining");
    let rows = ledger(&sandbox.path("out"));
    let (mut edited, mut removed) = (0, 0);
    for (shard, (input, data, gone)) in shards(&sandbox).into_iter().enumerate() {
        let what = format!("shard {shard}");
        let expected = released(&input, &sandbox.path("out"), shard as u32);
        assert_equal(&rest(&expected), &rest(&data), &what);
        let here: Vec<&Row> = rows.iter().filter(|row| row.shard == shard as u32).collect();
        let fates = here.iter().filter(|row| row.is_released());
        for ((row, before), after) in fates.zip(column(&expected, "text")).zip(column(&data, "text")) {
            assert_eq!(before != after, row.fate == "edited", "{row:?}");
            edited += usize::from(row.fate == "edited");
        }
        // the others lie aside, unedited, each with its reason
        let mask: BooleanArray = here.iter().map(|row| Some(!row.is_released())).collect();
        let others = filter_record_batch(&input, &mask).unwrap();
        let columns: Vec<usize> = (0..input.num_columns()).collect();
        assert_equal(&others, &gone.project(&columns).unwrap(), &what);
        let reasons = gone.column_by_name("probity").unwrap();
        let reasons: RecordBatch = arrow_array::cast::AsArray::as_struct(reasons.as_ref()).clone().into();
        let out: Vec<&Row> = here.into_iter().filter(|row| !row.is_released()).collect();
        for name in ["fate", "stage", "rule", "value", "bound", "similarity"] {
            let field = |row: &Row| match name {
                "fate" => Some(row.fate.clone()),
                "stage" => row.stage.clone(),
                "rule" => row.rule.clone(),
                "value" => row.value.clone(),
                "bound" => row.bound.clone(),
                _ => row.similarity.clone(),
            };
            let expected: Vec<_> = out.iter().map(|row| field(row)).collect();
            assert_eq!(column(&reasons, name), expected, "{what}: {name}");
        }
        let places: &arrow_array::UInt64Array =
            arrow_array::cast::AsArray::as_primitive(reasons.column_by_name("row").unwrap().as_ref());
        let expected: Vec<u64> = out.iter().map(|row| row.row).collect();
        assert_eq!(places.values(), expected.as_slice(), "{what}");
        removed += out.len();
    }
    assert!(edited > 0 && removed > 0, "{edited} edited, {removed} removed");
}

#[test]
fn a_duplicate_points_at_a_survivor_that_is_there_and_earlier_rules_come_first() {
    let sandbox = Sandbox::with_keys();
    sandbox.samples("corpus", RECORDS);
    // no stage stands behind the barriers, so no survivor is taken out
    sandbox.write(
        "c.toml",
        config("[[stage]]\nuse = \"gopher-repetition\"\n[[stage]]\nuse = \"exact-duplicates\"\n[[stage]]\nuse = \"near-duplicates\"\nkeep = \"longest\""),
    );
    sandbox.release("c.toml", "out", &[]).expect(0);
    let rows = ledger(&sandbox.path("out"));
    let texts: Vec<Option<String>> =
        shards(&sandbox).iter().flat_map(|(input, ..)| column(input, "text")).collect();
    let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
    for (row, text) in rows.iter().zip(&texts) {
        let Some((shard, at)) = row.duplicate_of else { continue };
        let number = shard as usize * RECORDS / 2 + at as usize;
        let survivor = &rows[number];
        let stage = row.stage.as_deref().unwrap();
        *seen.entry(stage).or_default() += 1;
        match stage {
            // a copy's survivor may in turn be the near copy of another
            "exact-duplicates" => {
                assert_eq!(text, &texts[number], "{row:?}");
                assert!((shard, at) < (row.shard, row.row), "{row:?}");
            }
            _ => {
                assert!(survivor.is_released(), "{survivor:?}");
                let similarity: f64 = row.similarity.as_ref().unwrap().parse().unwrap();
                assert!((0.75..=1.0).contains(&similarity), "{row:?}");
                assert!(texts[number].as_ref().unwrap().len() >= text.as_ref().unwrap().len(), "{row:?}");
            }
        }
    }
    assert!(seen["exact-duplicates"] > 0 && seen["near-duplicates"] > 0, "{seen:?}");
    assert_eq!(statement(&sandbox.path("out"))["predicate"]["accounting"]["orphans"], 0);
    sandbox.verify("out", &["--inputs", "corpus"]).expect(0);
}

#[test]
fn measuring_everything_changes_no_decision() {
    let sandbox = Sandbox::with_keys();
    sandbox.samples("corpus", 200);
    let text = profile(&sandbox, "pretraining");
    sandbox.write("first.toml", &text);
    sandbox.write("all.toml", text.replacen("schema = 1", "schema = 1\nmeasure = \"all\"", 1));
    for name in ["first", "all"] {
        sandbox.release(&format!("{name}.toml"), name, &[]).expect(0);
        sandbox.verify(name, &[]).expect(0);
    }
    let roots = |name: &str| {
        let ledger = &statement(&sandbox.path(name))["predicate"];
        (ledger["ledger"]["decisionRoot"].clone(), ledger["outputs"]["contentRoot"].clone())
    };
    assert_eq!(roots("first"), roots("all"));
    let (first, all) = (ledger(&sandbox.path("first")), ledger(&sandbox.path("all")));
    for (left, right) in first.iter().zip(&all) {
        assert_eq!(left.summary(), right.summary());
        // every value that decided stands in its own column
        if let (Some(rule), Some(value)) = (&right.rule, &right.value)
            && let Some(measured) = right.recorded.get(&format!("{}/{rule}", right.stage.as_ref().unwrap()))
        {
            assert_eq!(measured, value, "{right:?}");
        }
    }
}

#[test]
fn removed_records_need_not_be_kept() {
    let sandbox = Sandbox::with_keys();
    sandbox.samples("corpus", 120);
    sandbox.write(
        "c.toml",
        config("[output]\nremoved = false\ncompression = \"snappy\"\n[[stage]]\nuse = \"exact-duplicates\""),
    );
    sandbox.release("c.toml", "out", &[]).expect(0);
    assert!(!sandbox.path("out/auditor/removed").exists());
    sandbox.verify("out", &[]).expect(0);
}

#[test]
fn declared_sources_are_counted() {
    let sandbox = Sandbox::with_keys();
    sandbox.samples("corpus", 120);
    let source = "[[source]]\nid = \"first\"\nfiles = [\"corpus/*-0.parquet\"]\nlicense = \"CC0-1.0\"\ncategory = \"made\"\n\
        teachers = [{ model = \"a model\", version = \"2\" }]";
    let required = config_with("text = \"text\"\nid = \"id\"\nlineage = \"required\"", source);
    sandbox.write("c.toml", required);
    let refused = sandbox.release("c.toml", "out", &[]).expect(2);
    assert!(
        refused.stderr.contains("is of no `[[source]]`, and `input.lineage` is `required`"),
        "{}",
        refused.stderr
    );
    sandbox.write("c.toml", config(source));
    sandbox.release("c.toml", "out", &[]).expect(0);
    let sources = statement(&sandbox.path("out"))["predicate"]["inputs"]["sources"].clone();
    let told: Vec<_> = sources
        .as_array()
        .unwrap()
        .iter()
        .map(|s| (s["id"].clone(), s["rows"].clone(), s["license"].clone()))
        .collect();
    assert_eq!(
        told,
        [
            ("first".into(), 60.into(), "CC0-1.0".into()),
            ("undeclared".into(), 60.into(), serde_json::Value::Null)
        ]
    );
    let teachers = serde_json::json!([{"license": null, "model": "a model", "version": "2"}]);
    assert_eq!((&sources[0]["teachers"], sources[1].get("teachers")), (&teachers, None));
    let card = String::from_utf8(sandbox.read("out/README.md")).unwrap();
    assert!(card.contains("| first | CC0-1.0 | made | unknown | a model 2 | 60 |"), "{card}");
    sandbox.verify("out", &[]).expect(0);
}

#[cfg(unix)]
#[test]
fn what_opens_commitments_is_for_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt;
    let sandbox = Sandbox::with_keys();
    sandbox.samples("corpus", 40);
    sandbox.write("c.toml", config(""));
    sandbox.release("c.toml", "out", &[]).expect(0);
    let mode = std::fs::metadata(sandbox.path("out/auditor")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o700);
}
