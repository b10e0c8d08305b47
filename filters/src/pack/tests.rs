use super::*;
use crate::pack::matcher::words;

fn pack(case: &str, terms: &str) -> Pack {
    let text = format!(
        "schema = 1\nid = \"p\"\nversion = \"1\"\nowner = \"o\"\nsummary = \"s\"\n\
         [[source]]\nid = \"x\"\ntitle = \"t\"\nedition = \"e\"\n\
         [[group]]\ncategory = \"c\"\nsource = \"x\"\nlang = \"en\"\ncase = \"{case}\"\nterms = {terms}\n\
         must_hit = [\"h\"]\nmust_miss = [\"m\"]\n"
    );
    Pack::parse("p.toml", text.as_bytes()).unwrap()
}

fn found(pack: &Pack, text: &str) -> Vec<String> {
    let mut found = Vec::new();
    Matcher::new([pack]).find(text, |hit| found.push(text[hit.start..hit.end].to_string()));
    found
}

#[test]
fn words_are_runs_of_letters_digits_and_marks() {
    let of = |text: &'static str| words(text).map(|(start, end)| &text[start..end]).collect::<Vec<_>>();
    assert_eq!(
        of("foot-and-mouth's 2nd e\u{301}t\u{e9} \u{3b1}-\u{5b57}_x"),
        ["foot", "and", "mouth", "s", "2nd", "e\u{301}t\u{e9}", "\u{3b1}", "\u{5b57}", "x"]
    );
    assert!(of(" \u{2028}..").is_empty());
}

proptest::proptest! {
    #[test]
    fn words_are_the_runs_of_the_definition(text in "([a-zA-Z0-9 @`{/:\\[\u{7f}\u{80}é字\u{301}😀-]|\\PC){0,40}") {
        let is_word = |c: char| c.is_alphanumeric() || unicode_normalization::char::is_combining_mark(c);
        let expected: Vec<&str> = text.split(|c| !is_word(c)).filter(|word| !word.is_empty()).collect();
        let found: Vec<&str> = words(&text).map(|(start, end)| &text[start..end]).collect();
        proptest::prop_assert_eq!(found, expected);
    }
}

#[test]
fn terms_match_whole_words_in_any_case() {
    let pack = pack("fold", "[\"apple tart\", \"pear\", \"stra\u{df}e\"]");
    for (text, expected) in [
        ("an Apple\n  tart and a PEAR.", vec!["Apple\n  tart", "PEAR"]),
        (
            "apple-tart apple (tart) apple \u{2014} tart",
            vec!["apple-tart", "apple (tart", "apple \u{2014} tart"],
        ),
        ("apple .... tart, apples tart, appletart, pears, pear\u{301}", vec![]),
        ("apple", vec![]),
        ("apple apple tart", vec!["apple tart"]),
        ("die STRA\u{1e9e}E", vec!["STRA\u{1e9e}E"]),
        ("", vec![]),
    ] {
        assert_eq!(found(&pack, text), expected, "{text}");
    }
}

#[test]
fn the_longest_term_takes_its_words() {
    let pack = pack("fold", "[\"red\", \"red apple\", \"red apple tart\", \"apple tart\", \"tart\"]");
    assert_eq!(
        found(&pack, "a red apple tart, a red apple pie, red wine"),
        ["red apple tart", "red apple", "red"]
    );
}

#[test]
fn exact_terms_keep_their_case() {
    let pack = pack("exact", "[\"BZ\", \"McPie recipe\"]");
    assert_eq!(found(&pack, "BZ bz Bz; McPie recipe, McPie Recipe"), ["BZ", "McPie recipe"]);
}

#[test]
fn shipped_packs_are_fit_to_ship() {
    for (name, content) in SHIPPED {
        let pack = Pack::parse(name, content.as_bytes()).unwrap_or_else(|e| panic!("{e}"));
        assert_eq!(pack.id, *name);
        assert_eq!(pack.lint(), Vec::<String>::new(), "{name}");
        assert!(!pack.may_remove, "{name}: nothing was measured");
        let terms: usize = pack.groups.iter().map(|group| group.terms.len()).sum();
        assert!((10..=100).contains(&terms), "{name} has {terms} terms");
    }
}

#[test]
fn lint_tells_what_is_wrong() {
    let mut pack = pack("fold", "[\"apple tart\", \"Apple-Tart\", \"BZ\"]");
    pack.groups[0].must_hit = vec!["no such pie".into()];
    pack.groups[0].must_miss = vec!["an apple tart".into()];
    assert_eq!(
        pack.lint(),
        [
            "terms `apple tart` and `Apple-Tart` are the same to the matcher",
            "term `BZ` is short: compare it with `case = \"exact\"`",
            "group `c` misses `no such pie`",
            "group `c` hits `an apple tart`",
        ]
    );
    pack.groups[0].must_miss.clear();
    assert!(pack.lint().contains(&"group `c`: `must_miss` is empty".to_string()));
}

#[test]
fn a_wrong_file_is_told_with_its_line() {
    let good = pack("fold", "[\"pie\"]");
    let text = toml::to_string(&good).unwrap();
    for (from, to, part) in [
        ("schema = 1", "schema = 2", "asset `p.toml`: schema 2 is not one this program reads: 1"),
        ("owner =", "ower =", "unknown field `ower`"),
        ("id = \"p\"", "id = \"P p\"", "`id` is `P p`"),
        ("[\"pie\"]", "[\"--\"]", "term `--` holds no letter or digit"),
        ("[\"pie\"]", "[\"a b c d e f g\"]", "term `a b c d e f g` has 7 words, more than 6"),
        ("[\"pie\"]", "[]", "holds no terms"),
        ("source = \"x\"", "source = \"y\"", "names the source `y`, which is not listed"),
        ("category = \"c\"", "category = \"C\"", "category `C` is not lower-case"),
    ] {
        assert!(text.contains(from), "{from} in {text}");
        let message = Pack::parse("p.toml", text.replace(from, to).as_bytes()).unwrap_err().to_string();
        assert!(message.contains(part), "{message}");
    }
    let late = text.replace("[[group]]", "[[group]]\nfruit = 1");
    assert!(Pack::parse("p.toml", late.as_bytes()).unwrap_err().to_string().contains(": line "));
    assert!(Pack::parse("p.toml", b"\xff").unwrap_err().to_string().contains("not UTF-8 after byte 0"));
}
