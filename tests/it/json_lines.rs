//! Shards of JSON lines: the same records come to the same decisions as in Parquet, and every line has a fate.

use crate::harness::{Sandbox, config, config_with, differences, roots};
use crate::ledgers::ledger;
use crate::parquet_files::{column, read};
use flate2::write::GzEncoder;
use serde_json::{Value, json};
use std::fs;
use std::io::Write;
use std::path::Path;

const STAGES: &str = "[[stage]]\nuse = \"gopher-quality\"\n[[stage]]\nuse = \"c4-lines\"\n\
    [[stage]]\nuse = \"exact-duplicates\"\n[[stage]]\nuse = \"near-duplicates\"\n[[stage]]\nuse = \"fineweb-quality\"\n";

pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

pub fn zstd(bytes: &[u8]) -> Vec<u8> {
    zstd::encode_all(bytes, 3).unwrap()
}

/// Makes the bytes of a shard of lines.
type Pack = fn(&[u8]) -> Vec<u8>;

/// The packings by the end of a shard's name.
const PACKINGS: [(&str, Pack); 4] =
    [("jsonl", <[u8]>::to_vec), ("ndjson", <[u8]>::to_vec), ("json.gz", gzip), ("jsonl.zst", zstd)];

/// Columns of strings of a shard, as lines.
pub fn lines_of(shard: &Path, names: &[&str]) -> String {
    let batch = read(shard);
    let columns: Vec<_> = names.iter().map(|name| column(&batch, name)).collect();
    let line = |row: usize| {
        let members = names.iter().zip(&columns).map(|(name, column)| (name.to_string(), json!(column[row])));
        format!("{}\n", Value::Object(members.collect()))
    };
    (0..batch.num_rows()).map(line).collect()
}

/// The generator's corpus as Parquet under `corpus/`, and as lines under a folder for each packing.
fn corpora(records: usize) -> Sandbox {
    let sandbox = Sandbox::with_keys();
    sandbox.samples("corpus", records);
    for entry in fs::read_dir(sandbox.path("corpus")).unwrap() {
        let path = entry.unwrap().path();
        let stem = path.file_stem().unwrap().to_str().unwrap().to_string();
        let lines = lines_of(&path, &["id", "kind", "text", "url"]);
        for (extension, pack) in PACKINGS {
            sandbox.write(&format!("{extension}/{stem}.{extension}"), pack(lines.as_bytes()));
        }
    }
    sandbox
}

fn of_folder(folder: &str) -> String {
    config(STAGES).replace("corpus/*.parquet", folder)
}

#[test]
fn the_same_records_come_to_the_same_decisions_in_every_format() {
    let sandbox = corpora(300);
    sandbox.write("c.toml", config(STAGES));
    sandbox.release("c.toml", "parquet", &[]).expect(0);
    let expected = roots(&sandbox.path("parquet"));
    assert!(expected.iter().all(Value::is_string), "{expected:?}");
    for (extension, _) in PACKINGS {
        sandbox.write("c.toml", of_folder(extension));
        let out = format!("out-{extension}");
        sandbox.release("c.toml", &out, &[]).expect(0);
        assert_eq!(roots(&sandbox.path(&out)), expected, "{extension}");
        assert!(!sandbox.path(format!("{out}.unfinished")).exists());
        let levels = "signature,files,ledger,content,inputs,replay";
        sandbox.verify(&out, &["--level", levels, "--inputs", extension]).expect(0);
        let row =
            |release: &str| ledger(&sandbox.path(release)).iter().map(|r| r.summary()).collect::<Vec<_>>();
        assert_eq!(row(&out), row("parquet"), "{extension}");
    }
}

