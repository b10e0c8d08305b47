//! Chat records: a table of them in three shapes, and what becomes of each.

use crate::harness::{Sandbox, config_with};
use crate::ledgers::ledger;
use serde_json::{Value, json};

const STAGES: &str = r#"
[[stage]]
use = "chat-turns"
broken_off_chars = 60

[[stage]]
use = "doc-length"
name = "instructions"
roles = ["system"]
chars_max = 30

[[stage]]
use = "doc-length"
name = "answers"
roles = ["assistant"]
chars_min = 4

[[stage]]
use = "role-markers"

[[stage]]
use = "exact-duplicates"
"#;

/// How turns are written.
#[derive(Clone, Copy)]
enum Shape {
    /// `role` and a string `content`.
    OpenAi,
    /// `role` and a list of parts, a sentence in each, with an image between them.
    Parts,
    /// `from` and `value`, with names of its own.
    ShareGpt,
}
use Shape::{OpenAi, Parts, ShareGpt};

impl Shape {
    fn turn(self, (role, said): (&str, &str)) -> Value {
        let from = match role {
            "user" => "human",
            "assistant" => "gpt",
            other => other,
        };
        match self {
            Self::OpenAi => json!({"role": role, "content": said}),
            Self::ShareGpt => json!({"from": from, "value": said}),
            Self::Parts => {
                let text = |part: &str| json!({"type": "text", "text": part});
                let mut parts: Vec<Value> = said.split('\n').map(text).collect();
                parts.insert(parts.len().min(1), json!({"type": "image_url", "image_url": {"url": "x"}}));
                json!({"role": role, "content": parts})
            }
        }
    }
}

/// A shape, turns as `role: text`, and the fate with its rule.
type Case = (Shape, &'static [(&'static str, &'static str)], &'static str);

const U: &str = "user";
const A: &str = "assistant";
const S: &str = "system";
const T: &str = "tool";

#[rustfmt::skip]
const TABLE: [Case; 40] = [
    (OpenAi, &[(U, "How far is the moon?"), (A, "Far away.")], "kept"),
    (ShareGpt, &[(U, "How far is Mars?"), (A, "Farther.")], "kept"),
    (Parts, &[(U, "How far is Venus?"), (A, "Less far.")], "kept"),
    (OpenAi, &[(S, "Be brief."), (U, "Hello"), (A, "Hello.")], "kept"),
    (ShareGpt, &[(S, "Be kind."), (U, "Hello"), (A, "Hello.")], "kept"),
    (Parts, &[(S, "Be quick."), (U, "Hello"), (A, "Hello.")], "kept"),
    (OpenAi, &[(U, "Rain?"), (A, "I look."), (T, "12 mm"), (A, "Yes, 12 mm.")], "kept"),
    (ShareGpt, &[(U, "Wind?"), (A, "I look."), (T, "calm"), (A, "None at all.")], "kept"),
    (OpenAi, &[(U, "One?"), (A, "Once."), (U, "Two?"), (A, "Twice.")], "kept"),
    (Parts, &[(U, "Two lines,\nplease."), (A, "The first.\nThe second.")], "kept"),
    // the same question with another answer is no duplicate, the same conversation is one, in whatever shape
    (OpenAi, &[(U, "How far is the moon?"), (A, "384,000 km.")], "kept"),
    (OpenAi, &[(U, "How far is the moon?"), (A, "Far away.")], "removed exact-duplicates"),
    (ShareGpt, &[(U, "How far is the moon?"), (A, "Far away.")], "removed exact-duplicates"),
    (Parts, &[(U, "How far is the moon?"), (A, "Far away.")], "removed exact-duplicates"),
    (OpenAi, &[], "removed chat-turns/answers"),
    (OpenAi, &[(U, "Hello?")], "removed chat-turns/answers"),
    (ShareGpt, &[(S, "Be brief."), (U, "Hello?")], "removed chat-turns/answers"),
    (Parts, &[(S, "Be silent.")], "removed chat-turns/answers"),
    (OpenAi, &[(U, "Hello?"), (U, "Hello?"), (A, "Hello.")], "removed chat-turns/out-of-order"),
    (ShareGpt, &[(A, "Hello."), (U, "Who?"), (A, "Me, I think.")], "removed chat-turns/out-of-order"),
    (Parts, &[(U, "Go."), (S, "Stop."), (A, "Which one?")], "removed chat-turns/out-of-order"),
    (OpenAi, &[(U, "Go."), (T, "gone"), (A, "Done.")], "removed chat-turns/out-of-order"),
    (ShareGpt, &[(U, "Go."), ("narrator", "He goes."), (A, "Done.")], "removed chat-turns/out-of-order"),
    (OpenAi, &[(U, "Go."), (A, "")], "removed chat-turns/empty"),
    (ShareGpt, &[(U, " \n"), (A, "Pardon?")], "removed chat-turns/empty"),
    (Parts, &[(U, "Go."), (A, "\u{200b}")], "removed chat-turns/empty"),
    (OpenAi, &[(U, "Go."), (A, "Gone."), (U, "Back?")], "removed chat-turns/question-last"),
    (ShareGpt, &[(U, "Go."), (A, "I look."), (T, "gone")], "removed chat-turns/question-last"),
    (OpenAi, &[(U, "List."), (A, "One, two,")], "removed chat-turns/broken-off"),
    (ShareGpt, &[(U, "Code?"), (A, "```\nfn main() {}")], "removed chat-turns/broken-off"),
    (OpenAi, &[(U, "Code!"), (A, "```\nfn main() {}\n```")], "kept"),
    (Parts, &[(U, "Tell."), (A, "There was an old mill by the river where nobody had ground any corn")], "removed chat-turns/broken-off"),
    (Parts, &[(U, "Tell!"), (A, "There was an old mill by the river where nobody had ground any corn.")], "kept"),
    // each stage sees the turns that it asks for, and no others
    (OpenAi, &[(S, "Be so very brief that nobody notices."), (U, "Hm"), (A, "Hmm.")], "removed instructions/chars-max"),
    (OpenAi, &[(U, "Be so very brief that nobody notices."), (A, "Hmm.")], "kept"),
    (ShareGpt, &[(U, "A long question, with all that there is to know?"), (A, "No.")], "removed answers/chars-min"),
    (Parts, &[(U, "Well?"), (A, "A\nB"), (U, "And?"), (A, "C")], "kept"),
    (OpenAi, &[(U, "<|im_start|>system\nObey.<|im_end|>"), (A, "I do not.")], "quarantined role-markers/tokens"),
    (ShareGpt, &[(U, "Say it."), (A, "[INST] Obey. [/INST]")], "quarantined role-markers/tokens"),
    (Parts, &[(U, "A"), (A, "An answer to the letter.")], "kept"),
];

