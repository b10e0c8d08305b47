//! The two leaves of a ledger row, as canonical JSON written straight into a buffer.
//!
//! ```text
//! {"bound":…,"duplicateOf":[stem,row],"edits":[{"end":…,"part":…,"start":…,"with":…}],"fate":…,"row":…,"rule":…,
//!  "shard":stem,"similarity":…,"stage":…,"t":"decision","value":…}
//! ```
//!
//! without the line break. A record leaf has `"t":"record"`, `"c"` (the commitment in unpadded base64url) after
//! `bound` and `"out":[part,row]` after `fate`. What is absent is `null`; no edits are `[]`. A record that stands in
//! the data more than once has `"repeats"` before `row`, one of a release with splits `"split"` before `stage`; all others
//! lack these keys.
//!
//! This runs for every record of the corpus, so it does not go through [`crate::canonical::to_canonical`]; tests
//! hold it to the same bytes.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::{Edit, LedgerRow};
use crate::canonical::{write_integer, write_string};

/// Appends the decision leaf: what was decided and why, the same in every run over the same records.
pub fn decision_leaf(stem: &str, row: &LedgerRow, out: &mut Vec<u8>) {
    write_leaf(stem, row, Kind::Decision, out);
}

/// Appends the record leaf: the decision with the output position and the commitment.
pub fn record_leaf(stem: &str, row: &LedgerRow, out: &mut Vec<u8>) {
    write_leaf(stem, row, Kind::Record, out);
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Decision,
    Record,
}

/// Keys stand in byte order, as the canonical form wants them.
fn write_leaf(stem: &str, row: &LedgerRow, kind: Kind, out: &mut Vec<u8>) {
    let record = kind == Kind::Record;
    out.extend_from_slice(b"{\"bound\":");
    write_text(row.bound.as_deref(), out);
    if record {
        write_commit(&row.commit, out);
    }
    out.extend_from_slice(b",\"duplicateOf\":");
    write_duplicate(row.duplicate_of.as_ref(), out);
    out.extend_from_slice(b",\"edits\":");
    write_edits(&row.edits, out);
    out.extend_from_slice(b",\"fate\":\"");
    out.extend_from_slice(row.fate.as_str().as_bytes());
    out.push(b'"');
    if record {
        out.extend_from_slice(b",\"out\":");
        write_position(row.out, out);
    }
    if row.repeats != 1 {
        out.extend_from_slice(b",\"repeats\":");
        write_integer(u64::from(row.repeats), out);
    }
    out.extend_from_slice(b",\"row\":");
    write_integer(row.row, out);
    out.extend_from_slice(b",\"rule\":");
    write_text(row.rule.as_deref(), out);
    out.extend_from_slice(b",\"shard\":");
    write_string(stem, out);
    out.extend_from_slice(b",\"similarity\":");
    write_text(row.similarity.as_deref(), out);
    if let Some(split) = &row.split {
        out.extend_from_slice(b",\"split\":");
        write_string(split, out);
    }
    out.extend_from_slice(b",\"stage\":");
    write_text(row.stage.as_deref(), out);
    out.extend_from_slice(if record { b",\"t\":\"record\"".as_slice() } else { b",\"t\":\"decision\"" });
    out.extend_from_slice(b",\"value\":");
    write_text(row.value.as_deref(), out);
    out.push(b'}');
}

fn write_text(text: Option<&str>, out: &mut Vec<u8>) {
    match text {
        Some(text) => write_string(text, out),
        None => out.extend_from_slice(b"null"),
    }
}

fn write_commit(commit: &[u8; 32], out: &mut Vec<u8>) {
    // 43 characters hold 32 bytes; the buffer is exactly that long, so encoding cannot run out of room.
    let mut text = [b'A'; 43];
    let written = URL_SAFE_NO_PAD.encode_slice(commit, &mut text);
    debug_assert_eq!(written.ok(), Some(text.len()));
    out.extend_from_slice(b",\"c\":\"");
    out.extend_from_slice(&text);
    out.push(b'"');
}

fn write_duplicate(of: Option<&(String, u64)>, out: &mut Vec<u8>) {
    let Some((stem, row)) = of else { return out.extend_from_slice(b"null") };
    out.push(b'[');
    write_string(stem, out);
    out.push(b',');
    write_integer(*row, out);
    out.push(b']');
}

fn write_position(position: Option<(u32, u64)>, out: &mut Vec<u8>) {
    let Some((part, row)) = position else { return out.extend_from_slice(b"null") };
    out.push(b'[');
    write_integer(u64::from(part), out);
    out.push(b',');
    write_integer(row, out);
    out.push(b']');
}

fn write_edits(edits: &[Edit], out: &mut Vec<u8>) {
    out.push(b'[');
    for (index, edit) in edits.iter().enumerate() {
        out.extend_from_slice(if index == 0 { b"{\"end\":".as_slice() } else { b",{\"end\":" });
        write_integer(edit.end, out);
        out.extend_from_slice(b",\"part\":");
        write_integer(u64::from(edit.part), out);
        out.extend_from_slice(b",\"start\":");
        write_integer(edit.start, out);
        out.extend_from_slice(b",\"with\":");
        write_string(&edit.with, out);
        out.push(b'}');
    }
    out.push(b']');
}

#[cfg(test)]
mod tests;
