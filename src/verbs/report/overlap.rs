//! The matrix of what filters take out together.

use super::percent;
use crate::say;
use anyhow::Result;
use pipeline::report::{Overlap, Pair, Share};

/// More columns than this fit on no screen; the pairs tell the same.
const COLUMNS_MAX: usize = 20;

pub(super) fn print(overlap: &Overlap, limit: usize) -> Result<()> {
    say(format_args!("records        {}, {} never judged or taken down", overlap.records, overlap.aside))?;
    if !overlap.complete {
        say("               some answers are unknown: pairs are counted where both are known")?;
    }
    if overlap.filters.iter().all(|filter| filter.takes_out == 0) {
        return say("               nothing was taken out by any rule");
    }
    say(format_args!("    {:40} {:>10} {:>10}", "filter", "takes out", "of known"))?;
    for (n, filter) in overlap.filters.iter().enumerate() {
        say(format_args!("{:>3} {:40} {:>10} {:>10}", n + 1, filter.filter, filter.takes_out, filter.known))?;
    }
    if overlap.filters.len() <= COLUMNS_MAX {
        matrix(overlap)?;
    }
    let mut pairs: Vec<&Pair> = overlap.pairs.iter().filter(|pair| pair.by_both > 0).collect();
    pairs.sort_by(|a, b| low(b.jaccard).total_cmp(&low(a.jaccard)));
    for pair in pairs.iter().take(limit) {
        say(format_args!("{} and {}: both {} of {} known", pair.a, pair.b, pair.by_both, pair.known))?;
        say(format_args!("  Jaccard {}", percent(pair.jaccard)))?;
        say(format_args!("  of the first's, the second takes {}", percent(pair.b_of_a)))?;
        say(format_args!("  of the second's, the first takes {}", percent(pair.a_of_b)))?;
    }
    if pairs.len() > limit && limit > 0 {
        say(format_args!("and {} more pairs: `--limit {}` shows all", pairs.len() - limit, pairs.len()))?;
    }
    Ok(())
}

fn low(share: Option<Share>) -> f64 {
    share.map_or(0.0, |share| share.interval.low)
}

/// Of what the row takes out, the percentage that the column takes out, too.
fn matrix(overlap: &Overlap) -> Result<()> {
    let names: Vec<&str> = overlap.filters.iter().map(|filter| filter.filter.as_str()).collect();
    let numbers: String = (1..=names.len()).map(|n| format!("{n:>5}")).collect();
    say(format_args!("of the row's, the column takes, in percent\n    {numbers}"))?;
    for (n, row) in names.iter().enumerate() {
        let cell = |column: &&str| {
            let share = overlap.pairs.iter().find_map(|pair| match (pair.a.as_str(), pair.b.as_str()) {
                (a, b) if (a, b) == (*row, *column) => pair.b_of_a,
                (a, b) if (a, b) == (*column, *row) => pair.a_of_b,
                _ => None,
            });
            share.map_or("    -".to_string(), |share| format!("{:>5.0}", share.share * 100.0))
        };
        say(format_args!("{:>3} {}", n + 1, names.iter().map(cell).collect::<String>()))?;
    }
    Ok(())
}
