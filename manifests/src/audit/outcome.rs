//! What the answers come to: shares with intervals, by stratum and for all records.
//!
//! Of a record that is not in the release it is an error that it belongs there, a *false positive*; of a released one,
//! that it does not, a *miss*. With two reviewers a record counts as looked at when both answered. Where they differ, a
//! third file of answers decides. **What stays open counts as an error**: an `unsure`, and a difference nobody decided.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::intervals::wilson_of;
use super::{Answer, AuditError, Labels, Place, Share, StratifiedSample, Stratum, kappa, stratified};

/// The confidence of all intervals.
pub const CONFIDENCE: f64 = 0.95;
/// Fewer records of a stratum are too few, unless there are no more.
pub const TARGET: u64 = 400;

/// On which side of the filter a record is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Side {
    /// Not in the release: an error is a false positive.
    TakenOut,
    /// In the release: an error is a miss.
    Released,
}

impl Side {
    /// The side of a fate.
    pub fn of(fate: &str) -> Self {
        if matches!(fate, "kept" | "edited") { Self::Released } else { Self::TakenOut }
    }

    /// What an error is called.
    pub fn error(self) -> &'static str {
        match self {
            Self::TakenOut => "false positives",
            Self::Released => "misses",
        }
    }

    fn is_error(self, answer: Answer) -> bool {
        matches!((self, answer), (Self::TakenOut, Answer::Belongs) | (Self::Released, Answer::DoesNotBelong))
    }
}

/// What was found in a stratum. Numbers of records; shares as decimals of six places.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Counts {
    /// Fate, values, band.
    pub key: Vec<String>,
    /// Records there are.
    pub records: u64,
    /// Records drawn.
    pub drawn: u64,
    /// Records all reviewers answered about.
    pub labelled: u64,
    /// Errors among them, those that stay open too.
    pub errors: u64,
    /// How many of the errors stay open.
    pub open: u64,
    /// The interval of the share of errors, where anything was looked at.
    pub interval: Option<[String; 2]>,
    /// Whether at least [`TARGET`] records, or all there are, were looked at.
    pub sufficient: bool,
}

/// What was found on one side. Shares as decimals of six places; `None` while a stratum was not looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Sided {
    /// Which.
    pub side: Side,
    /// Records there are.
    pub records: u64,
    /// Records looked at.
    pub labelled: u64,
    /// The Horvitz-Thompson estimate of the share of errors.
    pub estimate: Option<String>,
    /// Its standard error.
    pub standard_error: Option<String>,
    /// Its interval.
    pub interval: Option<[String; 2]>,
}

/// `false positives: 0.012500 of 4000 taken out, between … and … (400 looked at)`.
impl std::fmt::Display for Sided {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let where_ = if self.side == Side::TakenOut { "taken out" } else { "released" };
        let Self { side, records, labelled, .. } = self;
        write!(f, "{}: ", side.error())?;
        match (&self.estimate, &self.interval) {
            (Some(estimate), Some([low, high])) => {
                write!(f, "{estimate} of {records} {where_}, between {low} and {high} ({labelled} looked at)")
            }
            _ => write!(f, "unknown, not every stratum was looked at ({labelled} of {records} {where_})"),
        }
    }
}

/// How two reviewers answered the same records.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Agreement {
    /// Rows are the first reviewer's answers, columns the second's: belongs, does not belong, unsure.
    pub table: [[u64; 3]; 3],
    /// Cohen's κ as a decimal of six places; `None` where chance alone agrees.
    pub kappa: Option<String>,
}

/// What an audit found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Outcome {
    /// In the order of the sample.
    pub strata: Vec<Counts>,
    /// Taken out first; a side without records is left out.
    pub sides: Vec<Sided>,
    /// Of two reviewers.
    pub agreement: Option<Agreement>,
}

impl Outcome {
    /// Adds up the answers of one or two reviewers, who must differ in name, and those that decide where two differ. Also gives the records the
    /// two differ on.
    pub fn of(
        sample: &StratifiedSample,
        reviewers: &[Labels],
        decides: Option<&Labels>,
    ) -> Result<(Self, Vec<Place>), AuditError> {
        let error = |why: &str| Err(AuditError::Labels(why.to_owned()));
        if reviewers.is_empty() || reviewers.len() > 2 {
            return error("expected the answers of one or two reviewers");
        }
        if decides.is_some() && reviewers.len() == 1 {
            return error("there is nothing to decide between one reviewer's answers");
        }
        if let [first, second] = reviewers
            && first.reviewer == second.reviewer
        {
            return error(&format!("both files hold the answers of one reviewer, {}", first.reviewer));
        }
        check(sample, reviewers.iter().chain(decides))?;
        let counted = sample.strata.iter().map(|stratum| counts(stratum, reviewers, decides));
        let strata = counted.collect::<Result<Vec<_>, _>>()?;
        let agreement = match reviewers {
            [first, second] => Some(Agreement::of(first, second)),
            _ => None,
        };
        let differ = match reviewers {
            [first, second] => differences(first, second),
            _ => Vec::new(),
        };
        Ok((Self { sides: sides(&strata)?, strata, agreement }, differ))
    }

