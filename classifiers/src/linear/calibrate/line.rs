//! From the sum of weights to a grade: a straight line by least squares, never beyond the grades there are.

use serde::{Deserialize, Serialize};

/// `rise * logit + level`, held between `lowest` and `highest`.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Line {
    /// Grades for a logit of 1 more; not negative.
    pub rise: f64,
    /// The grade of a logit of 0.
    pub level: f64,
    /// The lowest grade learnt from.
    pub lowest: f64,
    /// The highest.
    pub highest: f64,
}

impl Line {
    /// Fits the line to logits with known grades; level at their mean where they do not rise with the logits.
    pub fn fit(known: &[(f64, f64)]) -> Self {
        let count = known.len().max(1) as f64;
        let mean = |of: fn(&(f64, f64)) -> f64| known.iter().map(of).sum::<f64>() / count;
        let (logits, grades) = (mean(|pair| pair.0), mean(|pair| pair.1));
        let both: f64 = known.iter().map(|(x, y)| (x - logits) * (y - grades)).sum();
        let spread: f64 = known.iter().map(|(x, _)| (x - logits) * (x - logits)).sum();
        let rise = if both > 0.0 && spread > 0.0 { both / spread } else { 0.0 };
        let least = known.iter().map(|pair| pair.1).fold(f64::INFINITY, f64::min);
        let most = known.iter().map(|pair| pair.1).fold(f64::NEG_INFINITY, f64::max);
        let (lowest, highest) = if known.is_empty() { (0.0, 0.0) } else { (least, most) };
        Self { rise, level: grades - rise * logits, lowest, highest }
    }

    /// The grade of a logit.
    pub fn grade(&self, logit: f64) -> f64 {
        (self.rise * logit + self.level).max(self.lowest).min(self.highest)
    }

    /// Why the line cannot be used, if it cannot.
    pub(super) fn fault(&self) -> Option<String> {
        let Self { rise, level, lowest, highest } = *self;
        let finite = [rise, level, lowest, highest].iter().all(|number| number.abs() <= 1e9);
        let sound = finite && rise >= 0.0 && lowest <= highest;
        (!sound).then(|| "has a number that is out of range".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_known_line_is_found_and_not_followed_beyond_its_grades() {
        let line = Line::fit(&[(-1.0, 1.0), (0.0, 2.0), (1.0, 3.0)]);
        assert_eq!(line, Line { rise: 1.0, level: 2.0, lowest: 1.0, highest: 3.0 });
        assert_eq!([line.grade(0.5), line.grade(9.0), line.grade(-9.0)], [2.5, 3.0, 1.0]);
        assert_eq!(Line::fit(&[(1.0, 1.0), (0.0, 2.0)]).grade(5.0), 1.5, "grades that fall teach nothing");
        assert!(Line::fit(&[]).fault().is_none() && Line { rise: f64::NAN, ..line }.fault().is_some());
    }
}
