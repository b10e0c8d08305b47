//! Tokens held against those of spaCy 3.8.18, as datatrove 0.10.1 returns them.

use crate::Words;
use crate::text::{Tokens, word_hash};
use proptest::prelude::*;

fn tokens<'a>(tokens: &mut Tokens, text: &'a str) -> Vec<&'a str> {
    tokens.fill(text, Words::SpacyEn);
    tokens.spans().map(|(start, end)| &text[start..end]).collect()
}

#[test]
fn tokens_are_spacys() {
    let cases: &[(&str, &[&str])] = &[
        (
            "Don't panic: it's Dr. Smith's 10km run (really).",
            &[
                "Do", "n't", "panic", ":", "it", "'s", "Dr.", "Smith", "'s", "10", "km", "run", "(",
                "really", ")", ".",
            ],
        ),
        (
            "I can't, won't and cannot... wait--what?",
            &["I", "ca", "n't", ",", "wo", "n't", "and", "can", "not", "...", "wait", "--", "what", "?"],
        ),
        (
            "See https://example.com/a?b=c, or mail joe@example.org.",
            &["See", "https://example.com/a?b=c", ",", "or", "mail", "joe@example.org", "."],
        ),
        (
            "At 10a.m. it was 20°C. in the U.S.A. and/or U.K.",
            &["At", "10", "a.m.", "it", "was", "20", "°", "C", ".", "in", "the", "U.S.A.", "and/or", "U.K."],
        ),
        (
            "«Bonjour», l'été coûte 5€/kg—voilà…",
            &["«", "Bonjour", "»", ",", "l'été", "coûte", "5€/kg", "—", "voilà", "…"],
        ),
        (
            "x=1+2*3-4^5 a-b a–b a—b a---b 1-2 A.B a.B a,b 1,2",
            &[
                "x=1", "+", "2", "*", "3", "-", "4", "^", "5", "a", "-", "b", "a", "–", "b", "a", "—", "b",
                "a", "---", "b", "1", "-", "2", "A.B", "a.", "B", "a", ",", "b", "1,2",
            ],
        ),
        (":) foo:) : ) ;-) >.< (-_-) 8-D", &[":)", "foo", ":)", ":", ")", ";-)", ">.<", "(-_-)", "8-D"]),
        (
            "He said \"stop.\" (Yes!) [1] {2} <b>bold</b>",
            &[
                "He", "said", "\"", "stop", ".", "\"", "(", "Yes", "!", ")", "[", "1", "]", "{", "2", "}",
                "<", "b", ">", "bold</b", ">",
            ],
        ),
        (
            "192.0.2.1 10.0.0.1 172.16.0.1 203.0.113.7:8080/x 1.2.3",
            &["192.0.2.1", "10.0.0.1", "172.16.0.1", "203.0.113.7:8080/x", "1.2.3"],
        ),
        (
            "Привет, мир! 你好，世界。 नमस्ते। 한국어.",
            &["Привет", ",", "мир", "!", "你好，世界", "。", "नमस्ते", "।", "한국어", "."],
        ),
        (
            "$5 US$5 5US$ 3kg 3 kg 12:30 50% +5 5+ C++ #tag @user",
            &[
                "$", "5", "US$", "5", "5", "US$", "3", "kg", "3", "kg", "12:30", "50", "%", "+5", "5", "+",
                "C++", "#", "tag", "@user",
            ],
        ),
        (
            "'quoted' ‘curly’ “double” ’em 'em rock'n'roll o’clock",
            &[
                "'",
                "quoted",
                "'",
                "‘",
                "curly",
                "’",
                "“",
                "double",
                "”",
                "’em",
                "'em",
                "rock'n'roll",
                "o’clock",
            ],
        ),
        (
            "A. B. MacD. NASA. e.g. i.e. vs. vs .",
            &["A.", "B.", "MacD.", "NASA", ".", "e.g.", "i.e.", "vs.", "vs", "."],
        ),
        ("a\u{a0}b\u{2003}c\td\n\ne\u{200b}f", &["a", "b", "c", "d", "e\u{200b}f"]),
        ("..... ...a a... a...b a..b", &[".....", "...", "a", "a", "...", "a", "...", "b", "a", "..", "b"]),
        (
            "ftp://u:p@host.co.uk:21/x. foo.bar foo.Bar www.x.y/z; a_b a/b a//b",
            &[
                "ftp://u:p@host.co.uk:21/x",
                ".",
                "foo.bar",
                "foo",
                ".",
                "Bar",
                "www.x.y",
                "/",
                "z",
                ";",
                "a_b",
                "a",
                "/",
                "b",
                "a//b",
            ],
        ),
        (
            "Id. Id id. Im. hed! (cannot) 'cannot'",
            &[
                "Id.", "I", "d", "i", "d.", "I", "m.", "he", "d", "!", "(", "can", "not", ")", "'", "can",
                "not", "'",
            ],
        ),
        (
            "No.5 §5 ¶ • item – dash ~x~ `code` \\n ^_^ ಠ_ಠ",
            &["No.5", "§", "5", "¶", "•", "item", "–", "dash", "~x~", "`", "code", "`", "\\n", "^_^", "ಠ_ಠ"],
        ),
        ("(╯°□°）╯︵┻━┻ ¯\\(ツ)/¯", &["(╯°□°）╯︵┻━┻", "¯\\(ツ)/¯"]),
        ("IT'S its' It’s x's 's S's", &["IT", "'S", "its", "'", "It", "’s", "x", "'s", "'s", "S", "'s"]),
    ];
    let mut reused = Tokens::default();
    for _ in 0..2 {
        for (text, expected) in cases {
            assert_eq!(tokens(&mut reused, text), *expected, "{text}");
        }
    }
}

