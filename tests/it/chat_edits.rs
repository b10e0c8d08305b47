//! Edits of chat records: put back turn by turn, in every shape, and nothing else changes.

use crate::harness::{Sandbox, config_with, roots, tree};
use crate::ledgers::ledger;
use crate::parquet_files::{batch, column, read, strings, write};
use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, ListArray, StringArray, StructArray};
use arrow_buffer::OffsetBuffer;
use arrow_schema::{DataType, Field};
use serde_json::{Value, json};
use std::sync::Arc;

/// Made up, as all that follows.
const KEY: [&str; 2] = [
    "-----BEGIN RSA PRIVATE KEY-----\nMIIEpAIBAAKCAQEAxyz0123456789abcdefghijklmnop\nqrstuvwxyz0123456789ABCDEFGHIJ+/",
    "KLMNOPQRSTUVWXYZMIIEpAIBAAKCAQEAxyz0123456789\n-----END RSA PRIVATE KEY-----",
];

const RAW: [&str; 4] = ["ann@lovelace.dev", "646-555-2368", "AKIA3XR7QPLM2WZK5TVB", "MIIEpAIBAAKCAQEA"];

const LEVELS: [&str; 4] = ["--level", "signature,files,ledger,content,inputs,replay", "--inputs", "corpus"];

/// Turns as role and parts, before and after.
type Turns<'a> = Vec<(&'a str, Vec<&'a str>)>;

fn records() -> Vec<(Turns<'static>, Turns<'static>)> {
    let same = vec![("user", vec!["Hi"]), ("assistant", vec!["Hello.", ""])];
    vec![
        (
            vec![
                ("user", vec!["Call 646-555-2368 or", "mail ann@lovelace.dev"]),
                ("assistant", vec![RAW[2], "ok"]),
            ],
            vec![("user", vec!["Call <PHONE> or", "mail <EMAIL>"]), ("assistant", vec!["<SECRET>", "ok"])],
        ),
        (same.clone(), same),
        // what is found in two strings is taken out of both, and they stay two
        (
            vec![("user", vec!["A key?"]), ("assistant", vec![KEY[0], KEY[1], "There."])],
            vec![("user", vec!["A key?"]), ("assistant", vec!["<PRIVATE_KEY>", "", "There."])],
        ),
        (
            vec![("user", vec!["A key?", KEY[0]]), ("assistant", vec![KEY[1], "It is cut."])],
            vec![("user", vec!["A key?", "<PRIVATE_KEY>"]), ("assistant", vec!["", "It is cut."])],
        ),
        (vec![("user", vec!["Removed: ann@lovelace.dev"])], vec![]),
    ]
}

const STAGES: &str =
    "[[stage]]\nuse = \"sensitive-data\"\n\n[[stage]]\nuse = \"chat-turns\"\nempty_max = 1\n";

fn lists(item: &str, values: ArrayRef, lengths: Vec<usize>) -> ArrayRef {
    let field = Arc::new(Field::new(item, values.data_type().clone(), true));
    Arc::new(ListArray::try_new(field, OffsetBuffer::from_lengths(lengths), values, None).unwrap())
}

fn structs(columns: Vec<(&str, ArrayRef)>) -> ArrayRef {
    let field = |(name, array): (&str, ArrayRef)| {
        (Arc::new(Field::new(name, array.data_type().clone(), true)), array)
    };
    Arc::new(StructArray::from(columns.into_iter().map(field).collect::<Vec<_>>()))
}

