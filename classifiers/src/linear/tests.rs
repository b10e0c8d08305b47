//! What a model learns, that its file holds all of it, and that no other file is taken for one.

use super::fixture::{examples, model, settings};
use super::*;
use crate::metrics::{Sample, auc, expected_calibration_error};
use proptest::prelude::*;
use std::sync::OnceLock;

fn bytes() -> &'static [u8] {
    static BYTES: OnceLock<Vec<u8>> = OnceLock::new();
    BYTES.get_or_init(|| model().to_bytes().unwrap())
}

#[test]
fn each_label_is_learnt_from_the_records_that_have_it() {
    let examples = examples();
    let trained = train(2, &examples, &settings());
    for label in 0..2 {
        let samples: Vec<Sample> = examples
            .iter()
            .zip(&trained.held_out)
            .filter_map(|(example, scores)| Some(Sample::of(scores[label], example.targets[label]? > 0.5)))
            .collect();
        assert!(auc(&samples).unwrap() > 0.99, "label {label}: {:?}", auc(&samples));
        assert!(expected_calibration_error(&samples).unwrap() < 0.1, "label {label}");
    }
    let model = model();
    let of = |text: &str| model.score(text).pooled;
    assert!(of("a zorblax road")[0] > 0.5 && of("a plain road")[0] < 0.5);
    assert!(of("one quimble door")[1] > 0.5 && of("one plain door")[1] < 0.5);
}

#[test]
fn training_twice_gives_equal_bytes_and_another_seed_others() {
    assert_eq!(model().to_bytes().unwrap(), bytes());
    let other = Settings { seed: 2, ..settings() };
    let of = |settings: &Settings| train(2, &examples(), settings).held_out;
    assert_ne!(of(&other), of(&settings()));
}

#[test]
fn equal_texts_share_a_fold_whatever_their_case_and_punctuation() {
    let text = |text: &str| Example { text: text.into(), targets: vec![Some(1.0)], weight: 1.0 };
    let examples = [text("A zorblax, 17!"), text("a Zorblax 42"), text("other")];
    let folds = train(1, &examples, &settings()).folds;
    assert_eq!(folds[0], folds[1]);
}

#[test]
fn a_long_text_has_its_highest_chunk_and_the_mean_of_all() {
    let model = model();
    let plain = "the old road some more rain ".repeat(40);
    let marked = format!("{plain} zorblax zorblax zorblax zorblax {plain}");
    let (before, after) = (model.score(&plain), model.score(&marked));
    assert!(after.pooled[0] > 0.5 && before.pooled[0] < 0.5, "{before:?} {after:?}");
    assert!(after.mean[0] < after.pooled[0] && after.mean[0] > before.mean[0]);
    let empty = model.score("");
    assert!(empty.pooled.iter().chain(&empty.mean).all(|score| (0.0..=1.0).contains(score)));
}

#[test]
fn the_file_holds_everything() {
    assert_eq!(Model::load(bytes()), Ok(model()));
    assert!(is_model(bytes()) && !is_model(b"probity model"));
}

/// The bytes with a header changed and the checksum made to fit.
fn forged(change: impl Fn(&str) -> String) -> Vec<u8> {
    let start = "probity linear model 1\n".len();
    let length = u32::from_le_bytes(bytes()[start..start + 4].try_into().unwrap()) as usize;
    let header = change(std::str::from_utf8(&bytes()[start + 4..start + 4 + length]).unwrap());
    let mut forged = bytes()[..start].to_vec();
    forged.extend((header.len() as u32).to_le_bytes());
    forged.extend(header.bytes());
    forged.extend(&bytes()[start + 4 + length..bytes().len() - 8]);
    forged.extend(xxhash_rust::xxh3::xxh3_64(&forged).to_le_bytes());
    forged
}

