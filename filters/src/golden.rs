//! Runs the golden cases of every filter (`tests/golden/filters/*.toml`) through the seam. The format is described
//! in `tests/golden/README.md`.

use crate::{
    Action, Asset, BenchmarkItem, Broken, BuildError, Built, Chat, ColumnRef, Context, Document, Edits,
    FILTERS, FieldRef, Findings, ItemFields, Kind, Layout, Measure, Role, Scratch, StageSlots, Value, View,
    find,
};
use serde::Deserialize;
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

/// Stands for the pipeline: files from memory, columns of the stages built so far.
#[derive(Default)]
pub(crate) struct TestContext {
    pub(crate) action: Option<Action>,
    pub(crate) assets: BTreeMap<String, String>,
    pub(crate) columns: BTreeMap<String, (usize, Kind)>,
    pub(crate) embedded: Vec<String>,
    pub(crate) fields: Vec<String>,
}

impl Context for TestContext {
    fn asset(&mut self, name: &str) -> Result<Asset, BuildError> {
        let bytes = self.assets.get(name).ok_or_else(|| BuildError::asset(name, "no such file"))?;
        Ok(Asset { name: name.to_string(), bytes: Arc::new(bytes.clone().into_bytes()) })
    }

    fn benchmark(&mut self, name: &str, fields: ItemFields<'_>) -> Result<Vec<BenchmarkItem>, BuildError> {
        let lines = self.assets.get(name).ok_or_else(|| BuildError::asset(name, "no such file"))?.lines();
        let item = |line: &str| {
            let object: serde_json::Value = serde_json::from_str(line).unwrap();
            let field = |name: &str| object[name].as_str().map(str::to_string);
            let texts = [fields.text].into_iter().chain(fields.append.iter().map(String::as_str));
            let text = texts.map(|name| field(name).unwrap()).collect::<Vec<_>>().join("\n");
            BenchmarkItem { text, id: field(fields.id.name), benchmark: field(fields.benchmark.name) }
        };
        Ok(lines.map(item).collect())
    }

    fn embedded(&mut self, name: &str, _: &[u8]) {
        self.embedded.push(name.to_string());
    }

    fn column(&self, name: &str, kind: Kind) -> Result<ColumnRef, BuildError> {
        let full = if name.contains('/') { name.to_string() } else { format!("{name}/score") };
        match self.columns.get(&full) {
            Some(&(at, of)) if of == kind => Ok(ColumnRef(at)),
            _ => {
                let known = self.columns.keys().cloned().collect::<Vec<_>>().join(", ");
                Err(BuildError::Column { name: full, known })
            }
        }
    }

    fn field(&mut self, name: &str, _: Kind) -> Result<FieldRef, BuildError> {
        self.fields.push(name.to_string());
        Ok(FieldRef(self.fields.len() - 1))
    }

    fn action(&self) -> Action {
        self.action.unwrap_or(Action::Remove)
    }
}

/// One case.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Case {
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) config: toml::Table,
    #[serde(default)]
    pub(crate) before: Vec<toml::Table>,
    #[serde(default)]
    pub(crate) files: BTreeMap<String, String>,
    #[serde(default)]
    pub(crate) text: String,
    /// Role and text of each turn of a chat record, instead of `text`.
    #[serde(default)]
    turns: Vec<(String, String)>,
    #[serde(default = "once")]
    pub(crate) repeat: usize,
    #[serde(default)]
    pub(crate) id: String,
    pub(crate) url: Option<String>,
    /// Columns of the input.
    #[serde(default)]
    pub(crate) fields: BTreeMap<String, String>,
    pub(crate) expect: String,
    pub(crate) value: Option<String>,
    pub(crate) bound: Option<String>,
    pub(crate) edited: Option<String>,
    #[serde(default)]
    pub(crate) columns: toml::Table,
}

fn once() -> usize {
    1
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    case: Vec<Case>,
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../tests/golden/filters")
}

