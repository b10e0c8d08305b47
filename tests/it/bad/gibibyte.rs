//! A corpus of a gibibyte of which one row group is damaged. `.ci/full` runs it.

use crate::harness::{Sandbox, config, statement};
use crate::ledgers::ledger;
use arrow_array::{RecordBatch, StringArray};
use arrow_schema::{DataType, Field, Schema};
use parquet::arrow::ArrowWriter;
use parquet::file::properties::WriterProperties;
use std::fs::File;
use std::path::Path;
use std::sync::Arc;

const SHARDS: usize = 8;
const GROUPS: usize = 8;
/// Records of a row group, and bytes of their texts: a gibibyte in all.
const ROWS: usize = 4096;
const TEXT_BYTES: usize = 4096;

/// Where the damage is.
const SHARD: usize = 5;
const GROUP: usize = 3;

/// Words drawn by a generator of no quality, each record its own.
fn text(record: u64) -> String {
    let mut state = record.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut text = String::with_capacity(TEXT_BYTES + 16);
    while text.len() < TEXT_BYTES {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let mut word = state >> 24;
        for _ in 0..2 + (state >> 60) {
            text.push((b'a' + (word % 26) as u8) as char);
            word /= 26;
        }
        text.push(' ');
    }
    text.truncate(TEXT_BYTES);
    text
}

fn write_shard(path: &Path, shard: usize) {
    let field = |name| Field::new(name, DataType::Utf8, false);
    let schema = Arc::new(Schema::new(vec![field("id"), field("text")]));
    // nothing that a writer could do would help texts of no sense
    let properties = WriterProperties::builder().set_dictionary_enabled(false).build();
    let mut writer =
        ArrowWriter::try_new(File::create(path).unwrap(), Arc::clone(&schema), Some(properties)).unwrap();
    for group in 0..GROUPS {
        let first = ((shard * GROUPS + group) * ROWS) as u64;
        let records = first..first + ROWS as u64;
        let ids: StringArray = records.clone().map(|record| Some(format!("r{record}"))).collect();
        let texts: StringArray = records.map(|record| Some(text(record))).collect();
        let batch = RecordBatch::try_new(Arc::clone(&schema), vec![Arc::new(ids), Arc::new(texts)]).unwrap();
        writer.write(&batch).unwrap();
        writer.flush().unwrap();
    }
    writer.close().unwrap();
}

#[test]
#[ignore = "writes and reads gibibytes"]
fn a_gibibyte_with_one_corrupt_row_group_loses_that_row_group_alone() {
    let sandbox = Sandbox::with_keys();
    std::fs::create_dir_all(sandbox.path("corpus")).unwrap();
    let shard = |shard: usize| sandbox.path(format!("corpus/part-{shard}.parquet"));
    (0..SHARDS).for_each(|at| write_shard(&shard(at), at));
    crate::bad_input::corrupt_column(&shard(SHARD), GROUP, "text");
    let bytes: u64 = (0..SHARDS).map(|at| shard(at).metadata().unwrap().len()).sum();
    assert!(bytes >= 1 << 30, "{bytes}");

    sandbox.write("c.toml", config("[[stage]]\nuse = \"exact-duplicates\""));
    let output = sandbox.release("c.toml", "out", &[]).expect(0);
    assert!(output.stderr.contains(&format!("`corpus/part-{SHARD}.parquet`: row group {GROUP}: ")));

    let accounting = &statement(&sandbox.path("out"))["predicate"]["accounting"];
    let all = SHARDS * GROUPS * ROWS;
    assert_eq!(accounting["in"], all);
    assert_eq!(accounting["kept"], all - ROWS);
    assert_eq!(accounting["quarantined"], ROWS);
    let rules = accounting["byRule"].as_array().unwrap();
    let unreadable = rules.iter().find(|rule| rule["rule"] == "unreadable").unwrap();
    assert_eq!((&unreadable["stage"], &unreadable["quarantined"]), (&"input".into(), &ROWS.into()));

    let gone = ledger(&sandbox.path("out")).into_iter().filter(|row| row.fate == "quarantined");
    let gone: Vec<(usize, usize)> = gone.map(|row| (row.shard as usize, row.row as usize)).collect();
    let expected: Vec<(usize, usize)> = (GROUP * ROWS..(GROUP + 1) * ROWS).map(|row| (SHARD, row)).collect();
    assert_eq!(gone, expected);
    sandbox.verify("out", &["--inputs", "corpus"]).expect(0);
    println!(
        "{bytes} bytes, {all} records: {} kept, {} quarantined as input/unreadable",
        all - ROWS,
        gone.len()
    );
}
