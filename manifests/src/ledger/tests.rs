use proptest::prelude::*;

use super::*;
use crate::canonical::{INTEGER_MAX, parse_canonical, to_canonical};
use crate::digest::Sha256;
use crate::merkle::Tree;

pub(super) fn leaves(shard: &str, row: &LedgerRow) -> (Vec<u8>, Vec<u8>) {
    let (mut decision, mut record) = (Vec::new(), Vec::new());
    decision_leaf(shard, row, &mut decision);
    record_leaf(shard, row, &mut record);
    (decision, record)
}

fn kept(row: u64) -> LedgerRow {
    LedgerRow { row, out: Some((0, row)), ..LedgerRow::default() }
}

pub(super) fn edit(part: u32, start: u64, end: u64, with: &str) -> Edit {
    Edit { part, start, end, with: with.into() }
}

pub(super) fn edited(row: u64, edits: Vec<Edit>) -> LedgerRow {
    LedgerRow { fate: Fate::Edited, edits, ..kept(row) }
}

pub(super) fn removed(row: u64, stage: &str, rule: &str) -> LedgerRow {
    LedgerRow {
        row,
        fate: Fate::Removed,
        stage: Some(stage.into()),
        rule: Some(rule.into()),
        ..LedgerRow::default()
    }
}

#[test]
fn fates_have_one_name() {
    for (fate, name) in [
        (Fate::Kept, "kept"),
        (Fate::Edited, "edited"),
        (Fate::Removed, "removed"),
        (Fate::Quarantined, "quarantined"),
    ] {
        assert_eq!((fate.as_str(), fate.to_string().as_str()), (name, name));
        assert_eq!(name.parse(), Ok(fate));
        assert_eq!(serde_json::to_value(fate).unwrap(), name);
    }
    assert_eq!("Kept".parse::<Fate>(), Err(UnknownFate("Kept".into())));
}

#[test]
fn stems_do_not_depend_on_the_format() {
    for extension in SHARD_EXTENSIONS.into_iter().chain([""]) {
        assert_eq!(shard_stem(&format!("crawl/a.b{extension}")), "crawl/a.b");
    }
    for name in ["a.json", "a.gz", "a.parquet.bak", "", "a.PARQUET"] {
        assert_eq!(shard_stem(name), name);
    }
}

prop_compose! {
    fn any_entry()(name: String, digests: [[u8; 32]; 3], counts in prop::array::uniform5(0..=INTEGER_MAX)) -> ShardEntry {
        let [input_sha256, record_root, decision_root] = digests.map(Sha256);
        let [rows, kept, edited, removed, quarantined] = counts;
        ShardEntry { name, input_sha256, rows, kept, edited, removed, quarantined, record_root, decision_root }
    }
}

proptest! {
    #[test]
    fn entries_are_canonical_json(entry in any_entry()) {
        let bytes = entry.to_canonical();
        prop_assert_eq!(&bytes, &to_canonical(&entry).unwrap());
        prop_assert_eq!(parse_canonical::<ShardEntry>(&bytes, 1 << 20).unwrap(), entry);
    }
}

