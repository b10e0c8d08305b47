//! Check digits of numbers, each over digits given as values 0 to 9.

/// Luhn's sum: every second digit from the right is doubled (ISO/IEC 7812-1, annex B).
pub(super) fn luhn(digits: &[u8]) -> bool {
    let doubled = |digit: u8| if digit > 4 { 2 * digit - 9 } else { 2 * digit };
    let each = digits.iter().rev().enumerate();
    let sum: u32 = each.map(|(at, &digit)| u32::from(if at % 2 == 1 { doubled(digit) } else { digit })).sum();
    sum.is_multiple_of(10)
}

/// The sum of digits times weights.
pub(super) fn weighted(digits: &[u8], weights: &[u32]) -> u32 {
    digits.iter().zip(weights).map(|(&digit, weight)| u32::from(digit) * weight).sum()
}

/// Digits and letters (A is 10, Z is 35) read as one decimal number, modulo 97 (ISO/IEC 7064, MOD 97-10); `None` if
/// there is any other character.
pub(super) fn modulo_97(characters: impl Iterator<Item = u8>) -> Option<u32> {
    characters.into_iter().try_fold(0, |rest: u32, byte| match byte.to_ascii_uppercase() {
        digit @ b'0'..=b'9' => Some((rest * 10 + u32::from(digit - b'0')) % 97),
        letter @ b'A'..=b'Z' => Some((rest * 100 + u32::from(letter - b'A') + 10) % 97),
        _ => None,
    })
}

/// ISO/IEC 7064, MOD 11,10: a check digit at the end.
pub(super) fn modulo_11_10(digits: &[u8]) -> bool {
    let Some((&check, body)) = digits.split_last() else { return false };
    let product = body.iter().fold(10, |product: u32, &digit| {
        let sum = (product + u32::from(digit)) % 10;
        (if sum == 0 { 10 } else { sum }) * 2 % 11
    });
    (11 - product) % 10 == u32::from(check)
}

/// Verhoeff's check over the dihedral group of order ten (Verhoeff 1969, *Error Detecting Decimal Codes*).
pub(super) fn verhoeff(digits: &[u8]) -> bool {
    let mut check = 0;
    for (at, &digit) in digits.iter().rev().enumerate() {
        let permuted = (0..at % 8).fold(digit, |digit, _| PERMUTATION[usize::from(digit % 10)]);
        check = dihedral(check, permuted);
    }
    check == 0
}

/// Verhoeff's permutation; the one for a position is its power.
const PERMUTATION: [u8; 10] = [1, 5, 7, 6, 2, 8, 3, 0, 9, 4];

/// Composition of symmetries of the pentagon: 0 to 4 are rotations, 5 to 9 reflections.
fn dihedral(a: u8, b: u8) -> u8 {
    match (a < 5, b < 5) {
        (true, true) => (a + b) % 5,
        (true, false) => 5 + (a + b - 5) % 5,
        (false, true) => 5 + (a - 5 + 5 - b) % 5,
        (false, false) => (a + 5 - b) % 5,
    }
}

/// CRC-32 (ISO-HDLC, as in zip), bit by bit: what it checks is short and rare.
pub(super) fn crc32(bytes: &[u8]) -> u32 {
    let mut crc = u32::MAX;
    for &byte in bytes {
        crc ^= u32::from(byte);
        for _ in 0..8 {
            crc = (crc >> 1) ^ (0xEDB8_8320 & (crc & 1).wrapping_neg());
        }
    }
    !crc
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digits(text: &str) -> Vec<u8> {
        text.bytes().map(|byte| byte - b'0').collect()
    }

    #[test]
    fn published_examples_check_and_a_changed_digit_does_not() {
        type Check = fn(&[u8]) -> bool;
        let examples: [(&str, Check); 4] = [
            ("79927398713", luhn),
            ("2363", verhoeff),
            ("236700000000000", |d| !verhoeff(d)),
            ("86095742719", modulo_11_10),
        ];
        for (example, holds) in examples {
            assert!(holds(&digits(example)), "{example}");
        }
        for (number, holds) in
            [("79927398713", luhn as Check), ("2363", verhoeff), ("86095742719", modulo_11_10)]
        {
            let number = digits(number);
            for at in 0..number.len() {
                for other in (0..10).filter(|digit| *digit != number[at]) {
                    let mut changed = number.clone();
                    changed[at] = other;
                    assert!(!holds(&changed), "{changed:?}");
                }
            }
        }
        assert_eq!(crc32(b"123456789"), 0xCBF4_3926);
        assert_eq!(modulo_97(b"3214282912345698765432161182".iter().copied()), Some(1));
    }
}
