//! Every way we can think of to change a release, and the checks that catch it. Data, not code.

use crate::parquet_files::{column, read, write};
use arrow_array::{RecordBatch, StringArray};
use std::fs;
use std::path::Path;
use std::sync::Arc;

fn edit(release: &Path, name: &str, change: impl FnOnce(&mut Vec<u8>)) {
    let path = release.join(name);
    let mut bytes = fs::read(&path).unwrap_or_else(|e| panic!("{name}: {e}"));
    change(&mut bytes);
    fs::write(path, bytes).unwrap();
}

pub fn flip(release: &Path, name: &str) {
    edit(release, name, |bytes| {
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
    });
}

fn substitute(release: &Path, name: &str, from: &str, to: &str) {
    edit(release, name, |bytes| {
        let text = String::from_utf8(bytes.clone()).unwrap();
        assert!(text.contains(from), "{name} does not hold {from}");
        *bytes = text.replacen(from, to, 1).into_bytes();
    });
}

fn swap(release: &Path, left: &str, right: &str) {
    let (a, b) = (fs::read(release.join(left)).unwrap(), fs::read(release.join(right)).unwrap());
    fs::write(release.join(left), b).unwrap();
    fs::write(release.join(right), a).unwrap();
}

/// Writes the rows of a ledger anew, as honest Parquet.
fn rewrite(release: &Path, change: impl FnOnce(&RecordBatch) -> RecordBatch) {
    let path = release.join(LEDGER);
    let changed = change(&read(&path));
    write(&path, &changed, 1000);
}

/// The rows with another text in every cell of a column that holds one.
fn with_text(rows: &RecordBatch, name: &str, change: impl Fn(&str) -> String) -> RecordBatch {
    let texts: StringArray = column(rows, name).iter().map(|text| text.as_deref().map(&change)).collect();
    let mut columns = rows.columns().to_vec();
    columns[rows.schema().index_of(name).unwrap()] = Arc::new(texts);
    RecordBatch::try_new(rows.schema(), columns).unwrap()
}

pub const DATA: &str = "data/part-00000.parquet";
const OTHER: &str = "data/part-00001.parquet";
const LEDGER: &str = "auditor/ledger/part-00000.parquet";
const REMOVED: &str = "auditor/removed/part-00000.parquet";

