//! Takedowns: a release without records that were named, made from an older release alone.
//!
//! Nothing is decided anew. Named records get the fate `removed` under the stage `retract`; their texts, and texts
//! that are known to be like theirs, are in no file of the new release. Only the shards that hold something of this
//! are written; all other files are the very same. The caller has verified the old release, and the new one is
//! verified before it gets its name.

mod find;
mod index;
mod lines;
mod names;
mod shards;

use crate::files::finished;
use crate::files::store;
use crate::{Error, Result};
use find::Taken;
use manifests::canonical::to_canonical;
use manifests::disclosure::{DISCLOSURES, Opened};
use manifests::index::{AUDITOR_INDEX, LEDGER_INDEX, LedgerIndex};
use manifests::keys::SigningKey;
use manifests::layout::{CONFIG, MANIFEST, RUN, SUMS, UNSIGNED_MANIFEST};
use manifests::ledger::{RETRACT, RETRACTED};
use manifests::predicate::DigestSet;
use manifests::render::{NO_RENDERER, renderer};
use manifests::seal::{Draft, Sealed, seal};
use manifests::verify::{Checked, Request, verify};
use serde::Serialize;
use serde_json::Value;
use std::path::{Path, PathBuf};

pub use names::Names;

/// What is taken down, and how.
pub struct Options<'a> {
    /// The records, as somebody named them.
    pub names: &'a Names,
    /// Go on without the names that no record has.
    pub ignore_unknown: bool,
    /// Take down released records of the same text too.
    pub equal_texts: bool,
}

/// What came of it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Retracted {
    /// Records that were released and are not any more.
    pub retracted: u64,
    /// Named records that were not in the release: their decision stands.
    pub already_out: Vec<String>,
    /// Names that no record has.
    pub unknown: Vec<String>,
    /// Texts left out of `auditor/removed`: those of named records and of records like them.
    pub texts_dropped: u64,
    /// Records that were removed as duplicates of a retracted one, and stay removed.
    pub orphaned: u64,
    /// Released records with the very text of a retracted one.
    pub equal_texts: Vec<String>,
    /// Files written anew.
    pub written: Vec<String>,
    /// Place in the row of releases.
    pub sequence: u64,
    /// What was signed.
    #[serde(skip)]
    pub sealed: Option<Sealed>,
}

/// Makes the release `out` from `old`, whose signature held as `previous`, without the named records.
pub fn retract(
    old: &Path,
    previous: &Checked,
    out: &Path,
    key: &SigningKey,
    options: &Options<'_>,
) -> Result<Retracted> {
    if out.symlink_metadata().is_ok() {
        return Err(Error::output(out, "exists and is not overwritten"));
    }
    let release = Old::open(old, previous)?;
    let taken = find::find(&release, options)?;
    let made = New::create(&release, out)?;
    let mut ledger = release.ledger.clone();
    let written = made.files(&release, &taken, &mut ledger)?;
    let bytes = to_canonical(&ledger).map_err(|e| Error::Bug(e.to_string()))?;
    store::write_file(&made.folder.join(LEDGER_INDEX), &bytes)?;
    let sealed = made.seal(&release, previous, &taken, key)?;
    made.check(key)?;
    disk::rename(&made.folder, out).map_err(|e| Error::output(out, e))?;
    Ok(Retracted {
        retracted: taken.retracted(),
        already_out: taken.already_out,
        unknown: taken.unknown,
        texts_dropped: taken.dropped.iter().map(|rows| rows.len() as u64).sum(),
        orphaned: taken.orphaned,
        equal_texts: taken.equal,
        written,
        sequence: sealed.statement.predicate.dataset.sequence,
        sealed: Some(sealed),
    })
}

/// The release there is.
pub(crate) struct Old {
    pub(crate) folder: PathBuf,
    pub(crate) ledger: LedgerIndex,
    config: Value,
    opened: Opened,
    documents: Vec<String>,
}

impl Old {
    fn open(folder: &Path, previous: &Checked) -> Result<Self> {
        let read = |name: &str| finished::bytes(folder, name);
        fn json<T: serde::de::DeserializeOwned>(path: PathBuf, bytes: &[u8]) -> Result<T> {
            serde_json::from_slice(bytes).map_err(|e| Error::release(&path, e))
        }
        let predicate = previous.predicate();
        let config: Value = json(folder.join(CONFIG), &read(CONFIG)?)?;
        let digests = &predicate.disclosures.digests;
        let opened = match folder.join(DISCLOSURES).exists() {
            true => Opened::parse(&read(DISCLOSURES)?, digests, &config)
                .map_err(|e| Error::release(&folder.join(DISCLOSURES), e))?,
            false => Opened::default(),
        };
        if !folder.join("auditor/ledger").is_dir() {
            return Err(Error::release(folder, "holds no ledger: a takedown needs the auditors' view"));
        }
        Ok(Self {
            ledger: json(folder.join(LEDGER_INDEX), &read(LEDGER_INDEX)?)?,
            documents: predicate.documents.iter().map(|document| document.name.clone()).collect(),
            folder: folder.to_path_buf(),
            config,
            opened,
        })
    }

