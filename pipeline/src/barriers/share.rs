//! Shares of records, exactly: no floating point.

use filters::{BuildError, Decimal};

/// An exact fraction from 0 to 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Share {
    numerator: u128,
    denominator: u128,
}

/// With so many decimals a fraction of any number of records fits 128 bits.
const DECIMALS_MAX: usize = 18;

impl Share {
    /// The fraction a key holds, digit by digit: `"0.1"` is one tenth, which no binary number is.
    pub(crate) fn of(key: &'static str, written: Decimal) -> std::result::Result<Self, BuildError> {
        if !(0.0..=1.0).contains(&written.get()) {
            return Err(BuildError::key(key, format!("is {written}, outside 0 to 1")));
        }
        let text = written.to_string();
        let (whole, decimals) = text.split_once('.').unwrap_or((&text, ""));
        let digits = format!("{whole}{decimals}").parse().ok().filter(|_| decimals.len() <= DECIMALS_MAX);
        let too_fine = || BuildError::key(key, format!("has more than {DECIMALS_MAX} decimals"));
        Ok(Self { numerator: digits.ok_or_else(too_fine)?, denominator: 10u128.pow(decimals.len() as u32) })
    }

    /// So many of this number, rounded down.
    pub(crate) fn floor(self, of: u64) -> u64 {
        (u128::from(of) * self.numerator / self.denominator) as u64
    }

    /// So many of this number, rounded up.
    pub(crate) fn ceil(self, of: u64) -> u64 {
        (u128::from(of) * self.numerator).div_ceil(self.denominator) as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn share(text: &str) -> std::result::Result<Share, String> {
        let written = text.parse().map(Decimal::of).unwrap();
        Share::of("fraction", written).map_err(|error| error.to_string())
    }

    #[test]
    fn fractions_are_those_of_decimals_not_of_binary_numbers() {
        // 0.1 × 30 and 0.7 × 10 as binary numbers are a little more than 3 and a little less than 7
        for (text, of, floor, ceil) in [
            ("0.1", 30, 3, 3),
            ("0.7", 10, 7, 7),
            ("0.07", 100, 7, 7),
            ("0.4", 11, 4, 5),
            ("0", 11, 0, 0),
            ("1", u64::MAX, u64::MAX, u64::MAX),
            ("0.000000000000000001", u64::MAX, 18, 19),
            ("0.3", 0, 0, 0),
        ] {
            let share = share(text).unwrap();
            assert_eq!((share.floor(of), share.ceil(of)), (floor, ceil), "{text} of {of}");
        }
        assert_eq!(share("1.1").unwrap_err(), "`fraction` is 1.1, outside 0 to 1");
        assert_eq!(share("0.0000000000000000001").unwrap_err(), "`fraction` has more than 18 decimals");
    }
}
