//! Payment cards: Luhn's check digit, the issuers' ranges and lengths.
//!
//! Source: ISO/IEC 7812-1, and the ranges that the networks publish for merchants: Visa 4; Mastercard 51–55, 2221–2720;
//! American Express 34, 37; Discover 6011, 644–649, 65; Diners 300–305, 3095, 36, 38–39; JCB 3528–3589, formerly 1800
//! and 2131; UnionPay 62; Maestro 50, 56–58, 60, 63, 67; Mir 2200–2204. Test numbers of payment providers are valid
//! numbers and found like others.

use super::checksums::luhn;
use super::context::Place;
use super::numbers::{Number, value};
use super::topics::Topic;

/// How a card's digits are written.
const SHAPES: &[&str] = &[
    "12", "13", "14", "15", "16", "17", "18", "19", "4 4 4 4", "4-4-4-4", "4.4.4.4", "4 6 5", "4-6-5", "4 6 4",
    "4-6-4", "4 4 4 1", "4-4-4-1", "4 4 4 4 3", "4-4-4-4-3", "6 13", "4 4 5", "4-4-5", "4 4 4", "4-4-4",
];

/// Whether a number is a payment card's.
pub(super) fn is_card(number: &Number, place: &Place<'_>) -> bool {
    if !SHAPES.contains(&number.shape.as_str()) || !luhn(&number.digits) {
        return false;
    }
    match range(&number.digits) {
        Some(Range::OfCards) => true,
        Some(Range::Shared) => place.is_about(Topic::Card),
        None => false,
    }
}

enum Range {
    /// Of this length only cards begin so.
    OfCards,
    /// Barcodes and numbers of orders begin so, too.
    Shared,
}

fn range(digits: &[u8]) -> Option<Range> {
    let (one, two, three, four) =
        (value(&digits[..1]), value(&digits[..2]), value(&digits[..3]), value(&digits[..4]));
    let is_common = match digits.len() {
        16 => {
            matches!((one, two), (4, _) | (_, 36 | 38 | 39 | 51..=55 | 62 | 65))
                || matches!((three, four), (644..=649, _) | (_, 2200..=2204 | 2221..=2720 | 3528..=3589 | 6011))
        }
        15 => matches!((two, four), (34 | 37, _) | (_, 1800 | 2131)),
        14 => matches!((two, three), (36 | 38 | 39, _) | (_, 300..=305 | 309)),
        _ => false,
    };
    let is_rare = matches!(two, 50 | 56..=58 | 60 | 63 | 67)
        || (digits.len() == 13 && one == 4)
        || (digits.len() >= 17 && matches!((one, two), (4, _) | (_, 35 | 62 | 64 | 65)));
    match (is_common, is_rare) {
        (true, _) => Some(Range::OfCards),
        (false, true) => Some(Range::Shared),
        (false, false) => None,
    }
}
