//! The threat model, attack by attack, and the test that tries each. Where a row of the tables tries it, the table says
//! which checks must fail.

use super::attacks::ATTACKS;
use super::lies::LIES;

/// Where an attack is tried.
enum Tried {
    /// A row of the tables of attacks and lies.
    Row(&'static str),
    /// A test: the file under `src`, and the function.
    Test(&'static str, &'static str),
}
use Tried::{Row, Test};

const THREATS: [(u8, &str, &[Tried]); 27] = [
    (
        1,
        "ledger row removed, added or reordered",
        &[
            Row("a ledger row removed"),
            Row("a ledger row added"),
            Row("ledger rows reordered"),
            Row("a row gone from the ledger and the index, not from the inputs"),
        ],
    ),
    (
        2,
        "ledger row edited",
        &[
            Row("a ledger row edited"),
            Row("a ledger value edited"),
            Row("a ledger row changed after counting"),
        ],
    ),
    (
        3,
        "shards swapped or renamed",
        &[
            Row("two ledger files swapped"),
            Row("a shard renamed in the index"),
            Row("shards swapped in the index"),
        ],
    ),
    (
        4,
        "counts edited in the file",
        &[Row("claims changed after signing"), Row("counts edited in the index")],
    ),
    (
        5,
        "false totals over an honest ledger",
        &[
            Row("fewer removed"),
            Row("a removed record counted as kept"),
            Row("one record less everywhere"),
            Row("one rule blamed for another"),
            Row("orphans left out"),
            Row("a committed stage that took out less than it did"),
            Row("a committed rule blamed for another"),
        ],
    ),
    (
        6,
        "output shard replaced, row altered or added",
        &[
            Row("a row altered in the data"),
            Row("a row added to the data"),
            Row("two parts swapped"),
            Row("two texts changed places"),
            Row("another text under a kept record"),
            Row("a released row that no ledger row keeps"),
        ],
    ),
    (
        7,
        "file dropped into the release",
        &[
            Row("a file added to the data"),
            Row("a file added at the top"),
            Row("a file added to the auditors' files"),
            Row("a file where only git looks"),
        ],
    ),
    (8, "config edited after the run", &[Row("the configuration edited")]),
    (
        9,
        "signature stripped or empty",
        &[Row("no signature"), Row("empty signature"), Row("unsigned manifest instead of a signed one")],
    ),
    (
        10,
        "wrong key, or an attacker's key or hint in the bundle",
        &[Row("another key"), Row("another key under the trusted key's names"), Row("an attacker's hint")],
    ),
    (
        11,
        "good signature over another kind of payload",
        &[
            Row("another payload type"),
            Row("another payload type, signed"),
            Row("another predicate type"),
            Row("the two bundles swapped"),
        ],
    ),
    (
        12,
        "weaker algorithms",
        &[
            Row("another digest than SHA-256"),
            Row("another hash for the openings"),
            Test("keys/tests.rs", "other_algorithms_are_refused"),
            Test("keys/tests.rs", "weak_ed25519_keys_are_refused"),
        ],
    ),
    (13, "replay of an older release", &[Test("chain.rs", "a_state_goes_forward_only")]),
    (14, "two releases of one number", &[Test("chain.rs", "a_state_goes_forward_only")]),
    (
        15,
        "paths that lead elsewhere, links, devices, doubled names",
        &[
            Row("a part outside data"),
            Row("a name in the list that leads elsewhere"),
            Test("paths/tests.rs", "names_that_lead_elsewhere_are_refused"),
            Test("tamper_tests/outside.rs", "symbolic_links_are_findings_wherever_they_lie"),
            Test("sums/tests.rs", "other_spellings_are_refused"),
        ],
    ),
    (
        16,
        "JSON with two readings",
        &[
            Row("a key twice"),
            Row("keys in another order"),
            Row("a fraction"),
            Row("bundle with white space"),
            Test("canonical/tests.rs", "only_the_canonical_form_is_read"),
        ],
    ),
    (
        17,
        "large integers, deep nesting, huge envelopes",
        &[
            Row("an integer beyond 2^53"),
            Row("nested too deep"),
            Test("canonical/tests.rs", "size_and_depth_are_limited"),
        ],
    ),
    (
        18,
        "payload parsed again after it was verified",
        &[Test("bundle/tests.rs", "a_bundle_opens_to_the_bytes_that_were_signed")],
    ),
    (
        19,
        "false inclusion proofs",
        &[
            Test("proof/tests.rs", "false_proofs_are_refused"),
            Test("merkle/tests.rs", "proofs_of_the_wrong_length_are_refused"),
            Test("merkle/tests.rs", "a_node_is_not_a_leaf"),
        ],
    ),
    (20, "two signatures", &[Row("two signatures")]),
    (
        21,
        "false opening",
        &[
            Row("an opening that nobody signed"),
            Row("another text's digest beside a commitment"),
            Test("proof/tests.rs", "false_proofs_are_refused"),
        ],
    ),
    (
        22,
        "opening that overrides a public field, or comes twice",
        &[
            Row("an opening that overrides a public field"),
            Row("an opening that overrides a public stage"),
            Row("an opening twice"),
            Row("a digest twice"),
        ],
    ),
    (
        23,
        "dictionary attack on commitments",
        &[
            Test("ledger/commit.rs", "a_commitment_opens_to_one_content_at_one_place"),
            Test("disclosure/tests.rs", "equal_keys_and_names_give_equal_openings_and_nothing_else_does"),
        ],
    ),
    (24, "documents edited by hand", &[Row("a document edited"), Row("a document that says something else")]),
    (
        25,
        "tricks in SHA256SUMS",
        &[
            Row("the list with carriage returns"),
            Row("the list in upper case"),
            Row("a line too few"),
            Test("sums/tests.rs", "other_spellings_are_refused"),
        ],
    ),
    (
        26,
        "Parquet written another way with equal content",
        &[Row("a part written another way with the same texts")],
    ),
    (27, "another encoding of a good signature", &[Row("a signature's other value of s")]),
];

#[test]
fn every_attack_of_the_threat_model_is_tried() {
    let source = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    for (at, (number, what, tried)) in THREATS.iter().enumerate() {
        assert_eq!(usize::from(*number), at + 1, "{what}");
        assert!(!tried.is_empty(), "{number}: {what}");
        for one in *tried {
            let there = match one {
                Row(name) => ATTACKS.iter().chain(LIES).any(|row| row.name == *name),
                Test(file, function) => std::fs::read_to_string(source.join(file))
                    .is_ok_and(|text| text.contains(&format!("fn {function}("))),
            };
            let name = match one {
                Row(name) | Test(_, name) => name,
            };
            assert!(there, "{number}, {what}: nothing is called {name:?}");
        }
    }
}