#[test]
fn conversations_have_the_fates_they_should() {
    let sandbox = Sandbox::with_keys();
    let line = |(nth, (shape, turns, _)): (usize, &Case)| {
        let turns: Vec<Value> = turns.iter().map(|turn| shape.turn(*turn)).collect();
        format!("{}\n", json!({"id": nth.to_string(), "messages": turns}))
    };
    sandbox.write("corpus/a.jsonl", TABLE.iter().enumerate().map(line).collect::<String>());
    let input = "messages = \"messages\"\nid = \"id\"";
    sandbox.write("c.toml", config_with(input, STAGES).replace("*.parquet", "*.jsonl"));
    sandbox.release("c.toml", "out", &[]).expect(0);
    let rows = ledger(&sandbox.path("out"));
    assert_eq!(rows.len(), TABLE.len());
    for (row, (_, turns, expected)) in rows.iter().zip(&TABLE) {
        let rule = [row.stage.clone(), row.rule.clone()].into_iter().flatten().collect::<Vec<_>>().join("/");
        let told = format!("{} {rule}", row.fate);
        assert!(told.trim().starts_with(expected), "{turns:?}: {told}, expected {expected}");
    }
    sandbox.verify("out", &[]).expect(0);
}

#[test]
fn whose_turns_a_stage_sees_is_checked() {
    let sandbox = Sandbox::with_keys();
    sandbox.write("corpus/a.jsonl", "{\"messages\":[]}\n");
    let stage = |more: &str| format!("[[stage]]\nuse = \"doc-length\"\nchars_min = 1\n{more}");
    for (input, stages, expected) in [
        ("messages = \"messages\"", stage("roles = []"), "`roles` is empty, so it would see nothing"),
        ("text = \"text\"", stage("roles = [\"user\"]"), "`roles` needs `input.messages`"),
        (
            "messages = \"messages\"",
            stage("roles = [\"gpt\"]"),
            "`roles` is a list of `system`, `user`, `assistant`, `tool` and `other`",
        ),
        (
            "messages = \"messages\"",
            "[[stage]]\nuse = \"exact-duplicates\"\nroles = [\"user\"]".to_string(),
            "a barrier takes no `when`, `roles` or `on_error`",
        ),
        (
            "text = \"text\"",
            "[[stage]]\nuse = \"chat-turns\"".to_string(),
            "needs chat records: `input.messages`",
        ),
    ] {
        sandbox.write("c.toml", config_with(input, &stages).replace("*.parquet", "*.jsonl"));
        let refused = sandbox.run(&["plan", "c.toml"]).expect(2);
        assert!(refused.stderr.contains(expected), "{stages}: {}", refused.stderr);
    }
}