#[test]
fn long_runs_of_marks_do_not_take_long() {
    let mut reused = Tokens::default();
    for unit in [")", "(", ".", "a.", "@", "a@", "-", "é", "1", "://", "a-", ":)"] {
        let text = unit.repeat(50_000);
        assert!(!tokens(&mut reused, &text).is_empty(), "{unit}");
    }
}

/// Text with the pieces the rules are about.
fn texts() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        4 => "[a-zA-Z]{1,12}",
        2 => "[ \\t\\n]{1,2}",
        2 => "[.,:;!?()'\"<>=/+*^@#$%&_-]{1,3}",
        1 => "[0-9]{1,4}",
        1 => prop::sample::select(vec!["cannot", "Mr.", "it's", "’s", "10km", "°C.", ":)", "http://a.bc/d", "é", "世界", "\u{a0}", "\u{85}", "…", "😀"]).prop_map(String::from),
        1 => any::<char>().prop_map(String::from),
    ];
    prop::collection::vec(piece, 0..30).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn tokens_cover_all_but_white_space(text in texts()) {
        let mut fresh = Tokens::default();
        fresh.fill(&text, Words::SpacyEn);
        let mut end = 0;
        for (at, span) in fresh.spans().enumerate() {
            prop_assert!(span.0 >= end && span.1 > span.0);
            let word = &text[span.0..span.1];
            prop_assert!(text[end..span.0].chars().all(crate::text::python::is_space));
            prop_assert!(!word.contains(crate::text::python::is_space));
            prop_assert_eq!(fresh.hashes()[at], word_hash(word.as_bytes()));
            prop_assert_eq!(fresh.char_lengths()[at] as usize, word.chars().count());
            prop_assert_eq!(fresh.flags()[at], crate::text::tokens::flags_of(word));
            end = span.1;
        }
        prop_assert!(text[end..].chars().all(crate::text::python::is_space));
    }

    #[test]
    fn what_was_seen_before_changes_nothing(first in texts(), second in texts()) {
        let mut reused = Tokens::default();
        for text in [&first, &second, &first] {
            let mut fresh = Tokens::default();
            fresh.fill(text, Words::SpacyEn);
            reused.fill(text, Words::SpacyEn);
            prop_assert!(fresh.spans().eq(reused.spans()));
            prop_assert_eq!(fresh.flags(), reused.flags());
            prop_assert_eq!(fresh.hashes(), reused.hashes());
        }
    }

    #[test]
    fn a_chunk_of_its_own_is_split_the_same_by_rule_and_in_haste(
        word in r#"[(\["]{0,2}([a-zA-Z]{1,9}|cannot|it|Mr|US|o)?([-/'](s|or|[a-zA-Z]{1,4})|[0-9]{1,3})?[.,;:!?)"\]]{0,3}"#,
    ) {
        // A no-break space makes no difference to spaCy, but the plain path does not see it as an end.
        let mut hasty = Tokens::default();
        let mut slow = Tokens::default();
        hasty.fill(&word, Words::SpacyEn);
        let text = format!("{word}\u{a0}");
        slow.fill(&text, Words::SpacyEn);
        prop_assert!(hasty.spans().eq(slow.spans()), "{word}");
    }
}
