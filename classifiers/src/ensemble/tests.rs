//! Mappings that are fitted, written, read and applied, and those that are refused.

use super::{BUCKETS, Combination, FitError, Fitted, Logistic, Mapping, POINTS, Sample, fit};

fn learnt() -> Combination {
    Combination::Logistic(Logistic { weights: Vec::new(), bias: 0.0 })
}

/// German scores are a tenth of English ones; the first score tells the label, the second is noise.
fn samples(records: usize) -> Vec<Sample> {
    let sample = |n: usize| {
        let (good, noise) = ((n * 7919 % records) as f64, (n * 104_729 % records) as f64);
        let scale = if n.is_multiple_of(2) { 1.0 } else { 0.1 };
        Sample {
            language: Some(if n.is_multiple_of(2) { "en" } else { "de" }.into()),
            scores: vec![good * scale, noise],
            label: (!n.is_multiple_of(3)).then_some(good > records as f64 / 2.0),
        }
    };
    (0..records).map(sample).collect()
}

fn fitted(combination: Combination) -> Fitted {
    Fitted {
        scores: vec!["good/score".into(), "noise/score".into()],
        language: Some("language/label".into()),
        combination,
        records_min: 100,
    }
}

/// What the golden cases are mapped by.
pub(crate) fn made_up() -> Mapping {
    mapping(Combination::Maximum)
}

fn mapping(combination: Combination) -> Mapping {
    fit(&samples(4001), &fitted(combination)).unwrap()
}

#[test]
fn percentiles_are_the_shares_of_smaller_scores_in_the_language() {
    let mapping = mapping(Combination::Maximum);
    let samples = samples(4001);
    for sample in samples.iter().step_by(97) {
        let of_language: Vec<&Sample> = samples.iter().filter(|s| s.language == sample.language).collect();
        let smaller = of_language.iter().filter(|s| s.scores[0] < sample.scores[0]).count();
        let share = smaller as f64 / of_language.len() as f64;
        let found = mapping.percentiles(sample.language.as_deref(), &sample.scores)[0];
        assert!((found - share).abs() <= 1.0 / POINTS as f64 + 1e-12, "{found} {share}");
    }
    // too few records of it, or none: those of all
    assert_eq!(mapping.percentiles(Some("sw"), &[5.0, 9.0]), mapping.percentiles(None, &[5.0, 9.0]));
}

#[test]
fn the_maximum_is_that_of_nemotron_and_other_buckets_are_equally_full() {
    let samples = samples(4001);
    let largest = mapping(Combination::Maximum);
    for sample in &samples {
        let language = sample.language.as_deref();
        let single = |p: f64| ((p * BUCKETS as f64 + 1e-9) as usize).min(BUCKETS - 1);
        let expected = largest.percentiles(language, &sample.scores).into_iter().map(single).max();
        assert_eq!(Some(largest.combine(language, &sample.scores).bucket), expected);
    }
    for combination in [Combination::Mean, learnt()] {
        let mapping = fit(&samples, &fitted(combination)).unwrap();
        let mut buckets = [0; BUCKETS];
        for sample in &samples {
            buckets[mapping.combine(sample.language.as_deref(), &sample.scores).bucket] += 1;
        }
        assert!(buckets.iter().all(|records| (150..=250).contains(records)), "{buckets:?}");
    }
}

#[test]
fn a_learnt_combination_finds_the_score_that_tells() {
    let Combination::Logistic(logistic) = mapping(learnt()).combination else { panic!() };
    assert!(logistic.weights[0] > 10.0 * logistic.weights[1].abs(), "{logistic:?}");
    let mut alike = samples(300);
    alike.iter_mut().for_each(|sample| sample.label = sample.label.map(|_| true));
    assert_eq!(fit(&alike, &fitted(learnt())).unwrap_err(), FitError::Labels { positive: 200, negative: 0 });
    assert_eq!(fit(&[], &fitted(Combination::Mean)).unwrap_err(), FitError::NoRecords);
}

#[test]
fn a_file_reads_back_equal_and_fits_are_reproducible() {
    for combination in [Combination::Maximum, Combination::Mean, learnt()] {
        let mapping = mapping(combination.clone());
        let bytes = mapping.to_bytes().unwrap();
        assert_eq!(Mapping::load(&bytes).unwrap(), mapping);
        assert_eq!(fit(&samples(4001), &fitted(combination)).unwrap().to_bytes().unwrap(), bytes);
    }
}

#[test]
fn what_is_no_mapping_is_refused_with_the_cause() {
    let text = String::from_utf8(mapping(learnt()).to_bytes().unwrap()).unwrap();
    let first = text.lines().find(|line| line.starts_with("percentiles")).unwrap();
    let cases = [
        (String::new(), "not a mapping of scores: missing field `schema`"),
        (text.replacen("schema = 1", "schema = 2", 1), "`schema` is 2, this program reads 1"),
        (text.replacen("schema = 1", "schema = 1\nshema = 1", 1), "unknown field `shema`"),
        (text.replacen("\"good/score\", ", "", 1), "`weights` are 2, expected 1"),
        (text.replacen("weights = [\"", "weights = [\"9999999", 1), "`weights` are larger than 1000000"),
        (text.replacen("edges = [\"", "edges = [\"9", 1), "`edges` are not 19 numbers in ascending order"),
        (text.replacen(first, "percentiles = []", 1), "`percentiles` are of 0 scores, expected 2"),
        (
            text.replacen(first, "percentiles = [[\"1\"], [\"1\"]]", 1),
            "`percentiles` are not 1000 numbers in ascending order",
        ),
        (text.replacen("[\"0", "[\"inf", 1), "invalid value: string \"inf"),
    ];
    for (text, expected) in cases {
        let error = Mapping::load(text.as_bytes()).unwrap_err().to_string();
        assert!(error.contains(expected), "{error:?} lacks {expected:?}");
    }
    assert!(Mapping::load(&[0xff]).unwrap_err().to_string().contains("not UTF-8"));
    for cut in (0..text.len()).step_by(997) {
        assert!(Mapping::load(&text.as_bytes()[..cut]).is_err(), "{cut}");
    }
}
