//! How kept records are written: as JSON lines, in row groups of a size.

use crate::harness::{Sandbox, config, config_with, differences, roots};
use crate::json_lines::lines_of;
use crate::ledgers::ledger;
use arrow_array::builder::{MapBuilder, PrimitiveBuilder, StringBuilder};
use arrow_array::{ArrayRef, Date32Array, TimestampMicrosecondArray};
use flate2::read::MultiGzDecoder;
use serde_json::{Value, json};
use std::io::Read;
use std::path::Path;
use std::sync::Arc;

const STAGES: &str = "[[stage]]\nuse = \"doc-length\"\nchars_min = 60\n[[stage]]\nuse = \"c4-lines\"\nsentences_min = 1\n\
    [[stage]]\nuse = \"exact-duplicates\"\n[[stage]]\nuse = \"near-duplicates\"\nindex = true\n";

/// A compression, and the end of the names of its files.
const CODECS: [(&str, &str); 3] =
    [("uncompressed", "jsonl"), ("gzip(6)", "jsonl.gz"), ("zstd(3)", "jsonl.zst")];

fn as_lines(config: &str, compression: &str) -> String {
    format!("{config}\n[output]\nformat = \"jsonl\"\ncompression = \"{compression}\"\n")
}

/// The lines of a file, each a JSON object.
fn objects(path: &Path) -> Vec<Value> {
    let bytes = std::fs::read(path).unwrap();
    let mut plain = String::new();
    match path.extension().unwrap().to_str().unwrap() {
        "gz" => MultiGzDecoder::new(&bytes[..]).read_to_string(&mut plain).unwrap(),
        "zst" => zstd::Decoder::new(&bytes[..]).unwrap().read_to_string(&mut plain).unwrap(),
        _ => (&bytes[..]).read_to_string(&mut plain).unwrap(),
    };
    assert!(plain.is_empty() || plain.ends_with('\n'), "{}", path.display());
    plain.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn a_release_of_lines_holds_what_one_of_parquet_holds() {
    let sandbox = Sandbox::with_keys();
    sandbox.samples("corpus", 300);
    sandbox.write("c.toml", config(STAGES));
    sandbox.release("c.toml", "parquet", &[]).expect(0);
    let expected = roots(&sandbox.path("parquet"));
    for (compression, extension) in CODECS {
        sandbox.write("c.toml", as_lines(&config(STAGES), compression));
        let out = format!("out-{extension}");
        sandbox.release("c.toml", &out, &["--threads", "2"]).expect(0);
        assert_eq!(roots(&sandbox.path(&out)), expected, "{extension}");
        let levels = "signature,files,ledger,content,inputs,replay";
        sandbox.verify(&out, &["--level", levels, "--inputs", "corpus"]).expect(0);
        for shard in 0..2 {
            let found = objects(&sandbox.path(format!("{out}/data/part-0000{shard}.{extension}")));
            let columns = ["id", "text", "url", "kind"];
            let lines = lines_of(&sandbox.path(format!("parquet/data/part-0000{shard}.parquet")), &columns);
            let lines: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
            let same = |object: &Value| {
                columns.iter().map(|name| (name.to_string(), object[name].clone())).collect::<Value>()
            };
            assert_eq!(found.iter().map(same).collect::<Vec<_>>(), lines, "{extension}");
            assert!(
                found.iter().all(|object| object["meta"]["bytes"].is_u64()),
                "nested columns are there too"
            );
        }
        sandbox.release("c.toml", "again", &["--threads", "1"]).expect(0);
        assert_eq!(differences(&sandbox.path(&out), &sandbox.path("again")), [""; 0]);
        std::fs::remove_dir_all(sandbox.path("again")).unwrap();
        let card = String::from_utf8(sandbox.read(format!("{out}/README.md"))).unwrap();
        assert!(card.contains(&format!("path: data/*.{extension}\n")), "{card}");
    }
}

#[test]
fn lines_come_out_with_all_their_members() {
    let sandbox = Sandbox::with_keys();
    let long = "A sentence that is long enough to stay where it is in this corpus of lines.";
    let lines = [
        json!({"id": "a", "n": 1.5, "text": format!("{long} \u{1f980} \"quoted\" \\ and a tab\t to end."), "deep": {"x": [null, {"y": "z"}]}}),
        json!({"id": "b", "text": "short"}),
        json!({"text": format!("{long} Only the text.")}),
        json!({"id": "d", "text": format!("{long} And more.\nPlease enable javascript.\n{long}"), "json": 3, "big": 18446744073709551615u64}),
    ];
    let shard: String = lines.iter().map(|line| format!("{line}\n")).collect();
    sandbox.write("corpus/a.jsonl", format!("{shard}not JSON\n"));
    let of_lines = config(STAGES).replace("*.parquet", "*.jsonl");
    sandbox.write("c.toml", as_lines(&of_lines, "zstd(1)"));
    sandbox.release("c.toml", "out", &[]).expect(0);
    sandbox
        .verify("out", &["--level", "signature,files,ledger,content,inputs,replay", "--inputs", "corpus"])
        .expect(0);
    let mut expected = vec![lines[0].clone(), lines[2].clone(), lines[3].clone()];
    expected[2]["text"] = format!("{long} And more.\n{long}").into();
    assert_eq!(objects(&sandbox.path("out/data/part-00000.jsonl.zst")), expected);
    // the spelling of numbers is not touched
    sandbox.write("corpus/a.jsonl", format!("{{\"n\": 1.50, \"text\":\"{long}\" , \"e\":1E2}}\n"));
    sandbox.write("c.toml", as_lines(&of_lines, "uncompressed"));
    sandbox.release("c.toml", "plain", &[]).expect(0);
    let line = String::from_utf8(sandbox.read("plain/data/part-00000.jsonl")).unwrap();
    assert_eq!(line, format!("{{\"text\":\"{long}\",\"n\":1.50,\"e\":1E2}}\n"));
}

#[test]
fn texts_held_as_bytes_are_strings_in_lines() {
    let sandbox = Sandbox::with_keys();
    let texts: arrow_array::BinaryViewArray =
        [Some(b"long enough to be kept, in \xc3\xa9t\xc3\xa9".as_slice()), Some(b"\xff")]
            .into_iter()
            .collect();
    let batch = crate::parquet_files::batch(vec![("text", std::sync::Arc::new(texts))]);
    crate::parquet_files::write(&sandbox.path("corpus/a.parquet"), &batch, 5);
    sandbox.write("c.toml", as_lines(&config_with("text = \"text\"", ""), "uncompressed"));
    sandbox.release("c.toml", "out", &[]).expect(0);
    sandbox.verify("out", &[]).expect(0);
    let found = objects(&sandbox.path("out/data/part-00000.jsonl"));
    assert_eq!(found, [json!({"text": "long enough to be kept, in été"})]);
}

#[test]
fn what_comes_after_a_run_works_as_with_parquet() {
    let sandbox = Sandbox::with_keys();
    sandbox.samples("corpus", 300);
    sandbox.write("c.toml", as_lines(&config(STAGES), "gzip(6)"));
    sandbox.release("c.toml", "out", &[]).expect(0);
    let kept = ledger(&sandbox.path("out")).into_iter().find(|row| row.fate == "kept").unwrap();
    sandbox.run(&["explain", "out", &kept.id]).expect(0);
    assert!(!sandbox.run(&["duplicates", "out", "--cluster", "1"]).expect(0).stdout.is_empty());
    sandbox.run(&["redact", "out", "--out", "public"]).expect(0);
    sandbox.verify("public", &[]).expect(0);
    sandbox.write("gone.txt", format!("{}\n", kept.id));
    sandbox.run(&["retract", "out", "--ids", "gone.txt", "--out", "next", "--key", "producer.pem"]).expect(0);
    sandbox.verify("next", &[]).expect(0);
    let file = "data/part-00000.jsonl.gz";
    let mut before = objects(&sandbox.path("out").join(file));
    before.retain(|object| object["id"] != json!(kept.id));
    assert_eq!(objects(&sandbox.path("next").join(file)), before);
    sandbox.run(&["bench", "c.toml", "--rounds", "1", "--scratch", "."]).expect(0);
    // a later release finds its near-duplicates in this one, whose texts it reads
    let later = config(STAGES).replace("index = true", "against = [\"out\"]");
    sandbox.write("later.toml", later);
    sandbox.release("later.toml", "later", &[]).expect(0);
    let released = ledger(&sandbox.path("later")).iter().filter(|row| row.is_released()).count();
    assert_eq!(released, 0, "every record is a near-duplicate of itself in the earlier release");
}

#[test]
fn what_lines_cannot_be_packed_with_is_refused_before_any_work() {
    let sandbox = Sandbox::with_keys();
    sandbox.samples("corpus", 10);
    sandbox.write("c.toml", as_lines(&config(STAGES), "snappy"));
    let told = sandbox.release("c.toml", "out", &[]).expect(2).errors().join("\n");
    assert!(told.contains("gzip(0) to gzip(9)") && told.contains("`snappy`"), "{told}");
    sandbox.write("c.toml", as_lines(&config(STAGES), "zstd(3)").replace("jsonl", "csv"));
    sandbox.release("c.toml", "out", &[]).expect(2);
    assert!(!sandbox.path("out").exists());
}

#[test]
fn row_groups_have_the_rows_that_are_asked_for() {
    let sandbox = Sandbox::with_keys();
    sandbox.samples("corpus", 300);
    let rows = |release: &str, shard: usize| -> Vec<i64> {
        let file =
            std::fs::File::open(sandbox.path(format!("{release}/data/part-0000{shard}.parquet"))).unwrap();
        let reader = parquet::file::serialized_reader::SerializedFileReader::new(file).unwrap();
        let metadata = parquet::file::reader::FileReader::metadata(&reader).clone();
        metadata.row_groups().iter().map(|group| group.num_rows()).collect()
    };
    sandbox.write("c.toml", config(STAGES));
    sandbox.release("c.toml", "as-read", &[]).expect(0);
    for size in [1, 7, 40, 1000] {
        let out = format!("out-{size}");
        sandbox.write("c.toml", format!("{}\n[output]\nrow_group_rows = {size}\n", config(STAGES)));
        sandbox.release("c.toml", &out, &["--threads", "2"]).expect(0);
        sandbox
            .verify(&out, &["--inputs", "corpus", "--level", "files,ledger,content,inputs,replay"])
            .expect(0);
        assert_eq!(roots(&sandbox.path(&out)), roots(&sandbox.path("as-read")));
        for shard in 0..2 {
            let kept: i64 = rows("as-read", shard).iter().sum();
            let mut expected = vec![size; (kept / size) as usize];
            expected.extend((kept % size > 0).then_some(kept % size));
            assert_eq!(rows(&out, shard), expected);
        }
        sandbox.release("c.toml", "again", &["--threads", "1"]).expect(0);
        assert_eq!(differences(&sandbox.path(&out), &sandbox.path("again")), [""; 0]);
        std::fs::remove_dir_all(sandbox.path("again")).unwrap();
    }
    sandbox.write("c.toml", format!("{}\n[output]\nrow_group_rows = 0\n", config(STAGES)));
    sandbox.release("c.toml", "none", &[]).expect(2);
}

#[test]
fn what_json_has_no_type_for_is_spelled_or_quarantined() {
    use arrow_array::types::Int32Type;
    let write = |sandbox: &Sandbox, name: &str, column: ArrayRef| {
        let texts = crate::parquet_files::strings([Some("some text"), Some("more of it")]);
        let shard = crate::parquet_files::batch(vec![("text", texts), (name, column)]);
        crate::parquet_files::write(&sandbox.path("corpus/a.parquet"), &shard, 5);
        sandbox.write("c.toml", as_lines(&config_with("text = \"text\"", ""), "uncompressed"));
    };
    let sandbox = Sandbox::with_keys();
    let times = TimestampMicrosecondArray::from(vec![Some(1_700_000_000_000_000), None]);
    for zone in ["UTC", "Europe/Berlin", "+02:00"] {
        write(&sandbox, "at", Arc::new(times.clone().with_timezone(zone)));
        let out = format!("out-{}", zone.len());
        sandbox.release("c.toml", &out, &[]).expect(0);
        sandbox.verify(&out, &[]).expect(0);
        let found = objects(&sandbox.path(format!("{out}/data/part-00000.jsonl")));
        assert_eq!(
            (&found[0]["at"], &found[1]["at"]),
            (&json!("2023-11-14T22:13:20Z"), &Value::Null),
            "{zone}"
        );
    }
    let mut map = MapBuilder::new(None, PrimitiveBuilder::<Int32Type>::new(), StringBuilder::new());
    map.keys().append_value(7);
    map.values().append_value("seven");
    map.append(true).unwrap();
    map.append(true).unwrap();
    write(&sandbox, "names", Arc::new(map.finish()));
    sandbox.release("c.toml", "keys", &[]).expect(0);
    let found = objects(&sandbox.path("keys/data/part-00000.jsonl"));
    assert_eq!((&found[0]["names"], &found[1]["names"]), (&json!({"7": "seven"}), &json!({})));
    write(&sandbox, "day", Arc::new(Date32Array::from(vec![0, 102_932_897])));
    sandbox.release("c.toml", "beyond", &[]).expect(0);
    let found = objects(&sandbox.path("beyond/data/part-00000.jsonl"));
    assert_eq!((found.len(), &found[0]["day"]), (1, &json!("1970-01-01")));
}