/// A change, and the checks that fail.
pub struct Mutation(pub &'static str, pub fn(&Path), pub &'static [&'static str]);

pub const MUTATIONS: &[Mutation] = &[
    Mutation("untouched", |_| {}, &[]),
    Mutation("run.json changed", |r| fs::write(r.join("run.json"), "{}").unwrap(), &[]),
    Mutation("run.json gone", |r| fs::remove_file(r.join("run.json")).unwrap(), &[]),
    // one bit in a file of each kind
    Mutation("bit in data", |r| flip(r, DATA), &["files.digests", "files.directory", "ROWS?"]),
    Mutation(
        "bit in the footer of data",
        |r| {
            edit(r, DATA, |b| {
                let n = b.len();
                b[n - 1] ^= 1
            })
        },
        &["files.digests", "files.directory", "content.bijection", "content.root"],
    ),
    Mutation("bit in a ledger", |r| flip(r, LEDGER), &["files.auditor", "ROWS?"]),
    Mutation("bit in removed records", |r| flip(r, REMOVED), &["files.auditor"]),
    Mutation(
        "bit in inputs/index.json",
        |r| flip(r, "inputs/index.json"),
        &["files.indexes", "files.digests", "files.directory"],
    ),
    Mutation(
        "bit in ledger/index.json",
        |r| flip(r, "ledger/index.json"),
        &["files.indexes", "files.digests", "files.directory"],
    ),
    Mutation(
        "bit in config.public.json",
        |r| substitute(r, "config.public.json", "\"action\":\"remove\"", "\"action\":\"semove\""),
        &["files.digests", "files.config", "files.directory", "files.disclosures"],
    ),
    Mutation(
        "bit in README.md",
        |r| flip(r, "README.md"),
        &["files.digests", "files.documents", "files.directory"],
    ),
    Mutation("bit in SHA256SUMS", |r| flip(r, "SHA256SUMS"), &["files.sums", "files.directory"]),
    Mutation("bit in dataset.sig", |r| flip(r, "attestations/dataset.sig"), &["signature.directory"]),
    Mutation("bit in the manifest", |r| flip(r, "manifest.sigstore.json"), &["signature.bundle"]),
    Mutation("bit in auditor/index.json", |r| flip(r, "auditor/index.json"), &["files.auditor"]),
    Mutation("bit in salt.key", |r| flip(r, "auditor/salt.key"), &["files.auditor"]),
    // a ledger written anew, with one lie
    Mutation(
        "value in a ledger",
        |r| rewrite(r, |rows| with_text(rows, "value", |_| "1000000".into())),
        &["files.auditor", "ledger.roots"],
    ),
    Mutation(
        "fate in a ledger",
        |r| {
            rewrite(r, |rows| {
                with_text(
                    rows,
                    "fate",
                    |fate| if fate == "removed" { "quarantined".into() } else { fate.into() },
                )
            })
        },
        &["files.auditor", "ledger.roots", "ledger.counts"],
    ),
    Mutation(
        "id in a ledger",
        |r| rewrite(r, |rows| with_text(rows, "id", |_| "x".into())),
        &["files.auditor"],
    ),
    Mutation(
        "row dropped from a ledger",
        |r| rewrite(r, |rows| rows.slice(0, rows.num_rows() - 1)),
        &["files.auditor", "ledger.rows", "ledger.roots", "ledger.counts", "ledger.conservation"],
    ),
    Mutation(
        "rows exchanged in a ledger",
        |r| {
            rewrite(r, |rows| {
                let parts = [rows.slice(1, 1), rows.slice(0, 1), rows.slice(2, rows.num_rows() - 2)];
                arrow_select::concat::concat_batches(&rows.schema(), &parts).unwrap()
            })
        },
        &[
            "files.auditor",
            "ledger.rows",
            "ledger.roots",
            "ledger.counts",
            "ledger.conservation",
            "content.bijection",
        ],
    ),
    // files gone
    Mutation(
        "data gone",
        |r| fs::remove_file(r.join(DATA)).unwrap(),
        &["files.missing", "files.directory", "content.bijection", "content.root"],
    ),
    Mutation(
        "ledger gone",
        |r| fs::remove_file(r.join(LEDGER)).unwrap(),
        &[
            "files.auditor",
            "ledger.rows",
            "ledger.roots",
            "ledger.counts",
            "ledger.conservation",
            "content.bijection",
        ],
    ),
    Mutation("removed records gone", |r| fs::remove_file(r.join(REMOVED)).unwrap(), &["files.auditor"]),
    Mutation("salt.key gone", |r| fs::remove_file(r.join("auditor/salt.key")).unwrap(), &["files.auditor"]),
    Mutation(
        "auditor/index.json gone",
        |r| fs::remove_file(r.join("auditor/index.json")).unwrap(),
        &["files.auditor"],
    ),
    Mutation(
        "inputs/index.json gone",
        |r| fs::remove_file(r.join("inputs/index.json")).unwrap(),
        &["files.indexes", "files.missing", "files.directory"],
    ),
    Mutation(
        "config gone",
        |r| fs::remove_file(r.join("config.public.json")).unwrap(),
        &[
            "files.missing",
            "files.config",
            "files.directory",
            "files.disclosures",
            "content.bijection",
            "content.root",
        ],
    ),
    Mutation(
        "README.md gone",
        |r| fs::remove_file(r.join("README.md")).unwrap(),
        &["files.missing", "files.documents", "files.directory"],
    ),
    Mutation(
        "SHA256SUMS gone",
        |r| fs::remove_file(r.join("SHA256SUMS")).unwrap(),
        &["files.sums", "files.directory"],
    ),
    Mutation(
        "dataset.sig gone",
        |r| fs::remove_file(r.join("attestations/dataset.sig")).unwrap(),
        &["signature.directory"],
    ),
    Mutation(
        "manifest gone",
        |r| fs::remove_file(r.join("manifest.sigstore.json")).unwrap(),
        &["signature.bundle"],
    ),
    // files added
    Mutation(
        "file added",
        |r| fs::write(r.join("data/part-00002.parquet"), "x").unwrap(),
        &["files.extra", "files.directory"],
    ),
    Mutation(
        "hidden file added",
        |r| fs::write(r.join(".hidden"), "x").unwrap(),
        &["files.extra", "files.directory"],
    ),
    Mutation(
        "file added for auditors",
        |r| fs::write(r.join("auditor/note.txt"), "x").unwrap(),
        &["files.auditor"],
    ),
    Mutation(
        "file added to attestations",
        |r| fs::write(r.join("attestations/x.sig"), "x").unwrap(),
        &["files.extra"],
    ),
    Mutation(
        "unsigned manifest added",
        |r| fs::write(r.join("manifest.json"), "{}").unwrap(),
        &["files.extra", "files.directory"],
    ),
    Mutation(
        "data copied beside itself",
        |r| {
            fs::copy(r.join(DATA), r.join("data/part-00000 (1).parquet")).unwrap();
        },
        &["files.extra", "files.directory"],
    ),
    // files cut, grown, exchanged
    Mutation(
        "data cut",
        |r| edit(r, DATA, |b| b.truncate(b.len() / 2)),
        &["files.digests", "files.directory", "content.bijection", "content.root"],
    ),
    Mutation(
        "data emptied",
        |r| fs::write(r.join(DATA), "").unwrap(),
        &["files.digests", "files.directory", "content.bijection", "content.root"],
    ),
    Mutation(
        "manifest cut",
        |r| edit(r, "manifest.sigstore.json", |b| b.truncate(b.len() - 2)),
        &["signature.bundle"],
    ),
    Mutation(
        "manifest with a space",
        |r| edit(r, "manifest.sigstore.json", |b| b.push(b' ')),
        &["signature.bundle"],
    ),
    Mutation(
        "SHA256SUMS with a line feed",
        |r| edit(r, "SHA256SUMS", |b| b.push(b'\n')),
        &["files.sums", "files.directory"],
    ),
    Mutation(
        "data exchanged",
        |r| swap(r, DATA, OTHER),
        &["files.digests", "files.directory", "content.bijection", "content.root"],
    ),
    Mutation(
        "ledgers exchanged",
        |r| swap(r, LEDGER, "auditor/ledger/part-00001.parquet"),
        &[
            "files.auditor",
            "ledger.rows",
            "ledger.roots",
            "ledger.counts",
            "ledger.conservation",
            "content.bijection",
        ],
    ),
    Mutation(
        "indexes exchanged",
        |r| swap(r, "inputs/index.json", "ledger/index.json"),
        &["files.indexes", "files.digests", "files.directory"],
    ),
    Mutation(
        "signatures exchanged",
        |r| swap(r, "manifest.sigstore.json", "attestations/dataset.sig"),
        &["signature.statement"],
    ),
    // claims changed
    Mutation(
        "digest in SHA256SUMS",
        |r| edit(r, "SHA256SUMS", |b| b[0] = if b[0] == b'0' { b'1' } else { b'0' }),
        &["files.sums", "files.directory"],
    ),
    Mutation(
        "rows in the inputs index",
        |r| substitute(r, "inputs/index.json", "\"rows\":100", "\"rows\":101"),
        &["files.indexes", "files.digests", "files.directory"],
    ),
    Mutation(
        "count in the card",
        |r| substitute(r, "README.md", "200", "201"),
        &["files.digests", "files.documents", "files.directory"],
    ),
    Mutation(
        "bound in the configuration",
        |r| substitute(r, "config.public.json", "\"words_min\":50", "\"words_min\":60"),
        &["files.digests", "files.config", "files.directory", "files.disclosures"],
    ),
    // links
    #[cfg(unix)]
    Mutation(
        "link instead of data",
        |r| {
            fs::rename(r.join(DATA), r.with_extension("moved")).unwrap();
            std::os::unix::fs::symlink(r.with_extension("moved"), r.join(DATA)).unwrap();
        },
        &["files.missing", "files.extra", "files.directory", "content.bijection", "content.root"],
    ),
    #[cfg(unix)]
    Mutation(
        "link beside data",
        |r| std::os::unix::fs::symlink("part-00000.parquet", r.join("data/x.parquet")).unwrap(),
        &["files.extra"],
    ),
    #[cfg(unix)]
    Mutation(
        "link out of the release",
        |r| std::os::unix::fs::symlink("/", r.join("root")).unwrap(),
        &["files.extra"],
    ),
];
