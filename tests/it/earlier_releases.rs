//! Deduplicating against earlier releases: indices made, used, refused.

use crate::harness::Sandbox;
use crate::ledgers::{Row, ledger};
use crate::made_up::{Record, changed, config_of_shards, text, write_shards};
use xxhash_rust::xxh3::xxh3_64;

const INDEX: &str = "auditor/index/near-duplicates.keys";

/// A sandbox with the release `first`, which has an index, and shards in `corpus` to be held against it: `old` and
/// `older` are like records of it, `removed` is like a record that it removed, `new` is like none.
fn with_first_release(index: bool) -> Sandbox {
    let sandbox = Sandbox::with_keys();
    let first: Vec<Record> = vec![
        (0, "one", text(1, 104), None),
        (0, "short", "far too short".into(), None),
        (0, "two", text(2, 104), None),
        (1, "copy of two", changed(&text(2, 104), &[9]), None),
        (1, "three", text(3, 104), None),
    ];
    write_shards(&sandbox, "corpus", &first);
    let length = "[[stage]]\nuse = \"doc-length\"\nwords_min = 10\n";
    let near = format!("[[stage]]\nuse = \"near-duplicates\"\nindex = {index}");
    sandbox.write("first.toml", config_of_shards(&format!("{length}{near}")));
    sandbox.release("first.toml", "first", &[]).expect(0);
    sandbox.verify("first", &["--inputs", "corpus"]).expect(0);
    std::fs::rename(sandbox.path("corpus"), sandbox.path("corpus-of-first")).unwrap();
    let second: Vec<Record> = vec![
        (0, "new", text(4, 104), None),
        (0, "old", changed(&text(3, 104), &[50]), None),
        (1, "short", "far too short".into(), None),
        (1, "older", text(2, 104), None),
        (1, "copy of new", changed(&text(4, 104), &[50]), None),
    ];
    write_shards(&sandbox, "corpus", &second);
    sandbox
}

fn against(sandbox: &Sandbox, name: &str, keys: &str) {
    let stage = format!("[[stage]]\nuse = \"near-duplicates\"\nagainst = [\"{name}\"]\n{keys}");
    sandbox.write("c.toml", config_of_shards(&stage));
}

/// `rule value` of each record that is out, by id.
fn gone(rows: &[Row]) -> Vec<(&str, &str, Option<f64>)> {
    let similarity = |row: &Row| row.similarity.as_ref().map(|s| s.parse().unwrap());
    let one = |row: &'_ Row| !row.is_released() && row.fate == "removed";
    rows.iter()
        .filter(|row| one(row))
        .map(|row| (row.id.as_str(), row.rule.as_deref().unwrap(), similarity(row)))
        .collect()
}

#[test]
fn a_release_is_held_against_an_earlier_one_and_against_its_index_alone() {
    let sandbox = with_first_release(true);
    std::fs::copy(sandbox.path("first").join(INDEX), sandbox.path("first.keys")).unwrap();
    let of_new = ("copy of new", "jaccard", Some(0.9048));
    for (name, expected) in [
        ("first", [("old", "earlier", Some(0.9048)), ("older", "earlier", Some(1.0)), of_new]),
        ("first.keys", [("old", "earlier-unverified", None), ("older", "earlier-unverified", None), of_new]),
    ] {
        against(&sandbox, name, "");
        let out = format!("against-{name}");
        sandbox.release("c.toml", &out, &["--threads", "1"]).expect(0);
        sandbox.verify(&out, &["--inputs", "corpus"]).expect(0);
        let rows = ledger(&sandbox.path(&out));
        let found = gone(&rows);
        assert_eq!(found.len(), 3, "{name}: {found:?}");
        for ((id, rule, similarity), (x, y, z)) in found.iter().zip(expected) {
            assert_eq!((*id, *rule, similarity.is_some()), (x, y, z.is_some()), "{name}: {found:?}");
            assert!(similarity.zip(z).is_none_or(|(a, b)| (a - b).abs() < 1e-3), "{name}: {found:?}");
        }
        for row in rows.iter().filter(|row| row.id.starts_with("old")) {
            assert!(row.duplicate_of.is_none() && row.value.is_some() && row.bound.is_some(), "{row:?}");
        }
    }
    // the index is listed among what decided
    against(&sandbox, "first", "");
    let plan = sandbox.run(&["plan", "c.toml"]).expect(0).stdout;
    assert!(plan.contains(&format!("first/{INDEX}")), "{plan}");
}

#[test]
fn a_release_without_an_index_cannot_be_held_against() {
    let sandbox = with_first_release(false);
    against(&sandbox, "first", "");
    let errors = sandbox.run(&["plan", "c.toml"]).expect(2).stderr;
    assert!(errors.contains(INDEX) && errors.contains("`index = true`"), "{errors}");
}

