//! The table of a retention curve.

use super::percent;
use crate::say;
use anyhow::Result;
use pipeline::report::{Curve, Direction, Point};

pub(super) fn print(curve: &Curve) -> Result<()> {
    let direction = match curve.direction {
        Direction::AtLeast => "at least",
        Direction::AtMost => "at most",
    };
    say(format_args!(
        "{} {direction} …: {} records, {} without a number",
        curve.column, curve.records, curve.without
    ))?;
    if let Some(why) = &curve.released_untold {
        say(format_args!("  what would be released is not told: {why}"))?;
    }
    let weight = format!("of {}", curve.weighed_by);
    say(format_args!(
        "  {:>16}  {:28} {weight:28} {:>9} {:>9}",
        "threshold", "of records", "released", "unknown"
    ))?;
    curve.points.iter().try_for_each(|point| say(line(point)))?;
    match curve.rules.as_slice() {
        [] => Ok(()),
        rules => say(format_args!("  * the bound of {}", rules.join(", "))),
    }
}

fn line(point: &Point) -> String {
    let threshold = format!("{}{}", point.threshold, if point.configured { " *" } else { "  " });
    let (share, weight) = (percent(point.share), percent(point.share_of_weight));
    let released = point.released.map_or((String::from("-"), String::from("-")), |released| {
        (released.records.to_string(), released.unknown.to_string())
    });
    format!("  {threshold:>18}{share:28} {weight:28} {:>9} {:>9}", released.0, released.1)
}
