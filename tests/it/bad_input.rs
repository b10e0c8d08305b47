//! Shards that are not what they should be. A bad record gets a counted fate; a shard that cannot be counted stops
//! the run or is listed as excluded. The files are made here: none is kept in the repository.

use crate::harness::{Output, Sandbox, config, config_with, statement};
use crate::ledgers::ledger;
use crate::parquet_files::{batch, column, read, strings, texts, write, write_with};
use arrow_array::builder::{ListBuilder, StringBuilder, StructBuilder};
use arrow_array::{ArrayRef, BinaryArray, Int64Array, RecordBatch, StringArray, TimestampMillisecondArray};
use arrow_schema::{DataType, Field, Fields};
use parquet::file::reader::{FileReader, SerializedFileReader};
use std::fs::{self, File};
use std::path::Path;
use std::sync::Arc;

/// A chat: messages with their role and content, or no list at all.
pub type Chat<'a> = Option<&'a [(&'a str, Option<&'a str>)]>;

/// A column of chat records.
pub fn messages(records: &[Chat<'_>]) -> ArrayRef {
    let fields = Fields::from(vec![
        Field::new("role", DataType::Utf8, true),
        Field::new("content", DataType::Utf8, true),
    ]);
    let mut list = ListBuilder::new(StructBuilder::from_fields(fields, 0));
    for record in records {
        for (role, content) in record.unwrap_or_default() {
            let message = list.values();
            message.field_builder::<StringBuilder>(0).unwrap().append_value(role);
            message.field_builder::<StringBuilder>(1).unwrap().append_option(*content);
            message.append(true);
        }
        list.append(record.is_some());
    }
    Arc::new(list.finish())
}

/// Chat records `r0`, `r1`, ….
pub fn chats(records: &[Chat<'_>]) -> RecordBatch {
    let ids: StringArray = (0..records.len()).map(|at| Some(format!("r{at}"))).collect();
    batch(vec![("id", Arc::new(ids)), ("messages", messages(records))])
}

/// A few chats with every oddity.
pub fn write_chat(path: &Path) {
    let first: &[_] = &[("user", Some("What is the tallest tree?")), ("assistant", Some("A coast redwood."))];
    let other: &[_] = &[("user", Some("What is the tallest tower?")), ("assistant", Some("A radio mast."))];
    let hollow: &[_] = &[("user", Some("Say nothing at all, if you please.")), ("assistant", None)];
    write(path, &chats(&[Some(first), None, Some(&[]), Some(other), Some(hollow), Some(first)]), 4);
}

fn run(sandbox: &Sandbox, input: &str, rest: &str) -> Output {
    sandbox.write("c.toml", config_with(input, rest));
    sandbox.release("c.toml", "out", &[])
}

/// The fates in order, as the ledger tells them.
fn fates(sandbox: &Sandbox) -> Vec<String> {
    ledger(&sandbox.path("out")).iter().map(|row| row.summary()).collect()
}

const PLAIN: &str = "text = \"text\"\nid = \"id\"";

/// A shard's bytes and what is said about them.
struct Shard(&'static str, fn(Vec<u8>) -> Vec<u8>, &'static str);

/// Shards whose rows cannot be counted.
const UNCOUNTABLE: &[Shard] = &[
    Shard("empty", |_| Vec::new(), "EOF: Parquet file too small. Size is 0 but need 8"),
    Shard("cut in half", |whole| whole[..whole.len() / 2].to_vec(), "Invalid Parquet file. Corrupt footer"),
    Shard("cut by a byte", |whole| whole[..whole.len() - 1].to_vec(), "Invalid Parquet file. Corrupt footer"),
    Shard(
        "garbage",
        |_| b"no Parquet at all, but long enough for a footer".to_vec(),
        "Invalid Parquet file. Corrupt footer",
    ),
    Shard(
        "wrong footer length",
        |mut whole| {
            let at = whole.len() - 8;
            whole[at..at + 4].copy_from_slice(&u32::MAX.to_le_bytes());
            whole
        },
        "the footer has 4294967295 bytes, of which 67108864 are read at most",
    ),
    Shard(
        "damaged footer",
        |mut whole| {
            let at = whole.len() - 12;
            whole[at - 40..at].fill(0xff);
            whole
        },
        "",
    ),
];

fn good_and_bad(bad: impl FnOnce(Vec<u8>) -> Vec<u8>) -> Sandbox {
    let sandbox = Sandbox::with_keys();
    let good = sandbox.path("corpus/a.parquet");
    write(&good, &texts(&[Some("a good text"), Some("another good text")]), 10);
    sandbox.write("corpus/b.parquet", bad(fs::read(&good).unwrap()));
    sandbox
}

#[test]
fn a_shard_that_cannot_be_counted_stops_the_run_and_is_named() {
    for Shard(name, damage, why) in UNCOUNTABLE {
        let sandbox = good_and_bad(damage);
        let output = run(&sandbox, PLAIN, "");
        assert_eq!(output.code, 2, "{name}: {}", output.stderr);
        let errors = output.errors();
        assert_eq!(errors.len(), 1, "{name}: {errors:?}");
        assert!(
            errors[0].starts_with("error: `corpus/b.parquet`: ") && errors[0].contains(why),
            "{name}: {errors:?}"
        );
        assert!(!sandbox.path("out/manifest.sigstore.json").exists(), "{name}");
    }
}

#[test]
fn a_shard_that_cannot_be_counted_can_be_excluded_and_is_signed_as_such() {
    for Shard(name, damage, why) in UNCOUNTABLE {
        let sandbox = good_and_bad(damage);
        let output = run(&sandbox, &format!("{PLAIN}\nbad_shard = \"exclude\""), "").expect(0);
        assert!(output.stderr.contains("WARN `corpus/b.parquet` is excluded"), "{name}: {}", output.stderr);
        let index: serde_json::Value =
            serde_json::from_slice(&sandbox.read("out/inputs/index.json")).unwrap();
        let listed = &index["shards"][1];
        assert_eq!(
            (&listed["name"], &listed["rows"]),
            (&"b.parquet".into(), &serde_json::Value::Null),
            "{name}"
        );
        assert!(listed["excluded"].as_str().unwrap().contains(why), "{name}: {listed}");
        let inputs = &statement(&sandbox.path("out"))["predicate"]["inputs"];
        assert_eq!(
            (&inputs["shards"], &inputs["excluded"], &inputs["rows"]),
            (&1.into(), &1.into(), &2.into()),
            "{name}"
        );
        assert_eq!(fates(&sandbox), ["kept", "kept"], "{name}");
        sandbox.verify("out", &["--inputs", "corpus"]).expect(0);
        // the excluded file is signed too
        sandbox.write("corpus/b.parquet", b"another");
        let report = sandbox.verify("out", &["--inputs", "corpus", "--json"]).expect(1).json();
        assert_eq!(crate::tamper::failed(&report), ["inputs.digests"], "{name}");
    }
}

#[test]
fn a_column_that_is_not_there_or_not_text_stops_the_run_and_is_named() {
    let numbers: ArrayRef = Arc::new(Int64Array::from(vec![1, 2]));
    let ids = || strings([Some("a"), Some("b")]);
    let cases: [(&str, RecordBatch, &str); 6] = [
        (PLAIN, batch(vec![("id", ids()), ("body", ids())]), "no column `text`; there are: id, body"),
        ("text = \"text\"\nid = \"key\"", texts(&[None]), "no column `key`; there are: id, text"),
        ("text = \"text\"\nurl = \"url\"", texts(&[None]), "no column `url`; there are: id, text"),
        (
            PLAIN,
            batch(vec![("id", ids()), ("text", Arc::clone(&numbers))]),
            "column `text` is Int64, expected a string",
        ),
        (
            "messages = \"text\"",
            texts(&[None]),
            "column `text` is Utf8, expected a list of structs with a text in `content` (or `value`) and a string `role` (or `from`)",
        ),
        ("text = \"messages\"", chats(&[None]), "expected a string"),
    ];
    for (input, shard, why) in cases {
        let sandbox = Sandbox::with_keys();
        write(&sandbox.path("corpus/a.parquet"), &shard, 10);
        let output = run(&sandbox, input, "").expect(2);
        let errors = output.errors();
        assert!(errors.len() == 1 && errors[0].starts_with("error: `corpus/a.parquet`: "), "{errors:?}");
        assert!(errors[0].ends_with(why), "{errors:?}\n{why}");
    }
}

#[test]
fn shards_without_rows_are_read_and_written() {
    let sandbox = Sandbox::with_keys();
    let empty = texts(&[]);
    write(&sandbox.path("corpus/no-groups.parquet"), &empty, 10);
    let reader =
        SerializedFileReader::new(File::open(sandbox.path("corpus/no-groups.parquet")).unwrap()).unwrap();
    assert_eq!(reader.metadata().num_row_groups(), 0);
    write(&sandbox.path("corpus/one.parquet"), &texts(&[Some("a good text")]), 10);
    run(&sandbox, PLAIN, "[[stage]]\nuse = \"exact-duplicates\"\n[[stage]]\nuse = \"near-duplicates\"")
        .expect(0);
    assert_eq!(fates(&sandbox), ["kept"]);
    crate::schemas::assert_equal(&empty, &read(&sandbox.path("out/data/part-00000.parquet")), "no rows");
    sandbox.verify("out", &["--inputs", "corpus"]).expect(0);

    // nothing but empty shards
    fs::remove_file(sandbox.path("corpus/one.parquet")).unwrap();
    sandbox.release("c.toml", "none", &[]).expect(0);
    assert_eq!(statement(&sandbox.path("none"))["predicate"]["accounting"]["in"], 0);
    sandbox.verify("none", &["--inputs", "corpus"]).expect(0);
}

#[test]
fn records_that_cannot_be_judged_are_quarantined_with_their_cause() {
    let sandbox = Sandbox::with_keys();
    let mixed: BinaryArray = [
        Some(&b"fine"[..]),
        None,
        Some(b"b\xffd"),
        Some(b""),
        Some(b"12345678901"),
        Some(b"1234567890"),
        Some(b"fine"),
    ]
    .into_iter()
    .collect();
    let ids: StringArray = (0..7).map(|at| (at != 3).then(|| format!("r{at}"))).collect();
    write(
        &sandbox.path("corpus/a.parquet"),
        &batch(vec![("id", Arc::new(ids)), ("text", Arc::new(mixed))]),
        3,
    );
    let limit = format!("{PLAIN}\nmax_record_bytes = 10");
    run(&sandbox, &limit, "[[stage]]\nuse = \"exact-duplicates\"").expect(0);
    assert_eq!(
        fates(&sandbox),
        [
            "kept",
            "quarantined input/null-text 1 0",
            "quarantined input/invalid-utf8 1 0",
            "kept",
            "quarantined input/record-bytes 11 10",
            "kept",
            "removed exact-duplicates/duplicate 1 0",
        ]
    );
    // a record without an id is called by its place
    assert_eq!(ledger(&sandbox.path("out"))[3].id, "0:3");
    let removed = read(&sandbox.path("out/auditor/removed/part-00000.parquet"));
    let gone = ["r1", "r2", "r4", "r6"].map(|id| Some(id.to_string()));
    assert_eq!(column(&removed, "id"), gone);
    sandbox.verify("out", &[]).expect(0);
}

#[test]
fn invalid_utf8_in_a_string_column_quarantines_its_row_group_alone() {
    let sandbox = Sandbox::with_keys();
    let path = sandbox.path("corpus/a.parquet");
    let shard = texts(&[
        Some("the first"),
        Some("the second"),
        Some("XXXXXXXX"),
        Some("the fourth"),
        Some("the fifth"),
    ]);
    write_with(&path, &shard, |p| p.set_max_row_group_row_count(Some(2)).set_dictionary_enabled(false), true);
    replace(&path, b"XXXXXXXX", b"XXX\xff\xfeXXX");
    run(&sandbox, PLAIN, "").expect(0);
    let gone = "quarantined input/unreadable 1 0";
    assert_eq!(fates(&sandbox), ["kept", "kept", gone, gone, "kept"]);
    sandbox.verify("out", &[]).expect(0);
}

/// Overwrites every occurrence of some bytes in a file; there must be one.
fn replace(path: &Path, from: &[u8], to: &[u8]) {
    let mut bytes = fs::read(path).unwrap();
    let places: Vec<usize> =
        (0..bytes.len() - from.len()).filter(|&at| bytes[at..].starts_with(from)).collect();
    assert!(!places.is_empty(), "{} does not hold {from:?}", path.display());
    for at in places {
        bytes[at..at + to.len()].copy_from_slice(to);
    }
    fs::write(path, bytes).unwrap();
}

#[test]
fn a_corrupt_page_quarantines_its_row_group_alone() {
    // in the text, which the judge reads, and in another column, which is not read before a record is written
    for (victim, stages) in [("text", ""), ("other", ""), ("other", "[[stage]]\nuse = \"exact-duplicates\"")]
    {
        let sandbox = Sandbox::with_keys();
        let path = sandbox.path("corpus/a.parquet");
        let long = |n: usize| format!("text {} of the shard", n % 8).repeat(30);
        let all: Vec<String> = (0..12).map(long).collect();
        let ids: StringArray = (0..12).map(|at| Some(format!("r{at}"))).collect();
        let other: StringArray = all.iter().map(|text| Some(text.replace("text", "other"))).collect();
        let text: StringArray = all.iter().map(|text| Some(text.as_str())).collect();
        let shard = batch(vec![("id", Arc::new(ids)), ("text", Arc::new(text)), ("other", Arc::new(other))]);
        write_with(
            &path,
            &shard,
            |p| p.set_max_row_group_row_count(Some(4)).set_compression(parquet::basic::Compression::SNAPPY),
            true,
        );
        corrupt_column(&path, 1, victim);
        let output = run(&sandbox, PLAIN, stages).expect(0);
        assert!(output.stderr.contains("WARN `corpus/a.parquet`: row group 1: "), "{}", output.stderr);
        let gone = "quarantined input/unreadable 1 0";
        let last = if stages.is_empty() { "kept" } else { "removed exact-duplicates/duplicate 1 0" };
        let expected: Vec<&str> = [["kept"; 4], [gone; 4], [last; 4]].concat();
        assert_eq!(fates(&sandbox), expected, "{victim}");
        let accounting = &statement(&sandbox.path("out"))["predicate"]["accounting"];
        assert_eq!((&accounting["in"], &accounting["quarantined"]), (&12.into(), &4.into()), "{victim}");
        sandbox.verify("out", &["--inputs", "corpus"]).expect(0);
    }
}

/// Overwrites the pages of one column in one row group.
pub fn corrupt_column(path: &Path, row_group: usize, name: &str) {
    let reader = SerializedFileReader::new(File::open(path).unwrap()).unwrap();
    let group = reader.metadata().row_group(row_group);
    let chunk = group.columns().iter().find(|chunk| chunk.column_path().string() == name).unwrap();
    let (start, length) = chunk.byte_range();
    let mut bytes = fs::read(path).unwrap();
    bytes[start as usize..(start + length) as usize].fill(0xee);
    fs::write(path, bytes).unwrap();
}

#[test]
fn a_quarantine_over_the_gate_leaves_the_release_unsigned() {
    let sandbox = Sandbox::with_keys();
    write(&sandbox.path("corpus/a.parquet"), &texts(&[Some("a text"), None, Some("another")]), 10);
    let output = run(&sandbox, PLAIN, "[gate]\nquarantined_ppm_max = 333332").expect(1);
    assert!(
        output
            .stdout
            .contains("gate broken    `gate.quarantined_ppm_max` is 333332, got 333333 (1 of 3 records)")
    );
    assert!(output.stdout.contains("unsigned       a release that breaks its gate is not signed"));
    for absent in ["out/manifest.sigstore.json", "out/attestations/dataset.sig"] {
        assert!(!sandbox.path(absent).exists(), "{absent}");
    }
    sandbox.verify("out", &[]).expect(1);
    sandbox.write("c.toml", config("[gate]\nquarantined_ppm_max = 333334\nremoved_ppm_max = 0"));
    sandbox.release("c.toml", "within", &[]).expect(0);
    sandbox.verify("within", &[]).expect(0);
}

#[test]
fn chats_without_messages_or_contents_have_their_fate() {
    let sandbox = Sandbox::with_keys();
    write_chat(&sandbox.path("corpus/a.parquet"));
    let stages = "[[stage]]\nuse = \"exact-duplicates\"\n[[stage]]\nuse = \"doc-length\"\nchars_min = 1";
    run(&sandbox, "messages = \"messages\"\nid = \"id\"", stages).expect(0);
    assert_eq!(
        fates(&sandbox),
        [
            "kept",
            "quarantined input/null-text 1 0",
            "removed doc-length/chars-min 0 1",
            "kept",
            "kept",
            "removed exact-duplicates/duplicate 1 0",
        ]
    );
    let input = read(&sandbox.path("corpus/a.parquet"));
    let kept = crate::schemas::released(&input, &sandbox.path("out"), 0);
    crate::schemas::assert_equal(&kept, &read(&sandbox.path("out/data/part-00000.parquet")), "chats");
    sandbox.verify("out", &["--inputs", "corpus"]).expect(0);
}

/// Twelve texts of many words, no two alike.
fn long_texts() -> Vec<String> {
    let text = |record: usize| {
        // of letters: numbers are one to deduplication
        let letter = |n: usize| char::from(b'a' + (n % 26) as u8);
        let number = |at: usize| (record * 131 + at * at * 7) % 9973;
        let word =
            |at: usize| -> String { [1, 26, 676].map(|place| letter(number(at) / place)).iter().collect() };
        (0..80).map(word).collect::<Vec<_>>().join(" ")
    };
    (0..12).map(text).collect()
}

/// Nothing is removed, cut or left out in favour of a record that is lost later: what is damaged where no stage looks
/// is known as damaged before any record is compared.
#[test]
fn damage_in_a_column_that_no_stage_looks_at_costs_its_row_group_alone() {
    let texts = long_texts();
    for stage in [
        "use = \"exact-duplicates\"",
        "use = \"near-duplicates\"",
        "use = \"repeated-passages\"\nunit = \"tokens\"",
        "use = \"keep-top\"\nseed = 1\nrecords = 12",
    ] {
        let sandbox = Sandbox::with_keys();
        for name in ["a", "b"] {
            let ids: StringArray = (0..12).map(|at| Some(format!("{name}{at}"))).collect();
            let texts: StringArray = texts.iter().map(Some).collect();
            let numbers: Int64Array = (0..12).map(Some).collect();
            let columns: Vec<(&str, ArrayRef)> =
                vec![("id", Arc::new(ids)), ("text", Arc::new(texts)), ("number", Arc::new(numbers))];
            write(&sandbox.path(format!("corpus/{name}.parquet")), &batch(columns), 12);
        }
        corrupt_column(&sandbox.path("corpus/a.parquet"), 0, "number");
        run(&sandbox, PLAIN, &format!("[[stage]]\n{stage}")).expect(0);
        let expected: Vec<&str> = [["quarantined input/unreadable 1 0"; 12], ["kept"; 12]].concat();
        assert_eq!(fates(&sandbox), expected, "{stage}");
        sandbox
            .verify("out", &["--inputs", "corpus", "--level", "signature,files,ledger,content,inputs,replay"])
            .expect(0);
        let kept = column(&read(&sandbox.path("out/data/part-00001.parquet")), "text");
        assert_eq!(kept.into_iter().flatten().collect::<Vec<_>>(), texts, "{stage}");
    }
}

#[test]
fn a_time_that_json_lines_cannot_spell_costs_its_record_alone() {
    let sandbox = Sandbox::with_keys();
    let times = TimestampMillisecondArray::from(vec![Some(0), Some(1 << 62), None]);
    let texts: StringArray = ["one", "two", "three"].map(Some).into_iter().collect();
    let ids: StringArray = ["x", "y", "z"].map(Some).into_iter().collect();
    let columns: Vec<(&str, ArrayRef)> =
        vec![("id", Arc::new(ids)), ("text", Arc::new(texts)), ("time", Arc::new(times))];
    write(&sandbox.path("corpus/a.parquet"), &batch(columns), 3);
    run(&sandbox, PLAIN, "[output]\nformat = \"jsonl\"").expect(0);
    assert_eq!(fates(&sandbox), ["kept", "quarantined input/unspellable 1 0", "kept"]);
    sandbox.verify("out", &["--inputs", "corpus"]).expect(0);
}

#[test]
fn a_link_to_the_directory_is_refused() {
    let sandbox = Sandbox::with_keys();
    write(&sandbox.path("corpus/a.parquet"), &texts(&[Some("a text")]), 1);
    fs::create_dir(sandbox.path("out")).unwrap();
    std::os::unix::fs::symlink(sandbox.path("out"), sandbox.path("link")).unwrap();
    sandbox.write("c.toml", config_with(PLAIN, ""));
    let output = sandbox.release("c.toml", "link", &[]).expect(2);
    assert_eq!(output.errors(), ["error: `link`: is a link; name the directory itself"]);
}
