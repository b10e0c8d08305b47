//! The model as a whole: by hand, against the reference, on damaged files, on real models.

use super::fixture::Fixture;
use super::{Model, ModelError, Prediction, reference};
use proptest::prelude::*;
use std::path::Path;
use std::sync::Arc;

fn load(fixture: &Fixture) -> Model {
    Model::load(Arc::new(fixture.write())).unwrap()
}

/// What the model says by itself, without what others may have left in a cache.
fn fresh(fixture: &Fixture, text: &str) -> Vec<Prediction> {
    load(fixture).predict(text, usize::MAX, 0.0)
}

fn every_kind() -> Vec<Fixture> {
    let losses = [1, 2, 3, 4].map(|loss| Fixture { loss, ..Fixture::pruned_tree() });
    let dense = Fixture { pruned: None, quantised: None, bucket: 3, ..Fixture::pruned_tree() };
    let unpruned = Fixture { pruned: None, bucket: 3, ..Fixture::pruned_tree() };
    let words_only = Fixture { pruned: Some(Vec::new()), ..Fixture::pruned_tree() };
    let narrow = Fixture { quantised: Some(1), quantised_norms: false, ..Fixture::pruned_tree() };
    let wide = Fixture { quantised: Some(5), quantised_output: true, ..Fixture::pruned_tree() };
    let trigrams = Fixture { word_ngrams: 3, minn: 1, maxn: 1, ..dense.clone() };
    losses
        .into_iter()
        .chain([Fixture::words(), dense, unpruned, words_only, narrow, wide, trigrams])
        .collect()
}

#[test]
fn a_softmax_by_hand() {
    // good, bad, good, </s>: hidden (4, 2, 0.5) / 4 = (1, 0.5, 0.125), outputs 0.5 and -0.5
    let model = load(&Fixture::words());
    let both = model.predict("good bad\tgood", 2, 0.0);
    let expected = 1.0 / (1.0 + (-1.0_f64).exp()) + 1e-5;
    assert_eq!(both.iter().map(|p| p.label).collect::<Vec<_>>(), [0, 1]);
    assert!((f64::from(both[0].probability) - expected).abs() < 1e-6, "{both:?}");
    assert!((f64::from(both[1].probability) - (1.0 + 2e-5 - expected)).abs() < 1e-6, "{both:?}");
    assert_eq!(model.labels(), ["yes", "no"]);
    assert_eq!(model.predict("good", 0, 0.0), []);
    assert_eq!(model.predict("good", 2, 0.8).len(), 1, "only what reaches the threshold");
}

#[test]
fn what_a_text_is_to_fasttext() {
    let model = load(&Fixture::words());
    let same =
        |a: &str, b: &str| assert_eq!(model.predict(a, 2, 0.0), model.predict(b, 2, 0.0), "{a:?} {b:?}");
    same("good bad", "good\nbad\n");
    same("good bad", "good unknown bad");
    same("good bad", "__label__yes good __label__other bad __label__");
    same("good bad", "good bad </s> bad bad bad");
    same("good\u{a0}bad", "");
    same("good</s>bad", "");
    assert_eq!(model.best("").unwrap().label, 0, "the end of a line is a word; of equals the first label");
}

#[test]
fn a_text_without_features_has_no_answer() {
    let model = load(&Fixture { words: vec!["the", "good", "bad"], ..Fixture::words() });
    assert_eq!(model.best("unknown"), None);
    assert_eq!(model.probability("", 1), None);
    assert_eq!(model.predict("", 5, 0.0), []);
    assert_eq!(model.best("good").unwrap().label, 0);
}

#[test]
fn of_equal_words_the_last_counts() {
    let model = load(&Fixture { words: vec!["</s>", "good", "good"], ..Fixture::words() });
    assert_eq!(model.best("good").unwrap().label, 1);
}

/// Where `bytes` stand in a file.
fn at(file: &[u8], bytes: &[u8]) -> usize {
    file.windows(bytes.len()).position(|window| window == bytes).unwrap()
}

