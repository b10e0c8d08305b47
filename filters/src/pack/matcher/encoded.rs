//! Characters written by HTML entities or percent-encoding.

/// Decodes what stands at the byte `at`, a `&` or `%`; the character and how many bytes wrote it.
pub(super) fn decode(text: &str, at: usize) -> Option<(char, usize)> {
    let rest = &text[at..];
    match rest.as_bytes().first()? {
        b'&' => entity(rest),
        b'%' => percent(rest.as_bytes()),
        _ => None,
    }
}

/// Longest entity: `&#x10FFFF;`, `&Aacute;`.
const ENTITY_BYTES_MAX: usize = 12;

fn entity(rest: &str) -> Option<(char, usize)> {
    let end = rest.bytes().take(ENTITY_BYTES_MAX).position(|byte| byte == b';')?;
    let name = rest.get(1..end)?;
    let c = match name.strip_prefix('#') {
        Some(number) => {
            let code = match number.strip_prefix(['x', 'X']) {
                Some(hex) => u32::from_str_radix(hex, 16),
                None => number.parse(),
            };
            char::from_u32(code.ok()?)?
        }
        None => named(name)?,
    };
    Some((c, end + 1))
}

/// The named entities of HTML 4 that hide a letter: those of Latin-1 that are a letter and the name of its diacritic,
/// and those nobody sees.
fn named(name: &str) -> Option<char> {
    const DIACRITICS: [&str; 8] = ["acute", "grave", "circ", "uml", "tilde", "cedil", "ring", "slash"];
    match name {
        "shy" => return Some('\u{ad}'),
        "zwj" => return Some('\u{200d}'),
        "zwnj" => return Some('\u{200c}'),
        "szlig" => return Some('ß'),
        _ => {}
    }
    let mut chars = name.chars();
    let letter = chars.next().filter(char::is_ascii_alphabetic)?;
    DIACRITICS.contains(&chars.as_str()).then_some(letter)
}

/// `%73`, or as many of them as UTF-8 takes for one character.
fn percent(rest: &[u8]) -> Option<(char, usize)> {
    let byte = |nth: usize| {
        let hex = rest.get(nth * 3..nth * 3 + 3).filter(|triple| triple[0] == b'%')?;
        let digit = |at: usize| char::from(hex[at]).to_digit(16);
        u8::try_from(digit(1)? * 16 + digit(2)?).ok()
    };
    let first = byte(0)?;
    let len = match first {
        0x00..0x80 => 1,
        0xc0..0xe0 => 2,
        0xe0..0xf0 => 3,
        0xf0.. => 4,
        _ => return None,
    };
    let bytes: Vec<u8> = (0..len).map(byte).collect::<Option<_>>()?;
    let c = std::str::from_utf8(&bytes).ok()?.chars().next()?;
    Some((c, len * 3))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entities_and_percent_encoding_are_decoded() {
        for (text, expected) in [
            ("&#115;x", Some(('s', 6))),
            ("&#x73;", Some(('s', 6))),
            ("&eacute;", Some(('e', 8))),
            ("&shy;", Some(('\u{ad}', 5))),
            ("%73", Some(('s', 3))),
            ("%d1%95", Some(('ѕ', 6))),
            ("%d1%5", None),
            ("%7", None),
            ("%é1", None),
            ("%80", None),
            ("&#x110000;", None),
            ("&amp;", None),
            ("&#é;", None),
            ("& ;", None),
            ("&", None),
            ("a", None),
        ] {
            assert_eq!(decode(text, 0), expected, "{text}");
        }
    }
}
