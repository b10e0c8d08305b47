//! The result of an audit as a signed statement: `attestations/audit-NAME.sigstore.json`, an in-toto Statement around
//! the digest of the release's statement, like a [countersignature](crate::countersign).
//!
//! It holds counts and intervals, and no place of a record. Whoever has the ledger redraws the sample from seed and
//! design. Where these, or the values of strata, name a committed stage, the statement says nothing of them, because
//! anybody may read it: the design is `null`, keys are cut down to the fate, and only who was given the sample
//! can redraw it.

use std::collections::BTreeSet;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::{AuditError, CATEGORY, Design, Labels, Outcome, StratifiedSample};
use crate::bundle::BUNDLE_BYTES_MAX;
use crate::canonical::{parse_canonical, to_canonical};
use crate::countersign::{CountersignError, Verifier, add, parse_time, subject_of, time_or_now};
use crate::digest::Sha256;
use crate::disclosure::COMMITTED;
use crate::keys::SigningKey;
use crate::predicate::{STATEMENT_TYPE, Subject};
use crate::verify::Checked;

/// The predicate type of an audit's result.
pub const AUDIT_TYPE: &str = "urn:x-probity:audit-result:v1";

/// What an auditor signs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AuditResult {
    #[serde(rename = "_type")]
    statement_type: String,
    subject: Vec<Subject>,
    predicate_type: String,
    predicate: Found,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Found {
    confidence: String,
    design: Option<Design>,
    labels: Vec<Reviewed>,
    outcome: Outcome,
    sample: Sha256,
    seed: String,
    time_created: String,
    verifier: Verifier,
}

/// Whose answers it rests on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Reviewed {
    /// The reviewer, by the auditor's word.
    pub reviewer: String,
    /// Digest of the file of answers.
    pub sha256: Sha256,
}

/// A signed result that holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Audited {
    /// The file.
    pub file: String,
    /// Key id of the auditor.
    pub key_id: String,
    /// Who the auditor says to be.
    pub verifier: String,
    /// When, by the auditor's own word.
    pub time_created: String,
    /// Digest of the sample.
    pub sample: Sha256,
    /// What drew it.
    pub seed: String,
    /// How it was drawn, where that is public.
    pub design: Option<Design>,
    /// Whose answers it rests on.
    pub labels: Vec<Reviewed>,
    /// What was found.
    pub outcome: Outcome,
}

impl AuditResult {
    /// The statement about a release whose signature held. `labels` are the files of answers with their digests, the
    /// last one deciding where `decides` is set; `public` are the names of the stages that anybody may know.
    pub fn new(
        manifest: &Checked,
        sample: &StratifiedSample,
        labels: &[(Labels, Sha256)],
        decides: bool,
        public: &BTreeSet<String>,
        (verifier, time): (&str, Option<&str>),
    ) -> Result<Self, AuditError> {
        sample.about(manifest.sha256())?;
        let (reviewers, last) = labels.split_at(labels.len() - usize::from(decides && !labels.is_empty()));
        let reviewers: Vec<Labels> = reviewers.iter().map(|(labels, _)| labels.clone()).collect();
        let (outcome, _) = Outcome::of(sample, &reviewers, last.first().map(|(labels, _)| labels))?;
        let reviewed = |(labels, sha256): &(Labels, Sha256)| Reviewed {
            reviewer: labels.reviewer.clone(),
            sha256: *sha256,
        };
        let told = |error: CountersignError| AuditError::Labels(error.to_string());
        Ok(Self {
            statement_type: STATEMENT_TYPE.to_owned(),
            subject: vec![subject_of(manifest)],
            predicate_type: AUDIT_TYPE.to_owned(),
            predicate: Found {
                confidence: super::CONFIDENCE.to_string(),
                design: sample.design.is_public(public).then(|| sample.design.clone()),
                labels: labels.iter().map(reviewed).collect(),
                outcome: published(outcome, &sample.design, public),
                sample: sample.sha256()?,
                seed: sample.seed.clone(),
                time_created: time_or_now(time).map_err(told)?,
                verifier: Verifier { id: verifier.to_owned() },
            },
        })
    }

    /// Signs it and puts it into the release; gives the file's name.
    pub fn add(&self, release: &Path, name: &str, key: &SigningKey) -> Result<String, CountersignError> {
        add(&to_canonical(self)?, release, name, key)
    }

