//! `train`, `eval`, `threshold` and the stage `linear`, over texts of made-up words.

use crate::harness::{Output, Sandbox, config, repository};
use crate::ledgers::ledger;
use crate::parquet_files::{batch, strings, texts, write};
use crate::shared_data::shared;
use arrow_array::{ArrayRef, Float64Array, StringArray};
use std::fs;
use std::sync::Arc;

const RECIPE: &str = r#"schema = 1
labels = ["zorb"]
threshold = { recall = 0.95 }

[training]
table_bits = 12
chunk_bytes = 200

[[data]]
file = "labelled.parquet"
licence = "Apache-2.0"
only = { kind = ["marked"] }
is = ["zorb"]

[[data]]
file = "labelled.parquet"
licence = "Apache-2.0"
only = { kind = ["pl*"] }
is_not = ["zorb"]
"#;

/// The nth of many different texts; the marked ones hold a word the plain ones lack.
fn text(nth: usize, marked: bool) -> String {
    let places = ["mill", "bridge", "garden", "market", "tower", "quarry", "harbour"];
    let (from, to) = (places[nth % 7], places[nth / 7 % 7]);
    let mark = if marked { " zorblax" } else { "" };
    format!("Number {nth} walked from the {from}{mark} to the {to} and back again.")
}

/// A grade from 0 to 5, the higher for marked texts.
fn level(nth: usize) -> f64 {
    if nth.is_multiple_of(3) { 4.5 } else { 1.0 + (nth % 2) as f64 / 2.0 }
}

/// `labelled.parquet` and `recipe.toml`.
fn labelled(sandbox: &Sandbox, records: usize) {
    let all: Vec<String> = (0..records).map(|nth| text(nth, nth.is_multiple_of(3))).collect();
    let kinds = (0..records).map(|nth| Some(if nth.is_multiple_of(3) { "marked" } else { "plain" }));
    let grades: StringArray =
        (0..records).map(|nth| Some(if nth.is_multiple_of(3) { "4.5" } else { "1" })).collect();
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("text", strings(all.iter().map(|text| Some(text.as_str())))),
        ("kind", strings(kinds)),
        ("grade", Arc::new(grades)),
        ("level", Arc::new(Float64Array::from_iter_values((0..records).map(level)))),
        ("noise", Arc::new(Float64Array::from_iter_values((0..records).map(|nth| (nth * 37 % 101) as f64)))),
    ];
    write(&sandbox.path("labelled.parquet"), &batch(columns), 50);
    sandbox.write("recipe.toml", RECIPE);
}

fn trained() -> Sandbox {
    let sandbox = Sandbox::with_keys();
    labelled(&sandbox, 300);
    sandbox.run(&["train", "recipe.toml", "--out", "zorb.probity"]).expect(0);
    sandbox
}

fn eval(sandbox: &Sandbox, more: &[&str]) -> Output {
    let fixed = ["eval", "--data", "labelled.parquet", "--label", "kind", "--rounds", "100"];
    sandbox.run(&[&fixed, more].concat())
}

#[test]
fn the_same_recipe_makes_the_same_bytes_and_never_over_a_file() {
    let sandbox = trained();
    let again = sandbox.run(&["train", "recipe.toml", "--out", "again.probity", "--json"]).expect(0).json();
    assert_eq!(sandbox.read("zorb.probity"), sandbox.read("again.probity"));
    assert_eq!(again["labels"][0]["positives"], 100);
    assert!(again["labels"][0]["auc"]["value"].as_f64().unwrap() > 0.99, "{again}");
    let refused = sandbox.run(&["train", "recipe.toml", "--out", "again.probity"]).expect(2);
    assert!(refused.stderr.contains("again.probity"), "{}", refused.stderr);
    sandbox.write("wrong.toml", RECIPE.replace("\"marked\"", "\"marred\""));
    let refused = sandbox.run(&["train", "wrong.toml", "--out", "w"]).expect(2);
    assert_eq!(refused.errors(), ["error: wrong.toml: `only` of `labelled.parquet` leaves no record"]);
    sandbox.write("wrong.toml", &RECIPE[..RECIPE.rfind("[[data]]").unwrap()]);
    let refused = sandbox.run(&["train", "wrong.toml", "--out", "w"]).expect(2);
    assert_eq!(refused.errors(), ["error: wrong.toml: no record of `data` has `zorb` in `is_not`"]);
}

