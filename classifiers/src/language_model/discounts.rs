//! The discounts of modified Kneser-Ney smoothing.

use super::ModelError;

/// How many n-grams of one order have an adjusted count of 1, 2, 3 and 4.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CountsOfCounts(pub [u64; 4]);

impl CountsOfCounts {
    /// Counts an n-gram.
    pub fn add(&mut self, adjusted: u64) {
        let place =
            usize::try_from(adjusted).ok().and_then(|adjusted| self.0.get_mut(adjusted.checked_sub(1)?));
        place.into_iter().for_each(|count| *count += 1);
    }
}

/// What is taken from an adjusted count of 1, of 2, and of 3 or more.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Discounts(pub [f64; 3]);

impl Discounts {
    /// Those of `lmplz --discount_fallback` (KenLM 0.3.0): for corpora too small to estimate any.
    pub const FALLBACK: Self = Self([0.5, 1.0, 1.5]);

    /// Chen and Goodman 1998, equation 26: `D(i) = i − (i+1) Y n(i+1) / n(i)` with `Y = n(1) / (n(1) + 2 n(2))`.
    pub fn estimate(order: usize, counts: CountsOfCounts) -> Result<Self, ModelError> {
        let wrong = |why: String| ModelError::Discounts { order, why };
        let n = counts.0.map(|count| count as f64);
        if let Some(missing) = n[..3].iter().position(|count| *count == 0.0) {
            return Err(wrong(format!("none has the adjusted count {}", missing + 1)));
        }
        let y = n[0] / (n[0] + 2.0 * n[1]);
        let discount = |i: usize| (i + 1) as f64 - (i + 2) as f64 * y * n[i + 1] / n[i];
        let discounts = [0, 1, 2].map(discount);
        match discounts.iter().zip(1..).find(|(discount, i)| **discount < 0.0 || **discount > f64::from(*i)) {
            Some((discount, i)) => {
                Err(wrong(format!("that of an adjusted count of {i} would be {discount:.3}")))
            }
            None => Ok(Self(discounts)),
        }
    }

    /// The discount of an adjusted count.
    pub fn of(&self, adjusted: u64) -> f64 {
        match adjusted {
            0 => 0.0,
            1 => self.0[0],
            2 => self.0[1],
            _ => self.0[2],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn discounts_are_those_of_the_paper() {
        let found = Discounts::estimate(2, CountsOfCounts([100, 40, 20, 12])).unwrap();
        let expected = [5.0 / 9.0, 7.0 / 6.0, 5.0 / 3.0];
        assert!(
            found.0.iter().zip(expected).all(|(found, expected)| (found - expected).abs() < 1e-12),
            "{found:?}"
        );
        assert_eq!(
            [0, 1, 2, 3, 9].map(|count| found.of(count)),
            [0.0, found.0[0], found.0[1], found.0[2], found.0[2]]
        );
    }

    #[test]
    fn too_little_text_is_told() {
        let error = Discounts::estimate(3, CountsOfCounts([9, 0, 1, 1])).unwrap_err().to_string();
        assert!(error.starts_with("no discount for 3-grams: none has the adjusted count 2"), "{error}");
        let error = Discounts::estimate(1, CountsOfCounts([10, 1, 30, 1])).unwrap_err().to_string();
        assert!(error.contains("would be"), "{error}");
    }
}
