//! Level `content`: what is released is what the ledger kept, row by row.

use super::report::{Findings, Report};
use super::{Case, CheckId};
use crate::digest::Sha256;
use crate::index::OutputPart;
use crate::layout::MANIFEST;
use crate::ledger::{LedgerRow, content_root};
use crate::merkle::Tree;

/// Where the ledger says its released rows went: the next free row of each output part.
pub(super) struct Placement<'a> {
    parts: &'a [OutputPart],
    next: Vec<u64>,
    findings: Findings,
}

impl<'a> Placement<'a> {
    pub(super) fn new(parts: &'a [OutputPart]) -> Self {
        Self { parts, next: vec![0; parts.len()], findings: Findings::default() }
    }

    /// Takes the next row of the ledger. Each part must be filled as 0, 1, 2, …, so no two rows can share a place and
    /// none can be left empty.
    pub(super) fn take(&mut self, file: &str, row: &LedgerRow) {
        match (row.fate.is_released(), row.out) {
            (true, Some((part, at))) => self.place(file, row.row, part, at),
            (false, None) => {}
            (true, None) => self.findings.add_row(file, row.row, "a place in the released data", "none"),
            (false, Some(_)) => {
                let expected = format!("no place in the released data for a {} record", row.fate);
                self.findings.add_row(file, row.row, expected, "one");
            }
        }
    }

    fn place(&mut self, file: &str, row: u64, part: u32, at: u64) {
        let Some(next) = self.next.get_mut(part as usize) else {
            let expected = format!("one of {} output parts", self.parts.len());
            return self.findings.add_row(file, row, expected, format_args!("part {part}"));
        };
        if *next != at {
            let expected = format!("row {next} of part {part}");
            self.findings.add_row(file, row, expected, format_args!("row {at}"));
        }
        // Going on from the row that came keeps one displaced row from being reported for all that follow.
        *next = at.saturating_add(1);
    }
}

/// An output part as it was read: its rows and the root over their texts.
type Part = Result<(u64, Sha256), String>;

/// Reads every output part once. Without a ledger the root is checked and the rows are not matched.
pub(super) fn check(case: &Case<'_>, placement: Option<Placement<'_>>, report: &mut Report) {
    let claimed = &case.indexes.ledger.outputs;
    let parts: Vec<Part> = claimed.iter().map(|part| read(case, part)).collect();
    if let Some(placement) = placement {
        bijection(claimed, &parts, placement, report);
    }
    root(case, &parts, report);
}

fn read(case: &Case<'_>, part: &OutputPart) -> Part {
    if !case.release.has(&part.name) {
        return Err("no such file".to_owned());
    }
    let path = case.release.path(&part.name).ok_or("an unsafe name")?;
    let mut tree = Tree::new();
    for text in case.evidence.output_texts(&path)? {
        tree.push(&text?);
    }
    Ok((tree.len(), tree.root()))
}

fn bijection(claimed: &[OutputPart], parts: &[Part], placement: Placement<'_>, report: &mut Report) {
    let Placement { next, mut findings, .. } = placement;
    for ((claimed, part), placed) in claimed.iter().zip(parts).zip(next) {
        findings.same(&claimed.name, "rows of the index", claimed.rows, placed);
        match part {
            Ok((rows, _)) => findings.same(&claimed.name, "rows placed by the ledger", placed, *rows),
            Err(why) => findings.add(&claimed.name, "a readable output part", why),
        }
    }
    report.settle(CheckId::ContentBijection, findings);
}

/// The roots over the texts of the output parts.
fn root(case: &Case<'_>, parts: &[Part], report: &mut Report) {
    let mut findings = Findings::default();
    let mut roots = Vec::new();
    for (claimed, part) in case.indexes.ledger.outputs.iter().zip(parts) {
        match part {
            Ok((_, root)) => {
                findings.same(&claimed.name, "contentRoot", claimed.content_root, *root);
                roots.push(*root);
            }
            Err(why) => findings.add(&claimed.name, "a readable output part", why),
        }
    }
    // With a part that cannot be read the root over all of them says nothing more.
    if roots.len() == parts.len() {
        let claimed = case.statement.predicate.outputs.content_root;
        findings.same(MANIFEST, "outputs.contentRoot", claimed, content_root(&roots));
    }
    report.settle(CheckId::ContentRoot, findings);
}
