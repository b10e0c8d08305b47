//! Level `ledger`: the claims are what the rows add up to. One walk over all rows serves all checks.

use std::collections::BTreeMap;

use super::content::Placement;
use super::orphans::Orphans;
use super::report::{Findings, Report};
use super::{Case, CheckId, LedgerRows};
use crate::index::LedgerShard;
use crate::layout::MANIFEST;
use crate::ledger::{FateCounts, RuleCount, ShardTally, decision_root, record_root};

/// What the walk has seen so far.
struct Walk<'a> {
    case: &'a Case<'a>,
    stems: Vec<String>,
    rows: Findings,
    roots: Findings,
    counts: Findings,
    conservation: Findings,
    totals: FateCounts,
    by_rule: BTreeMap<(String, String), RuleCount>,
    orphans: Orphans<'a>,
    placement: Placement<'a>,
    recounted: Vec<LedgerShard>,
}

/// Reads all ledger files, settles the checks of the ledger, and gives the places its rows name.
pub(super) fn check<'a>(case: &'a Case<'a>, report: &mut Report) -> Option<Placement<'a>> {
    if !case.release.has_auditor() {
        for id in CheckId::ALL.iter().filter(|id| id.needs_ledger()) {
            report.skip(*id, "this view carries no `auditor/`, which holds the ledger");
        }
        return None;
    }
    let shards = &case.indexes.ledger.shards;
    let mut walk = Walk {
        case,
        stems: case.indexes.stems(),
        rows: Findings::default(),
        roots: Findings::default(),
        counts: Findings::default(),
        conservation: Findings::default(),
        totals: FateCounts::default(),
        by_rule: BTreeMap::new(),
        orphans: Orphans::new(shards),
        placement: Placement::new(&case.indexes.ledger.outputs),
        recounted: Vec::new(),
    };
    for (number, shard) in shards.iter().enumerate() {
        walk.shard(number, shard);
    }
    walk.second_look(shards);
    walk.top_roots();
    walk.totals();
    report.settle(CheckId::LedgerRows, walk.rows);
    report.settle(CheckId::LedgerRoots, walk.roots);
    report.settle(CheckId::LedgerCounts, walk.counts);
    report.settle(CheckId::LedgerConservation, walk.conservation);
    Some(walk.placement)
}

impl<'a> Walk<'a> {
    fn shard(&mut self, number: usize, shard: &LedgerShard) {
        let file = shard.ledger_file.name.as_str();
        let stems = std::mem::take(&mut self.stems);
        let mut tally = ShardTally::new(&shard.name);
        match open(self.case, file, &stems) {
            Err(why) => self.rows.add(file, "a readable ledger file", why),
            Ok(rows) => self.walk(number, file, rows, &mut tally),
        }
        self.stems = stems;
        self.compare(shard, &tally);
    }

    fn walk(&mut self, number: usize, file: &str, rows: LedgerRows<'_>, tally: &mut ShardTally) {
        for row in rows {
            let row = match row {
                Ok(row) => row,
                Err(why) => return self.rows.add(file, "a readable row", why),
            };
            if let Err(why) = tally.add(&row) {
                self.rows.add_row(file, row.row, "the next well-formed row", why);
            }
            self.orphans.note(number, &row, &mut self.rows);
            self.placement.take(file, &row);
        }
    }

    /// One shard's rows against its entry.
    fn compare(&mut self, shard: &LedgerShard, tally: &ShardTally) {
        let (file, found) = (shard.ledger_file.name.as_str(), tally.entry(shard.input_sha256));
        self.rows.same(file, "rows", shard.rows, found.rows);
        self.roots.same(file, "recordRoot", shard.record_root, found.record_root);
        self.roots.same(file, "decisionRoot", shard.decision_root, found.decision_root);
        for (what, expected, got) in [
            ("kept", shard.kept, found.kept),
            ("edited", shard.edited, found.edited),
            ("removed", shard.removed, found.removed),
            ("quarantined", shard.quarantined, found.quarantined),
        ] {
            self.counts.same(file, what, expected, got);
        }
        let total = tally.counts().total();
        self.conservation.same(file, "one fate for each of the rows in,", shard.rows, total);
        self.totals += tally.counts();
        for (rule, count) in tally.by_rule() {
            *self.by_rule.entry(rule.clone()).or_default() += *count;
        }
        self.recounted.push(LedgerShard::new(found, shard.ledger_file.clone()));
    }