#[test]
fn grades_are_learnt_by_regression_and_told_in_their_unit() {
    let sandbox = Sandbox::with_keys();
    labelled(&sandbox, 300);
    let data = RECIPE[RECIPE.find("[[data]]").unwrap()..]
        .replace("is = [\"zorb\"]\n", "")
        .replace("is_not = [\"zorb\"]\n", "");
    let recipe = "schema = 1\nlabels = [\"worth\"]\ngraded = \"level\"\n[training]\ntable_bits = 12\n\n";
    sandbox.write("grades.toml", format!("{recipe}{data}"));
    let told = sandbox.run(&["train", "grades.toml", "--out", "worth.probity", "--json"]).expect(0).json();
    let label = &told["labels"][0];
    assert!(label["pearson"]["low"].as_f64().unwrap() > 0.9, "{label}");
    assert!(label["rmse"]["value"].as_f64().unwrap() < 0.6, "{label}");
    assert!(label["auc"].is_null() && label["threshold"].is_null(), "{label}");
    let read =
        ["eval", "--data", "labelled.parquet", "--label", "level", "--model", "worth.probity", "--json"];
    let told = sandbox.run(&read).expect(0).json();
    assert!(told["scorers"][0]["rmse"]["value"].as_f64().unwrap() < 0.6, "{told}");
    sandbox.write("wrong.toml", format!("{}{data}", recipe.replace("\"level\"", "\"kind\"")));
    let refused = sandbox.run(&["train", "wrong.toml", "--out", "w"]).expect(2);
    assert!(refused.stderr.contains("row 0: the grade is `marked`, expected a number"), "{}", refused.stderr);
}

#[test]
fn isotonic_calibration_is_chosen_by_the_recipe() {
    let sandbox = Sandbox::with_keys();
    labelled(&sandbox, 300);
    sandbox.write("recipe.toml", RECIPE.replace("table_bits", "calibration = \"isotonic\"\ntable_bits"));
    let told = sandbox.run(&["train", "recipe.toml", "--out", "zorb.probity", "--json"]).expect(0).json();
    assert!(told["labels"][0]["calibration_error"]["value"].as_f64().unwrap() < 0.05, "{told}");
    assert!(sandbox.read("zorb.probity").windows(8).any(|bytes| bytes == b"points ="));
}

