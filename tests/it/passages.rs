//! Repeated passages through the real binary: what is written is what was planted less its copies, and it verifies.

use crate::harness::{Sandbox, config, differences, statement};
use crate::ledgers::ledger;
use crate::parquet_files::{column, read, texts, write};
use crate::random_arrays::Random;
use arrow_array::cast::AsArray;
use arrow_array::types::UInt64Type;

const RECORDS: usize = 120;

/// A sentence of so many words that no other call makes.
fn sentence(random: &mut Random, words: usize) -> String {
    let word = |random: &mut Random| -> String {
        (0..3 + random.next() % 6).map(|_| char::from(b'a' + (random.next() % 26) as u8)).collect()
    };
    let words: Vec<String> = (0..words).map(|_| word(random)).collect();
    format!("{}.", words.join(" "))
}

/// One corpus: each record's text, and what should be left of it.
struct Planted {
    texts: Vec<String>,
    left: Vec<String>,
}

/// Plants `passage` between what each record has for itself; it is to stay in the first record it stands in. `join`
/// puts the three together, or, without the passage, the two.
fn plant(passage: &str, join: impl Fn(&str, Option<&str>, &str) -> String) -> Planted {
    let random = &mut Random::new(7);
    let mut planted = Planted { texts: Vec::new(), left: Vec::new() };
    for n in 0..RECORDS {
        let (before, after) = (sentence(random, 40), sentence(random, 30));
        let holds = n % 5 == 2;
        planted.texts.push(join(&before, holds.then_some(passage), &after));
        planted.left.push(join(&before, (n == 2).then_some(passage), &after));
    }
    planted
}

/// Runs the stage over the texts in two shards, at two thread counts and memory limits; all must agree and verify.
fn released(planted: &Planted, stage: &str) -> Sandbox {
    let sandbox = Sandbox::with_keys();
    for (shard, texts_of) in planted.texts.chunks(RECORDS / 2).enumerate() {
        let of_shard: Vec<Option<&str>> = texts_of.iter().map(|text| Some(text.as_str())).collect();
        write(&sandbox.path(format!("corpus/{shard}.parquet")), &texts(&of_shard), 17);
    }
    sandbox.write("c.toml", config(&format!("[[stage]]\nuse = \"repeated-passages\"\n{stage}")));
    sandbox.release("c.toml", "out", &["--threads", "1"]).expect(0);
    sandbox.release("c.toml", "two", &["--threads", "2"]).expect(0);
    sandbox.release("c.toml", "small", &["--threads", "2", "--memory", "64MiB"]).expect(0);
    for other in ["two", "small"] {
        assert_eq!(differences(&sandbox.path("out"), &sandbox.path(other)), [""; 0], "{other}");
    }
    sandbox.verify("out", &[]).expect(0);
    sandbox.verify("out", &["--inputs", "corpus"]).expect(0);
    sandbox
}

fn written(sandbox: &Sandbox) -> Vec<String> {
    let part = |shard| column(&read(&sandbox.path(format!("out/data/part-{shard:05}.parquet"))), "text");
    (0..2).flat_map(part).map(Option::unwrap).collect()
}

fn assert_cut(planted: &Planted, stage: &str) {
    let sandbox = released(planted, stage);
    for (n, (written, left)) in written(&sandbox).iter().zip(&planted.left).enumerate() {
        assert_eq!(written, left, "{stage}: record {n}");
    }
    let rows = ledger(&sandbox.path("out"));
    for (n, row) in rows.iter().enumerate() {
        let expected = if planted.texts[n] == planted.left[n] { ("kept", 0) } else { ("edited", 1) };
        assert_eq!((row.fate.as_str(), row.edits), expected, "{row:?}");
    }
    let accounting = &statement(&sandbox.path("out"))["predicate"]["accounting"];
    assert_eq!(accounting["edited"], RECORDS / 5 - 1);
}

#[test]
fn a_repeated_line_stays_where_it_stands_first() {
    let line = "Subscribe to the newsletter of this wholly invented garden club";
    let join = |before: &str, passage: Option<&str>, after: &str| match passage {
        Some(line) => format!("{before}\n{line}\n{after}\nok"),
        None => format!("{before}\n{after}\nok"),
    };
    // `ok` is in every record, and too short to be a passage
    assert_cut(&plant(line, join), "unit = \"lines\"");
}

#[test]
fn a_repeated_paragraph_stays_where_it_stands_first() {
    let paragraph = "All rights of this invented page\nare reserved by nobody at all.";
    let join = |before: &str, passage: Option<&str>, after: &str| match passage {
        Some(paragraph) => format!("{before}\n\n{paragraph}\n\n{after}"),
        None => format!("{before}\n\n{after}"),
    };
    assert_cut(&plant(paragraph, join), "unit = \"paragraphs\"");
}

#[test]
fn repeated_sentences_stay_where_they_stand_first() {
    let sentences = "The café was closed on Sundays. Nobody knew why it was. Some had asked the owner once.";
    let join = |before: &str, passage: Option<&str>, after: &str| match passage {
        Some(sentences) => format!("{before} {sentences} {after}"),
        None => format!("{before} {after}"),
    };
    let planted = plant(sentences, join);
    assert_cut(&planted, "unit = \"sentences\"");
    // no four sentences in a row repeat
    let whole = Planted { left: planted.texts.clone(), texts: planted.texts };
    let sandbox = released(&whole, "unit = \"sentences\"\nspan = 4");
    assert_eq!(written(&sandbox), whole.left);
}

