//! Amounts of memory as people write them.

/// Less is no use to any run.
const LEAST_BYTES: u64 = 64 << 20;

/// Bytes from a whole number with `B`, `KiB`, `MiB`, `GiB` or `TiB`, or with nothing, which is bytes.
///
/// # Errors
/// What was expected, in words.
pub fn parse_bytes(text: &str) -> Result<u64, String> {
    let digits = text.trim_end_matches(|c: char| !c.is_ascii_digit());
    let unit = match text[digits.len()..].trim() {
        "" | "B" => Some(1),
        "KiB" => Some(1 << 10),
        "MiB" => Some(1 << 20),
        "GiB" => Some(1 << 30),
        "TiB" => Some(1 << 40),
        _ => None,
    };
    let bytes =
        digits.parse::<u64>().ok().zip(unit).and_then(|(number, unit): (u64, u64)| number.checked_mul(unit));
    bytes.ok_or_else(|| "expected a whole number with B, KiB, MiB, GiB or TiB, such as `1GiB`".into())
}

/// The memory of a process, in the same form.
///
/// # Errors
/// What was expected, in words; also where it is less than 64 MiB.
pub fn parse_memory(text: &str) -> Result<u64, String> {
    match parse_bytes(text)? {
        bytes if bytes >= LEAST_BYTES => Ok(bytes),
        _ => Err("expected at least 64MiB".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::parse_memory;

    #[test]
    fn a_number_has_a_unit_and_a_least_value() {
        for (text, bytes) in
            [("67108864", 64 << 20), ("64 MiB", 64 << 20), ("2GiB", 2 << 30), ("1TiB", 1 << 40)]
        {
            assert_eq!(parse_memory(text), Ok(bytes), "{text}");
        }
        for text in ["", "GiB", "1GB", "-1GiB", "1.5GiB", "63MiB", "0", "99999999999TiB"] {
            assert!(parse_memory(text).is_err(), "{text}");
        }
    }
}
