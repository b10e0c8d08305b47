//! Level `content`: what is released is what the ledger kept, row by row and text by text.
//!
//! Output parts are read beside the ledger, one text for each row that the ledger places there, so that nothing but
//! the two rows at hand is in memory.

use super::report::{Findings, Report};
use super::{Case, CheckId, Opening, TextDigests};
use crate::digest::Sha256;
use crate::index::OutputPart;
use crate::layout::MANIFEST;
use crate::ledger::{Fate, LedgerRow, content_root};
use crate::merkle::Tree;

/// The output parts: where the ledger says its released rows went, and what is there.
pub(super) struct Placement<'a> {
    parts: Vec<Part<'a>>,
    findings: Findings,
}

impl<'a> Placement<'a> {
    /// `read` says whether the texts are wanted too, or the places alone.
    pub(super) fn new(case: &'a Case<'a>, read: bool) -> Self {
        let parts = case.indexes.ledger.outputs.iter().map(|claimed| Part::new(case, claimed, read));
        Self { parts: parts.collect(), findings: Findings::default() }
    }

    /// Takes the next row of the ledger. Each part must be filled as 0, 1, 2, …, so no two rows can share a place and
    /// none can be left empty.
    pub(super) fn take(&mut self, file: &str, row: &LedgerRow, opening: &Opening) {
        match (row.fate.is_released(), row.out) {
            (true, Some((part, at))) => self.place(file, row, opening, part, at),
            (false, None) => {}
            (true, None) => self.findings.add_row(file, row.row, "a place in the released data", "none"),
            (false, Some(_)) => {
                let expected = format!("no place in the released data for a {} record", row.fate);
                self.findings.add_row(file, row.row, expected, "one");
            }
        }
    }

    fn place(&mut self, file: &str, row: &LedgerRow, opening: &Opening, number: u32, at: u64) {
        let count = self.parts.len();
        let Some(part) = self.parts.get_mut(number as usize) else {
            let expected = format!("one of {count} output parts");
            return self.findings.add_row(file, row.row, expected, format_args!("part {number}"));
        };
        if part.next != at {
            let expected = format!("row {} of part {number}", part.next);
            self.findings.add_row(file, row.row, expected, format_args!("row {at}"));
            // Which text would be whose is no longer known; the rows are still counted.
            part.aligned = false;
        }
        // Going on from the row that came keeps one displaced row from being reported for all that follow.
        part.next = at.saturating_add(u64::from(row.repeats));
        if part.claimed.split != row.split {
            let of = |split: &Option<String>| split.clone().unwrap_or_else(|| "no split".to_owned());
            self.findings.add_row(file, row.row, of(&row.split), of(&part.claimed.split));
        }
        if !part.aligned {
            return;
        }
        // The text of an edited record is not its input's, and the ledger has no digest of it; but all copies are alike.
        let mut expected = (row.fate == Fate::Kept).then_some(opening.content);
        for at in at..part.next {
            let Some(found) = part.pull() else { return };
            let wanted = *expected.get_or_insert(found);
            if found != wanted {
                let expected = format!("row {at} of `{}` with text sha256 {wanted}", part.claimed.name);
                self.findings.add_row(file, row.row, expected, found);
            }
        }
    }
}

/// One output part while it is read.
struct Part<'a> {
    claimed: &'a OutputPart,
    /// The place the next row of the ledger should have.
    next: u64,
    /// Whether every row so far was placed in order.
    aligned: bool,
    texts: Texts<'a>,
    tree: Tree,
    text_bytes: u64,
}

enum Texts<'a> {
    /// Not opened yet: parts are opened one by one, when the ledger reaches them.
    Closed(&'a Case<'a>),
    Open(TextDigests<'a>),
    Done,
    Unreadable(String),
}

impl<'a> Part<'a> {
    fn new(case: &'a Case<'a>, claimed: &'a OutputPart, read: bool) -> Self {
        let texts = if read { Texts::Closed(case) } else { Texts::Done };
        Self { claimed, next: 0, aligned: true, texts, tree: Tree::new(), text_bytes: 0 }
    }

    /// The digest of the next text.
    fn pull(&mut self) -> Option<Sha256> {
        if let Texts::Closed(case) = self.texts {
            self.texts = match open(case, self.claimed) {
                Ok(texts) => Texts::Open(texts),
                Err(why) => Texts::Unreadable(why),
            };
        }
        let Texts::Open(texts) = &mut self.texts else { return None };
        match texts.next() {
            Some(Ok(text)) => {
                self.tree.push(&text.sha256.0);
                self.text_bytes = self.text_bytes.saturating_add(text.bytes);
                Some(text.sha256)
            }
            Some(Err(why)) => {
                self.texts = Texts::Unreadable(why);
                None
            }
            None => {
                self.texts = Texts::Done;
                None
            }
        }
    }

    fn error(&self) -> Option<&str> {
        match &self.texts {
            Texts::Unreadable(why) => Some(why),
            _ => None,
        }
    }
}

fn open<'a>(case: &'a Case<'a>, part: &OutputPart) -> Result<TextDigests<'a>, String> {
    if !case.release.has(&part.name) {
        return Err("no such file".to_owned());
    }
    let path = case.release.path(&part.name).ok_or("an unsafe name")?;
    case.evidence.output_texts(&path)
}

/// Reads what is left of every output part. Without a ledger the roots are checked and the rows are not matched.
pub(super) fn check<'a>(case: &'a Case<'a>, placement: Option<Placement<'a>>, report: &mut Report) {
    let with_ledger = placement.is_some();
    let mut placement = placement.unwrap_or_else(|| Placement::new(case, true));
    for part in &mut placement.parts {
        while part.pull().is_some() {}
    }
    let Placement { parts, findings } = placement;
    if with_ledger {
        bijection(&parts, findings, report);
    }
    root(case, &parts, report);
}

fn bijection(parts: &[Part<'_>], mut findings: Findings, report: &mut Report) {
    for part in parts {
        let name = &part.claimed.name;
        findings.same(name, "rows of the index", part.claimed.rows, part.next);
        match part.error() {
            None => findings.same(name, "rows placed by the ledger", part.next, part.tree.len()),
            Some(why) => findings.add(name, "a readable output part", why),
        }
    }
    report.settle(CheckId::ContentBijection, findings);
}

/// The roots over the texts of the output parts, and their sizes.
fn root(case: &Case<'_>, parts: &[Part<'_>], report: &mut Report) {
    let mut findings = Findings::default();
    let mut roots = Vec::new();
    let mut text_bytes = 0_u64;
    for part in parts {
        let name = &part.claimed.name;
        if let Some(why) = part.error() {
            findings.add(name, "a readable output part", why);
            continue;
        }
        findings.same(name, "contentRoot", part.claimed.content_root, part.tree.root());
        findings.same(name, "textBytes", part.claimed.text_bytes, part.text_bytes);
        roots.push(part.tree.root());
        text_bytes = text_bytes.saturating_add(part.text_bytes);
    }
    // With a part that cannot be read the root over all of them says nothing more.
    if roots.len() == parts.len() {
        let claimed = &case.statement.predicate.outputs;
        findings.same(MANIFEST, "outputs.contentRoot", claimed.content_root, content_root(&roots));
        findings.same(MANIFEST, "outputs.textBytes", claimed.text_bytes, text_bytes);
    }
    report.settle(CheckId::ContentRoot, findings);
}