/// The cases of every file, by the file's name without its ending.
pub(crate) fn all_cases() -> BTreeMap<String, Vec<Case>> {
    let mut files = BTreeMap::new();
    for entry in std::fs::read_dir(folder()).unwrap() {
        let path = entry.unwrap().path();
        assert_eq!(path.extension().and_then(|e| e.to_str()), Some("toml"), "{}", path.display());
        let text = std::fs::read_to_string(&path).unwrap();
        let file: File = toml::from_str(&text).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        files.insert(path.file_stem().unwrap().to_str().unwrap().to_string(), file.case);
    }
    files
}

/// A stage built and placed.
pub(crate) struct Stage {
    pub(crate) built: Built,
    pub(crate) slots: StageSlots,
}

/// Several stages in order.
pub(crate) struct Stages {
    pub(crate) stages: Vec<Stage>,
    pub(crate) layout: Layout,
    fields: Vec<String>,
}

impl Stages {
    /// Builds stages from tables with `use`.
    pub(crate) fn build(tables: &[toml::Table], files: &BTreeMap<String, String>) -> Result<Self, String> {
        let mut context = TestContext { assets: files.clone(), ..TestContext::default() };
        let mut all = Self { stages: Vec::new(), layout: Layout::default(), fields: Vec::new() };
        for table in tables {
            let mut table = table.clone();
            let text = |value: Option<toml::Value>| value.and_then(|v| v.as_str().map(str::to_string));
            let name = text(table.remove("use")).ok_or("no `use`")?;
            let stage_name = text(table.remove("name")).unwrap_or_else(|| name.clone());
            let entry = find(&name).ok_or_else(|| format!("no filter `{name}`"))?;
            context.action = Some(match text(table.remove("action")).as_deref() {
                Some("remove") => Action::Remove,
                Some("quarantine") => Action::Quarantine,
                Some("tag") => Action::Tag,
                Some(other) => return Err(format!("no action `{other}`")),
                None => entry.action,
            });
            let built = (entry.build)(table, &mut context).map_err(|e| e.to_string())?;
            let slots = all.layout.add(built.filter.as_ref(), &[]);
            for (at, column) in slots.column_range().zip(&slots.columns) {
                context.columns.insert(format!("{stage_name}/{}", column.name), (at, column.kind));
            }
            all.stages.push(Stage { built, slots });
        }
        all.fields = context.fields;
        Ok(all)
    }

    pub(crate) fn last(&self) -> &Stage {
        self.stages.last().unwrap()
    }
}

/// What the last of several stages did with a document. The earlier ones only record: their edits and verdicts
/// are ignored.
pub(crate) struct Outcome {
    pub(crate) broken: Option<(String, Broken)>,
    pub(crate) edits: Vec<crate::Edit>,
    pub(crate) spans: Vec<crate::Span>,
    pub(crate) columns: BTreeMap<String, Value>,
    pub(crate) measured: Vec<f64>,
}

pub(crate) fn run(stages: &Stages, document: Document<'_>, measure: Measure) -> Outcome {
    let scratch = Scratch::default();
    let view = View::new(document, &scratch);
    let mut findings = Findings::new(&stages.layout, measure);
    findings.clear();
    for stage in &stages.stages {
        findings.take_spans();
        findings.enter(&stage.slots);
        let _ = stage.built.filter.judge(&view, &mut findings);
    }
    let slots = &stages.last().slots;
    let column = |at: usize| findings.get(ColumnRef(at)).clone();
    Outcome {
        broken: findings.broken().map(|broken| (slots.rules[broken.rule].id.to_string(), broken)),
        columns: slots
            .column_range()
            .zip(&slots.columns)
            .map(|(at, c)| (c.name.to_string(), column(at)))
            .collect(),
        measured: findings.measured()[slots.rule_range()].to_vec(),
        edits: findings.take_edits(),
        spans: findings.take_spans(),
    }
}

impl Case {
    /// The stages of the case for this filter.
    pub(crate) fn stages(&self, filter: &str) -> Result<Stages, String> {
        let mut table = self.config.clone();
        table.insert("use".into(), filter.into());
        let tables: Vec<toml::Table> = self.before.iter().cloned().chain([table]).collect();
        Stages::build(&tables, &self.files)
    }

