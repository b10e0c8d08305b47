//! Where the tasks of one run leave their artefacts, and what identifies them.

use crate::Result;
use crate::barriers::corpus::Group;
use crate::files::artefact::Identity;
use crate::plan::Plan;
use crate::run::admission::Admission;
use crate::run::budget::Budget;
use crate::run::passes::{Division, Pass};
use crate::source::inputs::Shard;
use crate::source::shelf::Shelf;
use crate::stop::Stop;
use crate::tasks::Shared;
use manifests::digest::Sha256;
use manifests::ledger::SaltKey;
use std::path::{Path, PathBuf};

/// The folder beside a release that holds the artefacts of an unfinished run; it is gone when the release is
/// finished. It lies outside, so that nothing in a release is ever unaccounted for.
pub(crate) fn folder_of(release: &Path) -> PathBuf {
    let mut name = release.file_name().unwrap_or_default().to_os_string();
    name.push(".unfinished");
    release.with_file_name(name)
}

/// Where compressed inputs lie unpacked for as long as the run is unfinished.
pub(crate) fn unpacked_inputs(release: &Path) -> PathBuf {
    folder_of(release).join("inputs")
}

/// Names and identities of one run's artefacts.
pub(crate) struct Work {
    folder: PathBuf,
    plan: Sha256,
    /// Over the plan and every input shard: what a task that sees the whole corpus depends on.
    corpus: Identity,
    /// What stays in memory.
    pub(crate) shelf: Shelf,
    /// Whether another task may begin.
    pub(crate) stop: Stop,
    /// Who may judge or write.
    pub(crate) admission: Admission,
    /// How memory is divided.
    pub(crate) budget: Budget,
    /// How the work is divided.
    pub(crate) division: Division,
    /// Where other processes leave what they have made, if some work on the same run.
    pub(crate) shared: Option<Shared>,
}

impl Work {
    /// The artefacts of the run that makes `release` within a budget.
    pub(crate) fn new(release: &Path, plan: &Plan, shards: &[Shard], budget: Budget) -> Self {
        let digests: Vec<String> = shards.iter().map(|s| format!("{}\n{}\n", s.name, s.sha256)).collect();
        let corpus = identity(&[&plan.digest.0, digests.concat().as_bytes()]);
        Self {
            folder: folder_of(release),
            plan: plan.digest,
            corpus,
            shelf: Shelf::new(budget.shelf()),
            stop: Stop::default(),
            admission: Admission::new(budget.tasks()),
            budget,
            division: Division::local(shards),
            shared: None,
        }
    }

    /// The same, of a run that many processes work on.
    pub(crate) fn shared(self, division: Division, shared: Shared) -> Self {
        Self { division, shared: Some(shared), ..self }
    }

    /// Makes sure that a file is at hand which a task of a pass has made.
    pub(crate) fn fetch(&self, pass: Pass, task: usize, path: &Path) -> Result<()> {
        self.shared.as_ref().map_or(Ok(()), |shared| shared.fetch(pass, task, path))
    }

    /// The same of what came of judging a row group.
    pub(crate) fn fetch_judged(&self, group: &Group, path: &Path) -> Result<()> {
        match self.shared {
            Some(_) => self.fetch(Pass::Judge, self.division.share_of(group.shard, group.row_group), path),
            None => Ok(()),
        }
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// What depends on one row group alone.
    pub(crate) fn group_identity(&self, shard: &Shard, row_group: usize) -> Identity {
        identity(&[
            &self.plan.0,
            shard.name.as_bytes(),
            shard.source.as_bytes(),
            &shard.sha256.0,
            &row_group.to_le_bytes(),
        ])
    }

    /// What depends on the whole corpus, and on `more`.
    pub(crate) fn corpus_identity(&self, more: &[u8]) -> Identity {
        identity(&[&self.corpus, more])
    }

    /// What depends on the whole corpus up to a barrier.
    pub(crate) fn barrier_identity(&self, barrier: usize) -> Identity {
        self.corpus_identity(&(barrier as u64).to_le_bytes())
    }

    /// What depends on the whole corpus and on the key of the ledger's commitments.
    pub(crate) fn written_identity(&self, shard: usize, salt_key: &SaltKey) -> Identity {
        self.corpus_identity(format!("write {shard} {}", salt_key.commitment()).as_bytes())
    }

    pub(crate) fn verdicts(&self, shard: usize, row_group: usize) -> PathBuf {
        self.folder.join(format!("judge/{shard:05}-{row_group:05}.verdicts"))
    }

    pub(crate) fn keys(&self, shard: usize, row_group: usize, barrier: usize) -> PathBuf {
        self.folder.join(format!("judge/{shard:05}-{row_group:05}.keys-{barrier}"))
    }

    /// Where a barrier keeps what it comes to.
    pub(crate) fn barrier(&self, barrier: usize) -> PathBuf {
        self.folder.join(format!("barrier-{barrier}"))
    }

    pub(crate) fn written(&self, shard: usize) -> PathBuf {
        self.folder.join(format!("write/{shard:05}.written"))
    }
}

/// A digest over parts, each with its length, so that no two lists of parts are confused.
fn identity(parts: &[&[u8]]) -> Identity {
    let mut bytes = Vec::new();
    for part in parts {
        bytes.extend_from_slice(&(part.len() as u64).to_le_bytes());
        bytes.extend_from_slice(part);
    }
    Sha256::of(&bytes).0
}
