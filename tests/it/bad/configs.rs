//! Every key of a configuration with every kind of wrong value. The keys are asked of the program itself, so that a new
//! one is covered by being there.

use crate::harness::Sandbox;
use pipeline::{Config, Plan};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use toml::{Table, Value};

/// What stages need that have neither defaults nor an example to start from. Those that need a model are not built; of
/// them only nonsense is refused.
pub const NEEDED: &[(&str, &str)] = &[
    ("url-list", "domains = \"list.txt\""),
    ("input-label", "column = \"text\""),
    ("input-score", "column = \"score\""),
    ("sample", "rate = \"0.5\""),
];

/// Keys that stand for one value or a list of them.
const ONE_OR_MANY: &[&str] = &["messages"];

fn top() -> BTreeMap<&'static str, Table> {
    let table = |text: &str| text.parse::<Table>().unwrap();
    BTreeMap::from([
        ("", table("schema = 1")),
        ("input", table("files = [\"corpus/*.parquet\"]\ntext = \"text\"")),
        ("output", Table::new()),
        ("dataset", Table::new()),
        ("producer", Table::new()),
        ("gate", Table::new()),
        ("source", table("id = \"a\"\nfiles = [\"corpus/*.parquet\"]")),
    ])
}

/// The whole file with a value put into one of its tables.
fn file(of: &str, key: &str, value: Option<&Value>, stage: Option<&Table>) -> String {
    let mut whole = Table::new();
    for (name, mut table) in top() {
        if name == of {
            value.map(|value| table.insert(key.to_string(), value.clone()));
        }
        match name {
            "" => whole.extend(table),
            "source" => _ = whole.insert(name.into(), Value::Array(vec![Value::Table(table)])),
            name => _ = whole.insert(name.into(), Value::Table(table)),
        }
    }
    if let Some(stage) = stage {
        whole.insert("stage".into(), Value::Array(vec![Value::Table(stage.clone())]));
    }
    toml::to_string(&whole).unwrap()
}

fn resolved(folder: &Path, text: &str) -> Result<(), String> {
    let config = Config::parse(&folder.join("c.toml"), text, &[]).map_err(|e| e.to_string())?;
    Plan::new(config).map(drop).map_err(|e| e.to_string())
}

/// The keys that a table says it has, when it is asked for another.
fn keys(folder: &Path, of: &str) -> Vec<String> {
    let told = resolved(folder, &file(of, "no_such_key", Some(&Value::Boolean(true)), None)).unwrap_err();
    let (_, names) = told.split_once("expected ").unwrap_or_else(|| panic!("{of}: {told}"));
    names.split('`').skip(1).step_by(2).map(str::to_string).collect()
}

/// Values that are wrong almost anywhere.
fn hostile(folder: &Path) -> Vec<Value> {
    let text = |text: &str| Value::String(text.to_string());
    let texts =
        ["", "nan", "../../../etc/passwd", "/dev/zero", "folder", "pipe", "a\0b", "*", "((((a*)*)*)*)*"];
    let numbers = [-1, i64::MAX, i64::MIN].map(Value::Integer);
    let fractions = [f64::NAN, f64::INFINITY, -0.5, 1e300].map(Value::Float);
    let lists = [
        vec![],
        vec![Value::Integer(1)],
        vec![text("pipe")],
        vec![text("/dev/zero")],
        vec![Value::Array(vec![])],
    ];
    let tables = [Table::new(), Table::from_iter([("no_such_key".to_string(), Value::Integer(1))])];
    assert!(folder.join("pipe").exists());
    let mut all = vec![Value::Boolean(true), "2024-01-01".parse().map(Value::Datetime).unwrap()];
    all.extend(texts.map(text));
    all.extend(numbers);
    all.extend(fractions);
    all.extend(lists.map(Value::Array));
    all.extend(tables.map(Value::Table));
    all
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Integer(_) | Value::Float(_) => "number",
        other => other.type_str(),
    }
}

/// Whether an error tells of a key: by its name, its line or its value.
fn names(why: &str, key: &str, value: &Value, text: &str) -> bool {
    let begins = |line: &str| {
        let header = line.trim_matches(['[', ']']);
        line.starts_with(&format!("{key} =")) || header == key || header.ends_with(&format!(".{key}"))
    };
    let value = match value {
        Value::String(text) if text.is_empty() => "``".to_string(),
        Value::String(text) => text.clone(),
        Value::Array(items) => items.first().and_then(Value::as_str).unwrap_or("[").to_string(),
        Value::Table(_) => "no_such_key".to_string(),
        other => other.to_string(),
    };
    let mut at =
        text.lines().zip(1..).filter(|(line, _)| begins(line)).map(|(_, at)| format!("c.toml:{at}:"));
    why.contains(&format!("{key}`")) || why.contains(&value) || at.any(|at| why.contains(&at))
}