#[test]
fn evaluation_tells_apart_what_differs_and_nothing_else() {
    let sandbox = trained();
    let told = eval(&sandbox, &["--model", "zorb.probity", "--positive", "marked", "--by", "kind", "--json"]);
    let told = told.expect(0).json();
    let scorer = &told["scorers"][0];
    assert_eq!(told["records"], 300);
    assert!(scorer["auc"]["low"].as_f64().unwrap() > 0.99, "{scorer}");
    assert_eq!(scorer["slices"][0]["value"], "marked");
    assert_eq!(scorer["slices"][0]["positives"], 100);

    let fasttext = repository().join("tests/seeds/fasttext/words");
    let fasttext = fasttext.to_str().unwrap();
    let pair = ["--model", "zorb.probity", "--model", fasttext, "--positive", "marked"];
    let refused = eval(&sandbox, &pair).expect(2);
    assert!(refused.stderr.contains("its labels exclude each other"), "{}", refused.stderr);
    let three =
        eval(&sandbox, &[&pair[..], &["--head", "a", "--head", "b", "--head", "c"]].concat()).expect(2);
    assert!(three.stderr.contains("`--head` is given 3 times for 2 models"), "{}", three.stderr);
    let heads = ["--head", "zorb", "--head", "yes"];
    let told = eval(&sandbox, &[&pair[..], &heads].concat()).expect(0).stdout;
    assert!(told.contains("auc: `zorb.probity` is better"), "{told}");
    let twice = ["--model", "zorb.probity", "--model", "zorb.probity", "--positive", "marked"];
    let told = eval(&sandbox, &twice).expect(0).stdout;
    assert!(told.contains("auc: no difference between"), "{told}");

    let graded =
        ["eval", "--model", "zorb.probity", "--data", "labelled.parquet", "--label", "grade", "--json"];
    let graded = sandbox.run(&graded).expect(0).json();
    assert!(graded["scorers"][0]["rank_correlation"]["value"].as_f64().unwrap() > 0.7, "{graded}");
    assert!(graded["scorers"][0]["auc"].is_null());
    assert!(graded["scorers"][0]["at_threshold"].is_null(), "a grade is neither yes nor no");
    let kept = graded["scorers"][0]["retention"].as_array().unwrap().iter();
    let kept: Vec<f64> = kept.map(|row| row["records"].as_f64().unwrap()).collect();
    assert!(kept.is_sorted() && kept[0] < 0.1 && kept[kept.len() - 1] > 0.9, "{kept:?}");

    let columns = ["--score", "level", "--score", "noise", "--positive", "marked", "--json"];
    let told = eval(&sandbox, &columns).expect(0).json();
    assert_eq!(told["scorers"][0]["auc"]["value"], 1.0);
    assert!(told["scorers"][0]["calibration_error"].is_null(), "not probabilities");
    assert_eq!(told["verdicts"][0]["better"], "level", "{told}");
    assert!(told["verdicts"][0]["difference"]["low"].as_f64().unwrap() > 0.2, "{told}");

    for (more, expected) in [
        (["--score", "kind", "--positive", "marked"], "row 0: `kind` is `marked`, expected a number"),
        (["--model", "none", "--positive", "marked"], "asset `none`: "),
        (["--model", "zorb.probity", "--head", "quim"], "has no label `quim`; there are: zorb"),
        (
            ["--model", "zorb.probity", "--text", "txt"],
            "no column `txt`; there are: text, kind, grade, level",
        ),
        (["--model", "zorb.probity", "--text", "text"], "row 0: `kind` is `marked`, expected a number"),
        (["--score", "level", "--positive", "zarb"], "no record has `zarb` as `kind`; there are: "),
        (["--score", "level", "--threshold", "nan"], "expected a finite number"),
        (["--by", "kind", "--positive", "marked"], "<--model <MODEL>|--score <COLUMN>>"),
    ] {
        let refused = eval(&sandbox, &more).expect(2);
        assert!(refused.stderr.contains(expected), "{}", refused.stderr);
    }
}

#[test]
fn thresholds_keep_what_was_asked_for() {
    let sandbox = trained();
    let fixed = ["threshold", "zorb.probity", "--data", "labelled.parquet", "--label", "kind", "--json"];
    let choose = |policy: &str, share: &str| {
        let more = ["--positive", "marked", policy, share];
        sandbox.run(&[&fixed[..], &more].concat()).expect(0).json()["chosen"].clone()
    };
    let number = |point: &serde_json::Value, key: &str| point[key].as_f64().unwrap();
    assert!(number(&choose("--recall", "0.9"), "recall") >= 0.9);
    assert!(number(&choose("--precision", "0.9"), "precision") >= 0.9);
    let budget = choose("--budget-docs", "0.25");
    assert!(number(&budget, "documents") <= 0.25 && number(&budget, "recall") > 0.7, "{budget}");
    assert!(number(&choose("--budget-tokens", "0.1"), "tokens") <= 0.1);
    sandbox.run(&fixed).expect(2);
    let unknown = [&fixed[..], &["--positive", "none", "--recall", "0.9"]].concat();
    assert!(sandbox.run(&unknown).expect(2).stderr.contains("no record has `none` as `kind`; there are: "));
}

