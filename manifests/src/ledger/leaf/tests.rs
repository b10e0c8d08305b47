use proptest::prelude::*;
use serde::Serialize;

use super::*;
use crate::canonical::{INTEGER_MAX, to_canonical};
use crate::ledger::Fate;
use crate::ledger::tests::{edit, edited, leaves, removed};

/// The leaf as a type, to hold the hand-written form against the general one.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Decision<'a> {
    t: &'a str,
    shard: &'a str,
    row: u64,
    fate: Fate,
    stage: &'a Option<String>,
    rule: &'a Option<String>,
    value: &'a Option<String>,
    bound: &'a Option<String>,
    duplicate_of: &'a Option<(String, u64)>,
    similarity: &'a Option<String>,
    edits: &'a [Edit],
    #[serde(skip_serializing_if = "Option::is_none")]
    repeats: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    split: Option<&'a str>,
}

#[derive(Serialize)]
struct Record<'a> {
    #[serde(flatten)]
    decision: Decision<'a>,
    out: Option<(u32, u64)>,
    c: String,
}

fn decision<'a>(t: &'a str, shard: &'a str, row: &'a LedgerRow) -> Decision<'a> {
    Decision {
        t,
        shard,
        row: row.row,
        fate: row.fate,
        stage: &row.stage,
        rule: &row.rule,
        value: &row.value,
        bound: &row.bound,
        duplicate_of: &row.duplicate_of,
        similarity: &row.similarity,
        edits: &row.edits,
        repeats: (row.repeats != 1).then_some(row.repeats),
        split: row.split.as_deref(),
    }
}

fn record<'a>(shard: &'a str, row: &'a LedgerRow) -> Record<'a> {
    use base64::Engine;
    let c = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(row.commit);
    Record { decision: decision("record", shard, row), out: row.out, c }
}

/// Written out in full: other implementations are checked against these very bytes.
#[test]
fn leaves_are_these_bytes() {
    let mut row = edited(7, vec![edit(0, 3, 5, "\"x\"\n"), edit(1, 0, 0, "é")]);
    row.commit = [0xfb; 32];
    let (decision, record) = leaves("crawl/a", &row);
    let edits = r#"[{"end":5,"part":0,"start":3,"with":"\"x\"\n"},{"end":0,"part":1,"start":0,"with":"é"}]"#;
    let expected = format!(
        r#"{{"bound":null,"duplicateOf":null,"edits":{edits},"fate":"edited","row":7,"rule":null,"shard":"crawl/a","similarity":null,"stage":null,"t":"decision","value":null}}"#
    );
    assert_eq!(String::from_utf8(decision).unwrap(), expected);
    let c = "-_v7-_v7-_v7-_v7-_v7-_v7-_v7-_v7-_v7-_v7-_s";
    let expected = format!(
        r#"{{"bound":null,"c":"{c}","duplicateOf":null,"edits":{edits},"fate":"edited","out":[0,7],"row":7,"rule":null,"shard":"crawl/a","similarity":null,"stage":null,"t":"record","value":null}}"#
    );
    assert_eq!(String::from_utf8(record).unwrap(), expected);

    let mut row = removed(0, "near-duplicates", "near-duplicates/similar");
    row.value = Some("0.91".into());
    row.bound = Some("0.75".into());
    row.duplicate_of = Some(("crawl/b".into(), 12));
    row.similarity = Some("0.91".into());
    let (decision, _) = leaves("crawl/a", &row);
    let expected = r#"{"bound":"0.75","duplicateOf":["crawl/b",12],"edits":[],"fate":"removed","row":0,"rule":"near-duplicates/similar","shard":"crawl/a","similarity":"0.91","stage":"near-duplicates","t":"decision","value":"0.91"}"#;
    assert_eq!(String::from_utf8(decision).unwrap(), expected);
}

prop_compose! {
    fn any_edit()(part: u32, start in 0..=INTEGER_MAX, end in 0..=INTEGER_MAX, with: String) -> Edit {
        Edit { part, start, end, with }
    }
}

prop_compose! {
    fn any_row()(
        row in 0..=INTEGER_MAX,
        fate in prop::sample::select(vec![Fate::Kept, Fate::Edited, Fate::Removed, Fate::Quarantined]),
        texts: [Option<String>; 5],
        duplicate_of in prop::option::of((any::<String>(), 0..=INTEGER_MAX)),
        edits in prop::collection::vec(any_edit(), 0..4),
        repeats in 1..4_u32,
        split: Option<String>,
        out in prop::option::of((any::<u32>(), 0..=INTEGER_MAX)),
        commit: [u8; 32],
    ) -> LedgerRow {
        let [stage, rule, value, bound, similarity] = texts;
        LedgerRow {
            row, fate, stage, rule, value, bound, duplicate_of, similarity, edits, repeats, split, out, commit,
        }
    }
}

proptest! {
    #[test]
    fn leaves_are_canonical_json(shard: String, row in any_row()) {
        let (as_decision, as_record) = leaves(&shard, &row);
        prop_assert_eq!(as_decision, to_canonical(&decision("decision", &shard, &row)).unwrap());
        prop_assert_eq!(as_record, to_canonical(&record(&shard, &row)).unwrap());
    }
}
