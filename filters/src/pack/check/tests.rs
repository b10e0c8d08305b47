use crate::pack::Pack;
use crate::pack::tests::{pack, rules};

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

#[test]
fn a_pack_removes_only_by_a_rate_that_was_measured() {
    let cap = "action_cap = \"remove\"\n";
    let of = |rate: &str, records: u64| {
        format!("{cap}measured = {{ false_positive_rate = \"{rate}\", records = {records}, sample = \"s\" }}")
    };
    let fruit = toml::to_string(&rules("", "terms = [\"pear\"]", "terms = [\"tart\"]")).unwrap();
    for (measured, expected) in [
        (of("0.01", 400), None),
        (of("0", 100), None),
        (cap.to_string(), Some("`action_cap = \"remove\"` needs `measured`: ")),
        (of("0", 99), Some("`measured` rests on 99 records; `action_cap = \"remove\"` needs 100")),
        (of("0.99", 400), Some("a false-positive rate of 0.99 on 400 records may be up to 0.996")),
        (of("0.03", 400), Some("rate of 0.03 on 400 records may be up to 0.0517 (Wilson, 95 %)")),
        (of("-0.1", 400), Some("the false-positive rate is -0.1, not a share from 0 to 1")),
    ] {
        let text = fruit.replace("action_cap = \"quarantine\"", &measured);
        let message = Pack::parse("p.toml", text.as_bytes()).err().map(|e| e.to_string());
        match expected {
            None => assert_eq!(message, None),
            Some(part) => assert!(message.as_ref().is_some_and(|told| told.contains(part)), "{message:?}"),
        }
    }
}