#[test]
fn damaged_files_are_refused_with_the_cause() {
    let check = |offset: usize, bytes: &[u8], expected: &str| {
        let mut file = Fixture::words().write();
        file[offset..offset + bytes.len()].copy_from_slice(bytes);
        let error = Model::load(Arc::new(file)).err().map(|error| error.to_string()).unwrap_or_default();
        assert!(error.contains(expected), "{error:?} lacks {expected:?}");
    };
    let huge = i32::MAX.to_le_bytes();
    let file = Fixture::words().write();
    let matrix = at(&file, b"__label__no\0") + 12 + 9 + 1;
    check(0, b"GGUF", "not a fastText model");
    check(4, &[13], "file format version 13");
    check(8, &huge, "the number of columns is 3");
    check(8, &[0; 4], "the dimension is 0");
    check(28, &[2], "a model with n-grams needs at least 1");
    check(32, &[9], "the loss is 9");
    check(36, &[2], "word vectors");
    check(48, &[44, 1], "the longest subword is 300");
    check(64, &huge, "must be the words and the labels together");
    check(84, &[0; 8], "only quantised models are pruned");
    check(at(&file, b"good\0") + 13, &[1], "dictionary entry 1 has type 1, expected 0");
    check(at(&file, b"yes\0"), &[0xff], "the name of label 0 is not UTF-8");
    check(matrix - 1, &[2], "is 2: expected 0 or 1");
    check(matrix, &i64::MAX.to_le_bytes(), "the file ends inside a matrix");
    check(matrix + 8, &(-1_i64).to_le_bytes(), "must not be negative");
    check(matrix + 16, &f32::NAN.to_le_bytes(), "the input matrix holds the weight NaN");
    check(file.len() - 4, &1e7_f32.to_le_bytes(), "the output matrix holds the weight 10000000");
    let trailing = Model::load(Arc::new([file, vec![0; 3]].concat())).err();
    assert_eq!(trailing, Some(ModelError::Trailing { extra: 3 }));
}

#[test]
fn lying_lengths_allocate_nothing() {
    let mut file = Fixture::words().write();
    // size, words, labels: two thousand million words announced in a file of 300 bytes
    file[64..76].copy_from_slice(&[2_000_000_001_i32, 2_000_000_000, 1].map(i32::to_le_bytes).concat());
    let error = Model::load(Arc::new(file)).err();
    assert!(matches!(
        error,
        Some(ModelError::Truncated { what: "the dictionary", needed: 20_000_000_010, .. })
    ));

    let mut file = Fixture::pruned_tree().write();
    file[84..92].copy_from_slice(&i64::MAX.to_le_bytes());
    let error = Model::load(Arc::new(file)).err();
    assert!(matches!(error, Some(ModelError::Truncated { what: "the pruned n-grams", .. })), "{error:?}");
}

#[test]
fn no_truncation_loads() {
    for fixture in every_kind() {
        let file = fixture.write();
        for len in 0..file.len() {
            let error = Model::load(Arc::new(file[..len].to_vec())).err();
            assert!(
                matches!(error, Some(ModelError::Truncated { .. })),
                "{len} of {}: {error:?}",
                file.len()
            );
        }
    }
}

/// Loads bytes that may be anything; where they are a model, it must answer sanely.
fn survive(bytes: Vec<u8>) {
    let Ok(model) = Model::load(Arc::new(bytes)) else { return };
    for text in ["", "good bad 語 good", "__label__en x"] {
        let all = model.predict(text, usize::MAX, 0.0);
        assert!(all.iter().all(|p| (0.0..1.001).contains(&p.probability)), "{all:?}");
        let one = model.probability(text, model.labels().len() - 1);
        assert!(one.is_none_or(|one| (0.0..1.001).contains(&one)), "{one:?}");
    }
}

#[test]
fn no_flipped_bit_panics() {
    for fixture in
        [Fixture::words(), Fixture { bucket: 3, pruned: None, quantised: None, ..Fixture::pruned_tree() }]
    {
        let file = fixture.write();
        for bit in 0..file.len() * 8 {
            let mut flipped = file.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            survive(flipped);
        }
    }
}