    /// Reads the shards again whose rows name records that had not been read yet.
    fn second_look(&mut self, shards: &[LedgerShard]) {
        for (number, shard) in shards.iter().enumerate() {
            if !self.orphans.is_open(number) {
                continue;
            }
            let file = shard.ledger_file.name.as_str();
            match open(self.case, file, &self.stems) {
                // What is unreadable was reported by the first walk.
                Ok(rows) => {
                    for (at, row) in rows.map_while(Result::ok).enumerate() {
                        self.orphans.settle(number, at as u64, &row);
                    }
                }
                Err(why) => self.counts.add(file, "a ledger file that can be read twice", why),
            }
        }
    }

    /// The roots over what was recounted, not over what the index says.
    fn top_roots(&mut self) {
        let entries: Vec<_> = self.recounted.iter().map(LedgerShard::entry).collect();
        let claimed = &self.case.statement.predicate.ledger;
        self.roots.same(MANIFEST, "ledger.recordRoot", claimed.record_root, record_root(&entries));
        self.roots.same(MANIFEST, "ledger.decisionRoot", claimed.decision_root, decision_root(&entries));
    }

    fn totals(&mut self) {
        let predicate = &self.case.statement.predicate;
        let (claimed, found) = (&predicate.accounting, self.totals);
        for (what, expected, got) in [
            ("accounting.kept", claimed.kept, found.kept),
            ("accounting.edited", claimed.edited, found.edited),
            ("accounting.removed", claimed.removed, found.removed),
            ("accounting.quarantined", claimed.quarantined, found.quarantined),
            ("accounting.orphans", claimed.orphans, self.orphans.count()),
        ] {
            self.counts.same(MANIFEST, what, expected, got);
        }
        self.rules();
        self.stages();
        let (total, released) = (found.total(), found.kept + found.edited);
        self.conservation.same(MANIFEST, "accounting.in", claimed.records_in, total);
        self.conservation.same(MANIFEST, "inputs.rows", predicate.inputs.rows, total);
        self.conservation.same(MANIFEST, "ledger.rows", predicate.ledger.rows, total);
        self.conservation.same(MANIFEST, "outputs.rows", predicate.outputs.rows, released);
    }

    fn rules(&mut self) {
        let claimed = self
            .case
            .statement
            .predicate
            .accounting
            .by_rule
            .iter()
            .map(|rule| ((rule.stage.clone(), rule.rule.clone()), (rule.removed, rule.quarantined)));
        let found =
            self.by_rule.iter().map(|(rule, count)| (rule.clone(), (count.removed, count.quarantined)));
        let name = |(stage, rule): &(String, String)| format!("accounting.byRule of `{stage}`, `{rule}`");
        compare_tables(claimed.collect(), found.collect(), name, &mut self.counts);
    }

    fn stages(&mut self) {
        let claimed = self.case.statement.predicate.accounting.by_stage.iter();
        let claimed = claimed.map(|stage| (stage.stage.clone(), (stage.removed, stage.quarantined)));
        let mut found: BTreeMap<String, (u64, u64)> = BTreeMap::new();
        for ((stage, _), count) in &self.by_rule {
            let sum = found.entry(stage.clone()).or_default();
            *sum = (sum.0 + count.removed, sum.1 + count.quarantined);
        }
        let name = |stage: &String| format!("accounting.byStage of `{stage}`");
        compare_tables(claimed.collect(), found, name, &mut self.counts);
    }
}

fn open<'a>(case: &Case<'a>, file: &str, stems: &'a [String]) -> Result<LedgerRows<'a>, String> {
    if !case.release.has(file) {
        return Err("no such file".to_owned());
    }
    let path = case.release.path(file).ok_or("an unsafe name")?;
    case.evidence.ledger(&path, stems)
}

/// Removed and quarantined by some key, as claimed and as found; absent is zero.
fn compare_tables<K: Ord>(
    claimed: BTreeMap<K, (u64, u64)>,
    mut found: BTreeMap<K, (u64, u64)>,
    name: impl Fn(&K) -> String,
    findings: &mut Findings,
) {
    let shown = |(removed, quarantined): (u64, u64)| format!("{removed} removed, {quarantined} quarantined");
    for (key, expected) in claimed {
        let got = found.remove(&key).unwrap_or_default();
        findings.same(MANIFEST, &name(&key), shown(expected), shown(got));
    }
    for (key, got) in found {
        findings.same(MANIFEST, &name(&key), shown((0, 0)), shown(got));
    }
}