#[test]
fn bytes_depend_neither_on_threads_nor_on_interruptions() {
    let sandbox = Sandbox::with_keys();
    // several blocks in one shard, so that there is something to be done side by side
    let long = crate::made_up::text(7, 60_000);
    let line = |at: usize| {
        let start = at * 997;
        json!({ "id": at, "text": format!("{at} {}.", &long[start..start + 9_000 + at]), "more": [at] })
            .to_string()
    };
    let lines = (0..400).map(line).collect::<Vec<_>>().join("\n");
    let lines = [lines.as_str(), &lines.replace("\"id\":", "\"id\":1"), &lines].join("\n").repeat(2);
    sandbox.write("corpus/a.jsonl.zst", zstd(lines.as_bytes()));
    sandbox.write("c.toml", config(STAGES).replace("*.parquet", "*.zst"));
    sandbox.release("c.toml", "one", &["--threads", "1", "--memory", "64MiB"]).expect(0);
    for threads in ["2", "8"] {
        sandbox.release("c.toml", threads, &["--threads", threads]).expect(0);
        assert_eq!(differences(&sandbox.path("one"), &sandbox.path(threads)), [""; 0], "{threads} threads");
    }
    let moments = [
        "inputs/00000.lines.partial",
        "inputs/00000.lines",
        "judge/00000-00000.verdicts",
        "barrier-0/removals",
    ];
    let arguments = [
        "run",
        "c.toml",
        "--out",
        "out",
        "--key",
        "producer.pem",
        "--salt-key",
        "salt.key",
        "--threads",
        "1",
    ];
    for moment in moments {
        sandbox.kill_when(&arguments, &format!("out.unfinished/{moment}"));
        if !sandbox.path("out/manifest.sigstore.json").exists() {
            sandbox.release("c.toml", "out", &["--threads", "2"]).expect(0);
        }
        assert_eq!(differences(&sandbox.path("one"), &sandbox.path("out")), [""; 0], "{moment}");
        fs::remove_dir_all(sandbox.path("out")).unwrap();
    }
}

/// A line and what becomes of it.
struct Line(&'static [u8], &'static str);

const KEPT: &str = "kept";

/// The lines of one shard, in order.
const LINES: &[Line] = &[
    Line(b"\xef\xbb\xbf{\"id\":\"first\",\"text\":\"behind a byte order mark\"}\n", KEPT),
    Line(b"{\"id\":2,\"text\":\"an integer for an id\"}\r\n", KEPT),
    Line(b"\n", "quarantined input/invalid-json"),
    Line(b"  \t\r\n", "quarantined input/invalid-json"),
    Line(b"no JSON\n", "quarantined input/invalid-json"),
    Line(b"{\"text\":\"cut short\n", "quarantined input/invalid-json"),
    Line(b"{\"text\":\"two\"}{\"text\":\"values\"}\n", "quarantined input/invalid-json"),
    Line(b"{\"text\":\"a bare NUL \x00\"}\n", "quarantined input/invalid-json"),
    Line(b"{\"text\":NaN}\n", "quarantined input/invalid-json"),
    Line(b"{\"text\":\"\xff\xfe\"}\n", "quarantined input/invalid-utf8"),
    Line(b"{\"text\":\"fine\",\"other\":\"\xc3\"}\n", "quarantined input/invalid-utf8"),
    Line(
        br#"{"text":"lone \ud800 surrogate"}
"#,
        "quarantined input/invalid-utf8",
    ),
    Line(
        br#"{"text":"lone elsewhere","other":"\ud800"}
"#,
        KEPT,
    ),
    Line(
        br#"["text"]
"#,
        "quarantined input/not-an-object",
    ),
    Line(b"null\n", "quarantined input/not-an-object"),
    Line(b"{\"text\":\"one\",\"text\":\"two\"}\n", "quarantined input/duplicate-key"),
    Line(
        br#"{"text":"one","te\u0078t":"two"}
"#,
        "quarantined input/duplicate-key",
    ),
    Line(b"{\"text\":7}\n", "quarantined input/text-type"),
    Line(b"{\"text\":{\"text\":\"deep\"}}\n", "quarantined input/text-type"),
    Line(b"{\"text\":null}\n", "quarantined input/null-text"),
    Line(b"{\"id\":\"no text\"}\n", "quarantined input/null-text"),
    Line(b"{}\n", "quarantined input/null-text"),
    Line(b"{\"text\":\"\"}\n", KEPT),
    Line(
        br#"{"text":"an escaped NUL \u0000 is a character","n":1.50}
"#,
        KEPT,
    ),
    Line(
        b"{\"text\":\"longer than a record may be: xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\"}\n",
        "quarantined input/record-bytes",
    ),
    Line(b"{\"text\":\"no line feed\"}", KEPT),
];

