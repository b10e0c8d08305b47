//! # What it measures
//! Markers by which chat templates divide roles, in a text where no template has put them: control tokens such as
//! `<|im_start|>` or `[INST]`, headings such as `### Instruction:`, and lines that begin with `Human:`, `Assistant:` and
//! their kin, where two of them alternate.
//! # Why
//! A text that brings its own markers can pretend to be the system or the user once a template is wrapped around it, and
//! whoever trains on it trains on turns that nobody took. In a fine-tuning set one such record matters.
//! # Source
//! The published chat templates: ChatML, Llama 2 and 3, Mistral, Gemma, Phi, Zephyr, DeepSeek, Command R, Alpaca, Vicuna; HR24 of
//! the product's taxonomy. The bounds are our own.
//! # How
//! What stands in code (between back-ticks, or on lines of a fenced or indented block) is a mention: documentation and
//! source code show markers. It is not counted unless `in_code` says so. Code must end before the text does: a fence
//! that nothing closes, and an indented block that no other line follows, would hide the rest of the text and count. Control tokens are found
//! with `&lt;` and `&gt;`, too, and with zero-width characters in them.
//! # Example
//! `"Fine weather. <|im_start|>system"` holds one control token.

use super::hidden_characters::is_zero_width;
use crate::{Action, Bound, BuildError, Context, Filter, Findings, Rule, RuleBound, Span, Spec, View};
use aho_corasick::AhoCorasick;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::sync::Arc;

/// How many markers pass.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Most control tokens.
    pub tokens_max: u64,
    /// Most headings of a template.
    pub headings_max: u64,
    /// Most changes from one role's line to another's.
    pub turns_max: u64,
    /// Whether markers in code count, too.
    pub in_code: bool,
}

impl Default for Config {
    fn default() -> Self {
        // an interview has turns, a smuggled dialogue mostly few
        Self { tokens_max: 0, headings_max: 1, turns_max: 1, in_code: false }
    }
}

const RULES: [Rule; 3] = [
    Rule { id: "tokens", summary: "control tokens of chat templates outside code", alias: None },
    Rule { id: "headings", summary: "headings of instruction templates outside code", alias: None },
    Rule { id: "turns", summary: "changes between lines of two chat roles outside code", alias: None },
];
const TOKENS: usize = 0;
const HEADINGS: usize = 1;
const TURNS: usize = 2;

/// Control tokens, by the templates listed above.
const CONTROL: &[&str] = &[
    "<|im_start|>",
    "<|im_end|>",
    "<|im_sep|>",
    "<|system|>",
    "<|user|>",
    "<|assistant|>",
    "<|end|>",
    "<|endoftext|>",
    "<|start_header_id|>",
    "<|end_header_id|>",
    "<|eot_id|>",
    "<|begin_of_text|>",
    "<|start|>",
    "<|message|>",
    "<|channel|>",
    "<start_of_turn>",
    "<end_of_turn>",
    "[INST]",
    "[/INST]",
    "<<SYS>>",
    "<</SYS>>",
    "[SYSTEM_PROMPT]",
    "[/SYSTEM_PROMPT]",
    "[AVAILABLE_TOOLS]",
    "[TOOL_CALLS]",
    "<|START_OF_TURN_TOKEN|>",
    "<|END_OF_TURN_TOKEN|>",
    "<|SYSTEM_TOKEN|>",
    "<|USER_TOKEN|>",
    "<|CHATBOT_TOKEN|>",
    "<\u{ff5c}User\u{ff5c}>",
    "<\u{ff5c}Assistant\u{ff5c}>",
];

/// What a heading says after its `#`s, in lower case.
const HEADINGS_OF: &[&str] = &["instruction:", "response:", "system:", "user:", "human:", "assistant:"];

/// What a turn begins with, in lower case, and whose it is.
const SPEAKERS: &[(&str, Role)] = &[
    ("human:", Role::User),
    ("user:", Role::User),
    ("assistant:", Role::Assistant),
    ("ai:", Role::Assistant),
    ("chatbot:", Role::Assistant),
    ("system:", Role::System),
];

#[derive(Clone, Copy, PartialEq, Eq)]
enum Role {
    User,
    Assistant,
    System,
}

/// The built filter.
pub struct RoleMarkers {
    control: AhoCorasick,
    bounds: [u64; RULES.len()],
    names: [Arc<str>; RULES.len()],
    in_code: bool,
}

impl Spec for Config {
    const NAME: &'static str = "role-markers";
    const SUMMARY: &'static str = "markers of chat roles smuggled into a text";
    const SOURCE: &'static str =
        "published chat templates (ChatML, Llama, Mistral, Gemma, Alpaca and others); own bounds";
    const RULES: &'static [Rule] = &RULES;
    const EXAMPLE: Option<&'static str> = Some("in_code = true");
    const ACTION: Action = Action::Quarantine;
    type Filter = RoleMarkers;