#[test]
fn what_is_wrong_with_a_file_is_told() {
    let told = |bytes: &[u8]| Model::load(bytes).unwrap_err().to_string();
    assert!(told(b"").starts_with("not a linear model"));
    assert_eq!(
        told(&bytes()[..25]),
        "the file ends inside the length of the header: 4 bytes announced, 0 left"
    );
    assert!(told(b"probity linear model 10\n").contains("another version of the format than 1"));
    assert!(told(&bytes()[..200]).starts_with("the file ends inside the header"));
    assert!(told(&bytes()[..bytes().len() - 1]).contains("checksum"));
    let header = |from: &str, to: &str| told(&forged(|header| header.replacen(from, to, 1)));
    for (from, to, expected) in [
        ("table_bits = 10", "table_bits = 40", "`table_bits` is 40, expected 8 to 20"),
        ("table_bits = 10", "table_bits = 11", "do not fill its table: 2048 rows announced"),
        ("table_bits = 10", "table_bits = 9", "do not fill its table"),
        ("chunk_bytes = 64", "chunk_bytes = 0", "`chunk_bytes` is 0, expected 64"),
        ("name = \"zorb\"", "name = \"score\"", "`name` is `score`, which is the name of another column"),
        ("name = \"zorb\"", "name = \"quim\"", "`name` is twice `quim`"),
        ("name = \"zorb\"", "name = \"Zorb/\"", "`name` is `Zorb/`, expected lower-case"),
        ("step = ", "step = inf #", "`step` or `bias` of `zorb` is not a finite number"),
        ("slope = ", "slope = -", "`calibration` of `zorb` has a slope that is negative"),
        ("chunks_max = ", "chunks_max = 0 #", "`chunks_max` is 0, expected at least 1"),
        ("\nthreshold = ", "\nthreshold = nan #", "`threshold` of `zorb` is not between 0 and 1"),
        ("program", "programme", "the header is malformed: unknown field `programme`"),
    ] {
        let message = header(from, to);
        assert!(message.contains(expected), "{from} {to}: {message}");
    }
    // the first label calibrated in another way
    let calibrated = |by: &str| {
        let section = "[label.calibration]\n";
        told(&forged(|header| {
            let start = header.find(section).unwrap() + section.len();
            let end = start + header[start..].find('[').unwrap();
            format!("{}{by}\n{}", &header[..start], &header[end..])
        }))
    };
    for (by, expected) in [
        ("points = []", "has 0 points, expected 1 to 256"),
        ("points = [[0.0, 0.9], [1.0, 0.1]]", "has points that are out of range or do not rise"),
        ("points = [[nan, 0.9]]", "has points that are out of range or do not rise"),
        ("points = [[0.0, 1.5]]", "has points that are out of range or do not rise"),
        ("rise = -1.0\nlevel = 0.0\nlowest = 0.0\nhighest = 5.0", "`calibration` of `zorb` "),
        ("rise = 1.0\nlevel = 0.0\nlowest = 5.0\nhighest = 0.0", "`calibration` of `zorb` "),
        ("rise = inf\nlevel = 0.0\nlowest = 0.0\nhighest = 5.0", "`calibration` of `zorb` "),
    ] {
        let message = calibrated(by);
        assert!(message.contains(expected), "{by}: {message}");
    }
    assert_eq!(Model::load(&forged(str::to_owned)), Ok(model()), "the forger forges well");
}

proptest! {
    #[test]
    fn no_mutation_of_a_file_makes_the_reader_panic(
        at in 0usize..20_000, byte in any::<u8>(), cut in 0usize..20_000, seal in any::<bool>()
    ) {
        let mut mutated = bytes().to_vec();
        mutated.truncate(cut.max(60));
        let length = mutated.len();
        mutated[at % length] = byte;
        if seal {
            let body = length - 8;
            let checksum = xxhash_rust::xxh3::xxh3_64(&mutated[..body]);
            mutated[body..].copy_from_slice(&checksum.to_le_bytes());
        }
        if let Ok(model) = Model::load(&mutated) {
            let scores = model.score("a zorblax road");
            prop_assert!(scores.pooled.iter().all(|score| (0.0..=1.0).contains(score)));
        }
    }
}