fn any_text() -> impl Strategy<Value = String> {
    let word = prop_oneof![
        "good|bad|</s>|__label__en|語言|\u{a0}|[a-zé語]{1,9}|[a-z]{20,40}",
        "\\PC{0,6}",
        "[ \\n\\t\\x00]{1,2}"
    ];
    proptest::collection::vec(word, 0..30).prop_map(|words| words.join(" "))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn damaged_models_do_not_panic(
        fixture in proptest::sample::select(every_kind()),
        damage in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
    ) {
        let mut file = fixture.write();
        for (index, byte) in damage {
            let at = index.index(file.len());
            file[at] = byte;
        }
        survive(file);
    }

    #[test]
    fn arbitrary_bytes_do_not_panic(tail in proptest::collection::vec(any::<u8>(), 0..400), keep in 0..200_usize) {
        survive(tail.clone());
        // an intact beginning brings arbitrary bytes to the later parts of the file
        survive([&Fixture::pruned_tree().write()[..keep], &tail].concat());
    }

    #[test]
    fn agrees_with_the_reference(text in any_text()) {
        for fixture in every_kind() {
            let expected = reference::predict(&fixture, &text);
            let model = load(&fixture);
            for label in 0..fixture.labels.len() {
                let got = model.probability(&text, label).map(f64::from);
                let expected = expected.as_ref().map(|all| all[label]);
                // a step of the logistic table may fall to either side
                let tolerance = if matches!(fixture.loss, 2 | 4) { 0.01 } else { 1e-5 };
                let close = got.zip(expected).is_none_or(|(a, b)| (a - b).abs() < tolerance);
                prop_assert!(got.is_some() == expected.is_some() && close, "{got:?} {expected:?} {fixture:?}");
            }
            let all = model.predict(&text, usize::MAX, 0.0);
            prop_assert!(all.is_sorted_by(|a, b| Prediction::order(a, b).is_lt()));
            for one in &all {
                prop_assert_eq!(model.probability(&text, one.label), Some(one.probability));
            }
            for k in 1..all.len() {
                prop_assert_eq!(&model.predict(&text, k, 0.0), &all[..k]);
            }
        }
    }

    #[test]
    fn earlier_texts_and_threads_do_not_matter(texts in proptest::collection::vec(any_text(), 1..8)) {
        for fixture in [Fixture::pruned_tree(), Fixture::words()] {
            let model = load(&fixture);
            let alone: Vec<_> = texts.iter().map(|text| fresh(&fixture, text)).collect();
            let ask = |text: &String| model.predict(text, usize::MAX, 0.0);
            let forward: Vec<_> = texts.iter().map(ask).collect();
            let mut backward: Vec<_> = texts.iter().rev().map(ask).collect();
            backward.reverse();
            let elsewhere = std::thread::scope(|scope| scope.spawn(|| texts.iter().map(ask).collect::<Vec<_>>()).join());
            prop_assert_eq!(&forward, &alone);
            prop_assert_eq!(&backward, &alone);
            prop_assert_eq!(&elsewhere.unwrap(), &alone);
        }
    }
}

/// What fastText 0.9.2 answered (Python binding, k = 1): model, text, label, probability.
const PEER: &[(&str, &str, &str, f32)] = &[
    ("lid176/lid.176.ftz", "The quick brown fox jumps over the lazy dog.", "en", 0.697_451),
    ("lid176/lid.176.ftz", "Le renard brun saute par-dessus le chien paresseux", "fr", 0.746_46),
    ("lid176/lid.176.ftz", "床前明月光，疑是地上霜。", "yue", 0.478_672),
    ("lid176/lid.176.ftz", "", "en", 0.124_504),
    ("lid176/lid.176.ftz", "no\u{a0}break\u{3000}space", "en", 0.314_647),
    ("lid176/lid.176.ftz", "__label__en x </s> et ceci n'est pas lu", "en", 0.124_504),
    ("fasttext/toxicity.bin", "The quick brown fox jumps over the lazy dog.", "ok", 0.883_302),
    ("fasttext/toxicity.bin", "you are a stupid idiot and i hate you", "toxic", 0.989_999),
    ("fasttext/toxicity.ftz", "win a free prize now !!! click here", "toxic", 0.574_67),
    ("fasttext/spam.ftz", "The quick brown fox jumps over the lazy dog.", "spam", 0.726_841),
    ("fasttext/spam.ftz", "", "ham", 1.000_01),
];

#[test]
fn real_models_answer_as_fasttext_does() {
    let models = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data/models");
    if !models.is_dir() {
        println!("skipped: {} is not there", models.display());
        return;
    }
    for &(file, text, label, probability) in PEER {
        let model = Model::load(Arc::new(std::fs::read(models.join(file)).unwrap())).unwrap();
        let best = model.best(text).unwrap();
        assert_eq!(model.labels()[best.label], label, "{file} {text:?}");
        assert!((best.probability - probability).abs() < 2e-5, "{file} {text:?}: {}", best.probability);
    }
}
