//! Characters written by HTML entities or percent-encoding, and the tags of HTML.

/// Decodes what stands at the byte `at`, a `&` or `%`; the character and how many bytes wrote it.
pub(super) fn decode(text: &str, at: usize) -> Option<(char, usize)> {
    let rest = &text[at..];
    match rest.as_bytes().first()? {
        b'&' => entity(rest),
        b'%' => percent(rest.as_bytes()),
        _ => None,
    }
}

/// Longest entity: `&NonBreakingSpace;`, or a number with some zeros before it.
const ENTITY_BYTES_MAX: usize = 24;

/// An ampersand may itself be written as an entity, any number of times: `&amp;#115;`.
fn entity(rest: &str) -> Option<(char, usize)> {
    let plain = after_all(&rest[1..], "amp;");
    let end = plain.bytes().take(ENTITY_BYTES_MAX).position(|byte| byte == b';')?;
    let name = plain.get(..end)?;
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
    Some((c, rest.len() - plain.len() + end + 1))
}

/// What follows the last of the same beginnings in a row.
fn after_all<'t>(mut text: &'t str, beginning: &str) -> &'t str {
    while let Some(rest) = text.strip_prefix(beginning) {
        text = rest;
    }
    text
}

/// The named entities of HTML that hide a letter or part words: those of Latin-1 that are a letter and the name of its
/// diacritic, those nobody sees, and white space (HTML Living Standard, section 13.5).
fn named(name: &str) -> Option<char> {
    const DIACRITICS: [&str; 8] = ["acute", "grave", "circ", "uml", "tilde", "cedil", "ring", "slash"];
    match name {
        "shy" => return Some('\u{ad}'),
        "zwj" => return Some('\u{200d}'),
        "zwnj" | "lrm" | "rlm" | "ZeroWidthSpace" | "NoBreak" => return Some('\u{200c}'),
        "szlig" => return Some('ß'),
        "nbsp" | "NonBreakingSpace" | "ensp" | "emsp" | "emsp13" | "emsp14" | "numsp" | "puncsp"
        | "thinsp" | "ThinSpace" | "hairsp" | "MediumSpace" | "Tab" | "NewLine" => return Some(' '),
        _ => {}
    }
    let mut chars = name.chars();
    let letter = chars.next().filter(char::is_ascii_alphabetic)?;
    DIACRITICS.contains(&chars.as_str()).then_some(letter)
}

/// Longest tag that is seen as one.
const TAG_BYTES_MAX: usize = 512;

/// The elements of HTML that stand in running text. What else stands in angle brackets is text: a name, an address.
const ELEMENTS: [&str; 40] = [
    "a",
    "abbr",
    "article",
    "b",
    "blockquote",
    "br",
    "center",
    "cite",
    "code",
    "dd",
    "del",
    "div",
    "dl",
    "dt",
    "em",
    "figure",
    "font",
    "h1",
    "h2",
    "h3",
    "h4",
    "hr",
    "i",
    "img",
    "ins",
    "li",
    "mark",
    "ol",
    "p",
    "pre",
    "q",
    "s",
    "section",
    "small",
    "span",
    "strong",
    "sub",
    "sup",
    "u",
    "ul",
];
const ELEMENT_BYTES_MAX: usize = 10;

/// How long the HTML tag or comment is that begins with this `<`.
pub(super) fn tag(rest: &str) -> Option<usize> {
    let bytes = &rest.as_bytes()[1..rest.len().min(TAG_BYTES_MAX)];
    let end = bytes.iter().position(|byte| matches!(byte, b'<' | b'>'))?;
    let (name, comment) = match bytes.first()? {
        b'!' => (&[][..], true),
        b'/' => (&bytes[1..end.max(1)], false),
        _ => (&bytes[..end], false),
    };
    let len = name.iter().position(|byte| !byte.is_ascii_alphanumeric()).unwrap_or(name.len());
    let known = || {
        let mut lower = [0; ELEMENT_BYTES_MAX];
        let lower = lower.get_mut(..len)?;
        lower.copy_from_slice(&name[..len]);
        lower.make_ascii_lowercase();
        ELEMENTS.iter().find(|element| element.as_bytes() == lower)
    };
    (bytes[end] == b'>' && (comment || known().is_some())).then_some(end + 2)
}

/// `%73`, or as many of them as UTF-8 takes for one character; the percent sign itself may be encoded: `%2573`.
fn percent(rest: &[u8]) -> Option<(char, usize)> {
    let nested = rest[1..].chunks_exact(2).take_while(|pair| pair == b"25").count() * 2;
    let (c, len) = percent_once(&rest[nested..])?;
    Some((c, len + nested))
}

fn percent_once(rest: &[u8]) -> Option<(char, usize)> {
    let byte = |nth: usize| {
        let hex = rest.get(nth * 3..nth * 3 + 3).filter(|triple| nth == 0 || triple[0] == b'%')?;
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
            ("&amp;#115;in", Some(('s', 10))),
            ("&amp;amp;nbsp;", Some((' ', 14))),
            ("&#0000115;", Some(('s', 10))),
            ("%2573", Some(('s', 5))),
            ("%20", Some((' ', 3))),
            ("%25", None),
            ("&#é;", None),
            ("& ;", None),
            ("&", None),
            ("a", None),
        ] {
            assert_eq!(decode(text, 0), expected, "{text}");
        }
    }

    #[test]
    fn a_tag_ends_where_it_is_closed() {
        let long = format!("<p {}>", "x".repeat(TAG_BYTES_MAX));
        for (text, expected) in [
            ("<br/>gas", Some(5)),
            ("<br />gas", Some(6)),
            ("</b>", Some(4)),
            ("<a href=\"é\">", Some(13)),
            ("<!-- x -->", Some(10)),
            ("<3 and >", None),
            ("<a <b>", None),
            ("<b", None),
            ("<", None),
            (&long, None),
        ] {
            assert_eq!(tag(text), expected, "{text}");
        }
    }
}