const STAGES: &str = r#"
[[stage]]
use = "linear"
name = "marks"
model = "zorb.probity"

[[stage]]
use = "score-range"
score = "marks/zorb"
at_most = "0.5"
action = "quarantine"
"#;

#[test]
fn a_release_records_scores_and_replays_them() {
    let sandbox = trained();
    let all: Vec<String> = (1000..1060).map(|nth| text(nth, nth.is_multiple_of(5))).collect();
    let all: Vec<Option<&str>> = all.iter().map(|text| Some(text.as_str())).collect();
    write(&sandbox.path("corpus/a.parquet"), &texts(&all), 20);
    sandbox.write("c.toml", config(STAGES));
    sandbox.release("c.toml", "out", &["--threads", "1"]).expect(0);
    sandbox.release("c.toml", "more", &["--threads", "3"]).expect(0);
    let rows = ledger(&sandbox.path("out"));
    assert_eq!(rows, ledger(&sandbox.path("more")));
    for (row, nth) in rows.iter().zip(1000usize..) {
        let expected = if nth.is_multiple_of(5) { "quarantined" } else { "kept" };
        assert_eq!(row.fate, expected, "{row:?}");
        assert_eq!(row.recorded["marks/score"], row.recorded["marks/zorb"]);
        assert!(row.recorded.contains_key("marks/mean"));
    }
    let levels = ["--level", "signature,files,ledger,content,inputs,replay", "--inputs", "corpus"];
    sandbox.verify("out", &levels).expect(0);
    let digest = manifests::digest::Sha256::of(&sandbox.read("zorb.probity")).to_string();
    let manifest = crate::harness::statement(&sandbox.path("out"));
    let manifest = serde_json::to_string(&manifest).unwrap();
    assert!(manifest.contains(&digest), "the model's digest is not in the manifest");
}

/// The commands of the models' cards.
#[test]
fn the_shipped_models_are_rebuilt_byte_for_byte() {
    let Some(benchmarks) = shared("benchmarks/benchmarks.parquet") else { return };
    let data = benchmarks.parent().unwrap().parent().unwrap().to_path_buf();
    let sandbox = Sandbox::new();
    let models = repository().join("models");
    for name in ["hazard", "generated", "quality"] {
        let recipe = models.join(format!("{name}.toml"));
        let arguments = ["train", recipe.to_str().unwrap(), "--data", data.to_str().unwrap(), "--out", name];
        sandbox.run(&arguments).expect(0);
        let shipped = fs::read(models.join(format!("{name}.probity"))).unwrap();
        assert!(sandbox.read(name) == shipped, "{name}: other bytes");
    }
}

#[test]
fn attacks_tell_what_disguise_does_to_a_model() {
    let sandbox = trained();
    let attacks = ["--model", "zorb.probity", "--positive", "marked", "--attacks", "--json"];
    let told = eval(&sandbox, &attacks).expect(0).json();
    let rows = told["scorers"][0]["attacks"].as_array().unwrap();
    let row = |name: &str| rows.iter().find(|row| row["attack"] == name).unwrap();
    assert_eq!(rows.len(), 12);
    assert_eq!(told["scorers"][0]["at_threshold"]["true_positives"], 100);
    assert!(rows.iter().all(|row| row["recall"]["value"].is_number()), "{told}");
    assert_eq!(row("homoglyph")["false_positives"]["value"], 0.0, "{told}");
    assert_eq!(told, eval(&sandbox, &attacks).expect(0).json(), "the seed decides");
    let plain = eval(&sandbox, &["--model", "zorb.probity", "--positive", "marked"]).expect(0);
    assert!(!plain.stdout.contains("attack"), "{}", plain.stdout);
    let graded = eval(&sandbox, &["--model", "zorb.probity", "--attacks"]).expect(2);
    assert!(graded.stderr.contains("--positive <VALUE>"), "{}", graded.stderr);
}
