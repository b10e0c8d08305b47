//! Level `ledger`: the claims are what the rows add up to. One walk over all rows serves all checks.

use std::collections::{BTreeMap, BTreeSet};

use super::commitments::Commitments;
use super::content::Placement;
use super::orphans::Orphans;
use super::report::{Findings, Report};
use super::{Case, CheckId, LedgerRows};
use crate::disclosure::{DISCLOSURES, Opened, stage_order};
use crate::index::LedgerShard;
use crate::layout::MANIFEST;
use crate::ledger::{FateCounts, RuleCount, ShardTally, decision_root, record_root};
use crate::predicate::RuleTotal;
use crate::seal::published;

/// What the walk has seen so far.
struct Walk<'a> {
    case: &'a Case<'a>,
    stems: Vec<String>,
    commitments: Commitments<'a>,
    rows: Findings,
    roots: Findings,
    counts: Findings,
    conservation: Findings,
    totals: FateCounts,
    repeated: u64,
    by_rule: BTreeMap<(String, String), RuleCount>,
    /// The same as the manifest may show it.
    public: Vec<RuleTotal>,
    orphans: Orphans<'a>,
    placement: Placement<'a>,
    recounted: Vec<LedgerShard>,
}

/// Reads all ledger files, settles the checks of the ledger, and gives the places its rows name.
pub(super) fn check<'a>(case: &'a Case<'a>, texts: bool, report: &mut Report) -> Option<Placement<'a>> {
    if !case.release.has_auditor() {
        for id in CheckId::ALL.iter().filter(|id| id.needs_ledger()) {
            report.skip(*id, "this view carries no `auditor/`, which holds the ledger");
        }
        return None;
    }
    let shards = &case.indexes.ledger.shards;
    let stages = case.revealed.map(|revealed| stage_order(&revealed.config));
    let mut walk = Walk {
        case,
        stems: case.indexes.stems(),
        commitments: Commitments::new(case.salt_key),
        rows: Findings::default(),
        roots: Findings::default(),
        counts: Findings::default(),
        conservation: Findings::default(),
        totals: FateCounts::default(),
        repeated: 0,
        by_rule: BTreeMap::new(),
        public: Vec::new(),
        orphans: Orphans::new(shards, stages.as_deref()),
        placement: Placement::new(case, texts),
        recounted: Vec::new(),
    };
    for (number, shard) in shards.iter().enumerate() {
        walk.shard(number, shard);
    }
    walk.second_look(shards);
    walk.top_roots();
    walk.totals();
    let counted = walk.knows_committed() || !walk.counts.is_empty();
    report.settle(CheckId::LedgerRows, walk.rows);
    report.settle(CheckId::LedgerRoots, walk.roots);
    if counted {
        report.settle(CheckId::LedgerCounts, walk.counts);
    } else {
        report.skip(CheckId::LedgerCounts, "the committed stages could not be opened");
    }
    report.settle(CheckId::LedgerConservation, walk.conservation);
    if walk.commitments.can_open() {
        report.settle(CheckId::LedgerCommitments, walk.commitments.findings);
    } else {
        report.skip(CheckId::LedgerCommitments, "`auditor/salt.key` is not the key the manifest commits to");
    }
    if walk.orphans.knows_stages() {
        report.settle(CheckId::LedgerDuplicates, walk.orphans.order);
    } else {
        report.skip(CheckId::LedgerDuplicates, "the order of the stages is not known");
    }
    Some(walk.placement)
}

impl<'a> Walk<'a> {
    fn shard(&mut self, number: usize, shard: &LedgerShard) {
        let file = shard.ledger_file.name.as_str();
        let stems = std::mem::take(&mut self.stems);
        let mut tally = ShardTally::new(&shard.name);
        match open(self.case, file, &stems) {
            Err(why) => self.rows.add(file, "a readable ledger file", why),
            Ok(rows) => self.walk(number, shard, rows, &mut tally),
        }
        self.stems = stems;
        self.compare(shard, &tally);
    }