#[test]
fn entries_need_their_tag_and_nothing_more() {
    let entry = sample_tally().entry(Sha256::of(b"input"));
    let text = String::from_utf8(entry.to_canonical()).unwrap();
    assert!(text.ends_with(r#","t":"shard"}"#), "{text}");
    for bad in [
        text.replace(r#","t":"shard""#, ""),
        text.replace(r#""t":"shard""#, r#""t":"record""#),
        text.replace(r#""t":"#, r#""s":1,"t":"#),
    ] {
        assert!(serde_json::from_str::<ShardEntry>(&bad).is_err(), "{bad}");
    }
}

fn sample_rows() -> Vec<LedgerRow> {
    let mut quarantined = removed(3, "keywords", "keywords/cbrn");
    quarantined.fate = Fate::Quarantined;
    vec![
        kept(0),
        removed(1, "gopher-quality", "gopher-quality/short-doc"),
        edited(2, vec![edit(0, 0, 1, "")]),
        quarantined,
        removed(4, "gopher-quality", "gopher-quality/short-doc"),
    ]
}

fn sample_tally() -> ShardTally {
    let mut tally = ShardTally::new("a");
    sample_rows().iter().for_each(|row| tally.add(row).unwrap());
    tally
}

#[test]
fn a_tally_counts_and_hashes() {
    let tally = sample_tally();
    assert_eq!(tally.counts(), FateCounts { kept: 1, edited: 1, removed: 2, quarantined: 1 });
    assert_eq!(tally.counts().total(), 5);
    let by_rule: Vec<_> = tally.by_rule().iter().map(|((s, r), c)| (s.as_str(), r.as_str(), *c)).collect();
    let expected = [
        ("gopher-quality", "gopher-quality/short-doc", RuleCount { removed: 2, quarantined: 0 }),
        ("keywords", "keywords/cbrn", RuleCount { removed: 0, quarantined: 1 }),
    ];
    assert_eq!(by_rule, expected);
    let (mut decisions, mut records) = (Tree::new(), Tree::new());
    for row in sample_rows() {
        let (decision, record) = leaves("a", &row);
        decisions.push(&decision);
        records.push(&record);
    }
    assert_eq!((tally.decision_root(), tally.record_root()), (decisions.root(), records.root()));
    let entry = tally.entry(Sha256::of(b"input"));
    assert_eq!((entry.rows, entry.kept, entry.edited, entry.removed, entry.quarantined), (5, 1, 1, 2, 1));
}

#[test]
fn only_the_record_root_depends_on_salts_and_outputs() {
    let mut other = ShardTally::new("a");
    for mut row in sample_rows() {
        row.commit = [9; 32];
        row.out = row.out.map(|(part, at)| (part + 3, at));
        other.add(&row).unwrap();
    }
    let first = sample_tally();
    assert_eq!(first.decision_root(), other.decision_root());
    assert_ne!(first.record_root(), other.record_root());
}

#[test]
fn rows_come_in_order() {
    let mut tally = sample_tally();
    for row in [0, 4, 6] {
        assert_eq!(tally.add(&kept(row)), Err(LedgerError::Order { expected: 5, found: row }));
    }
    assert_eq!(tally.decision_root(), sample_tally().decision_root(), "an error changes nothing");
    assert_eq!(tally.add(&kept(5)), Ok(()));
}

#[test]
fn fate_and_columns_agree() {
    let refused = |row: LedgerRow, column: &str, missing: bool| {
        let result = ShardTally::new("a").add(&row);
        let matches = match &result {
            Err(LedgerError::Missing { column: found, .. }) => missing && *found == column,
            Err(LedgerError::Unexpected { column: found, .. }) => !missing && *found == column,
            _ => false,
        };
        assert!(matches, "{column}: {result:?}");
    };
    let text = || Some("x".to_owned());
    for base in [kept(0), edited(0, vec![edit(0, 0, 1, "")])] {
        refused(LedgerRow { out: None, ..base.clone() }, "out", true);
        refused(LedgerRow { stage: text(), ..base.clone() }, "stage", false);
        refused(LedgerRow { rule: text(), ..base.clone() }, "rule", false);
        refused(LedgerRow { value: text(), ..base.clone() }, "value", false);
        refused(LedgerRow { bound: text(), ..base.clone() }, "bound", false);
        refused(LedgerRow { similarity: text(), ..base.clone() }, "similarity", false);
        refused(LedgerRow { duplicate_of: Some(("b".into(), 0)), ..base }, "duplicate_of", false);
    }
    refused(edited(0, vec![]), "edits", true);
    refused(LedgerRow { fate: Fate::Kept, ..edited(0, vec![edit(0, 0, 1, "")]) }, "edits", false);
    for fate in [Fate::Removed, Fate::Quarantined] {
        let base = LedgerRow { fate, ..removed(0, "s", "s/r") };
        refused(LedgerRow { stage: None, ..base.clone() }, "stage", true);
        refused(LedgerRow { rule: None, ..base.clone() }, "rule", true);
        refused(LedgerRow { out: Some((0, 0)), ..base.clone() }, "out", false);
        let edited_before = LedgerRow { edits: vec![edit(0, 0, 1, "")], ..base };
        assert_eq!(ShardTally::new("a").add(&edited_before), Ok(()));
    }
}

#[test]
fn edits_are_sorted_and_disjoint() {
    let added = |edits: Vec<Edit>| ShardTally::new("a").add(&edited(0, edits));
    for good in [
        vec![edit(0, 0, 0, "x")],
        vec![edit(0, 0, 1, ""), edit(0, 1, 2, "")],
        vec![edit(0, 0, 1, ""), edit(0, 1, 1, "x")],
        vec![edit(0, 5, 9, ""), edit(1, 0, 1, ""), edit(3, 0, 1, "")],
    ] {
        assert_eq!(added(good.clone()), Ok(()), "{good:?}");
    }
    for bad in [
        vec![edit(0, 2, 1, "x")],
        vec![edit(0, 1, 1, "")],
        vec![edit(0, 0, 2, ""), edit(0, 1, 3, "")],
        vec![edit(0, 4, 5, ""), edit(0, 0, 1, "")],
        vec![edit(1, 0, 1, ""), edit(0, 0, 1, "")],
        vec![edit(0, 1, 1, "x"), edit(0, 1, 1, "y")],
    ] {
        assert_eq!(added(bad.clone()), Err(LedgerError::Edits { row: 0 }), "{bad:?}");
    }
}

#[test]
fn only_released_rows_have_copies_and_splits() {
    let added = |row: LedgerRow| ShardTally::new("a").add(&row);
    let split = || Some("train".to_owned());
    assert_eq!(added(LedgerRow { repeats: 3, split: split(), ..kept(0) }), Ok(()));
    for wrong in [
        LedgerRow { repeats: 0, ..kept(0) },
        LedgerRow { repeats: 2, ..removed(0, "s", "s/r") },
        LedgerRow { split: Some("train".into()), ..removed(0, "s", "s/r") },
    ] {
        assert!(added(wrong.clone()).is_err(), "{wrong:?}");
    }
}

#[test]
fn numbers_fit_json_and_duplicates_are_others() {
    let mut tally = ShardTally::new("a");
    let far = LedgerRow { out: Some((0, INTEGER_MAX + 1)), ..kept(0) };
    assert_eq!(tally.add(&far), Err(LedgerError::IntegerRange { row: 0, column: "out" }));
    let long = edited(0, vec![edit(0, 0, INTEGER_MAX + 1, "")]);
    assert_eq!(tally.add(&long), Err(LedgerError::IntegerRange { row: 0, column: "edits" }));
    let mut duplicate = removed(0, "d", "d/exact");
    duplicate.duplicate_of = Some(("a".into(), 0));
    assert_eq!(tally.add(&duplicate), Err(LedgerError::DuplicateOfItself { row: 0 }));
    duplicate.duplicate_of = Some(("b".into(), 0));
    assert_eq!(tally.add(&duplicate), Ok(()));
}

fn entry(name: &str, seed: u8) -> ShardEntry {
    let mut tally = ShardTally::new(name);
    tally.add(&LedgerRow { out: Some((u32::from(seed), 0)), ..kept(0) }).unwrap();
    tally.entry(Sha256::of(&[seed]))
}

#[test]
fn roots_bind_order_name_and_input() {
    let entries = ["b", "a", "B"].map(|name| entry(name, 1));
    let [b, a, upper] = entries.clone();
    let shuffled = [a.clone(), b.clone(), upper.clone()];
    assert_eq!(decision_root(&entries), decision_root(&shuffled), "by stem, whatever the order of the index");
    assert_ne!(record_root(&entries), record_root(&shuffled), "in the order of the index");
    let mut tree = Tree::new();
    [&upper, &a, &b].iter().for_each(|entry| tree.push(&entry.decision_root.0));
    assert_eq!(decision_root(&entries), tree.root(), "upper case first: byte order");
    let mut other_input = entries.clone();
    other_input[0].input_sha256 = Sha256::of(b"other");
    assert_eq!(
        decision_root(&entries),
        decision_root(&other_input),
        "Parquet and JSONL give one decision root"
    );
    assert_ne!(record_root(&entries), record_root(&other_input));
    let empty = Sha256::of(b"");
    assert_eq!((record_root(&[]), decision_root(&[]), content_root(&[])), (empty, empty, empty));
    let mut content = Tree::new();
    content.push(&a.record_root.0);
    assert_eq!(content_root(&[a.record_root]), content.root());
}