#[test]
fn a_repeated_run_of_fifty_tokens_stays_where_it_stands_first() {
    let random = &mut Random::new(99);
    let fifty = sentence(random, 50);
    let fifty = fifty.trim_end_matches('.');
    let join = |before: &str, passage: Option<&str>, after: &str| {
        // a full stop before the run would be part of it wherever it stands
        let before = before.trim_end_matches('.');
        match passage {
            Some(run) => format!("{before} {run} {after}"),
            None => format!("{before} {after}"),
        }
    };
    let planted = plant(fifty, join);
    assert_cut(&planted, "unit = \"tokens\"");
    let whole = Planted { left: planted.texts.clone(), texts: planted.texts };
    let sandbox = released(&whole, "unit = \"tokens\"\ntokens_min = 51");
    assert_eq!(written(&sandbox), whole.left);
    // counted, but not cut: other stages may follow
    let stages = "report = true\n[[stage]]\nuse = \"exact-duplicates\"";
    let sandbox = released(&whole, &format!("unit = \"tokens\"\n{stages}"));
    assert_eq!(written(&sandbox), whole.left);
    let reported = read(&sandbox.path("out/auditor/passages/repeated-passages.parquet"));
    assert_eq!(reported.num_rows(), RECORDS / 5 - 1);
    let numbers =
        |name: &str| reported.column_by_name(name).unwrap().as_primitive::<UInt64Type>().values().to_vec();
    let (start, end) = (numbers("start"), numbers("end"));
    assert!(numbers("copies").iter().all(|&copies| copies == RECORDS as u64 / 5));
    assert!(numbers("first_row").iter().all(|&row| row == 2));
    assert_eq!(&whole.texts[7][start[0] as usize..end[0] as usize], fifty);
}

#[test]
fn rulings_of_tables_are_no_passages() {
    let ruling = "| --- ".repeat(60);
    let join = |before: &str, passage: Option<&str>, after: &str| match passage {
        Some(ruling) => format!("{before}\n{ruling}\n{after}"),
        None => format!("{before}\n{after}"),
    };
    let planted = plant(&ruling, join);
    let whole = Planted { left: planted.texts.clone(), texts: planted.texts };
    let sandbox = released(&whole, "unit = \"tokens\"");
    assert_eq!(written(&sandbox), whole.left);
}

#[test]
fn passages_lost_with_their_first_record_are_told() {
    let (line, other) =
        ("Subscribe to the newsletter of this invented club", "A second line invented for these records");
    let mut planted = plant("", |before, _, after| format!("{before}\n{after}"));
    // of the second record little is left, and it was to keep `other`
    planted.texts[0] = format!("{}\n{line}", planted.texts[0]);
    planted.texts[1] = format!("Small.\n{line}\n{other}");
    planted.texts[5] = format!("{}\n{other}", planted.texts[5]);
    let sandbox = released(&planted, "unit = \"lines\"\nwords_left_min = 20");
    assert_eq!(ledger(&sandbox.path("out"))[1].fate, "removed");
    let told = sandbox.release("c.toml", "again", &[]).expect(0).stderr;
    assert!(told.contains("1 passages stand nowhere any more"), "{told}");
}

#[test]
fn a_record_of_which_too_little_is_left_is_removed() {
    let line = "Subscribe to the newsletter of this wholly invented garden club";
    let mut planted = plant(line, |before, passage, after| match passage {
        Some(line) => format!("{before}\n{line}\n{after}"),
        None => format!("{before}\n{after}"),
    });
    planted.texts[100] = format!("One two three.\n{line}");
    let sandbox = released(&planted, "unit = \"lines\"\nwords_left_min = 10");
    let rows = ledger(&sandbox.path("out"));
    assert_eq!(rows[100].summary(), "removed repeated-passages/remainder 4 10");
    assert_eq!((&rows[100].similarity, rows[100].duplicate_of), (&None, None));
    // copies in the first shard and in the second, and the one that was taken out
    let told = sandbox.run(&["explain", "out", "1:40"]).expect(0).stdout;
    let copies = RECORDS / 5 + 1;
    let expected = format!("stage repeated-passages, start 15, end 78, copies {copies}, first in 0:2");
    assert!(told.contains(&expected), "{told}");
    planted.left.remove(100);
    assert_eq!(written(&sandbox), planted.left);
}

#[test]
fn nothing_may_follow_a_stage_that_cuts() {
    let sandbox = Sandbox::new();
    sandbox.write(
        "c.toml",
        config("[[stage]]\nuse = \"repeated-passages\"\n[[stage]]\nuse = \"exact-duplicates\""),
    );
    let plan = sandbox.run(&["plan", "c.toml"]).expect(2);
    assert!(plan.stderr.contains("must come last"), "{}", plan.stderr);
    for wrong in [
        "copies_min = 1",
        "span = 0",
        "tokens_min = 1",
        "span = 2",
        "tokens_min = 9",
        "chars_min = 1\nunit = \"tokens\"",
        "words_min = 51\nunit = \"tokens\"",
        "unit = \"words\"",
    ] {
        sandbox.write("c.toml", config(&format!("[[stage]]\nuse = \"repeated-passages\"\n{wrong}")));
        let key = wrong.split(' ').next().unwrap();
        let plan = sandbox.run(&["plan", "c.toml"]).expect(2);
        assert!(plan.stderr.contains(key) || plan.stderr.contains("unknown variant"), "{}", plan.stderr);
    }
}
