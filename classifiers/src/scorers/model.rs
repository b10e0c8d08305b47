//! What the stages that use a fastText model have in common.

use crate::fasttext::Model;
use filters::{BuildError, Context};

/// Loads the model that the stage's key `model` names.
pub(super) fn load(name: Option<&String>, context: &mut dyn Context) -> Result<Model, BuildError> {
    let name =
        name.ok_or_else(|| BuildError::key("model", "is missing: the path of a fastText .bin or .ftz file"))?;
    let asset = context.asset(name)?;
    Model::load(asset.bytes).map_err(|error| BuildError::asset(name, error.to_string()))
}

/// The position of a label, or a complaint that lists the labels there are.
pub(super) fn find_label(
    model: &Model,
    key: &'static str,
    wanted: Option<&str>,
) -> Result<usize, BuildError> {
    let found = wanted.and_then(|wanted| model.labels().iter().position(|label| label == wanted));
    found.ok_or_else(|| {
        let mut known: Vec<_> = model.labels().iter().map(|label| format!("`{label}`")).collect();
        known.sort();
        let known = known.join(", ");
        BuildError::key(
            key,
            match wanted {
                Some(wanted) => format!("names `{wanted}`, which the model lacks; its labels are {known}"),
                None => format!("is missing; the model's labels are {known}"),
            },
        )
    })
}

/// fastText's probabilities reach 1.00001; what is recorded and judged is a probability.
pub(super) fn recorded(probability: f32) -> f64 {
    f64::from(probability).clamp(0.0, 1.0)
}
