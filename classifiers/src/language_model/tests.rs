//! Models read and applied, and files that are not what they should be.

use super::fixture::ARPA;
use super::*;

fn load(bytes: impl AsRef<[u8]>) -> Result<Model, ModelError> {
    Model::load(Arc::new(bytes.as_ref().to_vec()))
}

#[test]
fn scores_are_sums_of_the_longest_n_grams_and_the_back_offs_before_them() {
    let model = load(ARPA).unwrap();
    assert_eq!((model.order(), model.counts(), model.words()), (3, &[6, 5, 2][..], Some(Words::Plain)));
    for (text, log10, unknown) in [
        // <s> red, <s> red green, red green mill, mill </s> (nothing is charged for `green mill`)
        ("red green mill", -0.5 - 0.25 - 0.0625 - 0.125, 0),
        // `<s>` and mill, mill </s>
        ("mill", -0.5 - 1.25 - 0.125, 0),
        // <s> red, then </s> after back-offs of `<s> red` and `red`
        ("red", -0.5 - 0.125 - 0.25 - 1.0, 0),
        // <s> red green, green green after the back-off of `red green`, </s> after that of `green`
        ("red green green", -0.5 - 0.25 - 0.0625 - 0.875 - 0.375 - 1.0, 0),
        ("blue", -0.5 - 1.5 - 1.0, 1),
        ("red\n\n mill", -0.5 - 0.125 - 0.25 - 1.0 - 0.5 - 1.25 - 0.125, 0),
        ("", 0.0, 0),
    ] {
        let score = model.score(text);
        assert_eq!((score.log10, score.unknown), (log10, unknown), "{text}");
    }
    let score = model.score("red green mill");
    assert_eq!((score.words, score.sentences), (3, 1));
    assert_eq!(score.perplexity(), Some(libm::exp10(0.9375 / 4.0)));
    assert_eq!(model.score(" \n").perplexity(), None);
}

#[test]
fn long_sentences_are_scored_as_one() {
    let model = load(ARPA).unwrap();
    for words in [255, 256, 257, 512, 1000] {
        let score = model.score(&"red ".repeat(words));
        let each = f64::from(-0.25f32 - 0.75);
        let expected = -0.5 - 0.125 - 0.25 - 0.75 + (words as f64 - 2.0) * each - 0.25 - 1.0;
        assert_eq!((score.words, score.sentences, score.log10), (words as u64, 1, expected), "{words}");
    }
}

#[test]
fn a_model_is_the_same_as_a_binary_file() {
    let model = load(ARPA).unwrap();
    let again = load(model.as_binary()).unwrap();
    assert_eq!((again.counts(), again.words()), (model.counts(), None));
    for text in ["red green mill", "mill red", "blue\nred green green"] {
        assert_eq!(model.score(text), again.score(text), "{text}");
    }
}

#[test]
fn a_pruned_suffix_is_put_back_with_what_the_model_says_without_it() {
    let pruned = ARPA.replace("-0.625\tgreen mill\n", "").replace("ngram 2=5", "ngram 2=4");
    let model = load(pruned).unwrap();
    // <s> red, <s> red green, red green mill, </s> after mill
    assert_eq!(model.score("red green mill").log10, -0.5 - 0.25 - 0.0625 - 0.125);
    // mill after the back-off of green
    assert_eq!(model.score("green mill").log10, -0.5 - 0.75 - 0.375 - 1.25 - 0.125);
}

#[test]
fn what_is_wrong_with_an_arpa_file_is_told_with_its_line() {
    for (from, to, expected) in [
        ("\\data\\", "\\date\\", "neither an ARPA file nor a KenLM binary file"),
        ("= plain", "= plane", "line 1: unknown words `plane`"),
        ("ngram 2=5", "ngram 3=5", "line 4: expected `ngram 2=` and a number"),
        ("ngram 2=5", "ngram 2=99999999", "line 4: announces 99999999 2-grams, too many"),
        ("ngram 2=5", "ngram 2=6", "line 21: expected a log10 probability"),
        ("ngram 2=5", "ngram 2=4", "line 20: expected `\\3-grams:`"),
        ("-0.75\tred", "0.75\tred", "line 11: a log10 probability is finite and at most 0"),
        ("-0.75\tred", "nan\tred", "line 11: a log10 probability is finite and at most 0"),
        ("\tgreen\t", "\tred\t", "line 12: `red` is there twice"),
        ("<s> red\t", "<s> blue\t", "line 16: `blue` is none of the words"),
        ("<s> red\t", "red green\t", "line 17: an n-gram is there twice"),
        ("<s> red green", "green red green", "line 23: the first 2 words are not an n-gram themselves"),
        ("green mill\n", "green mill 0 0\n", "line 18: something follows the back-off"),
        ("\\end\\", "", "expected `\\end\\`"),
        ("</s>", "</S>", "the model has no word `</s>`"),
        ("ngram 2=5\nngram 3=2\n", "", "`order` is 1, expected 2 to 6"),
    ] {
        let error = load(ARPA.replace(from, to)).unwrap_err().to_string();
        assert!(error.contains(expected), "{from} → {to}: {error}");
    }
}

#[test]
fn a_binary_file_of_another_kind_or_length_is_refused() {
    let whole = load(ARPA).unwrap().as_binary().to_vec();
    let refused = |change: &dyn Fn(&mut Vec<u8>)| {
        let mut bytes = whole.clone();
        change(&mut bytes);
        load(bytes).unwrap_err().to_string()
    };
    assert!(refused(&|bytes| bytes[49] = b'4').contains("of another version"));
    assert!(refused(&|bytes| bytes[96] = 2).contains("of kind 2, and only probing"));
    assert!(refused(&|bytes| bytes[88] = 9).contains("`order` is 9"));
    assert!(refused(&|bytes| bytes[115] = 0xff).contains("announce too much"));
    assert!(refused(&|bytes| bytes.truncate(300)).contains("the file ends inside the tables"));
    assert!(refused(&|bytes| bytes[92..96].fill(0)).contains("`probing multiplier` is 0"));
    let tables = load(ARPA).unwrap().layout.end;
    for cut in 0..tables {
        assert!(load(&whole[..cut]).is_err(), "cut at {cut}");
    }
}

/// Every byte changed: whatever loads must score, and its scores are finite.
#[test]
fn no_change_of_a_byte_makes_scoring_fail() {
    let whole = load(ARPA).unwrap().as_binary().to_vec();
    let mut loaded = 0;
    for at in 0..whole.len() {
        for change in [1, 0x80, 0xff] {
            let mut bytes = whole.clone();
            bytes[at] ^= change;
            if let Ok(model) = load(bytes) {
                assert!(model.score("red green mill\nblue red red").log10.is_finite(), "byte {at}");
                loaded += 1;
            }
        }
    }
    assert!(loaded > 100);
}
