//! Clusters of duplicates, told from a finished release alone: which records were removed in whose favour, and in what
//! their texts differ.
//!
//! A *cluster* is a record and those one stage removed in its favour, its *members*. What is kept in memory are the
//! clusters, not the records.

mod difference;
mod ledger;

use crate::inspect::release_texts::{Place, Texts};
use crate::judge::verdicts::decimal;
use crate::{Error, Result};
pub use difference::{Difference, Segment, Side};
use ledger::{Ledger, Taken};
use serde::Serialize;
use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};
use std::path::Path;

/// What deduplicating stages took out of a release.
#[derive(Debug, Serialize)]
pub struct Duplicates {
    /// What each rule of each stage took out.
    pub totals: Vec<Total>,
    /// How many clusters there are.
    pub clusters_total: u64,
    /// The largest clusters, the largest first.
    pub clusters: Vec<Cluster>,
}

/// What one rule took out.
#[derive(Debug, Serialize)]
pub struct Total {
    /// The stage.
    pub stage: String,
    /// The rule.
    pub rule: String,
    /// How many records.
    pub records: u64,
    /// How many of them in favour of a record of this corpus; the others are like something outside of it.
    pub with_survivor: u64,
}

/// A record and how many were removed in its favour.
#[derive(Clone, Debug, Serialize)]
pub struct Cluster {
    /// Its number: 1 is the largest.
    pub number: u64,
    /// The stage that removed the members.
    pub stage: String,
    /// How many members there are; the survivor is not counted.
    pub members: u64,
    /// The least similarity of a member and the survivor.
    pub least_similarity: Option<String>,
    /// The record in whose favour they were removed.
    pub survivor: Record,
}

/// What the ledger says about a record.
#[derive(Clone, Debug, Serialize)]
pub struct Record {
    /// The input shard's number.
    pub shard: u32,
    /// The row in it.
    pub row: u64,
    /// The record's id.
    pub id: String,
    /// `kept`, `edited`, `removed` or `quarantined`.
    pub fate: String,
    /// What took it out.
    pub stage: Option<String>,
    /// The rule of that stage.
    pub rule: Option<String>,
    /// How similar it is to its survivor, where it has one.
    pub similarity: Option<String>,
    /// Output shard and row, where it is in the release.
    pub out: Option<Place>,
}

/// One cluster with its texts.
#[derive(Debug, Serialize)]
pub struct Shown {
    /// The cluster.
    pub cluster: Cluster,
    /// The beginning of the survivor's text, where the release holds it.
    pub text: Option<String>,
    /// Whether that is not the whole text.
    pub cut_short: bool,
    /// The members, the one least like the survivor first.
    pub members: Vec<Member>,
    /// Why texts are missing or not what the stage saw.
    pub notes: Vec<String>,
}

/// A member and in what it differs from the survivor.
#[derive(Debug, Serialize)]
pub struct Member {
    /// The record.
    pub record: Record,
    /// In what its text differs, where the release holds both.
    pub difference: Option<Difference>,
}

/// Lists the `limit` largest clusters of a release.
pub fn duplicates(release: &Path, limit: usize) -> Result<Duplicates> {
    let ledger = Ledger::open(release)?;
    let mut totals: BTreeMap<(String, String), (u64, u64)> = BTreeMap::new();
    let tallies = Tallies::of(&ledger, |taken| {
        let total = totals.entry((taken.stage.to_string(), taken.rule.to_string())).or_default();
        total.0 += 1;
        total.1 += u64::from(taken.survivor.is_some());
    })?;
    let total = |((stage, rule), (records, with_survivor))| Total { stage, rule, records, with_survivor };
    let ranked = tallies.ranked();
    let listed = ranked.iter().take(limit);
    let survivors = ledger.records(listed.clone().map(|(_, tally)| tally.survivor))?;
    let clusters = listed.map(|(number, tally)| tallies.cluster(&ledger, *number, tally, &survivors));
    Ok(Duplicates {
        totals: totals.into_iter().map(total).collect(),
        clusters_total: ranked.len() as u64,
        clusters: clusters.collect::<Result<_>>()?,
    })
}