/// Messages with contents in parts.
fn in_parts(records: &[&Turns<'_>]) -> ArrayRef {
    let turns = || records.iter().copied().flatten();
    let texts = strings(turns().flat_map(|(_, parts)| parts).map(|part| Some(*part)));
    let kinds = strings((0..texts.len()).map(|_| Some("text")));
    let parts = structs(vec![("type", kinds), ("text", texts)]);
    let contents = lists("element", parts, turns().map(|(_, parts)| parts.len()).collect());
    let roles = strings(turns().map(|(role, _)| Some(*role)));
    let messages = structs(vec![("content", contents), ("role", roles)]);
    lists("item", messages, records.iter().map(|turns| turns.len()).collect())
}

fn json_of(turns: &Turns<'_>, nth: usize) -> String {
    let part = |part: &&str| json!({"type": "text", "text": part});
    let turn = |(role, parts): &(&str, Vec<&str>)| json!({"role": role, "content": parts.iter().map(part).collect::<Vec<_>>()});
    json!({"n": nth, "messages": turns.iter().map(turn).collect::<Vec<_>>()}).to_string()
}

fn root(sandbox: &Sandbox, release: &str) -> Value {
    roots(&sandbox.path(release))[0].clone()
}

fn nothing_raw(sandbox: &Sandbox, release: &str) {
    for (name, bytes) in tree(&sandbox.path(release)) {
        let content = match name.ends_with(".parquet") {
            true => format!("{:?}", read(&sandbox.path(release).join(&name))),
            false => String::from_utf8_lossy(&bytes).into_owned(),
        };
        for raw in RAW {
            assert!(!content.contains(raw), "`{raw}` is in {name}");
        }
    }
}

#[test]
fn edited_turns_are_put_back_in_both_formats() {
    let records = records();
    let fates = ["edited", "kept", "edited", "edited", "removed"];
    let (before, after): (Vec<_>, Vec<_>) = records.iter().map(|(before, after)| (before, after)).unzip();
    let sandbox = Sandbox::with_keys();
    let kept = &after[..4];

    write(
        &sandbox.path("corpus/a.parquet"),
        &batch(vec![("messages", in_parts(&before)), ("n", Arc::new(StringArray::from(vec!["x"; 5])))]),
        3,
    );
    sandbox.write("c.toml", config_with("messages = \"messages\"", STAGES));
    sandbox.release("c.toml", "parquet", &[]).expect(0);
    sandbox.verify("parquet", &LEVELS).expect(0);
    let rows = ledger(&sandbox.path("parquet"));
    assert_eq!(rows.iter().map(|row| row.fate.as_str()).collect::<Vec<_>>(), fates);
    let data = read(&sandbox.path("parquet/data/part-00000.parquet"));
    assert_eq!(data.column_by_name("messages").unwrap().as_ref(), in_parts(kept).as_ref());
    nothing_raw(&sandbox, "parquet");

    std::fs::remove_file(sandbox.path("corpus/a.parquet")).unwrap();
    let lines: Vec<String> = before.iter().enumerate().map(|(nth, turns)| json_of(turns, nth)).collect();
    sandbox.write("corpus/a.jsonl", lines.join("\n"));
    sandbox.write("c.toml", config_with("messages = \"messages\"", STAGES).replace("*.parquet", "*.jsonl"));
    sandbox.release("c.toml", "lines", &[]).expect(0);
    sandbox.verify("lines", &LEVELS).expect(0);
    let data = read(&sandbox.path("lines/data/part-00000.parquet"));
    let json: Vec<String> = column(&data, "json").into_iter().flatten().collect();
    assert_eq!(json, kept.iter().enumerate().map(|(nth, turns)| json_of(turns, nth)).collect::<Vec<_>>());
    let contents = data.column_by_name("messages").unwrap().as_list::<i32>().values().as_struct().clone();
    let contents = contents.column_by_name("content").unwrap().as_string::<i32>().clone();
    let joined: Vec<String> = kept.iter().copied().flatten().map(|(_, parts)| parts.join("\n")).collect();
    assert_eq!(contents.iter().flatten().collect::<Vec<_>>(), joined);
    assert_eq!(contents.data_type(), &DataType::Utf8);
    nothing_raw(&sandbox, "lines");
    assert_eq!(root(&sandbox, "parquet"), root(&sandbox, "lines"));
}

#[test]
fn lines_that_are_no_records_are_redacted_whole() {
    let sandbox = Sandbox::with_keys();
    let lines = [
        r#"{"prompt":"Mail ann@lovelace.dev!","chosen":["ann@lovelace.dev"]}"#,
        r#"{"prompt":null,"note":"ann@lovelace.dev"}"#,
        r#"["ann@lovelace.dev"]"#,
        "ann@lovelace.dev",
    ];
    sandbox.write("corpus/a.jsonl", lines.join("\n"));
    for (input, text) in [("messages = [\"prompt\", \"chosen\"]", "prompt"), ("text = \"chosen\"", "chosen")]
    {
        sandbox.write(
            "c.toml",
            config_with(input, STAGES.split("\n\n").next().unwrap()).replace("*.parquet", "*.jsonl"),
        );
        sandbox.release("c.toml", text, &[]).expect(0);
        sandbox.verify(text, &LEVELS).expect(0);
        nothing_raw(&sandbox, text);
        let removed = read(&sandbox.path(text).join("auditor/removed/part-00000.parquet"));
        let json: Vec<String> = column(&removed, "json").into_iter().flatten().collect();
        assert_eq!(json, lines.map(|line| line.replace(RAW[0], "<EMAIL>")));
    }
}

#[test]
fn fields_are_edited_and_compared_by_themselves() {
    let sandbox = Sandbox::with_keys();
    let prompt = strings([Some("Mail ann@lovelace.dev?"), Some("How far?"), Some("How far?"), None, None]);
    let chosen =
        strings([Some("Yes: ann@lovelace.dev."), Some("Far."), Some("Very far."), Some("So."), None]);
    let rejected = strings([Some("No."), Some("Near."), Some("Very near."), None, None]);
    let shard = batch(vec![("prompt", prompt), ("chosen", chosen), ("rejected", rejected)]);
    write(&sandbox.path("corpus/a.parquet"), &shard, 2);
    let fates = |stages: &str| -> Vec<String> {
        let input = "messages = [\"prompt\", \"chosen\", \"rejected\"]";
        sandbox.write("c.toml", config_with(input, stages));
        let _ = std::fs::remove_dir_all(sandbox.path("out"));
        sandbox.release("c.toml", "out", &[]).expect(0);
        sandbox.verify("out", &LEVELS).expect(0);
        ledger(&sandbox.path("out")).iter().map(|row| row.summary()).collect()
    };
    let stage = |name: &str, keys: &str| format!("[[stage]]\nuse = \"{name}\"\n{keys}\n");
    let null = "quarantined input/null-text 1 0";
    // whole records differ, the questions of two do not; one without a question is a copy of nothing
    assert_eq!(fates(&stage("exact-duplicates", "")), ["kept", "kept", "kept", "kept", null]);
    let copy = |rule: &str, bound: &str| {
        ["kept".into(), "kept".into(), format!("removed {rule} 1 {bound}"), "kept".into(), null.into()]
    };
    let asked = "roles = [\"user\"]";
    assert_eq!(fates(&stage("exact-duplicates", asked)), copy("exact-duplicates/duplicate", "0"));
    assert_eq!(fates(&stage("near-duplicates", asked)), copy("near-duplicates/jaccard", "0.75"));
    assert_eq!(
        fates(&stage("exact-duplicates", "fields = [\"prompt\"]")),
        copy("exact-duplicates/duplicate", "0")
    );
    // only the chosen answers are edited
    let told = fates(&stage("sensitive-data", "fields = [\"chosen\"]"));
    assert_eq!(told, ["edited", "kept", "kept", "kept", null]);
    let data = read(&sandbox.path("out/data/part-00000.parquet"));
    assert_eq!(column(&data, "prompt")[0].as_deref(), Some("Mail ann@lovelace.dev?"));
    assert_eq!(column(&data, "chosen")[0].as_deref(), Some("Yes: <EMAIL>."));
    assert_eq!(column(&data, "rejected")[3], None);
}

#[test]
fn an_index_of_some_turns_is_held_against_the_same_turns_only() {
    let sandbox = Sandbox::with_keys();
    let words = "a question of more than five words about how far it is";
    let shard = |answer: &str| {
        batch(vec![("prompt", strings([Some(words)])), ("completion", strings([Some(answer)]))])
    };
    let near = |keys: &str| {
        config_with(
            "messages = [\"prompt\", \"completion\"]",
            &format!("[[stage]]\nuse = \"near-duplicates\"\n{keys}\n"),
        )
    };
    write(&sandbox.path("corpus/a.parquet"), &shard("Far."), 1);
    sandbox.write("c.toml", near("roles = [\"user\"]\nindex = true"));
    sandbox.release("c.toml", "first", &[]).expect(0);
    write(
        &sandbox.path("corpus/a.parquet"),
        &shard("It is quite near, I should say, or so it seems to me."),
        1,
    );
    sandbox.write("c.toml", near("roles = [\"user\"]\nagainst = [\"first\"]"));
    sandbox.release("c.toml", "second", &[]).expect(0);
    assert_eq!(ledger(&sandbox.path("second"))[0].summary(), "removed near-duplicates/earlier 1 0.75");
    sandbox.write("c.toml", near("against = [\"first\"]"));
    let refused = sandbox.release("c.toml", "third", &[]).expect(2);
    assert!(refused.stderr.contains("roles user"), "{}", refused.stderr);
}
