//! `probity duplicates`: what it lists and shows, and what it says where it cannot.

use crate::harness::{Sandbox, config};
use crate::made_up::{Record, changed, config_of_shards, text, write_shards};
use serde_json::json;

/// Words are what stands between spaces.
const POEM: &str = "床 前 明 月 光 疑 是 地 上 霜 舉 頭 望 明 月 低 頭 思 故 鄉";

/// A release with three clusters: two near copies of `one` and an exact one, and a copy of a Chinese text.
fn released(more: &str) -> Sandbox {
    let sandbox = Sandbox::with_keys();
    let records: Vec<Record> = vec![
        (0, "other", text(9, 30), None),
        (0, "one", text(1, 104), None),
        (0, "far", changed(&text(1, 104), &[3, 100]), None),
        (0, "poem", POEM.into(), None),
        (1, "near", changed(&text(1, 104), &[50]), None),
        (1, "same", text(1, 104), None),
        (1, "poem again", POEM.replace("光 ", "光 、 "), None),
    ];
    write_shards(&sandbox, "corpus", &records);
    let stages = "[[stage]]\nuse = \"exact-duplicates\"\n[[stage]]\nuse = \"near-duplicates\"\n";
    sandbox.write("c.toml", config_of_shards(&format!("{more}{stages}")));
    sandbox.release("c.toml", "out", &[]).expect(0);
    sandbox
}

#[test]
fn clusters_are_listed_the_largest_first() {
    let sandbox = released("");
    let told = sandbox.run(&["duplicates", "out", "--json"]).expect(0).json();
    let total = |stage: &str, rule: &str, n: u64| json!({"stage": stage, "rule": rule, "records": n, "with_survivor": n});
    let totals = [total("exact-duplicates", "duplicate", 1), total("near-duplicates", "jaccard", 3)];
    assert_eq!(told["totals"], json!(totals));
    assert_eq!(told["clusters_total"], 3);
    let cluster = |at: usize| {
        let c = &told["clusters"][at];
        (c["number"].clone(), c["stage"].clone(), c["members"].clone(), c["survivor"]["id"].clone())
    };
    assert_eq!(cluster(0), (json!(1), json!("near-duplicates"), json!(2), json!("one")));
    assert_eq!(cluster(1), (json!(2), json!("exact-duplicates"), json!(1), json!("one")));
    assert_eq!(cluster(2), (json!(3), json!("near-duplicates"), json!(1), json!("poem")));
    let least: f64 = told["clusters"][0]["least_similarity"].as_str().unwrap().parse().unwrap();
    // a word near either end spares shingles: 100 of them, less 4 and 4
    assert!((least - 92.0 / 108.0).abs() < 0.03, "{least}");
    let text = sandbox.run(&["duplicates", "out", "--limit", "1"]).expect(0).stdout;
    for part in ["1  exact-duplicates/duplicate", "3  near-duplicates/jaccard", "0:1 one", "and 2 more"] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert!(!text.contains("0:3 poem"), "{text}");
}

#[test]
fn a_cluster_is_shown_with_its_differences() {
    let sandbox = released("");
    let text = sandbox.run(&["duplicates", "out", "--cluster", "1"]).expect(0).stdout;
    let (far, near) = (text.find("0:2 far").unwrap(), text.find("1:0 near").unwrap());
    assert!(far < near, "the least similar comes first: {text}");
    assert_eq!(text.matches("{+zzchanged+}").count(), 3, "{text}");
    assert!(
        text.contains("survivor 0:1 one") && text.contains("removed by near-duplicates/jaccard"),
        "{text}"
    );
    let short = sandbox.run(&["duplicates", "out", "--cluster", "1", "--limit", "1"]).expect(0).stdout;
    assert!(
        short.contains("0:2 far") && !short.contains("1:0 near") && short.contains("and 1 more"),
        "{short}"
    );
    let exact = sandbox.run(&["duplicates", "out", "--cluster", "2"]).expect(0).stdout;
    assert!(exact.contains("equal, byte for byte"), "{exact}");
    let poem = sandbox.run(&["duplicates", "out", "--cluster", "3", "--json"]).expect(0).json();
    let hunk = &poem["members"][0]["difference"]["hunks"][0];
    assert_eq!(hunk[1]["side"], "member", "{poem}");
    assert_eq!(hunk[1]["text"].as_str().unwrap().trim(), "、", "{poem}");
    assert_eq!(poem["text"], POEM);
}

#[test]
fn texts_that_are_not_there_are_not_made_up() {
    let sandbox = released("[output]\nremoved = false\n");
    let text = sandbox.run(&["duplicates", "out", "--cluster", "1"]).expect(0).stdout;
    assert!(text.contains("note: the release holds no texts of removed records"), "{text}");
    assert!(text.contains("0:2 far") && text.contains("text not at hand"), "{text}");
    sandbox.run(&["redact", "out", "--out", "public"]).expect(0);
    for (folder, why) in [
        ("public", "no ledger is here, and only a ledger tells of duplicates"),
        ("nowhere", "is no finished release: it has no manifest"),
        ("corpus", "is no finished release: it has no manifest"),
    ] {
        let errors = sandbox.run(&["duplicates", folder]).expect(2).stderr;
        assert!(errors.contains(why) && errors.contains(folder), "{errors}");
    }
    for number in ["0", "4", "18446744073709551615"] {
        let errors = sandbox.run(&["duplicates", "out", "--cluster", number]).expect(2).stderr;
        assert!(errors.contains(&format!("has no cluster {number}; it has 3")), "{errors}");
    }
}

#[test]
fn an_edited_survivor_is_said_to_be_edited() {
    let sandbox = Sandbox::with_keys();
    let line = |words: &str| format!("This line is long enough to stay and {words}.\n");
    let page = |more: &str| format!("{more}{}", (0..6).map(|seed| line(&text(seed, 20))).collect::<String>());
    let records: Vec<Record> =
        vec![(0, "a", page("Too short\n"), None), (1, "b", page("Also short\n"), None)];
    write_shards(&sandbox, "corpus", &records);
    sandbox.write(
        "c.toml",
        config_of_shards("[[stage]]\nuse = \"c4-lines\"\n[[stage]]\nuse = \"exact-duplicates\""),
    );
    sandbox.release("c.toml", "out", &[]).expect(0);
    let text = sandbox.run(&["duplicates", "out", "--cluster", "1"]).expect(0).stdout;
    assert!(text.contains("note: the survivor is shown as released, with its edits"), "{text}");
    assert!(text.contains("{+Also"), "{text}");
}

#[test]
fn a_release_without_duplicates_says_so() {
    let sandbox = Sandbox::with_keys();
    sandbox.samples("corpus", 20);
    sandbox.write("c.toml", config(""));
    sandbox.release("c.toml", "out", &[]).expect(0);
    let text = sandbox.run(&["duplicates", "out"]).expect(0).stdout;
    assert_eq!(text.trim(), "0  clusters");
    sandbox.run(&["duplicates", "out", "--cluster", "1"]).expect(2);
}