#[test]
fn every_line_has_its_fate() {
    let bytes: Vec<u8> = LINES.iter().flat_map(|line| line.0).copied().collect();
    for (extension, pack) in PACKINGS {
        let sandbox = Sandbox::with_keys();
        sandbox.write(&format!("corpus/a.{extension}"), pack(&bytes));
        let input = "text = \"text\"\nid = \"id\"\nmax_record_bytes = 72";
        sandbox.write("c.toml", config_with(input, "").replace("corpus/*.parquet", "corpus"));
        sandbox.release("c.toml", "out", &[]).expect(0);
        sandbox.verify("out", &["--inputs", "corpus"]).expect(0);
        let rows = ledger(&sandbox.path("out"));
        assert_eq!(rows.len(), LINES.len());
        for (at, (row, line)) in rows.iter().zip(LINES).enumerate() {
            let told = String::from_utf8_lossy(line.0);
            let fate = match (&row.stage, &row.rule) {
                (Some(stage), Some(rule)) => format!("{} {stage}/{rule}", row.fate),
                _ => row.fate.clone(),
            };
            assert_eq!(fate, line.1, "line {}: {told}", at + 1);
        }
        assert_eq!([&rows[0].id, &rows[1].id, &rows[2].id], ["first", "2", "0:2"]);
        let data = read(&sandbox.path("out/data/part-00000.parquet"));
        let kept = column(&data, "json").into_iter().flatten().collect::<Vec<_>>();
        assert_eq!(
            kept,
            ["{\"id\":\"first\"}", "{\"id\":2}", "{\"other\":\"\\ud800\"}", "{}", "{\"n\":1.50}", "{}"]
        );
        assert_eq!(column(&data, "text")[4].as_deref(), Some("an escaped NUL \0 is a character"));
        // what is not released is kept as it is, but for bytes that no string holds and lines that are too long
        let removed = read(&sandbox.path("out/auditor/removed/part-00000.parquet"));
        let gone = LINES.iter().filter(|line| line.1 != KEPT);
        for (line, json) in gone.zip(column(&removed, "json")) {
            let line_text = String::from_utf8_lossy(line.0.strip_suffix(b"\n").unwrap()).into_owned();
            match line.1 {
                "quarantined input/record-bytes" => assert_eq!(json, None),
                "quarantined input/null-text" => {}
                _ => assert_eq!(json, Some(line_text)),
            }
        }
    }
}

