//! Where a text holds characters that nobody sees, beyond what its script needs.

use std::ops::Range;

/// The kinds, in the order of the rules.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Hidden {
    Tag,
    Bidi,
    Selector,
    ZeroWidth,
    Other,
    Private,
    SoftHyphen,
    InWord,
}

/// Flags of subdivisions that every font has (UTS #51, `RGI_Emoji_Tag_Sequence`).
const FLAGS: [&str; 3] = ["gbeng", "gbsct", "gbwls"];
/// Most other flags of a text that are taken for flags.
const OTHER_FLAGS_MAX: usize = 3;
/// Most tags of a flag before the cancelling one: a region of two or three characters and up to three more (UTS #51, ED-14a).
const FLAG_TAGS_MAX: usize = 6;

/// Runs of hidden characters of one kind: first byte, one past the last, kind.
pub(super) fn runs(text: &str) -> Vec<(usize, usize, Hidden)> {
    let right_to_left = text.chars().any(is_right_to_left);
    let flags = flags(text);
    let mut flags = flags.iter().peekable();
    let mut runs: Vec<(usize, usize, Hidden)> = Vec::new();
    let mut before = None;
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        while flags.next_if(|flag| flag.end <= at).is_some() {}
        let in_flag = flags.peek().is_some_and(|flag| flag.contains(&at));
        let around = Around { before, next: chars.peek().map(|&(_, next)| next), right_to_left };
        before = Some(c);
        let legitimate = in_flag || (at == 0 && c == '\u{feff}');
        let Some(hidden) = around.hidden(c).filter(|_| !legitimate) else { continue };
        let end = at + c.len_utf8();
        match runs.last_mut() {
            Some(last) if last.1 == at && last.2 == hidden => last.1 = end,
            _ => runs.push((at, end, hidden)),
        }
    }
    runs
}

/// The tags of legitimate flags.
fn flags(text: &str) -> Vec<Range<usize>> {
    let found = text.match_indices('\u{1f3f4}').filter_map(|(at, flag)| {
        let start = at + flag.len();
        flag_code(&text[start..]).map(|(code, bytes)| (start..start + bytes, FLAGS.contains(&code.as_str())))
    });
    let (known, other): (Vec<_>, Vec<_>) = found.partition(|(_, known)| *known);
    let few = if other.len() > OTHER_FLAGS_MAX { Vec::new() } else { other };
    let mut flags: Vec<_> = known.into_iter().chain(few).map(|(tags, _)| tags).collect();
    flags.sort_unstable_by_key(|tags| tags.start);
    flags
}

/// What the tags at the start spell, if they make a flag, and how many bytes they take.
fn flag_code(text: &str) -> Option<(String, usize)> {
    let mut code = String::new();
    for (at, tag) in text.char_indices().take(FLAG_TAGS_MAX + 1) {
        match tag {
            '\u{e0030}'..='\u{e0039}' | '\u{e0061}'..='\u{e007a}' => {
                code.extend(char::from_u32(u32::from(tag) - 0xe_0000));
            }
            '\u{e007f}' if !code.is_empty() => return Some((code, at + tag.len_utf8())),
            _ => return None,
        }
    }
    None
}

/// What stands before and after a character.
struct Around {
    before: Option<char>,
    next: Option<char>,
    right_to_left: bool,
}

impl Around {
    fn hidden(&self, c: char) -> Option<Hidden> {
        let before = |is: fn(char) -> bool| self.before.is_some_and(is);
        let next = |is: fn(char) -> bool| self.next.is_some_and(is);
        match c {
            _ if is_tag(c) => Some(Hidden::Tag),
            '\u{202d}' | '\u{202e}' => Some(Hidden::Bidi),
            '\u{200e}' | '\u{200f}' | '\u{61c}' | '\u{202a}'..='\u{202c}' | '\u{2066}'..='\u{2069}' => {
                (!self.right_to_left).then_some(Hidden::Bidi)
            }
            '\u{fe0e}' | '\u{fe0f}' => (!before(takes_style)).then_some(Hidden::Selector),
            '\u{fe00}'..='\u{fe0d}' => (!before(takes_variant)).then_some(Hidden::Selector),
            '\u{e0100}'..='\u{e01ef}' => (!before(is_han)).then_some(Hidden::Selector),
            '\u{200d}' if before(joins_as_emoji) && next(is_pictographic) => None,
            '\u{200c}' | '\u{200d}' if before(shapes) => None,
            // a break opportunity stands alone
            '\u{200b}' | '\u{2060}' | '\u{feff}' if !before(is_zero_width) && !next(is_zero_width) => {
                (before(is_spaced_letter) && next(is_spaced_letter)).then_some(Hidden::InWord)
            }
            _ if is_zero_width(c) => Some(Hidden::ZeroWidth),
            '\u{180e}' | '\u{180b}'..='\u{180d}' | '\u{180f}' if before(is_mongolian) => None,
            '\u{115f}' | '\u{1160}' | '\u{3164}' | '\u{ffa0}'
                if self.before != Some(c) && self.next != Some(c) =>
            {
                None
            }
            '\u{34f}'
            | '\u{115f}'
            | '\u{1160}'
            | '\u{17b4}'
            | '\u{17b5}'
            | '\u{180b}'..='\u{180f}'
            | '\u{2061}'..='\u{2065}'
            | '\u{206a}'..='\u{206f}'
            | '\u{3164}'
            | '\u{ffa0}'
            | '\u{fff0}'..='\u{fffb}'
            | '\u{1bca0}'..='\u{1bca3}'
            | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0080}'..='\u{e00ff}'
            | '\u{e01f0}'..='\u{e0fff}' => Some(Hidden::Other),
            '\u{e000}'..='\u{f8ff}' | '\u{f0000}'..='\u{10ffff}' => Some(Hidden::Private),
            '\u{ad}' => Some(Hidden::SoftHyphen),
            _ => None,
        }
    }
}

