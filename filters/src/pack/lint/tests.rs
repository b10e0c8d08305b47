use crate::pack::Origin;
use crate::pack::tests::{pack, rules};

#[test]
fn lint_tells_what_is_wrong() {
    let mut pack = pack("fold", "[\"apple tart\", \"Apple-Tart\", \"BZ\", \"Women\"]");
    pack.groups[0].must_hit = vec!["no such pie".into()];
    pack.groups[0].must_miss = vec!["an apple tart".into()];
    assert_eq!(
        pack.lint(None),
        [
            "terms `apple tart` and `Apple-Tart` are the same to the matcher",
            "term `BZ` is short: compare it with `case = \"exact\"`",
            "term `Women` names people: ask for more with a window",
            "group `c` misses `no such pie`",
            "group `c` hits `an apple tart`",
        ]
    );
    pack.groups[0].must_miss.clear();
    assert!(pack.lint(None).contains(&"group `c`: `must_miss` is empty".to_string()));
}

#[test]
fn an_expired_pack_is_told_only_when_the_day_is() {
    let pack = rules(
        "expires = \"2026-11-30\"",
        "terms = [\"pear\"]\nmust_hit = [\"a pear\"]\nmust_miss = [\"a pea\"]",
        "terms = [\"tart\"]\nweight = 0",
    );
    assert!(pack.lint(None).is_empty() && pack.lint(Some("2026-11-30")).is_empty());
    assert_eq!(pack.lint(Some("2026-12-01")), ["expired on 2026-11-30"]);
    assert_eq!(pack.lint(Some("tomorrow")), ["`tomorrow` is not a day written YYYY-MM-DD"]);
}

#[test]
fn a_short_term_that_needs_no_boundary_is_told() {
    let pack = pack("fold", "[\"\u{6bd2}\", \"\u{6bd2}\u{836f}\"]");
    let told = pack.lint(None);
    assert!(told[0].starts_with("term `\u{6bd2}` is short, and found inside other words"), "{told:?}");
    assert!(!told.iter().any(|line| line.contains("term `\u{6bd2}\u{836f}`")), "{told:?}");
}

#[test]
fn a_term_that_makes_most_of_the_hits_is_told() {
    let pack = pack("fold", "[\"apple tart | apple tarts\", \"pear\", \"plum\", \"fig\", \"quince\"]");
    let text = |apples: usize, others: usize| {
        ["An apple tart. ".repeat(apples), "A pear, a plum, a fig, a quince. ".repeat(others)].concat()
    };
    for (apples, others, expected) in [
        (10, 10, None),
        (20, 10, Some("term `apple tart | apple tarts` makes 33.3 % of the pack's hits (20 of 60)")),
        (20, 4, None),
        (0, 0, None),
    ] {
        let text = text(apples, others);
        let told = pack.lint_hits([(text.as_str(), Origin::default())]);
        assert_eq!(told.first().map(String::as_str), expected, "{apples} {others}");
    }
}