/// What is wrong with how a key takes its values.
fn complaints(
    key: &str,
    values: &[Value],
    try_out: impl Fn(&Value) -> (String, Result<(), String>),
) -> Vec<String> {
    let (mut told, mut taken) = (Vec::new(), BTreeSet::new());
    for value in values {
        let (text, outcome) = try_out(value);
        match outcome {
            Ok(()) => {
                taken.insert(kind(value));
                if value.as_float().is_some_and(|number| !number.is_finite()) {
                    told.push(format!("`{key}` takes {value}"));
                }
            }
            Err(why) => {
                if !names(&why, key, value, &text) {
                    told.push(format!("`{key}` is {value}, and nobody says so: {why}"));
                }
            }
        }
    }
    let one_or_many = taken == BTreeSet::from(["array", "string"]) && ONE_OR_MANY.contains(&key);
    // a date is read as its own spelling
    let spelled = taken == BTreeSet::from(["datetime", "string"]);
    if taken.len() > 1 && !one_or_many && !spelled {
        told.push(format!("`{key}` takes {taken:?}"));
    }
    told
}

/// A sandbox with a folder, a pipe that nobody writes to, and the files that stages need.
fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write("folder/none", "");
    sandbox.write("list.txt", "bad.example\n");
    let made = std::process::Command::new("mkfifo").arg(sandbox.path("pipe")).status().unwrap();
    assert!(made.success());
    sandbox
}

#[test]
fn no_key_of_the_file_takes_a_value_of_another_kind() {
    let sandbox = sandbox();
    let folder = sandbox.path("");
    let values = hostile(&folder);
    let mut told = Vec::new();
    for of in top().into_keys() {
        for key in keys(&folder, of) {
            if of.is_empty() && top().contains_key(key.as_str()) {
                continue;
            }
            let found = complaints(&key, &values, |value| {
                let text = file(of, &key, Some(value), None);
                let outcome = resolved(&folder, &text);
                (text, outcome)
            });
            told.extend(found.into_iter().map(|found| format!("[{of}] {found}")));
        }
    }
    assert!(told.is_empty(), "{}", told.join("\n"));
}

/// Every stage with what it needs, as its table.
pub fn stages() -> Vec<(pipeline::Description, Table)> {
    let all = pipeline::describe().unwrap().into_iter().map(|stage| {
        let needed = NEEDED.iter().find(|(name, _)| *name == stage.name).map(|(_, needed)| *needed);
        let mut table: Table = needed.or(stage.example).unwrap_or_default().parse().unwrap();
        table.insert("use".into(), Value::String(stage.name.into()));
        (stage, table)
    });
    all.collect()
}

#[test]
fn no_key_of_a_stage_takes_a_value_of_another_kind() {
    let sandbox = sandbox();
    let folder = sandbox.path("");
    let values = hostile(&folder);
    let common = ["use", "name", "when", "roles", "fields", "action", "publish", "on_error"];
    let mut told = Vec::new();
    for (stage, base) in stages() {
        let builds = resolved(&folder, &file("-", "", None, Some(&base))).is_ok();
        let own = stage.defaults.keys().map(String::as_str).chain(stage.without_default.iter().copied());
        for key in own.chain(common) {
            let try_out = |value: &Value| {
                let mut table = base.clone();
                table.insert(key.to_string(), value.clone());
                let text = file("-", "", None, Some(&table));
                let outcome = resolved(&folder, &text);
                (text, outcome)
            };
            let found = complaints(key, &values, try_out);
            // what cannot be built may complain of what it lacks first
            let counted = found.into_iter().filter(|found| builds || found.contains("takes"));
            told.extend(counted.map(|found| format!("{}: {found}", stage.name)));
        }
    }
    assert!(told.is_empty(), "{}", told.join("\n"));
}

#[test]
fn only_files_are_read_where_a_configuration_names_them() {
    let sandbox = sandbox();
    sandbox.write("corpus/none", "");
    std::fs::rename(sandbox.path("pipe"), sandbox.path("corpus/pipe.parquet")).unwrap();
    for (files, why) in [
        ("corpus", "`corpus/pipe.parquet`: not a regular file"),
        ("corpus/pipe.parquet", "`corpus/pipe.parquet`"),
        ("/dev/zero", "`/dev/zero`"),
        ("folder", "`folder`"),
    ] {
        sandbox.write("c.toml", format!("schema = 1\n[input]\nfiles = [\"{files}\"]\ntext = \"text\"\n"));
        let output = sandbox.run(&["run", "c.toml", "--out", "out"]).expect(2);
        assert!(output.errors()[0].contains(why), "{files}: {}", output.stderr);
    }
}
