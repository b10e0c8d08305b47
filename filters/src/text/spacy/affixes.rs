//! The prefixes, suffixes and infixes of spaCy's English tokenizer.
//!
//! Source: spaCy 3.8.18, `spacy/lang/punctuation.py` and `spacy/lang/en/punctuation.py`. There they are regular
//! expressions with look-around; here each alternative is written out. `[0-9]` is ASCII there and here.

use super::classes::{self, ALPHA, BEFORE_DOT, INFIX, LOWER, PREFIX, QUOTE, SUFFIX, UPPER};

/// What is a suffix after a digit, besides a plus sign: spaCy's `UNITS` and `CURRENCY`. `тбكم` is one unit because
/// two string literals there run together.
const AFTER_DIGIT: &[&str] = &[
    "km",
    "km²",
    "km³",
    "m",
    "m²",
    "m³",
    "dm",
    "dm²",
    "dm³",
    "cm",
    "cm²",
    "cm³",
    "mm",
    "mm²",
    "mm³",
    "ha",
    "µm",
    "nm",
    "yd",
    "in",
    "ft",
    "kg",
    "g",
    "mg",
    "µg",
    "t",
    "lb",
    "oz",
    "m/s",
    "km/h",
    "kmh",
    "mph",
    "hPa",
    "Pa",
    "mbar",
    "mb",
    "MB",
    "kb",
    "KB",
    "gb",
    "GB",
    "tb",
    "TB",
    "T",
    "G",
    "M",
    "K",
    "%",
    "км",
    "км²",
    "км³",
    "м",
    "м²",
    "м³",
    "дм",
    "дм²",
    "дм³",
    "см",
    "см²",
    "см³",
    "мм",
    "мм²",
    "мм³",
    "нм",
    "кг",
    "г",
    "мг",
    "м/с",
    "км/ч",
    "кПа",
    "Па",
    "мбар",
    "Кб",
    "КБ",
    "кб",
    "Мб",
    "МБ",
    "мб",
    "Гб",
    "ГБ",
    "гб",
    "Тб",
    "ТБ",
    "тбكم",
    "كم²",
    "كم³",
    "م",
    "م²",
    "م³",
    "سم",
    "سم²",
    "سم³",
    "مم",
    "مم²",
    "مم³",
    "كم",
    "غرام",
    "جرام",
    "جم",
    "كغ",
    "ملغ",
    "كوب",
    "اكواب",
    "$",
    "£",
    "€",
    "¥",
    "฿",
    "US$",
    "C$",
    "A$",
    "₽",
    "﷼",
    "₴",
    "₠",
    "₡",
    "₢",
    "₣",
    "₤",
    "₥",
    "₦",
    "₧",
    "₨",
    "₩",
    "₪",
    "₫",
    "₭",
    "₮",
    "₯",
    "₰",
    "₱",
    "₲",
    "₳",
    "₵",
    "₶",
    "₷",
    "₸",
    "₹",
    "₺",
    "₻",
    "₼",
    "₾",
    "₿",
];

/// The length in bytes of the longest of [`AFTER_DIGIT`].
const AFTER_DIGIT_MAX: usize = 10;

/// The length in bytes of the prefix of `text`, 0 if it has none.
pub(super) fn prefix(text: &str) -> usize {
    let Some(first) = text.chars().next() else { return 0 };
    if classes::of(first) & PREFIX != 0 {
        return first.len_utf8();
    }
    match first {
        '+' if !text[1..].starts_with(|c: char| c.is_ascii_digit()) => 1,
        '.' => Some(text.len() - text.trim_start_matches('.').len()).filter(|dots| *dots > 1).unwrap_or(0),
        'U' if text.starts_with("US$") => 3,
        'A' if text.starts_with("A$") => 2,
        'C' if text.starts_with("C$") => 2,
        _ => 0,
    }
}

/// The length in bytes of the suffix of `text`, 0 if it has none. Of several the longest: spaCy searches from the
/// left.
pub(super) fn suffix(text: &str) -> usize {
    let Some(last) = text.chars().next_back() else { return 0 };
    let before = &text[..text.len() - last.len_utf8()];
    let single = if classes::of(last) & SUFFIX != 0 { last.len_utf8() } else { 0 };
    let special = match last {
        '.' => dots(text, before),
        's' | 'S' => {
            before.chars().next_back().filter(|c| matches!(c, '\'' | '’')).map_or(0, |c| 1 + c.len_utf8())
        }
        '…' if before.ends_with('…') => "……".len(),
        _ => 0,
    };
    single.max(special).max(after_digit(text))
}