    fn walk(&mut self, number: usize, shard: &LedgerShard, rows: LedgerRows<'_>, tally: &mut ShardTally) {
        let file = shard.ledger_file.name.as_str();
        for row in rows {
            let (row, opening) = match row {
                Ok(row) => row,
                Err(why) => return self.rows.add(file, "a readable row", why),
            };
            if let Err(why) = tally.add(&row) {
                self.rows.add_row(file, row.row, "the next well-formed row", why);
            }
            self.orphans.note(number, &row, &mut self.rows);
            self.commitments.take(file, &shard.name, &row, &opening);
            self.placement.take(file, &row, &opening);
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
        self.repeated = self.repeated.saturating_add(tally.repeated());
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
                    for (at, (row, _)) in rows.map_while(Result::ok).enumerate() {
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
            ("accounting.repeated", claimed.repeated, self.repeated),
        ] {
            self.counts.same(MANIFEST, what, expected, got);
        }
        if self.knows_committed() {
            self.rules();
            self.stages();
        }
        let (total, released) = (found.total(), found.kept + found.edited);
        let rows = released.saturating_add(self.repeated);
        self.conservation.same(MANIFEST, "accounting.in", claimed.records_in, total);
        self.conservation.same(MANIFEST, "inputs.rows", predicate.inputs.rows, total);
        self.conservation.same(MANIFEST, "ledger.rows", predicate.ledger.rows, total);
        self.conservation.same(MANIFEST, "outputs.rows", predicate.outputs.rows, rows);
    }

    /// Whether it is known which stages the manifest shows under their own names.
    fn knows_committed(&self) -> bool {
        self.case.revealed.is_some() || self.case.statement.predicate.disclosures.digests.is_empty()
    }

    /// The rules that took something out: those of committed stages as one line of the manifest, and one by one as
    /// they are opened to auditors.
    fn rules(&mut self) {
        let found: Vec<RuleTotal> = self
            .by_rule
            .iter()
            .map(|((stage, rule), count)| RuleTotal {
                stage: stage.clone(),
                rule: rule.clone(),
                removed: count.removed,
                quarantined: count.quarantined,
            })
            .collect();
        let opened = self.case.revealed.map(|revealed| &revealed.opened);
        let committed = opened.map(Opened::stage_names).unwrap_or_default();
        let committed: BTreeSet<&str> = committed.iter().map(String::as_str).collect();
        self.public = published(found.iter().cloned(), &committed);
        let claimed = table(&self.case.statement.predicate.accounting.by_rule);
        let name = |(stage, rule): &(&str, &str)| format!("accounting.byRule of `{stage}`, `{rule}`");
        compare_tables(MANIFEST, claimed, table(&self.public), name, &mut self.counts);
        let withheld = opened.and_then(|opened| opened.rules().ok()).unwrap_or_default();
        let found: Vec<RuleTotal> =
            found.into_iter().filter(|rule| committed.contains(rule.stage.as_str())).collect();
        compare_tables(DISCLOSURES, table(&withheld), table(&found), name, &mut self.counts);
    }

    fn stages(&mut self) {
        let claimed = self.case.statement.predicate.accounting.by_stage.iter();
        let claimed = claimed.map(|stage| (stage.stage.as_str(), (stage.removed, stage.quarantined)));
        let mut found: BTreeMap<&str, (u64, u64)> = BTreeMap::new();
        for rule in &self.public {
            let sum = found.entry(&rule.stage).or_default();
            *sum = (sum.0 + rule.removed, sum.1 + rule.quarantined);
        }
        let name = |stage: &&str| format!("accounting.byStage of `{stage}`");
        compare_tables(MANIFEST, claimed.collect(), found, name, &mut self.counts);
    }
}

/// What each rule took out, by stage and rule.
fn table(rules: &[RuleTotal]) -> BTreeMap<(&str, &str), (u64, u64)> {
    rules
        .iter()
        .map(|rule| ((rule.stage.as_str(), rule.rule.as_str()), (rule.removed, rule.quarantined)))
        .collect()
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
    file: &str,
    claimed: BTreeMap<K, (u64, u64)>,
    mut found: BTreeMap<K, (u64, u64)>,
    name: impl Fn(&K) -> String,
    findings: &mut Findings,
) {
    let shown = |(removed, quarantined): (u64, u64)| format!("{removed} removed, {quarantined} quarantined");
    for (key, expected) in claimed {
        let got = found.remove(&key).unwrap_or_default();
        findings.same(file, &name(&key), shown(expected), shown(got));
    }
    for (key, got) in found {
        findings.same(file, &name(&key), shown((0, 0)), shown(got));
    }
}