    /// The shards' names in index order, without extension.
    pub(crate) fn stems(&self) -> Vec<String> {
        self.ledger.shards.iter().map(|shard| shard.name.clone()).collect()
    }

    /// The name of the column of texts, if it is one.
    fn text_column(&self) -> Option<&str> {
        let input = self.config.get("input")?;
        input.get("text")?.as_str()
    }
}

/// The release in the making: under another name until it is complete.
struct New {
    folder: PathBuf,
}

impl New {
    fn create(old: &Old, out: &Path) -> Result<Self> {
        let folder = crate::run::work::folder_of(out);
        if folder.symlink_metadata().is_ok() {
            // left by an interrupted takedown: a run's own folder has its release beside it
            disk::remove_folder(&folder).map_err(|e| Error::output(&folder, e))?;
        }
        store::private_folder(&folder.join("auditor"))?;
        disk::make_folder(&folder).map_err(|e| Error::output(&folder, e))?;
        // while it is made, it may hold more than others should see; then it is as open as the old one
        let _ = disk::copy_permissions(&old.folder, &folder);
        Ok(Self { folder })
    }

    /// Every file that is not computed from the others; names those that were written anew.
    fn files(&self, old: &Old, taken: &Taken, ledger: &mut LedgerIndex) -> Result<Vec<String>> {
        let mut written = Vec::new();
        for at in 0..ledger.shards.len() {
            shards::rewrite(old, &self.folder, at, taken, ledger, &mut written)?;
        }
        if taken.retracted() > 0 {
            index::rewrite(old, &self.folder, taken, &mut written)?;
        }
        for name in listed(&old.folder, "")? {
            let computed = [MANIFEST, UNSIGNED_MANIFEST, SUMS, RUN, LEDGER_INDEX, AUDITOR_INDEX, DISCLOSURES];
            let rendered = old.documents.contains(&name) && renderer(&name) != NO_RENDERER;
            let skipped = computed.contains(&name.as_str()) || name.starts_with("attestations/") || rendered;
            if !skipped && !self.folder.join(&name).exists() {
                self.same(&old.folder, &name)?;
            }
        }
        Ok(written)
    }

    /// The very same file: a second name for it where the file system can, else a copy.
    fn same(&self, from: &Path, name: &str) -> Result<()> {
        let (from, to) = (from.join(name), self.folder.join(name));
        let folder = to.parent().unwrap_or(&self.folder);
        disk::make_folder(folder).map_err(|e| Error::output(folder, e))?;
        if disk::hard_link(&from, &to).is_err() {
            disk::copy(&from, &to).map_err(|e| Error::output(&to, e))?;
        }
        disk::sync_folder(folder).map_err(|e| Error::output(folder, e))
    }

    fn seal(&self, old: &Old, previous: &Checked, taken: &Taken, key: &SigningKey) -> Result<Sealed> {
        let predicate = previous.predicate();
        let mut draft = Draft::again(predicate, &old.opened)
            .map_err(|e| Error::release(&old.folder.join(DISCLOSURES), e))?;
        draft.dataset.sequence = predicate.dataset.sequence + 1;
        draft.dataset.previous_manifest = Some(DigestSet { sha256: previous.sha256() });
        draft.orphans += taken.orphaned;
        if taken.retracted() > 0 {
            let count = draft.by_rule.entry((RETRACT.into(), RETRACTED.into())).or_default();
            count.removed += taken.retracted();
        }
        seal(&self.folder, &draft, Some(key)).map_err(|e| Error::output(&self.folder, e))
    }

    /// A takedown that does not verify is none.
    fn check(&self, key: &SigningKey) -> Result<()> {
        let evidence = crate::ReleaseEvidence::of(&self.folder);
        let report = verify(&self.folder, &key.public(), &Request::default(), &evidence);
        let failed = report.failed().next().map(|check| match check.findings.first() {
            Some(finding) => format!("{}: {finding}", check.id.as_str()),
            None => check.id.as_str().to_string(),
        });
        match (report.exit_code(), failed) {
            (0, _) => Ok(()),
            (code, failed) => Err(Error::output(
                &self.folder,
                format!(
                    "the new release does not verify ({code}): {}",
                    failed.unwrap_or_else(|| "a check was skipped".into())
                ),
            )),
        }
    }
}

/// Every file below a folder, by its name from there.
fn listed(root: &Path, prefix: &str) -> Result<Vec<String>> {
    let folder = root.join(prefix);
    let fail = |e: std::io::Error| Error::release(&folder, e);
    let mut names = Vec::new();
    for entry in disk::list(&folder).map_err(fail)? {
        let entry = entry.map_err(fail)?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let name = if prefix.is_empty() { name } else { format!("{prefix}/{name}") };
        match entry.file_type().map_err(fail)?.is_dir() {
            true => names.extend(listed(root, &name)?),
            false => names.push(name),
        }
    }
    names.sort();
    Ok(names)
}
