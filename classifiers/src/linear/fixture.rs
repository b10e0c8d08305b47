//! A small model over made-up words, for tests.

use super::{DataSet, Example, Model, Settings, train};
use crate::metrics::Policy;

/// Texts of invented words: `zorblax` makes a text `zorb`, `quimble` makes it `quim`; the second label is unknown for
/// every third text.
pub(crate) fn examples() -> Vec<Example> {
    let fillers = ["a plain day", "the old road", "some more rain", "one blue door", "left of here"];
    let text = |nth: usize| {
        let (filler, other) = (fillers[nth % 5], fillers[(nth / 5) % 5]);
        let marks = ["", " zorblax", " quimble", " zorblax quimble"][nth % 4];
        format!("{filler}{marks} {other} {nth}")
    };
    let answer = |yes: bool| Some(f32::from(u8::from(yes)));
    let targets = |nth: usize| {
        vec![answer(nth % 2 == 1), (!nth.is_multiple_of(3)).then_some(nth % 4 > 1).and_then(answer)]
    };
    (0..240).map(|nth| Example { text: text(nth), targets: targets(nth), weight: 1.0 }).collect()
}

pub(crate) fn settings() -> Settings {
    Settings { table_bits: 10, epochs: 8, chunk_bytes: 64, ..Settings::default() }
}

pub(crate) fn model() -> Model {
    let names = ["zorb", "quim"].map(str::to_owned);
    let examples = examples();
    let data = DataSet {
        file: "made-up.parquet".into(),
        sha256: "0".repeat(64),
        licence: "Apache-2.0".into(),
        records: 240,
        is: vec!["zorb".into()],
        is_not: Vec::new(),
    };
    let trained = train(2, &examples, &settings());
    trained.into_model(&names, &examples, Some(Policy::Recall(0.9)), vec![data], "made up".into()).unwrap()
}
