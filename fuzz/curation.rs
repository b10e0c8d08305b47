//! Whole runs over bytes that somebody else may have written, and every filter and scorer over any text.

use filters::{Document, Edits, Findings, Measure, Scratch, View};
use manifests::ledger::SaltKey;
use pipeline::{Config, Error, Options, Plan, Silent, Step, Stop};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use tempfile::TempDir;

/// What a run over fuzzed records goes through: rules that edit, and barriers that compare and cut.
const STAGES: &str = r#"
[[stage]]
use = "c4-lines"

[[stage]]
use = "sensitive-data"

[[stage]]
use = "exact-duplicates"

[[stage]]
use = "near-duplicates"

[[stage]]
use = "split"
fractions = { test = "0.5" }
"#;

/// How plain texts are found, and a stage that is only for them.
const TEXTS: (&str, &str) = ("text = \"text\"", "[[stage]]\nuse = \"repeated-passages\"\nunit = \"lines\"\n");

/// The same of chats.
const CHATS: (&str, &str) = ("messages = \"messages\"", "[[stage]]\nuse = \"chat-turns\"\n");

/// Filters and scorers that need no other record and no column of the input.
const EVERY_STAGE: &str = include_str!("stages/all.toml");

/// Where their files stand: this is compiled as part of the fuzz targets and of the repository's own tests.
fn folder() -> PathBuf {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    package
        .ancestors()
        .map(|folder| folder.join("fuzz/stages"))
        .find(|folder| folder.exists())
        .unwrap_or_default()
}

/// A folder for one shard, and the plan to curate it.
struct Curation {
    folder: TempDir,
    name: String,
    plan: Plan,
}

impl Curation {
    fn new(name: &str, input: &str, stages: &str) -> Result<Self, Error> {
        let folder = tempfile::tempdir().unwrap_or_else(|e| panic!("{e}"));
        let text = format!("schema = 1\n[input]\nfiles = [{name:?}]\n{input}\n{stages}");
        let plan = Plan::new(Config::parse(&folder.path().join("c.toml"), &text, &[])?)?;
        Ok(Self { folder, name: name.into(), plan })
    }

    /// Makes a release of a shard. Whatever is in it, the run ends with an error that blames it, or with a release in
    /// which every record has one fate.
    fn run(&self, shard: &[u8]) {
        pipeline::hide_caught_panics();
        let release = self.folder.path().join("out");
        let options = Options {
            release: release.clone(),
            key: None,
            salt_key: Some(SaltKey::from_bytes([1; 32])),
            threads: 1,
            memory: 64 << 20,
            stop: Stop::default(),
        };
        std::fs::write(self.folder.path().join(&self.name), shard).unwrap_or_else(|e| panic!("{e}"));
        let outcome = pipeline::run(&self.plan, &options, &Silent);
        for left in [release, self.folder.path().join("out.unfinished")] {
            let _ = std::fs::remove_dir_all(left);
        }
        match outcome {
            Ok(outcome) => {
                let counted = &outcome.attested.sealed.statement.predicate.accounting;
                let fates = counted.kept + counted.edited + counted.removed + counted.quarantined;
                assert_eq!(counted.records_in, fates, "every record has one fate");
                let failed = counted.by_rule.iter().find(|rule| rule.rule == "error");
                assert!(failed.is_none(), "a stage could not judge a record: {failed:?}");
            }
            Err(Error::Bug(why)) => panic!("{why}"),
            Err(_) => {}
        }
    }
}

