//! WARC and WET files as input.

use crate::harness::{Sandbox, config_with, roots, statement};
use crate::json_lines::gzip;
use crate::ledgers::ledger;
use crate::parquet_files::{column, read};

const INPUT: &str = "text = \"text\"\nid = \"id\"\nurl = \"url\"\nmax_record_bytes = 2000";
const STAGES: &str = r#"
[[stage]]
use = "doc-length"
chars_min = 20
[[stage]]
use = "exact-duplicates"
[[stage]]
use = "input-label"
name = "language"
column = "warc.WARC-Identified-Content-Language"
[[stage]]
use = "doc-length"
name = "german"
when = "language/label=deu"
chars_min = 100
"#;

fn record(kind: &str, id: usize, more: &str, content: &[u8]) -> Vec<u8> {
    let fields = format!(
        "WARC/1.0\r\nWARC-Type: {kind}\r\nWARC-Record-ID: <urn:uuid:{id}>\r\nWARC-Target-URI: http://example.org/{id}\r\n\
         {more}Content-Length: {}\r\n\r\n",
        content.len()
    );
    [fields.as_bytes(), content, b"\r\n\r\n"].concat()
}

/// Records with the fate of each and what decided it.
pub fn records() -> Vec<(Vec<u8>, &'static str, Option<&'static str>)> {
    let language = "WARC-Identified-Content-Language: eng\r\n";
    let other = "WARC-Identified-Content-Language: deu\r\n";
    let text = b"A text that is long enough to stay.";
    vec![
        (record("warcinfo", 0, "", b"software: made up\r\n"), "quarantined", Some("input/null-text")),
        (record("conversion", 1, language, text), "kept", None),
        (record("conversion", 2, language, b"Too short."), "removed", Some("doc-length/chars-min")),
        (record("conversion", 3, language, text), "removed", Some("exact-duplicates/duplicate")),
        (
            record("response", 4, "", b"HTTP/1.1 200 OK\r\n\r\n<p>not text</p>"),
            "quarantined",
            Some("input/null-text"),
        ),
        (
            record("conversion", 5, language, b"Not \xff UTF-8, but long enough."),
            "quarantined",
            Some("input/invalid-utf8"),
        ),
        (record("conversion", 6, language, &[b'x'; 3000]), "quarantined", Some("input/record-bytes")),
        (
            record(
                "resource",
                7,
                "Content-Type: text/plain\r\n",
                "Zeile \"eins\"\nund \\ zwei, mit é\u{1}.".as_bytes(),
            ),
            "kept",
            None,
        ),
        (
            record("conversion", 8, other, b"Ein Text, der lang genug ist."),
            "removed",
            Some("german/chars-min"),
        ),
    ]
}

fn corpus(name: &str, bytes: &[u8]) -> Sandbox {
    let sandbox = Sandbox::with_keys();
    sandbox.write(&format!("corpus/{name}"), bytes);
    sandbox.write("c.toml", config_with(INPUT, STAGES).replace("corpus/*.parquet", "corpus"));
    sandbox
}

#[test]
fn every_warc_record_has_its_fate() {
    let whole: Vec<u8> = records().into_iter().flat_map(|(bytes, ..)| bytes).collect();
    // as such files are packed: a gzip member for each record
    let packed: Vec<u8> = records().into_iter().flat_map(|(bytes, ..)| gzip(&bytes)).collect();
    let mut decisions = Vec::new();
    for (name, bytes) in [("a.warc.wet", &whole), ("a.warc.wet.gz", &packed), ("a.warc.gz", &packed)] {
        let sandbox = corpus(name, bytes);
        sandbox.release("c.toml", "out", &[]).expect(0);
        let levels = "signature,files,ledger,content,inputs,replay";
        sandbox.verify("out", &["--level", levels, "--inputs", "corpus"]).expect(0);
        let rows = ledger(&sandbox.path("out"));
        for (row, (_, fate, rule)) in rows.iter().zip(records()) {
            let found =
                row.stage.as_ref().zip(row.rule.as_ref()).map(|(stage, rule)| format!("{stage}/{rule}"));
            assert_eq!((row.fate.as_str(), found.as_deref()), (fate, rule), "{name}, row {}", row.row);
        }
        assert_eq!(rows.len(), records().len());
        let data = read(&sandbox.path("out/data/part-00000.parquet"));
        assert_eq!(column(&data, "id"), [1, 7].map(|id| Some(format!("urn:uuid:{id}"))));
        assert_eq!(column(&data, "url"), [1, 7].map(|id| Some(format!("http://example.org/{id}"))));
        assert_eq!(column(&data, "text")[1].as_deref(), Some("Zeile \"eins\"\nund \\ zwei, mit é\u{1}."));
        assert!(column(&data, "json")[0].as_ref().unwrap().contains("\"WARC-Type\":\"conversion\""));
        decisions.push(roots(&sandbox.path("out"))[0].clone());
    }
    assert!(decisions.iter().all(|root| *root == decisions[0]), "{decisions:?}");
}

#[test]
fn a_damaged_warc_file_stops_the_run_or_is_excluded() {
    let whole: Vec<u8> = records().into_iter().flat_map(|(bytes, ..)| bytes).collect();
    let cases = [
        ("cut", whole[..whole.len() - 20].to_vec(), "ends within a record"),
        ("foreign", b"<html></html>\n".to_vec(), "does not begin with `WARC/`"),
    ];
    for (what, bytes, why) in cases {
        let sandbox = corpus("a.warc.wet.gz", &gzip(&bytes));
        let told = sandbox.release("c.toml", "out", &[]).expect(2).errors().join("\n");
        assert!(told.contains("corpus/a.warc.wet.gz") && told.contains(why), "{what}: {told}");
        sandbox.write("corpus/b.warc", record("conversion", 1, "", b"A text that is long enough to stay."));
        let config = config_with(&format!("{INPUT}\nbad_shard = \"exclude\""), STAGES);
        sandbox.write("c.toml", config.replace("corpus/*.parquet", "corpus"));
        sandbox.release("c.toml", "left", &[]).expect(0);
        sandbox.verify("left", &[]).expect(0);
        assert_eq!(statement(&sandbox.path("left"))["predicate"]["inputs"]["excluded"], 1, "{what}");
    }
}
