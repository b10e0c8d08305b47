//! Level `inputs`: the ledger speaks about the input files that are at hand.

use std::path::Path;

use super::report::{Findings, Report};
use super::{Case, CheckId};
use crate::digest::sha256_file;
use crate::index::InputShard;
use crate::paths::RelPath;

/// Hashes every listed input, those that were excluded too, and counts the records of those that were read.
pub(super) fn check(case: &Case<'_>, root: Option<&Path>, report: &mut Report) {
    let Some(root) = root.filter(|root| root.is_dir()) else {
        for id in [CheckId::InputsDigests, CheckId::InputsRows] {
            report.skip(id, "there is no directory with the inputs");
        }
        return;
    };
    let (mut digests, mut rows) = (Findings::default(), Findings::default());
    for shard in &case.indexes.inputs.shards {
        let Ok(name) = shard.name.parse::<RelPath>() else {
            digests.add(&shard.name, "a safe name", "one that leads elsewhere");
            continue;
        };
        // Inputs are the operator's own directory: links in it are theirs to make, so they are followed.
        let path = name.under(root);
        digest(shard, &path, &mut digests);
        count(case, shard, &path, &mut rows);
    }
    report.settle(CheckId::InputsDigests, digests);
    report.settle(CheckId::InputsRows, rows);
}

fn digest(shard: &InputShard, path: &Path, findings: &mut Findings) {
    match sha256_file(path) {
        Ok((sha256, bytes)) => {
            findings.same(&shard.name, "sha256", shard.sha256, sha256);
            findings.same(&shard.name, "bytes", shard.bytes, bytes);
        }
        Err(error) => findings.add(&shard.name, format_args!("sha256 {}", shard.sha256), error),
    }
}

fn count(case: &Case<'_>, shard: &InputShard, path: &Path, findings: &mut Findings) {
    let Some(expected) = shard.rows.filter(|_| shard.excluded.is_none()) else { return };
    match case.evidence.input_rows(path) {
        Ok(found) => findings.same(&shard.name, "rows", expected, found),
        Err(why) => findings.add(&shard.name, format_args!("rows {expected}"), why),
    }
}