    fn text_and_chat(&self) -> (String, Chat) {
        let mut chat = Chat::default();
        for (role, said) in &self.turns {
            chat.turn(Role::named(role), 0);
            chat.say(said);
        }
        (self.text.repeat(self.repeat) + chat.text(), chat)
    }

    /// What does not come out as written, one line each.
    fn check(&self, filter: &str, measure: Measure) -> Vec<String> {
        let stages = self.stages(filter).unwrap_or_else(|e| panic!("{filter}: {}: {e}", self.name));
        let (text, chat) = self.text_and_chat();
        let fields: Vec<Option<Cow<'_, str>>> =
            stages.fields.iter().map(|name| self.fields.get(name).map(Cow::from)).collect();
        let document = Document {
            text: &text,
            id: &self.id,
            url: self.url.as_deref(),
            source: "",
            fields: &fields,
            ..chat.document(&Document::default())
        };
        let outcome = run(&stages, document, measure);
        let mut wrong = Vec::new();
        let mut compare = |what: &str, is: Option<String>, expected: Option<String>| {
            if is != expected {
                let case = format!("{filter}: {} ({measure:?})", self.name);
                wrong
                    .push(format!("{case}: {what} is {is:?}, expected {expected:?}, {:?}", outcome.measured));
            }
        };
        let broken = outcome.broken.as_ref();
        let rule = broken.map_or("keep", |(id, _)| id.as_str());
        compare("the rule", Some(rule.to_string()), Some(self.expect.clone()));
        compare("the value", broken.map(|(_, b)| b.value.to_string()), self.value.clone());
        let bound = broken.and_then(|(_, b)| b.bound.limit());
        compare("the bound", bound.map(|limit| limit.to_string()), self.bound.clone());
        let edits = Edits::new(&text, outcome.edits.clone());
        let edited = (!edits.is_empty()).then(|| edits.apply(&text));
        compare("the edited text", edited, self.edited.clone());
        for (name, expected) in &self.columns {
            let recorded = outcome.columns.get(name).and_then(shown);
            compare(name, recorded, expected.as_str().map(str::to_string));
        }
        wrong
    }
}

fn shown(value: &Value) -> Option<String> {
    match value {
        Value::Absent => None,
        Value::Number(n) => Some(n.to_string()),
        Value::Flag(flag) => Some(flag.to_string()),
        Value::Label(label) => Some(label.to_string()),
    }
}

#[test]
fn golden_cases_come_out_as_written() {
    let mut wrong = Vec::new();
    for (filter, cases) in all_cases() {
        for case in cases {
            wrong.extend(case.check(&filter, Measure::First));
            wrong.extend(case.check(&filter, Measure::All));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_filter_has_golden_cases_and_no_file_is_left_over() {
    let files: BTreeSet<String> = all_cases().into_keys().collect();
    let filters: BTreeSet<String> = FILTERS.iter().map(|entry| entry.name.to_string()).collect();
    assert_eq!(files, filters);
}

#[test]
fn golden_cases_are_complete() {
    for (filter, cases) in all_cases() {
        let mut names = BTreeSet::new();
        for case in &cases {
            assert!(names.insert(&case.name), "{filter}: two cases are called `{}`", case.name);
        }
        let expected: BTreeSet<&str> = cases.iter().map(|case| case.expect.as_str()).collect();
        let rules: BTreeSet<&str> = find(&filter).unwrap().rules.iter().map(|rule| rule.id).collect();
        for rule in &rules {
            assert!(expected.contains(rule), "{filter}: no case breaks `{rule}`");
        }
        let unknown: Vec<_> = expected.iter().filter(|e| **e != "keep" && !rules.contains(**e)).collect();
        assert!(unknown.is_empty(), "{filter}: no such rules: {unknown:?}");
        assert!(expected.contains("keep"), "{filter}: no case is kept");
        assert!(cases.iter().any(|case| case.text_and_chat().0.is_empty()), "{filter}: no case is empty");
        assert!(
            cases.iter().any(|case| !case.text_and_chat().0.is_ascii()),
            "{filter}: no case is other than ASCII"
        );
    }
}
