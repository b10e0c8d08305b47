//! # What it measures
//! How many tokens a tokenizer makes of the text: the column `tokens`; and how many bytes of text a token holds in the
//! mean: `bytes_per_token`, nothing for a text without tokens.
//! # Why
//! Budgets are in tokens of the model that is to be trained: `keep-top` takes this column as its `count`. Few bytes to a
//! token tell that the tokenizer's corpus held little like this text.
//! # Source
//! Hugging Face's `tokenizers` 0.23 over a `tokenizer.json`, without what it adds around a text, truncation and padding.
//! # Example
//! ```toml
//! [[stage]]
//! use = "tokens"
//! tokenizer = "tokenizer.json"
//! ```

use filters::{BuildError, Column, ColumnNote, Context, Filter, Findings, Kind, Rule, Spec, Value, View};
use serde::{Deserialize, Serialize};
use std::ops::ControlFlow;
use tokenizers::Tokenizer;

/// The largest file that is read: vocabularies of a million entries stay far below.
const FILE_BYTES_MAX: usize = 256 << 20;

/// Which tokenizer.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// The path of a `tokenizer.json`.
    pub tokenizer: Option<String>,
}

/// The built stage.
pub struct Tokens {
    tokenizer: Tokenizer,
}

const TOKENS: usize = 0;
const BYTES_PER_TOKEN: usize = 1;

impl Spec for Config {
    const NAME: &'static str = "tokens";
    const SUMMARY: &'static str = "how many tokens a `tokenizer.json` makes of the text";
    const SOURCE: &'static str = "Hugging Face tokenizers 0.23";
    const RULES: &'static [Rule] = &[];
    const COLUMNS: &'static [ColumnNote] = &[
        ("tokens", Kind::Number, "how many tokens"),
        ("bytes_per_token", Kind::Number, "bytes of text for each"),
    ];
    const EXAMPLE: Option<&'static str> = None;
    type Filter = Tokens;

    fn build(&self, context: &mut dyn Context) -> Result<Tokens, BuildError> {
        let name = self.tokenizer.as_ref();
        let name =
            name.ok_or_else(|| BuildError::key("tokenizer", "is missing: the path of a `tokenizer.json`"))?;
        let asset = context.asset(name)?;
        let bytes = (*asset.bytes).as_ref();
        let wrong = |why: String| BuildError::asset(name, why);
        if bytes.len() > FILE_BYTES_MAX {
            return Err(wrong(format!("has {} bytes, expected at most {FILE_BYTES_MAX}", bytes.len())));
        }
        let read = Tokenizer::from_bytes(bytes);
        let mut tokenizer = read.map_err(|error| wrong(format!("is no tokenizer: {error}")))?;
        let whole = tokenizer.with_truncation(None);
        whole.map_err(|error| wrong(error.to_string()))?.with_padding(None);
        Ok(Tokens { tokenizer })
    }
}

impl Filter for Tokens {
    fn columns(&self) -> Vec<Column> {
        Config::recorded()
    }

    fn judge(&self, view: &View<'_>, findings: &mut Findings) -> ControlFlow<()> {
        let text = view.text();
        // a text that the tokenizer cannot take, for want of an unknown token, has no count
        if let Ok(encoding) = self.tokenizer.encode_fast(text, false) {
            let tokens = encoding.len() as f64;
            findings.record(TOKENS, Value::Number(tokens));
            if tokens > 0.0 {
                findings.record(BYTES_PER_TOKEN, Value::Number(text.len() as f64 / tokens));
            }
        }
        ControlFlow::Continue(())
    }
}
