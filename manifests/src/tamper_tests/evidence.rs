//! Evidence over plain text files instead of Parquet.

use std::fs;
use std::path::Path;

use crate::digest::Sha256;
use crate::ledger::{Edit, LedgerRow};
use crate::verify::{CellRows, Evidence, LedgerRows, Opening, TextDigest, TextDigests};

/// Ledger rows as tab-separated lines, output texts and input records as lines.
pub(crate) struct TextEvidence;

impl Evidence for TextEvidence {
    fn ledger<'a>(&'a self, file: &Path, stems: &'a [String]) -> Result<LedgerRows<'a>, String> {
        let lines = lines(file)?;
        Ok(Box::new(lines.into_iter().map(move |line| parse_row(&line, stems))))
    }

    fn cells<'a>(&'a self, file: &Path, columns: &'a [String]) -> Result<CellRows<'a>, String> {
        const NAMES: [&str; 5] = ["row", "fate", "stage", "rule", "value"];
        let at = |name: &String| NAMES.iter().position(|known| known == name).ok_or(format!("no `{name}`"));
        let places = columns.iter().map(at).collect::<Result<Vec<_>, _>>()?;
        let row = move |line: String| {
            let cells: Vec<&str> = line.split('\t').collect();
            Ok(places.iter().map(|at| (cells[*at] != "-").then(|| cells[*at].to_owned())).collect())
        };
        Ok(Box::new(lines(file)?.into_iter().map(row)))
    }

    fn output_texts<'a>(&'a self, file: &Path) -> Result<TextDigests<'a>, String> {
        let digest =
            |line: String| TextDigest { sha256: Sha256::of(line.as_bytes()), bytes: line.len() as u64 };
        Ok(Box::new(lines(file)?.into_iter().map(move |line| Ok(digest(line)))))
    }

    fn input_rows(&self, file: &Path) -> Result<u64, String> {
        Ok(lines(file)?.len() as u64)
    }
}

fn lines(file: &Path) -> Result<Vec<String>, String> {
    let text = fs::read_to_string(file).map_err(|error| error.to_string())?;
    Ok(text.lines().map(str::to_owned).collect())
}

fn parse_row(line: &str, stems: &[String]) -> Result<(LedgerRow, Opening), String> {
    let bad = || format!("not a ledger line: {line}");
    let columns: Vec<&str> = line.split('\t').collect();
    let [row, fate, stage, rule, value, duplicate, out, edit, commit, content] = columns.as_slice() else {
        return Err(bad());
    };
    let text = |column: &str| (column != "-").then(|| column.to_owned());
    let pair = |column: &str| {
        let (left, right) = column.split_once(':')?;
        Some((left.parse::<u32>().ok()?, right.parse::<u64>().ok()?))
    };
    let duplicate_of = match *duplicate {
        "-" => None,
        pointer => {
            let (shard, row) = pair(pointer).ok_or_else(bad)?;
            Some((stems.get(shard as usize).ok_or_else(bad)?.clone(), row))
        }
    };
    let edit = text(edit).map(|with| Edit { part: 0, start: 0, end: 1, with });
    let content = content.parse::<Sha256>().map_err(|_| bad())?;
    let row = LedgerRow {
        row: row.parse().map_err(|_| bad())?,
        fate: fate.parse().map_err(|_| bad())?,
        stage: text(stage),
        rule: text(rule),
        bound: text(value).map(|_| "50".to_owned()),
        value: text(value),
        duplicate_of,
        similarity: None,
        edits: edit.into_iter().collect(),
        repeats: 1,
        split: None,
        out: if *out == "-" { None } else { Some(pair(out).ok_or_else(bad)?) },
        commit: commit.parse::<Sha256>().map_err(|_| bad())?.0,
    };
    Ok((row, Opening { content, norm: content }))
}