/// The length of a suffix of full stops.
fn dots(text: &str, before: &str) -> usize {
    let run = text.len() - text.trim_end_matches('.').len();
    if run > 1 {
        return run;
    }
    let mut previous = before.chars().rev();
    let (Some(last), next) = (previous.next(), previous.next()) else { return 0 };
    let abbreviated = |c: char| classes::of(c) & UPPER != 0;
    let degree = matches!(last, 'F' | 'f' | 'C' | 'c' | 'K' | 'k') && next == Some('°');
    let suffix =
        classes::of(last) & BEFORE_DOT != 0 || degree || (abbreviated(last) && next.is_some_and(abbreviated));
    usize::from(suffix)
}

/// The length of a unit, currency sign or plus sign after a digit. None of them holds a digit, so the only candidate
/// is what follows the last digit.
fn after_digit(text: &str) -> usize {
    let bytes = text.as_bytes();
    let window = bytes.len().saturating_sub(AFTER_DIGIT_MAX + 1);
    let Some(digit) = bytes[window..].iter().rposition(u8::is_ascii_digit) else { return 0 };
    let tail = &bytes[window + digit + 1..];
    if !tail.is_empty() && (tail == b"+" || AFTER_DIGIT.iter().any(|unit| unit.as_bytes() == tail)) {
        tail.len()
    } else {
        0
    }
}

/// Calls `found` with the byte range of each infix of `text`, from left to right and without overlap.
pub(super) fn infixes(text: &str, mut found: impl FnMut(usize, usize)) {
    if !text.bytes().any(may_begin_infix) {
        return;
    }
    let mut previous = None;
    let mut at = 0;
    while let Some(c) = text[at..].chars().next() {
        let rest = &text[at + c.len_utf8()..];
        let extra = infix(previous, c, rest);
        let end = at + c.len_utf8() + extra.unwrap_or(0);
        if extra.is_some() {
            found(at, end);
        }
        previous = text[at..end].chars().next_back();
        at = end;
    }
}

/// Whether any infix begins with this byte.
fn may_begin_infix(byte: u8) -> bool {
    !byte.is_ascii()
        || matches!(byte, b'.' | b',' | b'+' | b'-' | b'*' | b'^' | b'~' | b':' | b'<' | b'>' | b'=' | b'/')
}

/// Whether an infix begins with `c`, and how many bytes of `rest` belong to it.
fn infix(previous: Option<char>, c: char, rest: &str) -> Option<usize> {
    let class = classes::of(c);
    if class & INFIX != 0 {
        return Some(0);
    }
    if class & (ALPHA | LOWER | UPPER) != 0 {
        return None;
    }
    if c == '.' && rest.starts_with('.') {
        return Some(rest.len() - rest.trim_start_matches('.').len());
    }
    let previous = previous?;
    let left = classes::of(previous);
    let next = rest.chars().next();
    let right = next.map_or(0, classes::of);
    let matched = match c {
        '.' => left & (LOWER | QUOTE) != 0 && right & (UPPER | QUOTE) != 0,
        ',' => left & ALPHA != 0 && right & ALPHA != 0,
        '+' | '-' | '*' | '^' if operator(previous, next) => true,
        '-' | '–' | '—' | '~' if left & ALPHA != 0 || previous.is_ascii_digit() => {
            return hyphen(c, rest);
        }
        ':' | '<' | '>' | '=' | '/' => (left & ALPHA != 0 || previous.is_ascii_digit()) && right & ALPHA != 0,
        _ => false,
    };
    matched.then_some(0)
}

/// Whether an operator sign stands between digits; a minus may stand before the second.
fn operator(previous: char, next: Option<char>) -> bool {
    previous.is_ascii_digit() && next.is_some_and(|next| next.is_ascii_digit() || next == '-')
}

/// How many bytes of `rest` belong to a hyphen before a letter: `-`, `--`, `---`, `–`, `—`, `——` or `~`.
fn hyphen(c: char, rest: &str) -> Option<usize> {
    let repeats: usize = match c {
        '-' => 2,
        '—' => 1,
        _ => 0,
    };
    let more = rest.chars().take_while(|next| *next == c).count();
    let end = more * c.len_utf8();
    let letter = rest[end..].chars().next().is_some_and(|next| classes::of(next) & ALPHA != 0);
    (letter && more <= repeats).then_some(end)
}
