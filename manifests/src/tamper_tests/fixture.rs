//! A tiny release, and what its signer can do to it.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use super::evidence::TextEvidence;
use crate::bundle::{make_bundle, open_bundle};
use crate::canonical::{parse_canonical, to_canonical};
use crate::digest::{Sha256, sha256_file};
use crate::disclosure::commit_stages;
use crate::index::{
    AuditorIndex, FileDigest, InputShard, InputsIndex, LedgerIndex, LedgerShard, OutputPart, UNDECLARED,
};
use crate::keys::{Algorithm, PublicKey, SigningKey};
use crate::ledger::{
    Fate, RuleCount, SaltKey, ShardTally, commit, content_root, decision_root, record_root, shard_stem,
};
use crate::merkle::Tree;
use crate::model_signing::DirectoryStatement;
use crate::paths::list_files;
use crate::predicate::{Asset, Dataset, Fields, Producer, Statement, Tool};
use crate::seal::{Draft, SourceDeclaration, Withheld, seal};
use crate::sums::format_sums;
use crate::verify::{Evidence, Report, Request, verify};

/// (name, input text, ledger lines without the commitment)
const SHARDS: [(&str, &str, &[&str]); 2] = [
    (
        "a/one.parquet",
        "a\nb\nc\nd\ne\n",
        &[
            "0\tkept\t-\t-\t-\t-\t0:0\t-",
            "1\tremoved\tgopher\tshort-doc\t3\t-\t-\t-",
            "2\tedited\t-\t-\t-\t-\t0:1\tC",
            "3\tremoved\tnear\tduplicate\t-\t1:1\t-\t-",
            "4\tquarantined\tinput\ttoo-large\t99\t-\t-\t-",
        ],
    ),
    (
        "b/two.parquet",
        "f\ng\na\nh\n",
        &[
            "0\tkept\t-\t-\t-\t-\t0:2\t-",
            "1\tremoved\thazard\tscore\t1\t-\t-\t-",
            "2\tremoved\texact\tduplicate\t-\t0:0\t-\t-",
            "3\tkept\t-\t-\t-\t-\t1:0\t-",
        ],
    ),
];
const PARTS: [(&str, &str); 2] =
    [("data/part-00000.parquet", "a\nC\nf\n"), ("data/part-00001.parquet", "h\n")];

/// A release in a temporary directory, and the key that sealed it.
pub(crate) struct Fixture {
    folder: tempfile::TempDir,
    dir: PathBuf,
    pub(crate) key: SigningKey,
    pub(crate) draft: Draft,
}

impl Fixture {
    /// Sealed with a P-256 key.
    pub(crate) fn sealed() -> Self {
        Self::sealed_with(Algorithm::P256)
    }

    pub(crate) fn sealed_with(algorithm: Algorithm) -> Self {
        let fixture = Self::unsealed(algorithm);
        seal(fixture.dir(), &fixture.draft, Some(&fixture.key)).unwrap();
        fixture
    }

