//! The golden cases of the filters (`tests/golden/README.md`) through the program and Parquet: the same verdict,
//! value, bound, edited text and recorded columns as when a filter judges them directly.

use crate::bad_input::{Chat, messages};
use crate::harness::{Sandbox, config_with, repository};
use crate::ledgers::{Row, ledger};
use crate::parquet_files::{batch, column, read, strings, write};
use arrow_array::{ArrayRef, Float64Array, StringArray};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    case: Vec<Case>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    #[serde(default)]
    config: toml::Table,
    #[serde(default)]
    before: Vec<toml::Table>,
    #[serde(default)]
    files: BTreeMap<String, String>,
    #[serde(default)]
    text: String,
    turns: Option<Vec<(String, String)>>,
    #[serde(default = "once")]
    repeat: usize,
    #[serde(default)]
    id: String,
    url: Option<String>,
    #[serde(default)]
    fields: BTreeMap<String, String>,
    expect: String,
    value: Option<String>,
    bound: Option<String>,
    edited: Option<String>,
    #[serde(default)]
    columns: toml::Table,
}

fn once() -> usize {
    1
}

/// The stages of a case, as a configuration writes them; the last one decides, those before only record.
fn stages(filter: &str, case: &Case) -> String {
    let mut tables: Vec<toml::Table> = case.before.clone();
    for table in &mut tables {
        table.insert("action".into(), "tag".into());
    }
    let mut own = case.config.clone();
    own.insert("use".into(), filter.into());
    own.insert("name".into(), "case".into());
    own.insert("action".into(), "quarantine".into());
    tables.push(own);
    let mut file = toml::Table::new();
    file.insert("stage".into(), tables.into_iter().map(toml::Value::Table).collect::<Vec<_>>().into());
    toml::to_string(&file).unwrap()
}

/// The columns that the cases give their records: of numbers, where all are, or of strings.
fn fields<'c>(cases: &[&'c Case]) -> Vec<(&'c str, ArrayRef)> {
    let names: BTreeSet<&str> =
        cases.iter().flat_map(|case| case.fields.keys().map(String::as_str)).collect();
    let column = |name: &str| -> ArrayRef {
        let texts: Vec<Option<&str>> =
            cases.iter().map(|case| case.fields.get(name).map(String::as_str)).collect();
        let numbers: Result<Vec<Option<f64>>, _> =
            texts.iter().map(|text| text.map(str::parse).transpose()).collect();
        numbers.map_or_else(|_| strings(texts), |numbers| Arc::new(Float64Array::from(numbers)))
    };
    names.into_iter().map(|name| (name, column(name))).collect()
}

/// The turns of cases with chat records.
fn turns(cases: &[&Case]) -> ArrayRef {
    fn borrow(case: &Case) -> Vec<(&str, Option<&str>)> {
        case.turns.iter().flatten().map(|(role, said)| (role.as_str(), Some(said.as_str()))).collect()
    }
    let borrowed: Vec<Vec<_>> = cases.iter().map(|case| borrow(case)).collect();
    let chats: Vec<Chat<'_>> = borrowed.iter().map(|turns| Some(turns.as_slice())).collect();
    messages(&chats)
}

/// Runs all cases that share their stages in one go.
fn check(filter: &str, stages: &str, cases: &[&Case], measure: &str, wrong: &mut Vec<String>) {
    let sandbox = Sandbox::with_keys();
    let texts: Vec<String> = cases.iter().map(|case| case.text.repeat(case.repeat)).collect();
    let ids: StringArray = cases.iter().map(|case| Some(case.id.as_str())).collect();
    let mut columns = vec![
        ("text", strings(texts.iter().map(|text| Some(text.as_str())))),
        ("id", Arc::new(ids)),
        ("url", strings(cases.iter().map(|case| case.url.as_deref()))),
    ];
    columns.extend(fields(cases));
    let is_chat = cases.iter().any(|case| case.turns.is_some());
    if is_chat {
        columns.push(("messages", turns(cases)));
    }
    let shard = batch(columns);
    write(&sandbox.path("corpus/a.parquet"), &shard, 3);
    for (name, content) in cases.iter().flat_map(|case| &case.files) {
        sandbox.write(name, content);
    }
    let text = if is_chat { "messages = \"messages\"" } else { "text = \"text\"" };
    let input = &format!("{text}\nid = \"id\"\nurl = \"url\"");
    let text =
        config_with(input, stages).replacen("schema = 1", &format!("schema = 1\nmeasure = \"{measure}\""), 1);
    sandbox.write("c.toml", text);
    sandbox.release("c.toml", "out", &["--threads", "1"]).expect(0);
    let output = column(&read(&sandbox.path("out/data/part-00000.parquet")), "text");
    for ((case, row), text) in cases.iter().zip(ledger(&sandbox.path("out"))).zip(&texts) {
        let mut compare = |what: &str, found: Option<String>, expected: Option<String>| {
            if found != expected {
                wrong.push(format!(
                    "{filter}: {} ({measure}): {what} is {found:?}, expected {expected:?}",
                    case.name
                ));
            }
        };
        compare_row(case, &row, &mut compare);
        if let Some((_, at)) = row.out {
            let expected = case.edited.clone().unwrap_or_else(|| text.clone());
            compare("the text", output[at as usize].clone(), Some(expected));
        }
    }
}

fn compare_row(case: &Case, row: &Row, compare: &mut impl FnMut(&str, Option<String>, Option<String>)) {
    let keep = case.expect == "keep";
    let fate = match (keep, case.edited.is_some()) {
        (true, false) => "kept",
        (true, true) => "edited",
        (false, _) => "quarantined",
    };
    compare("the fate", Some(row.fate.clone()), Some(fate.into()));
    compare("the rule", row.rule.clone(), (!keep).then(|| case.expect.clone()));
    compare("the value", row.value.clone(), case.value.clone());
    compare("the bound", row.bound.clone(), case.bound.clone());
    for (name, expected) in &case.columns {
        let recorded = row.recorded.get(&format!("case/{name}")).cloned();
        compare(name, recorded, expected.as_str().map(str::to_string));
    }
}

fn replay(measure: &str) {
    let mut wrong = Vec::new();
    let mut count = 0;
    for entry in std::fs::read_dir(repository().join("tests/golden/filters")).unwrap() {
        let path = entry.unwrap().path();
        let filter = path.file_stem().unwrap().to_str().unwrap();
        let file: File = toml::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
        let mut groups: BTreeMap<(String, &BTreeMap<String, String>), Vec<&Case>> = BTreeMap::new();
        for case in &file.case {
            groups.entry((stages(filter, case), &case.files)).or_default().push(case);
        }
        for ((stages, _), cases) in &groups {
            check(filter, stages, cases, measure, &mut wrong);
            count += cases.len();
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(count >= 100, "only {count} cases");
}

#[test]
fn cases_come_out_as_written() {
    replay("first");
}

#[test]
fn cases_come_out_as_written_when_everything_is_measured() {
    replay("all");
}
