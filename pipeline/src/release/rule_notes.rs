//! What a ledger says about its rules: a note in the file's key-value metadata, so that the measured values mean
//! something without the configuration, the program's version or any model at hand.

use crate::judge::verdicts::decimal;
use crate::plan::{Plan, Stage, Step};
use crate::{Error, Result};
use filters::{Action, Bound};
use parquet::file::metadata::{KeyValue, ParquetMetaData};
use serde::{Deserialize, Serialize};

/// The key of the note.
const KEY: &str = "probity.rules";

/// One stage, as the ledger's reader needs to know it.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub(crate) struct StageNote {
    pub(crate) name: String,
    pub(crate) kind: StageKind,
    pub(crate) action: Action,
    /// Whether it may edit the text.
    pub(crate) edits: bool,
    /// Whether of several broken rules the first one listed decides.
    pub(crate) ordered: bool,
    pub(crate) rules: Vec<RuleNote>,
}

/// How a stage comes to its answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum StageKind {
    Judge,
    Barrier,
}

/// A rule and what its value is held against.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub(crate) struct RuleNote {
    pub(crate) id: String,
    pub(crate) bound: BoundNote,
}

/// A bound in words and a decimal string.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub(crate) struct BoundNote {
    pub(crate) kind: BoundKind,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) limit: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum BoundKind {
    AtLeast,
    AtMost,
    Above,
    Below,
    Off,
    /// What a barrier holds the similarity of two records against.
    Similarity,
}

impl BoundNote {
    fn of(bound: Bound) -> Self {
        let kind = match bound {
            Bound::AtLeast(_) => BoundKind::AtLeast,
            Bound::AtMost(_) => BoundKind::AtMost,
            Bound::Above(_) => BoundKind::Above,
            Bound::Below(_) => BoundKind::Below,
            Bound::Off => BoundKind::Off,
        };
        Self { kind, limit: bound.limit().map(decimal) }
    }

    /// The bound of a judging stage's rule; `None` where the note makes no sense.
    pub(crate) fn bound(&self) -> Option<Bound> {
        let limit = || self.limit.as_ref()?.parse::<f64>().ok();
        Some(match self.kind {
            BoundKind::AtLeast => Bound::AtLeast(limit()?),
            BoundKind::AtMost => Bound::AtMost(limit()?),
            BoundKind::Above => Bound::Above(limit()?),
            BoundKind::Below => Bound::Below(limit()?),
            BoundKind::Off => Bound::Off,
            BoundKind::Similarity => return None,
        })
    }

    /// The bound as a phrase: `at least 50`.
    pub(crate) fn phrase(&self) -> String {
        let kind = match self.kind {
            BoundKind::AtLeast => "at least",
            BoundKind::AtMost => "at most",
            BoundKind::Above => "above",
            BoundKind::Below => "below",
            BoundKind::Off => "off",
            BoundKind::Similarity => "similarity",
        };
        self.limit.as_ref().map_or_else(|| kind.to_string(), |limit| format!("{kind} {limit}"))
    }
}

fn stage_note(stage: &Stage) -> StageNote {
    let (kind, edits, ordered, rules) = match &stage.step {
        Step::Judge { filter, slots, .. } => {
            let rules = slots.rules.iter();
            let rules =
                rules.map(|rule| RuleNote { id: rule.id.to_string(), bound: BoundNote::of(rule.bound) });
            (StageKind::Judge, filter.edits(), filter.decides_in_order(), rules.collect())
        }
        Step::Barrier(barrier) => {
            let kind = |at: usize| match barrier.measures_similarity(at) {
                true => BoundKind::Similarity,
                false => BoundKind::AtLeast,
            };
            let rule = |(at, rule): (usize, &filters::Rule)| RuleNote {
                id: rule.id.to_string(),
                bound: BoundNote { kind: kind(at), limit: Some(barrier.bound(at)) },
            };
            (
                StageKind::Barrier,
                barrier.edits(),
                true,
                barrier.rules().iter().enumerate().map(rule).collect(),
            )
        }
    };
    StageNote { name: stage.name.clone(), kind, action: stage.action, edits, ordered, rules }
}

/// The note for the ledgers of a plan.
pub(crate) fn note(plan: &Plan) -> Result<KeyValue> {
    let stages: Vec<StageNote> = plan.stages.iter().map(stage_note).collect();
    let bytes = manifests::canonical::to_canonical(&stages).map_err(|e| Error::Bug(e.to_string()))?;
    let text = String::from_utf8(bytes).map_err(|e| Error::Bug(e.to_string()))?;
    Ok(KeyValue::new(KEY.to_string(), text))
}

/// The note of a ledger; `None` for one that has none, as older versions wrote it.
pub(crate) fn read(ledger: &ParquetMetaData) -> std::result::Result<Option<Vec<StageNote>>, String> {
    let stored = ledger.file_metadata().key_value_metadata();
    let Some(text) =
        stored.and_then(|all| all.iter().find(|entry| entry.key == KEY)).and_then(|e| e.value.as_ref())
    else {
        return Ok(None);
    };
    serde_json::from_str(text).map(Some).map_err(|e| format!("`{KEY}`: {e}"))
}

/// The same where they must be there.
pub(crate) fn required(ledger: &ParquetMetaData) -> std::result::Result<Vec<StageNote>, String> {
    read(ledger)?.ok_or_else(|| "does not name its bounds: an older version wrote it".into())
}