    /// All files of a release but those that sealing writes.
    pub(crate) fn unsealed(algorithm: Algorithm) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let key = SigningKey::generate(algorithm).unwrap();
        let dir = folder.path().join("release");
        let mut fixture = Self { folder, dir, key, draft: draft() };
        fs::create_dir_all(fixture.dir()).unwrap();
        let mut inputs = InputsIndex::default();
        let mut ledger = LedgerIndex::default();
        for (number, (name, text, rows)) in SHARDS.iter().enumerate() {
            write(&fixture.inputs().join(name), text.as_bytes());
            let sha256 = Sha256::of(text.as_bytes());
            inputs.shards.push(InputShard {
                name: (*name).to_owned(),
                sha256,
                bytes: text.len() as u64,
                rows: Some(rows.len() as u64),
                source: if number == 0 { "web".to_owned() } else { UNDECLARED.to_owned() },
                excluded: None,
            });
            let file = format!("auditor/ledger/part-{number:05}.parquet");
            let lines: String =
                rows.iter().zip(text.lines()).map(|(row, text)| ledger_line(name, row, text)).collect();
            fixture.write(&file, lines.as_bytes());
            ledger.shards.push(fixture.entry(name, sha256, &file));
        }
        write(&fixture.inputs().join("c/bad.parquet"), b"cut off");
        inputs.shards.push(InputShard {
            name: "c/bad.parquet".to_owned(),
            sha256: Sha256::of(b"cut off"),
            bytes: 7,
            rows: None,
            source: "web".to_owned(),
            excluded: Some("footer is cut off".to_owned()),
        });
        for (name, text) in PARTS {
            fixture.write(name, text.as_bytes());
            ledger.outputs.push(part(name, text));
        }
        fixture.write("inputs/index.json", &to_canonical(&inputs).unwrap());
        fixture.write("ledger/index.json", &to_canonical(&ledger).unwrap());
        let mut config = config();
        fixture.draft.withheld.stages = commit_stages(&mut config, &[3], &salt_key()).unwrap();
        fixture.write("config.public.json", &to_canonical(&config).unwrap());
        fixture.write("notes.md", b"# Notes\n");
        fixture.write("auditor/removed/part-00000.parquet", b"b\nd\n");
        fixture.write("auditor/salt.key", salt_key().as_bytes());
        fixture.write("run.json", b"{\"host\":\"here\"}");
        fixture
    }

    pub(crate) fn dir(&self) -> &Path {
        &self.dir
    }

    pub(crate) fn inputs(&self) -> PathBuf {
        self.folder.path().join("inputs")
    }

    pub(crate) fn public(&self) -> PublicKey {
        self.key.public()
    }

    pub(crate) fn verify(&self) -> Report {
        verify(self.dir(), &self.public(), &Request::default(), &TextEvidence)
    }

    pub(crate) fn files(&self) -> Vec<String> {
        list_files(self.dir()).unwrap().files.into_iter().map(String::from).collect()
    }

    pub(crate) fn write(&self, name: &str, bytes: &[u8]) {
        write(&self.dir().join(name), bytes);
    }

    pub(crate) fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.dir().join(name)).unwrap()
    }

    pub(crate) fn text(&self, name: &str) -> String {
        String::from_utf8(self.read(name)).unwrap()
    }

    pub(crate) fn replace(&self, name: &str, from: &str, to: &str) {
        let text = self.text(name);
        assert!(text.contains(from), "`{name}` has no {from:?}");
        self.write(name, text.replacen(from, to, 1).as_bytes());
    }

    pub(crate) fn statement(&self) -> Statement {
        parse_canonical(&self.payload(), usize::MAX).unwrap()
    }

    pub(crate) fn payload(&self) -> Vec<u8> {
        open_bundle(&self.read("manifest.sigstore.json"), &self.public()).unwrap()
    }

    pub(crate) fn ledger_index(&self) -> LedgerIndex {
        parse_canonical(&self.read("ledger/index.json"), usize::MAX).unwrap()
    }

    /// Signs these bytes with the right key, and the directory as it then is.
    pub(crate) fn sign_payload(&self, payload: &[u8]) {
        self.write("manifest.sigstore.json", &make_bundle(payload, &self.key).unwrap());
        self.sign_directory();
    }

    pub(crate) fn sign_directory(&self) {
        let digests: BTreeMap<String, Sha256> =
            self.files().into_iter().map(|file| (file.clone(), self.digest(&file))).collect();
        let directory = DirectoryStatement::new("tiny", &digests).to_bytes().unwrap();
        self.write("attestations/dataset.sig", &make_bundle(&directory, &self.key).unwrap());
    }

    /// What a signer who lies does: claims something else and signs it.
    pub(crate) fn claim(&self, lie: impl FnOnce(&mut Statement)) {
        let mut statement = self.statement();
        let honest = statement.clone();
        lie(&mut statement);
        if statement.predicate.documents == honest.predicate.documents {
            self.render(&mut statement);
        }
        self.sign_payload(&to_canonical(&statement).unwrap());
    }

    /// Renders the documents again, as whoever lies in the claims would.
    fn render(&self, statement: &mut Statement) {
        let sums = self.text("SHA256SUMS");
        let lines: Vec<(String, Sha256)> = sums
            .lines()
            .filter_map(|line| Some((line.get(66..)?.to_owned(), line.get(..64)?.parse().ok()?)))
            .collect();
        let parts = lines.iter().filter(|(name, _)| name.starts_with("data/"));
        let parts = parts.map(|(name, sha256)| (name.as_str(), *sha256)).collect();
        let config = serde_json::from_slice(&self.read("config.public.json")).unwrap();
        let claims = statement.predicate.clone();
        let facts = crate::render::Facts { predicate: &claims, parts, config: &config };
        let mut changed = sums.clone();
        for document in &mut statement.predicate.documents {
            if let Some(text) = crate::render::document(&document.name, &facts) {
                let before = document.sha256.to_string();
                self.write(&document.name, text.as_bytes());
                document.sha256 = self.digest(&document.name);
                changed = changed.replace(&before, &document.sha256.to_string());
            }
        }
        if changed != sums {
            self.write("SHA256SUMS", changed.as_bytes());
            statement.subject[0].digest.sha256 = self.digest("SHA256SUMS");
        }
    }

    /// Brings every digest up to date with the files as they are, changes the claims, and signs.
    pub(crate) fn reseal(&self, lie: impl FnOnce(&mut Statement)) {
        let mut auditor: AuditorIndex =
            parse_canonical(&self.read("auditor/index.json"), usize::MAX).unwrap();
        for file in &mut auditor.files {
            file.sha256 = self.digest(&file.name);
        }
        self.write("auditor/index.json", &to_canonical(&auditor).unwrap());
        let sums: Vec<_> = crate::sums::parse_sums(&self.text("SHA256SUMS"))
            .unwrap()
            .into_iter()
            .map(|(name, _)| (name.clone(), self.digest(name.as_str())))
            .collect();
        self.write("SHA256SUMS", format_sums(&sums).as_bytes());
        self.resubject(|statement| {
            statement.predicate.auditor.index.digest.sha256 = self.digest("auditor/index.json");
            lie(statement);
        });
    }

    /// Signs the index files and the list of digests as they are.
    pub(crate) fn resubject(&self, lie: impl FnOnce(&mut Statement)) {
        self.claim(|statement| {
            for subject in &mut statement.subject {
                subject.digest.sha256 = self.digest(&subject.name);
            }
            statement.predicate.inputs.index = statement.subject[1].clone();
            statement.predicate.ledger.index = statement.subject[2].clone();
            lie(statement);
        });
    }

    /// What a signer does who changes the ledger index and everything that follows from it alone.
    pub(crate) fn change_index(&self, change: impl FnOnce(&mut LedgerIndex)) {
        let mut index = self.ledger_index();
        change(&mut index);
        for shard in &mut index.shards {
            shard.ledger_file.sha256 = self.digest(&shard.ledger_file.name);
        }
        self.write("ledger/index.json", &to_canonical(&index).unwrap());
        let entries: Vec<_> = index.shards.iter().map(LedgerShard::entry).collect();
        let roots: Vec<_> = index.outputs.iter().map(|part| part.content_root).collect();
        self.reseal(|statement| {
            statement.predicate.ledger.record_root = record_root(&entries);
            statement.predicate.ledger.decision_root = decision_root(&entries);
            statement.predicate.outputs.content_root = content_root(&roots);
        });
    }

    /// The entry that a ledger file as it is gives.
    pub(crate) fn entry(&self, name: &str, input: Sha256, file: &str) -> LedgerShard {
        let stems: Vec<String> = SHARDS.iter().map(|(name, ..)| shard_stem(name).to_owned()).collect();
        let mut tally = ShardTally::new(shard_stem(name));
        for row in TextEvidence.ledger(&self.dir().join(file), &stems).unwrap() {
            tally.add(&row.unwrap().0).unwrap();
        }
        LedgerShard::new(tally.entry(input), FileDigest { name: file.to_owned(), sha256: self.digest(file) })
    }

    pub(crate) fn digest(&self, file: &str) -> Sha256 {
        sha256_file(&self.dir().join(file)).unwrap().0
    }
}