#[test]
fn members_that_stages_ask_for_are_found() {
    let sandbox = Sandbox::with_keys();
    let lines = [
        json!({"text": "one", "meta": {"lang": "en"}, "votes": 1, "url": "http://a.example/x"}),
        json!({"text": "two", "meta": {"lang": "en"}, "votes": 2.5}),
        json!({"text": "three", "meta": null, "votes": "many", "url": 4}),
    ];
    sandbox.write("corpus/a.jsonl", lines.map(|line| format!("{line}\n")).concat());
    let stages = "[[stage]]\nuse = \"input-label\"\nname = \"lang\"\ncolumn = \"meta.lang\"\n\
        [[stage]]\nuse = \"input-score\"\nname = \"votes\"\ncolumn = \"votes\"\n\
        [[stage]]\nuse = \"exact-duplicates\"\nby = [\"column:meta.lang\"]\n";
    let input = "text = \"text\"\nurl = \"url\"";
    sandbox.write("c.toml", config_with(input, stages).replace("*.parquet", "*.jsonl"));
    sandbox.release("c.toml", "out", &[]).expect(0);
    sandbox
        .verify("out", &["--level", "signature,files,ledger,content,inputs,replay", "--inputs", "corpus"])
        .expect(0);
    let told = read(&sandbox.path("out/auditor/ledger/part-00000.parquet"));
    assert_eq!(column(&told, "lang/label"), [Some("en".into()), Some("en".into()), None]);
    assert_eq!(column(&told, "url"), [Some("http://a.example/x".to_string()), None, None]);
    use arrow_array::cast::AsArray;
    let votes = told.column_by_name("votes/score").unwrap();
    let votes: Vec<_> = votes.as_primitive::<arrow_array::types::Float64Type>().iter().collect();
    assert_eq!(votes, [Some(1.0), Some(2.5), None]);
    let fates: Vec<String> = ledger(&sandbox.path("out")).iter().map(|row| row.fate.clone()).collect();
    assert_eq!(fates, ["kept", "removed", "kept"]);
    let data = read(&sandbox.path("out/data/part-00000.parquet"));
    assert_eq!(
        column(&data, "json")[0].as_deref(),
        Some(r#"{"meta":{"lang":"en"},"url":"http://a.example/x","votes":1}"#)
    );
}

#[test]
fn chats_come_with_their_messages() {
    let sandbox = Sandbox::with_keys();
    let lines = [
        r#"{"id":"a","messages":[{"role":"user","content":"Why?"},{"role":"assistant","content":"So.","tool":1}]}"#,
        r#"{"id":"b","messages":[{"role":"user","content":null},{"role":"assistant"}]}"#,
        r#"{"id":"c","messages":[]}"#,
        r#"{"id":"d","messages":null}"#,
        r#"{"id":"e"}"#,
        r#"{"id":"f","messages":"Why?"}"#,
        r#"{"id":"g","messages":[{"role":"user","content":[{"type":"text","text":1}]}]}"#,
        r#"{"id":"h","messages":[{"role":"user","content":"\udead"}]}"#,
    ];
    sandbox.write("corpus/a.jsonl", lines.map(|line| format!("{line}\n")).concat());
    let input = "messages = \"messages\"\nid = \"id\"";
    sandbox.write("c.toml", config_with(input, "").replace("*.parquet", "*.jsonl"));
    sandbox.release("c.toml", "out", &[]).expect(0);
    sandbox
        .verify("out", &["--level", "signature,files,ledger,content,inputs,replay", "--inputs", "corpus"])
        .expect(0);
    let rules: Vec<String> =
        ledger(&sandbox.path("out")).iter().map(|row| row.rule.clone().unwrap_or_default()).collect();
    assert_eq!(rules, ["", "", "", "null-text", "null-text", "text-type", "text-type", "invalid-utf8"]);
    let data = read(&sandbox.path("out/data/part-00000.parquet"));
    let kept: Vec<String> = column(&data, "json").into_iter().flatten().collect();
    assert_eq!(kept, lines[..3], "lines with messages are kept whole");
}

#[test]
fn an_edited_text_leaves_no_trace_in_the_rest_of_its_line() {
    let sandbox = Sandbox::with_keys();
    let long: String = (0..8).map(|n| format!("Sentence number {n} is here.\n")).collect();
    let text = format!("This line ends nowhere special\n{long}");
    sandbox.write("corpus/a.jsonl", json!({"text": text, "k": "v"}).to_string());
    let stages = "[[stage]]\nuse = \"c4-lines\"\nterminal_punctuation = true";
    sandbox.write("c.toml", config_with("text = \"text\"", stages).replace("*.parquet", "*.jsonl"));
    sandbox.release("c.toml", "out", &[]).expect(0);
    assert_eq!(ledger(&sandbox.path("out"))[0].fate, "edited");
    let data = read(&sandbox.path("out/data/part-00000.parquet"));
    assert_eq!(column(&data, "json"), [Some("{\"k\":\"v\"}".to_string())]);
    assert!(!column(&data, "text")[0].as_deref().unwrap().contains("nowhere"));
    sandbox.verify("out", &[]).expect(0);
}

/// A shard's name, what damages it, and what is said about it.
struct Damaged(&'static str, Pack, &'static str);

const DAMAGED: &[Damaged] = &[
    Damaged(
        "b.jsonl.zst",
        |lines| {
            let z = zstd(lines);
            z[..z.len() / 2].to_vec()
        },
        "incomplete frame",
    ),
    Damaged("b.jsonl.zst", |lines| [zstd(lines), b"garbage".to_vec()].concat(), "Unknown frame"),
    Damaged("b.jsonl.zst", <[u8]>::to_vec, "Unknown frame"),
    Damaged(
        "b.jsonl.gz",
        |lines| {
            let z = gzip(lines);
            z[..z.len() - 4].to_vec()
        },
        "end of file",
    ),
    Damaged(
        "b.jsonl.gz",
        |lines| {
            let z = gzip(lines);
            z[..z.len() / 2].to_vec()
        },
        "incomplete deflate stream",
    ),
    Damaged(
        "b.jsonl.gz",
        |lines| {
            let mut z = gzip(lines);
            let at = z.len() - 6;
            z[at] ^= 1;
            z
        },
        "corrupt",
    ),
    Damaged("b.jsonl.gz", <[u8]>::to_vec, "invalid gzip header"),
];

#[test]
fn a_stream_that_is_cut_or_damaged_stops_the_run_or_is_excluded() {
    let lines: String =
        (0..999).map(|n| format!("{}\n", json!({"text": format!("text number {n}")}))).collect();
    for (at, Damaged(name, damage, why)) in DAMAGED.iter().enumerate() {
        let sandbox = Sandbox::with_keys();
        sandbox.write("corpus/a.jsonl", &lines);
        sandbox.write(&format!("corpus/{name}"), damage(lines.as_bytes()));
        let plain = config_with("text = \"text\"", "").replace("corpus/*.parquet", "corpus");
        sandbox.write("c.toml", &plain);
        let stopped = sandbox.release("c.toml", "out", &[]).expect(2);
        let errors = stopped.errors().join("\n");
        assert!(errors.starts_with(&format!("error: `corpus/{name}`: ")), "{at}: {errors}");
        assert!(errors.contains(why), "{at}: {errors}");
        sandbox.write("c.toml", plain.replace("[input]", "[input]\nbad_shard = \"exclude\""));
        sandbox.release("c.toml", "excluded", &[]).expect(0);
        sandbox.verify("excluded", &["--inputs", "corpus"]).expect(0);
        assert_eq!(ledger(&sandbox.path("excluded")).len(), 999);
    }
}

#[test]
fn empty_shards_and_shards_of_several_streams_are_read() {
    let sandbox = Sandbox::with_keys();
    sandbox.write("corpus/a.jsonl", "");
    sandbox.write("corpus/b.jsonl.zst", zstd(b""));
    sandbox.write("corpus/c.jsonl", b"\xef\xbb\xbf");
    let (first, second) = (b"{\"text\":\"o".as_slice(), b"ne\"}\n{\"text\":\"two\"}".as_slice());
    sandbox.write("corpus/d.jsonl.gz", [gzip(first), gzip(second)].concat());
    sandbox.write("corpus/e.jsonl.zst", [zstd(first), zstd(second)].concat());
    sandbox.write("c.toml", config_with("text = \"text\"", "").replace("corpus/*.parquet", "corpus"));
    sandbox.release("c.toml", "out", &[]).expect(0);
    sandbox
        .verify("out", &["--level", "signature,files,ledger,content,inputs,replay", "--inputs", "corpus"])
        .expect(0);
    assert_eq!(ledger(&sandbox.path("out")).len(), 4);
}

#[test]
fn what_comes_after_a_run_works_as_with_parquet() {
    let sandbox = corpora(300);
    sandbox.write("c.toml", of_folder("jsonl.zst"));
    sandbox.release("c.toml", "out", &[]).expect(0);
    let kept = ledger(&sandbox.path("out")).into_iter().find(|row| row.fate == "kept").unwrap();
    let told = sandbox.run(&["explain", "out", &kept.id]).expect(0).stdout;
    assert!(told.contains("kept"), "{told}");
    sandbox.run(&["report", "out"]).expect(0);
    let clusters = sandbox.run(&["duplicates", "out", "--cluster", "1"]).expect(0).stdout;
    assert!(!clusters.is_empty());
    sandbox.run(&["redact", "out", "--out", "public"]).expect(0);
    sandbox.verify("public", &[]).expect(0);
    sandbox.write("gone.txt", format!("{}\n", kept.id));
    let retract = ["retract", "out", "--ids", "gone.txt", "--out", "next", "--key", "producer.pem"];
    sandbox.run(&retract).expect(0);
    sandbox.verify("next", &[]).expect(0);
    let ids = column(&read(&sandbox.path("next/data/part-00000.parquet")), "id");
    assert!(!ids.contains(&Some(kept.id)));
    let canary = ["canary", "c.toml", "--scratch", ".", "--documents", "2", "--kind", "trigger"];
    sandbox.run(&canary).expect(0);
    sandbox.run(&["bench", "c.toml", "--rounds", "1", "--scratch", "."]).expect(0);
}

#[test]
fn a_misspelt_member_is_told_before_any_work_is_done() {
    let sandbox = corpora(40);
    sandbox.write("c.toml", of_folder("jsonl.zst").replace("text = \"text\"", "text = \"txt\""));
    let output = sandbox.release("c.toml", "out", &[]).expect(2);
    let errors = output.errors().join("\n");
    assert!(errors.contains("no line has `txt`") && errors.contains("there are: id, kind, text"), "{errors}");
    sandbox.write("c.toml", of_folder("jsonl.zst"));
    let large = of_folder("jsonl.zst").replace("[input]", "[input]\nmax_record_bytes = 1073741825");
    sandbox.write("large.toml", large);
    let errors = sandbox.run(&["plan", "large.toml"]).expect(2).errors().join("\n");
    assert!(errors.contains("`input.max_record_bytes` with JSON lines: limit 1073741824"), "{errors}");
    let plan = sandbox.run(&["plan", "c.toml"]).expect(0).stdout;
    assert!(plan.contains("shards of JSON lines, which `run` counts"), "{plan}");
}