    /// The same computed anew from nothing but the counts; what is signed must equal it.
    pub fn recomputed(&self) -> Result<Self, AuditError> {
        let strata = self.strata.iter().map(Counts::recomputed).collect::<Result<Vec<_>, _>>()?;
        let agreement = self.agreement.as_ref().map(|agreement| Agreement::from_table(agreement.table));
        Ok(Self { sides: sides(&strata)?, strata, agreement })
    }

    /// The upper bound of the share of errors on a side.
    pub fn upper(&self, side: Side) -> Option<f64> {
        let found = self.sides.iter().find(|found| found.side == side)?;
        found.interval.as_ref()?[1].parse().ok()
    }
}

impl Counts {
    /// The side its records are on.
    pub fn side(&self) -> Side {
        Side::of(self.key.first().map_or("", String::as_str))
    }

    fn share(&self) -> Share {
        Share { found: self.errors, looked_at: self.labelled, of: self.records }
    }

    fn recomputed(&self) -> Result<Self, AuditError> {
        if self.labelled > self.drawn || self.drawn > self.records || self.open > self.errors {
            return Err(AuditError::Labels(
                "more was looked at than drawn, or drawn than there is".to_owned(),
            ));
        }
        let interval = match self.labelled {
            0 => None,
            _ => Some(wilson_of(self.share(), CONFIDENCE)?),
        };
        Ok(Self {
            interval: interval.map(|found| [decimal(found.low), decimal(found.high)]),
            sufficient: self.labelled >= TARGET.min(self.records),
            ..self.clone()
        })
    }
}

impl Agreement {
    fn of(first: &Labels, second: &Labels) -> Self {
        let mut table = [[0; 3]; 3];
        for (place, answer) in &first.answers {
            if let Some(other) = second.answers.get(place) {
                table[*answer as usize][*other as usize] += 1;
            }
        }
        Self::from_table(table)
    }

    fn from_table(table: [[u64; 3]; 3]) -> Self {
        Self { kappa: kappa(&table).map(decimal), table }
    }
}

/// A share as it is signed.
fn decimal(share: f64) -> String {
    format!("{share:.6}")
}

/// All answers are about this sample.
fn check<'l>(sample: &StratifiedSample, all: impl Iterator<Item = &'l Labels>) -> Result<(), AuditError> {
    let digest = sample.sha256()?;
    let drawn: BTreeSet<&Place> = sample.strata.iter().flat_map(|stratum| &stratum.places).collect();
    for labels in all {
        let reviewer = &labels.reviewer;
        if labels.sample != digest {
            return Err(AuditError::Labels(format!("the answers of {reviewer} are about another sample")));
        }
        if let Some(place) = labels.answers.keys().find(|place| !drawn.contains(place)) {
            let Place { shard, row } = place;
            return Err(AuditError::Labels(format!(
                "{reviewer} answered about {shard}:{row}, which was not drawn"
            )));
        }
    }
    Ok(())
}

/// The answer that counts; `None` while a reviewer has not answered.
fn settled(place: &Place, reviewers: &[Labels], decides: Option<&Labels>) -> Option<Answer> {
    let answers: Vec<Answer> =
        reviewers.iter().map(|labels| labels.answers.get(place).copied()).collect::<Option<_>>()?;
    match answers.as_slice() {
        [first, rest @ ..] if rest.iter().all(|answer| answer == first) => Some(*first),
        _ => Some(decides.and_then(|labels| labels.answers.get(place).copied()).unwrap_or(Answer::Unsure)),
    }
}

fn counts(stratum: &Stratum, reviewers: &[Labels], decides: Option<&Labels>) -> Result<Counts, AuditError> {
    let mut counts = Counts {
        key: stratum.key.clone(),
        records: stratum.records,
        drawn: stratum.places.len() as u64,
        labelled: 0,
        errors: 0,
        open: 0,
        interval: None,
        sufficient: false,
    };
    for answer in stratum.places.iter().filter_map(|place| settled(place, reviewers, decides)) {
        let open = answer == Answer::Unsure;
        counts.labelled += 1;
        counts.open += u64::from(open);
        counts.errors += u64::from(open || counts.side().is_error(answer));
    }
    counts.recomputed()
}

fn sides(strata: &[Counts]) -> Result<Vec<Sided>, AuditError> {
    let mut sides = Vec::new();
    for side in [Side::TakenOut, Side::Released] {
        let shares: Vec<Share> =
            strata.iter().filter(|counts| counts.side() == side).map(Counts::share).collect();
        if shares.is_empty() {
            continue;
        }
        let whole = match shares.iter().all(|share| share.looked_at > 0) {
            true => Some(stratified(&shares, CONFIDENCE)?),
            false => None,
        };
        sides.push(Sided {
            side,
            records: shares.iter().map(|share| share.of).sum(),
            labelled: shares.iter().map(|share| share.looked_at).sum(),
            estimate: whole.map(|(estimate, ..)| decimal(estimate)),
            standard_error: whole.map(|(_, error, _)| decimal(error)),
            interval: whole.map(|(.., bounds)| [decimal(bounds.low), decimal(bounds.high)]),
        });
    }
    Ok(sides)
}

fn differences(first: &Labels, second: &Labels) -> Vec<Place> {
    let differ = |(place, answer): (&Place, &Answer)| {
        second.answers.get(place).is_some_and(|other| other != answer).then(|| place.clone())
    };
    first.answers.iter().filter_map(differ).collect()
}