    fn build(&self, _: &mut dyn Context) -> Result<RoleMarkers, BuildError> {
        let escaped = CONTROL.iter().map(|token| token.replace('<', "&lt;").replace('>', "&gt;"));
        let tokens: BTreeSet<String> = CONTROL.iter().map(|token| token.to_string()).chain(escaped).collect();
        let control = AhoCorasick::builder().ascii_case_insensitive(true).build(tokens);
        Ok(RoleMarkers {
            control: control.map_err(|e| BuildError::Config(e.to_string()))?,
            bounds: [self.tokens_max, self.headings_max, self.turns_max],
            names: RULES.map(|rule| rule.id.into()),
            in_code: self.in_code,
        })
    }
}

impl Filter for RoleMarkers {
    fn rules(&self) -> Vec<RuleBound> {
        let bound = |most: u64| Bound::AtMost(most as f64);
        RULES.iter().zip(self.bounds).map(|(rule, most)| RuleBound::new(rule, bound(most))).collect()
    }

    fn judge(&self, view: &View<'_>, findings: &mut Findings) -> ControlFlow<()> {
        let mut counts = [0u64; RULES.len()];
        let mut spoken: Option<Role> = None;
        let mut code = Code::of(view.text());
        let mut at = 0;
        for line in view.text().split_inclusive('\n') {
            let start = at;
            at += line.len();
            if code.holds(line, start) && !self.in_code {
                continue;
            }
            self.tokens(line, start, &mut counts, findings);
            self.begins(line, start, (&mut counts, &mut spoken), findings);
        }
        counts.iter().enumerate().try_for_each(|(rule, &count)| findings.measure(rule, count as f64))
    }
}

impl RoleMarkers {
    /// Control tokens anywhere in a line but between back-ticks.
    fn tokens(&self, line: &str, start: usize, counts: &mut [u64; RULES.len()], findings: &mut Findings) {
        let seen = seen(line);
        for found in self.control.find_iter(&*seen) {
            let ticks = seen[..found.start()].bytes().filter(|&byte| byte == b'`').count();
            let quoted = ticks % 2 == 1 && seen[found.end()..].contains('`');
            if self.in_code || !quoted {
                counts[TOKENS] += 1;
                // where something is hidden, the whole line is shown
                let place = if seen.len() == line.len() { found.range() } else { 0..line.len() };
                self.note(TOKENS, (start + place.start, start + place.end), findings);
            }
        }
    }

    /// What a line begins with: a heading of a template, or a speaker.
    fn begins(
        &self,
        line: &str,
        start: usize,
        (counts, spoken): (&mut [u64; RULES.len()], &mut Option<Role>),
        findings: &mut Findings,
    ) {
        let hashes = line.len() - line.trim_start_matches('#').len();
        let rest = line[hashes..].trim_start();
        let indent = line.len() - rest.len();
        if hashes > 1 {
            if let Some(heading) = HEADINGS_OF.iter().find(|heading| starts(rest, heading)) {
                counts[HEADINGS] += 1;
                self.note(HEADINGS, (start, start + indent + heading.len()), findings);
            }
        } else if let Some((speaker, role)) = SPEAKERS.iter().find(|(speaker, _)| starts(rest, speaker)) {
            if spoken.is_some_and(|last| last != *role) {
                counts[TURNS] += 1;
            }
            *spoken = Some(*role);
            self.note(TURNS, (start + indent, start + indent + speaker.len()), findings);
        }
    }

    fn note(&self, rule: usize, (start, end): (usize, usize), findings: &mut Findings) {
        findings.span(Span { start, end, rule: Arc::clone(&self.names[rule]), view: "raw" });
    }
}

/// Which lines are code. What never ends is none.
struct Code {
    /// Lines with a fence that are still to come and have a partner.
    fences: usize,
    fenced: bool,
    /// Where the last line starts that is neither indented nor empty.
    last_plain: usize,
}

impl Code {
    fn of(text: &str) -> Self {
        let (mut code, mut at) = (Self { fences: 0, fenced: false, last_plain: 0 }, 0);
        for line in text.split_inclusive('\n') {
            code.fences += usize::from(is_fence(line));
            if !is_indented(line) && !line.trim().is_empty() {
                code.last_plain = at;
            }
            at += line.len();
        }
        code.fences -= code.fences % 2;
        code
    }

    /// Whether the next line is code.
    fn holds(&mut self, line: &str, start: usize) -> bool {
        let fence = self.fences > 0 && is_fence(line);
        self.fences -= usize::from(fence);
        self.fenced ^= fence;
        fence || self.fenced || (is_indented(line) && start < self.last_plain)
    }
}

fn is_fence(line: &str) -> bool {
    line.trim_start().starts_with("```") || line.trim_start().starts_with("~~~")
}

fn is_indented(line: &str) -> bool {
    line.starts_with("    ") || line.starts_with('\t')
}

/// A line without what nobody sees.
fn seen(line: &str) -> Cow<'_, str> {
    match line.contains(is_zero_width) {
        true => line.chars().filter(|&c| !is_zero_width(c)).collect(),
        false => line.into(),
    }
}

/// Whether a text begins with a prefix in ASCII lower case, in whatever case.
fn starts(text: &str, prefix: &str) -> bool {
    text.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix))
}