    /// Reads a payload that an auditor's key signed, checks that it is about this release and that its shares follow
    /// from its counts.
    pub(crate) fn read(
        file: &str,
        payload: &[u8],
        key_id: String,
        statement: Sha256,
    ) -> Result<Audited, CountersignError> {
        let signed: Self = parse_canonical(payload, BUNDLE_BYTES_MAX)?;
        let about: Vec<String> = signed.subject.iter().map(|s| s.digest.sha256.to_string()).collect();
        let told = signed.predicate;
        for (what, expected, found) in [
            ("_type", STATEMENT_TYPE.to_owned(), &signed.statement_type),
            ("the subject", statement.to_string(), &about.join(", ")),
            ("confidence", super::CONFIDENCE.to_string(), &told.confidence),
        ] {
            if expected != *found {
                return Err(CountersignError::Field { what, expected, found: found.clone() });
            }
        }
        parse_time(&told.time_created)?;
        follows(&told.outcome)?;
        Ok(Audited {
            file: file.to_owned(),
            key_id,
            verifier: told.verifier.id,
            time_created: told.time_created,
            sample: told.sample,
            seed: told.seed,
            design: told.design,
            labels: told.labels,
            outcome: told.outcome,
        })
    }
}

impl Audited {
    /// Whether the sample is the one it speaks of, and its strata are those the outcome counts.
    pub(crate) fn rests_on(
        &self,
        sample: &StratifiedSample,
        public: &BTreeSet<String>,
    ) -> Result<(), AuditError> {
        let drawn = |stratum: &super::Stratum| {
            (shown(&stratum.key, &sample.design, public), stratum.records, stratum.places.len() as u64)
        };
        let counted = |counts: &super::Counts| (counts.key.clone(), counts.records, counts.drawn);
        let same = sample.strata.iter().map(drawn).eq(self.outcome.strata.iter().map(counted));
        match same && sample.sha256()? == self.sample && sample.seed == self.seed {
            true => Ok(()),
            false => Err(AuditError::NotDrawn),
        }
    }
}

impl Design {
    /// Whether it names no stage but these, and no categories, which may be those of a committed pack.
    fn is_public(&self, stages: &BTreeSet<String>) -> bool {
        let column = |name: &String| match name.split_once('/') {
            Some((stage, _)) => stages.contains(stage),
            None => name != CATEGORY,
        };
        self.by.iter().chain(&self.score).all(column)
            && self.stages.iter().flatten().all(|stage| stages.contains(stage))
    }
}

/// The outcome with the keys that anybody may see.
fn published(mut outcome: Outcome, design: &Design, public: &BTreeSet<String>) -> Outcome {
    for counts in &mut outcome.strata {
        counts.key = shown(&counts.key, design, public);
    }
    outcome
}

/// A stratum's key without the names of committed stages and of their rules.
fn shown(key: &[String], design: &Design, public: &BTreeSet<String>) -> Vec<String> {
    if !design.is_public(public) {
        return key.iter().take(1).cloned().collect();
    }
    let by = |name: &str| design.by.iter().position(|by| by == name).map(|at| at + 1);
    let stage = by("stage").and_then(|at| key.get(at));
    let fixed = |stage: &str| stage.is_empty() || stage == "input" || stage == crate::ledger::RETRACT;
    // A rule alone does not say whose it is: without its stage beside it, it could be a committed one's.
    let known = stage.is_some_and(|stage| fixed(stage) || public.contains(stage));
    let hidden = |at: usize, value: &String| {
        (Some(at) == by("stage") || Some(at) == by("rule")) && !known && !value.is_empty()
    };
    let one = |(at, value): (usize, &String)| match hidden(at, value) {
        true => COMMITTED.to_owned(),
        false => value.clone(),
    };
    key.iter().enumerate().map(one).collect()
}

/// The shares are those of the counts.
fn follows(outcome: &Outcome) -> Result<(), CountersignError> {
    let wrong = |expected: String| CountersignError::Field {
        what: "the outcome",
        expected,
        found: "another one".to_owned(),
    };
    let recomputed = outcome.recomputed().map_err(|why| wrong(format!("counts that make sense ({why})")))?;
    if recomputed == *outcome { Ok(()) } else { Err(wrong("what its counts come to".to_owned())) }
}

/// A line for each side, and how the answers were come by.
impl std::fmt::Display for Audited {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { verifier, time_created, outcome, .. } = self;
        let few = outcome.strata.iter().filter(|counts| !counts.sufficient).count();
        write!(f, "{verifier} audited a sample of {} strata by {time_created}", outcome.strata.len())?;
        if few > 0 {
            write!(f, ", {few} of them insufficient")?;
        }
        for found in &outcome.sides {
            write!(f, "\n  {found}")?;
        }
        if let Some(kappa) = outcome.agreement.as_ref().and_then(|agreement| agreement.kappa.as_ref()) {
            write!(f, "\n  two reviewers, Cohen's kappa {kappa}")?;
        }
        Ok(())
    }
}