fn is_tag(c: char) -> bool {
    matches!(c, '\u{e0000}'..='\u{e007f}')
}

pub(in crate::rules) fn is_zero_width(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200d}' | '\u{2060}' | '\u{feff}')
}

fn is_mongolian(c: char) -> bool {
    matches!(c, '\u{1820}'..='\u{18aa}')
}

/// Whether the selector of text or emoji style may follow: any visible character beyond ASCII, and what makes a keycap.
fn takes_style(c: char) -> bool {
    let selector = matches!(c, '\u{fe00}'..='\u{fe0f}' | '\u{e0100}'..='\u{e01ef}');
    c.is_ascii_digit()
        || c == '#'
        || c == '*'
        || (c > '\u{a0}' && !selector && !is_zero_width(c) && !c.is_whitespace())
}

/// Whether one of the other fourteen may follow.
fn takes_variant(c: char) -> bool {
    let emoji = matches!(c, '\u{2600}'..='\u{27bf}' | '\u{1f000}'..='\u{1faff}');
    c == '0' || (c >= '\u{1000}' && takes_style(c) && !emoji)
}

fn is_han(c: char) -> bool {
    matches!(c, '\u{3005}'..='\u{3007}' | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}'
        | '\u{20000}'..='\u{3ffff}')
}

/// A letter of a script that puts spaces between words and breaks lines there: Latin, Greek, Cyrillic, Armenian, Hebrew,
/// Arabic, Georgian.
fn is_spaced_letter(c: char) -> bool {
    c.is_alphabetic() && matches!(c, '\0'..='\u{6ff}' | '\u{10a0}'..='\u{10ff}' | '\u{1e00}'..='\u{1fff}')
}

fn is_pictographic(c: char) -> bool {
    matches!(c, '\u{2190}'..='\u{2bff}' | '\u{1f000}'..='\u{1faff}')
}

/// What a joined emoji may end with before the joiner: itself, a selector, a skin tone, a tag's end.
fn joins_as_emoji(c: char) -> bool {
    is_pictographic(c) || matches!(c, '\u{fe0f}' | '\u{e007f}')
}

/// Whether joiners shape what comes after: Arabic, Syriac, Thaana, N'Ko, the scripts of India, Sinhala, Tibetan, Myanmar,
/// Khmer, Mongolian, Arabic presentation forms and their supplements.
fn shapes(c: char) -> bool {
    matches!(c, '\u{600}'..='\u{8ff}' | '\u{900}'..='\u{dff}' | '\u{f00}'..='\u{109f}' | '\u{1780}'..='\u{18af}'
        | '\u{1b00}'..='\u{1c4f}' | '\u{a840}'..='\u{abff}' | '\u{fb50}'..='\u{fdff}' | '\u{fe70}'..='\u{fefe}'
        | '\u{10a00}'..='\u{11fff}' | '\u{1e900}'..='\u{1e95f}')
}

fn is_right_to_left(c: char) -> bool {
    matches!(c, '\u{590}'..='\u{60b}' | '\u{60d}'..='\u{61b}' | '\u{61d}'..='\u{8ff}' | '\u{fb1d}'..='\u{fdff}' | '\u{fe70}'..='\u{fefe}'
        | '\u{10800}'..='\u{10fff}' | '\u{1e800}'..='\u{1efff}')
}