/// Runs a shard of texts or of chats through all stages. Plans are kept: they are the same for every case.
fn curate(name: &'static str, shard: &[u8], chats: bool) {
    thread_local! {
        static KEPT: RefCell<BTreeMap<(&'static str, bool), Curation>> = const { RefCell::new(BTreeMap::new()) };
    }
    KEPT.with_borrow_mut(|kept| {
        let curation = kept.entry((name, chats)).or_insert_with(|| {
            let (input, stage) = if chats { CHATS } else { TEXTS };
            Curation::new(name, input, &format!("{STAGES}{stage}")).unwrap_or_else(|e| panic!("{e}"))
        });
        curation.run(shard);
    });
}

/// A Parquet shard of texts, or of chats if it names messages.
pub fn parquet(data: &[u8]) {
    curate("a.parquet", data, data.windows(8).any(|bytes| bytes == b"messages"));
}

/// A shard of JSON lines or WARC records; the first byte chooses how they are packed, and whether they are chats.
pub fn lines(data: &[u8]) {
    const NAMES: [&str; 5] = ["a.jsonl", "a.jsonl.gz", "a.jsonl.zst", "a.warc", "a.warc.gz"];
    let Some((choice, data)) = data.split_first() else { return };
    let name = NAMES[usize::from(*choice) % NAMES.len()];
    curate(name, data, *choice >= 128 && !name.contains("warc"));
}

/// Labelled rows in a file that is no shard; the first byte chooses its format.
pub fn rows(data: &[u8]) {
    const NAMES: [&str; 3] = ["a.parquet", "a.jsonl", "a.jsonl.zst"];
    let Some((choice, data)) = data.split_first() else { return };
    pipeline::hide_caught_panics();
    let Ok(folder) = tempfile::tempdir() else { return };
    let path = folder.path().join(NAMES[usize::from(*choice) % NAMES.len()]);
    if std::fs::write(&path, data).is_ok() {
        let _ = pipeline::rows::labelled_texts(&path, "text");
    }
}

/// The entries of an earlier release's signature index. The file's own header is made to fit, since its checksum would
/// keep anything else from being read.
pub fn signature_index(data: &[u8]) {
    const SHARD: &[u8] = b"{\"text\":\"one two three four five six seven eight\"}\n";
    const KIND: u32 = 9;
    let Ok(folder) = tempfile::tempdir() else { return };
    let mut file = b"PROBITY1".to_vec();
    file.extend([KIND.to_le_bytes(), [0; 4]].concat());
    file.extend([7; 32]);
    file.extend((data.len() as u64).to_le_bytes());
    file.extend(xxhash_rust::xxh3::xxh3_64(data).to_le_bytes());
    file.extend(data);
    let index = folder.path().join("a.keys");
    if std::fs::write(&index, file).is_err() {
        return;
    }
    let stage = format!("[[stage]]\nuse = \"near-duplicates\"\nagainst = [{:?}]\n", index.to_string_lossy());
    if let Ok(curation) = Curation::new("a.jsonl", TEXTS.0, &stage) {
        curation.run(SHARD);
    }
}

/// Every filter and scorer, over one text after the other's findings, as in a run.
static PLAN: LazyLock<Plan> = LazyLock::new(|| {
    let config = Config::parse(&folder().join("all.toml"), EVERY_STAGE, &[]);
    config.and_then(Plan::new).unwrap_or_else(|e| panic!("{e}"))
});

/// The registry's names that [`text`] puts a text through.
pub fn stages_of_text() -> Vec<&'static str> {
    PLAN.stages().iter().map(|stage| stage.used).collect()
}

/// Any text through every filter and scorer: none may panic, edits fit the text, and the same text is judged the same.
pub fn text(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let first = judge(&text);
    assert!(first == judge(&text), "judged once more, other findings");
}

/// What each stage found, spelled out.
fn judge(text: &str) -> String {
    let scratch = Scratch::default();
    let document = Document { text, id: "id", url: text.lines().next(), ..Document::default() };
    let view = View::new(document, &scratch);
    let mut findings = Findings::new(PLAN.layout(), Measure::All);
    let mut found = String::new();
    for stage in PLAN.stages() {
        let Step::Judge { filter, slots, .. } = &stage.step else { continue };
        findings.enter(slots);
        let _ = filter.judge(&view, &mut findings);
        let edited = Edits::new(text, findings.take_edits()).apply(text);
        found.push_str(&format!("{:?} {edited:?} {:?}\n", findings.broken(), findings.take_spans()));
    }
    found
}