#[test]
fn indices_made_otherwise_or_damaged_are_refused() {
    let sandbox = with_first_release(true);
    let whole = sandbox.read(format!("first/{INDEX}"));
    for keys in ["ngram = 4", "seed = 2", "bands = 13", "short = \"skip\"", "signature = \"datatrove\""] {
        against(&sandbox, "first", keys);
        let errors = sandbox.run(&["plan", "c.toml"]).expect(2).stderr;
        assert!(errors.contains("was made with `Fast Whole seed 1 bands 14 rows 8 ngram 5`"), "{errors}");
    }
    against(&sandbox, "some.keys", "");
    let flipped = |at: usize| {
        let mut bytes = whole.clone();
        bytes[at] ^= 1;
        bytes
    };
    let damaged = [
        Vec::new(),
        b"not an index".to_vec(),
        whole[..whole.len() - 1].to_vec(),
        whole[..70].to_vec(),
        flipped(0),
        flipped(9),
        flipped(60),
        flipped(whole.len() - 1),
        sealed(&[0xff; 64]),
        sealed(b"short"),
    ];
    for (at, bytes) in damaged.iter().enumerate() {
        sandbox.write("some.keys", bytes);
        let output = sandbox.release("c.toml", "out", &[]).expect(2);
        let errors = output.errors().join("\n");
        assert!(errors.contains("some.keys") && !errors.contains("panicked"), "{at}: {errors}");
    }
}

/// An artefact with this payload and a true checksum, as whoever wants to harm us can make one.
fn sealed(payload: &[u8]) -> Vec<u8> {
    let mut bytes = b"PROBITY1".to_vec();
    bytes.extend(9u32.to_le_bytes());
    bytes.extend([0; 4 + 32]);
    bytes.extend((payload.len() as u64).to_le_bytes());
    bytes.extend(xxh3_64(payload).to_le_bytes());
    bytes.extend(payload);
    bytes
}

/// The payload of an index with another header and other entries.
fn payload(header: &str, entries: &[u8]) -> Vec<u8> {
    [&(header.len() as u64).to_le_bytes(), header.as_bytes(), entries].concat()
}

#[test]
fn a_hostile_index_is_an_error_and_no_crash() {
    let sandbox = with_first_release(true);
    let whole = sandbox.read(format!("first/{INDEX}"));
    let length = u64::from_le_bytes(whole[64..72].try_into().unwrap()) as usize;
    let header = String::from_utf8(whole[72..72 + length].to_vec()).unwrap();
    let entries = &whole[72 + length..];
    let width = (14 + 2) * 8;
    assert_eq!(entries.len(), 3 * width, "one, two, three");
    assert_eq!(sealed(&payload(&header, entries))[64..], whole[64..]);
    let bands = |n: &str| header.replace("\"bands\":14", &format!("\"bands\":{n}"));
    let mut places = entries.to_vec();
    let place = |entries: &mut [u8], at: usize, shard: u64, row: u64| {
        entries[at * width + 14 * 8..][..8].copy_from_slice(&shard.to_le_bytes());
        entries[at * width + 15 * 8..][..8].copy_from_slice(&row.to_le_bytes());
    };
    let mut placed = |shards: [(u64, u64); 3]| {
        (0..3).for_each(|at| place(&mut places, at, shards[at].0, shards[at].1));
        places.clone()
    };
    // the last four name rows of `first/data` that are not there, or not in order; both texts of shard 0 and 1 are asked
    let hostile = [
        payload(&bands("18446744073709551614"), entries),
        payload(&bands("18446744073709551615"), entries),
        payload(&bands("0"), entries),
        payload(&bands("15"), entries),
        payload(&header.replace("\"text\":\"text\"", "\"text\":null"), entries),
        payload(&header.replace("\"text\":\"text\"", "\"text\":\"nothing\""), entries),
        payload(&header, &entries[..entries.len() - 8]),
        payload(&header, &placed([(0, 0), (0, 1), (0, 1)])),
        payload(&header, &placed([(0, 0), (0, 1), (0, 0)])),
        payload(&header, &placed([(0, 0), (7, 1), (1, u64::MAX)])),
        payload(&header, &placed([(0, 0), (0, 1), (1, u64::MAX)])),
    ];
    against(&sandbox, "first", "");
    for (at, payload) in hostile.iter().enumerate() {
        sandbox.write(&format!("first/{INDEX}"), sealed(payload));
        let output = sandbox.release("c.toml", &format!("out{at}"), &[]).expect(2);
        let errors = output.errors().join("\n");
        assert!(errors.contains("first/") && !errors.contains("panicked"), "{at}: {errors}");
        assert!(!errors.contains("bug:"), "{at}: {errors}");
    }
}
