//! Real data, where it lies beside the repository. It may not be redistributed, so most machines skip these tests.

use crate::harness::{Sandbox, config, repository};
use crate::ledgers::ledger;
use crate::parquet_files::{column, read};
use arrow_array::cast::AsArray;
use arrow_array::types::{Int32Type, Int64Type};
use arrow_array::{Array, BooleanArray, RecordBatch};
use arrow_select::filter::filter_record_batch;
use std::collections::HashMap;
use std::path::PathBuf;

/// A file of the shared data, linked to under a name in the sandbox; `None` where there is no such data.
pub fn shared(name: &str) -> Option<PathBuf> {
    let path = repository().join("../shared/data").join(name);
    if path.exists() {
        return Some(path);
    }
    println!("skipped: no ../shared/data");
    None
}

pub fn link(sandbox: &Sandbox, name: &str, to: &str) -> Option<()> {
    let path = shared(name)?;
    let link = sandbox.path(to);
    std::fs::create_dir_all(link.parent()?).ok()?;
    std::os::unix::fs::symlink(path.canonicalize().ok()?, link).ok()
}

#[test]
fn the_pretraining_profile_over_web_pages_verifies() {
    let sandbox = Sandbox::with_keys();
    let Some(()) = link(&sandbox, "corpus/small/web-00000-of-00001.parquet", "corpus/web.parquet") else {
        return;
    };
    sandbox.write("c.toml", crate::harness::profile(&sandbox, "pretraining"));
    sandbox.release("c.toml", "out", &[]).expect(0);
    sandbox.verify("out", &["--inputs", "corpus"]).expect(0);
}

#[test]
fn web_pages_as_json_lines_come_to_the_same_decisions() {
    let sandbox = Sandbox::with_keys();
    let Some(()) = link(&sandbox, "corpus/small/web-00000-of-00001.parquet", "corpus/web.parquet") else {
        return;
    };
    let lines = crate::json_lines::lines_of(&sandbox.path("corpus/web.parquet"), &["id", "text", "url"]);
    sandbox.write("lines/web.jsonl.zst", zstd::encode_all(lines.as_bytes(), 3).unwrap());
    let root = |shards: &str| {
        let profile = crate::harness::profile(&sandbox, "pretraining");
        sandbox.write("c.toml", profile.replace("corpus/*.parquet", shards));
        let out = format!("out-{}", shards.len());
        sandbox.release("c.toml", &out, &[]).expect(0);
        crate::harness::statement(&sandbox.path(out))["predicate"]["ledger"]["decisionRoot"].clone()
    };
    assert_eq!(root("corpus/*.parquet"), root("lines/*.zst"));
}

#[test]
fn the_fine_tuning_profile_over_chats_verifies_and_keeps_rows_as_they_are() {
    let sandbox = Sandbox::with_keys();
    let Some(()) = link(&sandbox, "corpus/chat.parquet", "corpus/chat.parquet") else { return };
    sandbox.write("c.toml", crate::harness::profile(&sandbox, "fine-tuning"));
    sandbox.release("c.toml", "out", &[]).expect(0);
    sandbox.verify("out", &["--inputs", "corpus"]).expect(0);
    let input = read(&sandbox.path("corpus/chat.parquet"));
    let released = crate::schemas::released(&input, &sandbox.path("out"), 0);
    assert!(released.num_rows() > input.num_rows() / 2, "{} of {}", released.num_rows(), input.num_rows());
    let rows = crate::ledgers::ledger(&sandbox.path("out"));
    let unedited: BooleanArray =
        rows.iter().filter(|row| row.is_released()).map(|row| Some(row.fate == "kept")).collect();
    let [before, after] = [released, read(&sandbox.path("out/data/part-00000.parquet"))]
        .map(|batch| filter_record_batch(&batch, &unedited).unwrap());
    crate::schemas::assert_equal(&before, &after, "chats");
}

/// datatrove's decision by id: `None` for keep.
fn reference(batch: &RecordBatch, family: &str) -> HashMap<String, Option<String>> {
    let ids = column(batch, "id").into_iter().flatten();
    let keep = |reason: String| (reason != "keep").then_some(reason);
    ids.zip(column(batch, family).into_iter().flatten().map(keep)).collect()
}

/// Code points of the edited text by id, −1 where the record is dropped.
fn c4_lengths(batch: &RecordBatch) -> HashMap<String, i64> {
    let lengths = batch.column_by_name("c4_text_len").unwrap();
    let at = |row: usize| match lengths.as_primitive_opt::<Int64Type>() {
        Some(long) => long.value(row),
        None => i64::from(lengths.as_primitive::<Int32Type>().value(row)),
    };
    let ids = column(batch, "id").into_iter().flatten();
    ids.enumerate().filter(|(row, _)| lengths.is_valid(*row)).map(|(row, id)| (id, at(row))).collect()
}

#[test]
fn decisions_agree_with_datatrove() {
    let families = [
        ("gopher-repetition", "gopher-repetition"),
        ("gopher-quality", "gopher-quality"),
        ("c4-lines", "c4"),
        ("fineweb-quality", "fineweb"),
    ];
    let Some(golden) = shared("golden/datatrove-decisions/small-docs-00003.parquet") else { return };
    let golden = read(&golden);
    for (filter, family) in families {
        let sandbox = Sandbox::with_keys();
        let Some(()) = link(&sandbox, "corpus/small/docs-00003-of-00004.parquet", "corpus/docs.parquet")
        else {
            return;
        };
        sandbox.write("c.toml", config(&format!("[[stage]]\nuse = \"{filter}\"")));
        sandbox.release("c.toml", "out", &[]).expect(0);
        let expected = reference(&golden, family);
        let rows = ledger(&sandbox.path("out"));
        let judged: Vec<_> = rows.iter().filter_map(|row| Some((row, expected.get(&row.id)?))).collect();
        let differing: Vec<_> = judged.iter().filter(|(row, reason)| row.alias != **reason).collect();
        let share = 1.0 - differing.len() as f64 / judged.len() as f64;
        println!("{filter}: {:.3} % of {} decisions agree", share * 100.0, judged.len());
        for (row, reason) in differing.iter().take(5) {
            println!("  {}: {:?} here, {reason:?} there", row.id, row.alias);
        }
        assert!(judged.len() > 10_000 && share >= 0.999, "{filter}: {share}");
        if filter == "c4-lines" {
            lengths_agree(&sandbox, &c4_lengths(&golden));
        }
    }
}

fn lengths_agree(sandbox: &Sandbox, expected: &HashMap<String, i64>) {
    let output = read(&sandbox.path("out/data/part-00000.parquet"));
    let (mut same, mut all) = (0, 0);
    for (id, text) in column(&output, "id").into_iter().zip(column(&output, "text")) {
        let Some(length) = expected.get(&id.unwrap()).filter(|length| **length >= 0) else { continue };
        all += 1;
        same += usize::from(text.unwrap().chars().count() as i64 == *length);
    }
    let share = f64::from(same as u32) / f64::from(all);
    println!("c4-lines: {:.3} % of {all} edited texts have the same length", share * 100.0);
    assert!(share >= 0.999, "{share}");
}