/// Shows the cluster with this number and at most `limit` of its members.
pub fn cluster(release: &Path, number: u64, limit: usize) -> Result<Shown> {
    let ledger = Ledger::open(release)?;
    let tallies = Tallies::of(&ledger, |_| ())?;
    let ranked = tallies.ranked();
    let at = number.checked_sub(1).and_then(|at| ranked.get(usize::try_from(at).ok()?));
    let Some((_, tally)) = at else {
        return Err(Error::release(release, format!("has no cluster {number}; it has {}", ranked.len())));
    };
    let mut members: Vec<(f64, Place)> = Vec::new();
    ledger.scan(&mut |taken| {
        if taken.survivor == Some(tally.survivor) && taken.stage == tallies.stages[tally.stage] {
            members.push((number_of(taken.similarity), taken.place));
        }
    })?;
    members.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    members.truncate(limit);
    let places = members.iter().map(|(_, place)| *place);
    let records = ledger.records(places.clone().chain([tally.survivor]))?;
    let cluster = tallies.cluster(&ledger, number, tally, &records)?;
    let members = places.map(|place| ledger.one(&records, place)).collect::<Result<Vec<_>>>()?;
    show(release, cluster, members)
}

/// Puts the texts to the records.
fn show(release: &Path, cluster: Cluster, members: Vec<Record>) -> Result<Shown> {
    let place = |record: &Record| (record.shard, record.row);
    let records = members.iter().chain([&cluster.survivor]);
    let texts = Texts::read(release, records.map(|record| (place(record), record.out)))?;
    let survivor = texts.of(place(&cluster.survivor));
    let member = |record: Record| {
        let difference = survivor.zip(texts.of(place(&record))).map(|(a, b)| Difference::of(a, b));
        Member { record, difference }
    };
    let text = survivor.map(difference::beginning);
    let cut_short = survivor.zip(text).is_some_and(|(whole, text)| text.len() < whole.len());
    let mut notes = texts.notes.clone();
    if cluster.survivor.fate == "edited" {
        notes.push("the survivor is shown as released, with its edits; the members as they came in".into());
    }
    let members = members.into_iter().map(member).collect();
    Ok(Shown { text: text.map(str::to_string), cut_short, members, notes, cluster })
}

/// A similarity as the ledger has it; not a number where there is none.
fn number_of(similarity: Option<&str>) -> f64 {
    similarity.and_then(|text| text.parse().ok()).unwrap_or(f64::NAN)
}

/// What is known of a cluster after one pass over the ledger.
struct Tally {
    /// Position among [`Tallies::stages`].
    stage: usize,
    survivor: Place,
    members: u64,
    least: f64,
}

struct Tallies {
    stages: Vec<String>,
    tallies: Vec<Tally>,
}

impl Tallies {
    /// Counts the members of each cluster and shows every record that was taken out to `also`.
    fn of(ledger: &Ledger, mut also: impl FnMut(&Taken<'_>)) -> Result<Self> {
        let mut stages: Vec<String> = Vec::new();
        let mut tallies: HashMap<(usize, Place), (u64, f64)> = HashMap::new();
        ledger.scan(&mut |taken| {
            also(taken);
            let Some(survivor) = taken.survivor else { return };
            let stage = stages.iter().position(|stage| stage == taken.stage).unwrap_or_else(|| {
                stages.push(taken.stage.to_string());
                stages.len() - 1
            });
            let (members, least) = tallies.entry((stage, survivor)).or_insert((0, f64::NAN));
            *members += 1;
            *least = least.min(number_of(taken.similarity));
        })?;
        let tally = |((stage, survivor), (members, least))| Tally { stage, survivor, members, least };
        Ok(Self { stages, tallies: tallies.into_iter().map(tally).collect() })
    }

    /// The clusters with their numbers.
    fn ranked(&self) -> Vec<(u64, &Tally)> {
        let mut ranked: Vec<&Tally> = self.tallies.iter().collect();
        // a survivor may have members at two stages; their names tell the two apart in any order of reading
        ranked.sort_by_key(|t| (Reverse(t.members), t.survivor, self.stages.get(t.stage)));
        (1..).zip(ranked).collect()
    }

    fn cluster(
        &self,
        ledger: &Ledger,
        number: u64,
        tally: &Tally,
        records: &HashMap<Place, Record>,
    ) -> Result<Cluster> {
        Ok(Cluster {
            number,
            stage: self.stages.get(tally.stage).cloned().unwrap_or_default(),
            members: tally.members,
            least_similarity: (!tally.least.is_nan()).then(|| decimal(tally.least)),
            survivor: ledger.one(records, tally.survivor)?,
        })
    }
}
