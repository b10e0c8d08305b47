//! Lines put together again from what they were taken apart into.

use arrow_array::cast::AsArray;
use arrow_array::{Array, RecordBatch};
use std::io::Write;

/// Where the members of lines stand among their columns.
pub(crate) struct Members {
    /// The name of the member that is in its column alone.
    pub(super) text: Option<String>,
    /// The column of the others.
    pub(super) json: String,
}

impl Members {
    /// Appends a line for each row: the text first, then the other members as they were written.
    pub(crate) fn spell(&self, batch: &RecordBatch, lines: &mut Vec<u8>) -> Result<(), String> {
        let strings = |name: &str| {
            let column = batch.column_by_name(name).ok_or_else(|| format!("no column `{name}`"))?;
            Ok::<_, String>(crate::source::batch::Strings::new(column))
        };
        let others = batch.column_by_name(&self.json).and_then(|json| json.as_string_opt::<i32>());
        let others = others.ok_or_else(|| format!("no column `{}`", self.json))?;
        let text = self.text.as_deref().map(|name| Ok::<_, String>((name, strings(name)?))).transpose()?;
        for row in (0..batch.num_rows()).filter(|&row| others.is_valid(row)) {
            let others = others.value(row);
            let text = text.as_ref().and_then(|(name, texts)| Some((name, texts.get(row)?.ok()?)));
            match text {
                None => lines.extend_from_slice(others.as_bytes()),
                Some((name, text)) => {
                    let member = |part: &str, lines: &mut Vec<u8>| {
                        serde_json::to_writer(&mut *lines, part).map_err(|e| e.to_string())
                    };
                    lines.push(b'{');
                    member(name, lines)?;
                    lines.push(b':');
                    member(text, lines)?;
                    let rest = others.strip_prefix('{').unwrap_or("}");
                    let comma = if rest == "}" { "" } else { "," };
                    write!(lines, "{comma}{rest}").map_err(|e| e.to_string())?;
                }
            }
            lines.push(b'\n');
        }
        Ok(())
    }
}