pub(crate) fn part(name: &str, text: &str) -> OutputPart {
    let mut tree = Tree::new();
    for line in text.lines() {
        tree.push(&Sha256::of(line.as_bytes()).0);
    }
    let text_bytes = text.lines().map(|line| line.len() as u64).sum();
    OutputPart { name: name.to_owned(), rows: tree.len(), text_bytes, content_root: tree.root(), split: None }
}

fn ledger_line(shard: &str, row: &str, text: &str) -> String {
    let number = row.split('\t').next().unwrap().parse().unwrap();
    let content = Sha256::of(text.as_bytes());
    let commit = commit(&salt_key().salt(shard_stem(shard), number), &content, &content);
    format!("{row}\t{}\t{content}\n", Sha256(commit))
}

/// The commitments of the ledger open with it.
pub(crate) fn salt_key() -> SaltKey {
    SaltKey::from_bytes([7; 32])
}

/// The stages in the order in which they decide; `hazard` is committed.
fn config() -> serde_json::Value {
    let stage = |name: &str| serde_json::json!({"name": name, "use": name});
    let mut hazard = stage("hazard");
    hazard["at_most"] = "0.85".into();
    serde_json::json!({"schema": 1, "stages": [stage("gopher"), stage("exact"), stage("near"), hazard]})
}

fn write(path: &Path, bytes: &[u8]) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, bytes).unwrap();
}

fn draft() -> Draft {
    let mut by_rule: BTreeMap<(String, String), RuleCount> = BTreeMap::new();
    for line in SHARDS.iter().flat_map(|(_, _, rows)| *rows) {
        let columns: Vec<&str> = line.split('\t').collect();
        let fate: Fate = columns[1].parse().unwrap();
        if !fate.is_released() {
            let count = by_rule.entry((columns[2].to_owned(), columns[3].to_owned())).or_default();
            count.removed += u64::from(fate == Fate::Removed);
            count.quarantined += u64::from(fate == Fate::Quarantined);
        }
    }
    Draft {
        dataset: Dataset {
            name: "tiny".to_owned(),
            version: "1.0.0".to_owned(),
            sequence: 1,
            previous_manifest: None,
            released: Some("2026-11-21".to_owned()),
        },
        producer: Producer { name: "A lab".to_owned(), contact: "data@example.org".to_owned() },
        tool: Tool { name: "probity".to_owned(), version: "0.1.0".to_owned() },
        sources: vec![SourceDeclaration {
            id: "web".to_owned(),
            license: Some("CC-BY-4.0".to_owned()),
            ..SourceDeclaration::default()
        }],
        by_rule,
        orphans: 1,
        assets: vec![Asset { name: "pack".to_owned(), sha256: Sha256::of(b"pack"), bytes: 4 }],
        withheld: Withheld {
            assets: vec![Asset { name: "hazard-pack".to_owned(), sha256: Sha256::of(b"terms"), bytes: 5 }],
            stages: Vec::new(),
        },
        documents: ["README.md", "croissant.json", "notes.md"].map(str::to_owned).to_vec(),
        fields: Fields { declared: vec!["producer".to_owned()], measured: vec!["accounting".to_owned()] },
    }
}
