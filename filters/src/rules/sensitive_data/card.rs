//! Payment cards: Luhn's check digit, the issuers' ranges and lengths.
//!
//! Source: ISO/IEC 7812-1, and the ranges that the networks publish for merchants: Visa 4; Mastercard 51–55, 2221–2720;
//! American Express 34, 37; Discover 6011, 644–649, 65; Diners 300–305, 309, 36, 38–39; JCB 3528–3589, formerly 1800 and
//! 2131; UnionPay 62; Mir 2200–2204, each in its usual length. Any other number of 12 to 19 digits with a right check
//! digit is one behind a word that says so. Test numbers of payment providers are valid numbers and found like others.

use super::checksums::luhn;
use super::context::Place;
use super::numbers::{Number, value};
use super::topics::Topic;

/// How a card's digits are written.
const SHAPES: &[&str] = &[
    "12",
    "13",
    "14",
    "15",
    "16",
    "17",
    "18",
    "19",
    "4 4 4 4",
    "4-4-4-4",
    "4.4.4.4",
    "4 6 5",
    "4-6-5",
    "4 6 4",
    "4-6-4",
    "4 4 4 1",
    "4-4-4-1",
    "4 4 4 4 3",
    "4-4-4-4-3",
    "6 13",
    "4 4 5",
    "4-4-5",
    "4 4 4",
    "4-4-4",
];

/// Whether a number is a payment card's.
pub(super) fn is_card(number: &Number, place: &Place<'_>) -> bool {
    if !SHAPES.contains(&number.shape.as_str()) || !luhn(&number.digits) {
        return false;
    }
    // barcodes and numbers of orders have such lengths, too, and one in ten such a check digit
    let has_value = number.digits.iter().any(|digit| *digit > 0);
    has_value && (is_issued(&number.digits) || place.is_about(Topic::Card))
}

/// Whether a number is of a range and length that only cards have.
fn is_issued(digits: &[u8]) -> bool {
    let first = |length: usize| value(&digits[..length]);
    match digits.len() {
        16 => {
            matches!((first(1), first(2)), (4, _) | (_, 36 | 38 | 39 | 51..=55 | 62 | 65))
                || matches!(first(3), 644..=649)
                || matches!(first(4), 2200..=2204 | 2221..=2720 | 3528..=3589 | 6011)
        }
        15 => matches!(first(2), 34 | 37) || matches!(first(4), 1800 | 2131),
        14 => matches!(first(2), 36 | 38 | 39) || matches!(first(3), 300..=305 | 309),
        _ => false,
    }
}
