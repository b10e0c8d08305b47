//! Every way a configuration can be wrong, with the words that tell it. Data, not code.

use crate::harness::{Sandbox, config, config_with};
use crate::parquet_files::{texts, write};

/// A wrong configuration: its name, the text, arguments, and every line of the complaint.
pub struct Case(pub &'static str, pub String, pub &'static [&'static str], pub &'static [&'static str]);

/// Stages behind the usual top, which is six lines long and one blank.
pub fn stages(text: &str) -> String {
    config(text)
}

fn top(text: &str) -> String {
    format!("{text}\n")
}

pub const QUALITY: &str = "[[stage]]\nuse = \"gopher-quality\"\n";
const QUALITY_KEYS: &str = "`words_min`, `words_max`, `mean_word_length_min`, `mean_word_length_max`, `hash_ratio_max`, `ellipsis_ratio_max`, `bullet_lines_max`, `ellipsis_lines_max`, `alpha_words_min`, `stop_words_min`";

/// Those of this file and those of `stage_errors`.
fn all() -> Vec<Case> {
    cases().into_iter().chain(crate::stage_errors::cases()).collect()
}

fn cases() -> Vec<Case> {
    let input = "[input]\nfiles = [\"corpus/*.parquet\"]\n";
    vec![
        // the top
        Case(
            "schema",
            top(&format!("schema = 2\n{input}text = \"text\"")),
            &[],
            &["error: c.toml: `schema` is 2, this program reads 1"],
        ),
        Case(
            "no schema",
            top(&format!("{input}text = \"text\"")),
            &[],
            &["error: c.toml:1: missing field `schema`"],
        ),
        Case("no input", top("schema = 1"), &[], &["error: c.toml:1: missing field `input`"]),
        Case(
            "unknown table",
            top(&format!("schema = 1\n{input}text = \"text\"\n[inputs]")),
            &[],
            &[
                "error: c.toml:5: unknown field `inputs`, expected one of `schema`, `measure`, `words`, `dataset`, `producer`, `input`, `output`, `source`, `gate`, `stage`",
            ],
        ),
        Case(
            "syntax",
            stages("[[stage]\nuse = \"sample\""),
            &[],
            &["error: c.toml:8: unclosed array table, expected `]`"],
        ),
        Case(
            "neither text nor messages",
            config_with("id = \"id\"", ""),
            &[],
            &["error: c.toml: `input` needs either `text` or `messages`"],
        ),
        Case(
            "text and messages",
            config_with("text = \"text\"\nmessages = \"m\"", ""),
            &[],
            &["error: c.toml: `input` has both `text` and `messages`; expected one"],
        ),
        Case(
            "unknown key of input",
            config_with("text = \"text\"\nuri = \"url\"", ""),
            &[],
            &[
                "error: c.toml:6: unknown field `uri`, expected one of `files`, `text`, `messages`, `id`, `url`, `max_record_bytes`, `max_page_bytes`, `bad_shard`, `lineage`",
            ],
        ),
        Case(
            "lineage of nobody",
            config_with("text = \"text\"\nlineage = \"required\"", ""),
            &[],
            &[
                "error: c.toml: `input.lineage` is `required`, but no `[[source]]` declares any",
                "hint: `teachers = [{ model = \"...\" }]` names them, `teachers = []` says that no model wrote any of it",
            ],
        ),
        Case(
            "lineage of some",
            config_with(
                "text = \"text\"\nlineage = \"required\"",
                "[[source]]\nid = \"a\"\nfiles = []\nteachers = []\n[[source]]\nid = \"b\"\nfiles = []",
            ),
            &[],
            &[
                "error: c.toml: source `b` has no `teachers`, which `input.lineage` requires",
                "hint: `teachers = [{ model = \"...\" }]` names them, `teachers = []` says that no model wrote any of it",
            ],
        ),
        Case(
            "a teacher without a name",
            config_with(
                "text = \"text\"",
                "[[source]]\nid = \"a\"\nfiles = []\nteachers = [{ model = \"\" }]",
            ),
            &[],
            &[
                "error: c.toml: a teacher of source `a` has an empty `model`",
                "hint: `teachers = [{ model = \"...\" }]` names them, `teachers = []` says that no model wrote any of it",
            ],
        ),
        Case(
            "wrong type",
            config_with("text = 3", ""),
            &[],
            &["error: c.toml:5: invalid type: integer `3`, expected a string"],
        ),
        Case(
            "files is no list",
            top("schema = 1\n[input]\nfiles = \"a\"\ntext = \"text\""),
            &[],
            &["error: c.toml:3: invalid type: string \"a\", expected a sequence"],
        ),
        Case(
            "bad_shard",
            config_with("text = \"text\"\nbad_shard = \"skip\"", ""),
            &[],
            &["error: c.toml:6: unknown variant `skip`, expected `fail` or `exclude`"],
        ),
        Case(
            "negative limit",
            config_with("text = \"text\"\nmax_record_bytes = -1", ""),
            &[],
            &["error: c.toml:6: invalid value: integer `-1`, expected u64"],
        ),
        Case(
            "gate",
            stages("[gate]\nremoved_ppm = 3"),
            &[],
            &[
                "error: c.toml:9: unknown field `removed_ppm`, expected one of `quarantined_ppm_max`, `removed_ppm_max`, `removed_ppm_max_by_stage`, `slices`, `slice_records_min`, `slice_ratio_max`, `false_positive_ratio_max`, `harmless`",
            ],
        ),
        Case(
            "output",
            stages("[output]\nremove = true"),
            &[],
            &[
                "error: c.toml:9: unknown field `remove`, expected one of `format`, `compression`, `row_group_rows`, `removed`",
            ],
        ),
        Case(
            "dataset",
            stages("[dataset]\ntitle = \"t\""),
            &[],
            &["error: c.toml:9: unknown field `title`, expected one of `name`, `version`, `released`"],
        ),
        Case("source", stages("[[source]]\nid = \"a\""), &[], &["error: c.toml:8: missing field `files`"]),
        Case(
            "measure",
            top(&format!("schema = 1\nmeasure = \"some\"\n{input}text = \"text\"")),
            &[],
            &["error: c.toml:2: unknown variant `some`, expected `first` or `all`"],
        ),
        Case(
            "words",
            top(&format!("schema = 1\nwords = \"ascii\"\n{input}text = \"text\"")),
            &[],
            &["error: c.toml:2: unknown variant `ascii`, expected `spacy-en` or `uax29`"],
        ),
        // patterns
        Case(
            "nothing matches",
            top("schema = 1\n[input]\nfiles = [\"corpus/*.parquet\", \"crawl/*.parquet\"]\ntext = \"text\""),
            &[],
            &[
                "error: c.toml: `input.files`: nothing matches `crawl/*.parquet`",
                "hint: patterns are relative to `.`",
            ],
        ),
        Case(
            "no such file",
            top("schema = 1\n[input]\nfiles = [\"corpus/b.parquet\"]\ntext = \"text\""),
            &[],
            &[
                "error: c.toml: `input.files`: nothing matches `corpus/b.parquet`",
                "hint: patterns are relative to `.`",
            ],
        ),
        // stages
        Case(
            "stage without use",
            stages("[[stage]]\nwords_min = 3"),
            &[],
            &["error: c.toml:8: a stage needs `use`"],
        ),
        Case(
            "use of the wrong type",
            stages("[[stage]]\nuse = 3"),
            &[],
            &["error: c.toml:8: `use` is integer, expected a string"],
        ),
        Case(
            "unknown stage",
            stages("[[stage]]\nuse = \"gopher-qualty\""),
            &[],
            &[
                "error: c.toml:8: `use` names `gopher-qualty`, which does not exist",
                "hint: did you mean `gopher-quality`? `probity filters` lists all",
            ],
        ),
        Case(
            "unknown barrier",
            stages("[[stage]]\nuse = \"exact-duplicate\""),
            &[],
            &[
                "error: c.toml:8: `use` names `exact-duplicate`, which does not exist",
                "hint: did you mean `exact-duplicates`? `probity filters` lists all",
            ],
        ),
        Case(
            "unknown scorer",
            stages("[[stage]]\nuse = \"languages\""),
            &[],
            &[
                "error: c.toml:8: `use` names `languages`, which does not exist",
                "hint: did you mean `language`? `probity filters` lists all",
            ],
        ),
        Case(
            "duplicate names",
            stages("[[stage]]\nuse = \"doc-length\"\n\n[[stage]]\nuse = \"doc-length\""),
            &[],
            &["error: c.toml:11: two stages are named `doc-length`", "hint: give one of them a `name`"],
        ),
        Case(
            "odd name",
            stages("[[stage]]\nuse = \"doc-length\"\nname = \"A b\""),
            &[],
            &[
                "error: c.toml:8: `name` is `A b`, expected up to 64 lower-case letters, digits and dashes, not `input` or `retract`",
            ],
        ),
        Case(
            "reserved name",
            stages("[[stage]]\nuse = \"doc-length\"\nname = \"input\""),
            &[],
            &[
                "error: c.toml:8: `name` is `input`, expected up to 64 lower-case letters, digits and dashes, not `input` or `retract`",
            ],
        ),
        Case(
            "action",
            stages("[[stage]]\nuse = \"doc-length\"\naction = \"burn\""),
            &[],
            &["error: c.toml:8: `action` is `remove`, `quarantine` or `tag`"],
        ),
        Case(
            "when",
            stages("[[stage]]\nuse = \"doc-length\"\nwhen = \"keywords/escalated\""),
            &[],
            &[
                "error: c.toml:8: stage `doc-length`: no earlier stage records `keywords/escalated`; recorded so far: nothing",
            ],
        ),
        Case(
            "when of a number",
            stages(
                "[[stage]]\nuse = \"keywords\"\npacks = [\"cbrn\"]\n[[stage]]\nuse = \"doc-length\"\nwhen = \"keywords/distinct\"",
            ),
            &[],
            &[
                "error: c.toml:11: stage `doc-length`: no earlier stage records `keywords/distinct`; recorded so far: keywords/escalated, keywords/blocked, keywords/harmful",
            ],
        ),
    ]
}

#[test]
fn what_is_wrong_with_a_configuration_is_told_word_for_word() {
    let sandbox = Sandbox::new();
    write(&sandbox.path("corpus/a.parquet"), &texts(&[Some("a text")]), 10);
    let mut wrong = Vec::new();
    let cases = all();
    for Case(name, text, arguments, expected) in &cases {
        sandbox.write("c.toml", text);
        let output = sandbox.run(&[&["plan", "c.toml"], *arguments].concat());
        if output.code != 2 || output.errors() != *expected {
            wrong.push(format!(
                "{name}: exit {}, {:#?}\nexpected {expected:#?}",
                output.code,
                output.errors()
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let names: std::collections::BTreeSet<&str> = cases.iter().map(|case| case.0).collect();
    assert_eq!(names.len(), cases.len(), "two cases have one name");
}

#[test]
fn all_known_keys_are_named_with_an_unknown_one() {
    let sandbox = Sandbox::new();
    sandbox.write("c.toml", stages(QUALITY));
    let output = sandbox.run(&["plan", "c.toml", "--set", "gopher-quality.words_mn=3"]).expect(2);
    assert_eq!(
        output.errors(),
        [
            format!(
                "error: c.toml:8: stage `gopher-quality`: unknown field `words_mn`, expected one of {QUALITY_KEYS}"
            ),
            "hint: did you mean `words_min`? `probity filters gopher-quality` lists all".to_string()
        ]
    );
}

#[test]
fn complaints_are_lower_case_and_end_without_a_period() {
    for Case(name, _, _, expected) in all() {
        let message = expected[0].strip_prefix("error: ").unwrap_or_else(|| panic!("{name}"));
        let why =
            message.trim_start_matches("c.toml").trim_start_matches(|c: char| c == ':' || c.is_ascii_digit());
        assert!(!why.trim_start().starts_with(|c: char| c.is_uppercase()), "{name}: {message}");
        assert!(
            !message.ends_with('.') && !expected.iter().any(|l| l.starts_with("hint:") && l.ends_with('.')),
            "{name}"
        );
    }
}
