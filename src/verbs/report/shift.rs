//! The tables of what stages make of a mixture.

use super::{distance, percent, value};
use crate::say;
use anyhow::Result;
use pipeline::report::{Cell, Shift, StageShift};

pub(super) fn print(shift: &Shift, limit: usize) -> Result<()> {
    say(format_args!("records        {}, {} never judged or taken down", shift.records, shift.aside))?;
    if shift.rows.is_empty() && shift.untold.is_empty() {
        return say("               nothing was taken out by any stage, so nothing shifts");
    }
    for row in &shift.rows {
        say(format_args!(
            "{}, by {}: {} records before, {} after",
            row.by, row.slice, row.before, row.after
        ))?;
        say(format_args!("  total variation   {}", distance(row.total_variation)))?;
        say(format_args!("  Kullback-Leibler  {} nats", distance(row.kullback_leibler)))?;
        let cells = changed(row);
        cells.iter().take(limit).try_for_each(|cell| say(line(cell)))?;
        if cells.len() > limit && limit > 0 {
            say(format_args!(
                "  and {} more that change: `--limit {}` shows all",
                cells.len() - limit,
                cells.len()
            ))?;
        }
    }
    for untold in &shift.untold {
        let (by, slice, stage) = (&untold.by, &untold.slice, &untold.recorded_by);
        say(format_args!(
            "{by}, by {slice}: not in the ledger, `{stage}` came after records were taken out; put it first, or set \
             `measure = \"all\"`"
        ))?;
    }
    Ok(())
}

/// The parts that grow or shrink for certain, those that do so most first.
fn changed(row: &StageShift) -> Vec<&Cell> {
    let mut cells: Vec<&Cell> = row.cells.iter().filter(|cell| least_change(cell) > 0.0).collect();
    cells.sort_by(|a, b| least_change(b).total_cmp(&least_change(a)));
    cells
}

/// How far the interval of a part's ratio lies from 1, either way, as a logarithm.
fn least_change(cell: &Cell) -> f64 {
    cell.ratio_interval.map_or(0.0, |ratio| ratio.low.ln().max(-ratio.high.ln()))
}

/// `  guardian   12.30 % [11.90, 12.70] → 15.10 % [14.60, 15.60]   grows to 1.23 [1.20, 1.26]`.
fn line(cell: &Cell) -> String {
    let (before, after) = (percent(cell.share_before), percent(cell.share_after));
    let ratio = cell.ratio.zip(cell.ratio_interval).map(|(ratio, bounds)| {
        let verb = if ratio > 1.0 { "grows" } else { "shrinks" };
        format!("{verb} to {ratio:.2} [{:.2}, {:.2}]", bounds.low, bounds.high)
    });
    format!("  {:32} {before:>26} → {after:26} {}", value(&cell.value), ratio.unwrap_or_default())
}
