use super::*;
use crate::golden::TestContext;
use proptest::prelude::*;
use std::sync::LazyLock;

static FILTER: LazyLock<SensitiveData> =
    LazyLock::new(|| Config::default().build(&mut TestContext::default()).unwrap());

fn redacted(text: &str) -> String {
    FILTER.redacted(text).unwrap().1.apply(text)
}

/// Pieces that finders look for, whole and in parts, and what stands around them.
fn piece() -> impl Strategy<Value = String> {
    let known = prop::sample::select(vec![
        "ann@lovelace.dev",
        "@",
        "a.b",
        ".com",
        "+49 30 1234 5678",
        "212-664-7665",
        "(212) ",
        "664-7665",
        "tel ",
        "fax",
        "4000 0566 5566 5556",
        "4000",
        "0566 5566 5556",
        "5200828282828210",
        "GB33BUKB20201555555555",
        "GB33 ",
        "DE89",
        "81.2.69.142",
        "1.2.3.4",
        "version ",
        "host ",
        "2a00:1450:4001:81b::200e",
        "212-09-7694",
        "ssn ",
        "12345678Z",
        "2345 6789 0124",
        "AKIA3XR7QPLM2WZK5TVB",
        "ghp_9fK2mQ7xLw4ZtB8vRj3NcY6hDs1GpA5eUoXi",
        "api_key = ",
        "token: ",
        "secret",
        "q7Zk29XwLm4TvR8s",
        "https://",
        "bob:h7Kw92xQ@",
        "-----BEGIN PRIVATE KEY-----",
        "-----END PRIVATE KEY-----",
        "MC4CAQAwBQYDK2VwBCIEIJnotAkeyAtAllJustLettersToFillTheLineUpHere",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJub2JvZHkifQ.c2ln",
        "<EMAIL>",
        "<SECRET>",
        " ",
        "\n",
        "-",
        ".",
        ":",
        "/",
        "=",
        "\"",
        "é",
        "电话",
    ]);
    prop_oneof![4 => known.prop_map(str::to_string), 1 => "[0-9]{1,6}", 1 => "[A-Za-z0-9]{1,12}", 1 => "\\PC{0,3}"]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn a_second_pass_changes_nothing(pieces in prop::collection::vec(piece(), 0..30)) {
        let text = pieces.concat();
        if let Some((found, edits)) = FILTER.redacted(&text) {
            let once = edits.apply(&text);
            prop_assert_eq!(&redacted(&once), &once);
            prop_assert!(FILTER.scan.find(&once).is_empty());
            for Found { range, .. } in found {
                prop_assert!(text.get(range.clone()).is_some(), "{range:?}");
                let gone = edits.as_slice().iter().any(|edit| edit.start <= range.start && range.end <= edit.end);
                prop_assert!(gone, "{range:?} stays");
            }
        }
    }
}

#[test]
fn a_text_cannot_be_made_to_take_long() {
    for piece in [
        "eyJ.",
        "a@",
        "-----BEGIN PRIVATE KEY-----",
        "1 ",
        "1.1.",
        "://a:b@",
        "token ",
        "ghp_",
        "+1(",
        "call 1-1 ",
        "f:1:",
    ] {
        let text = piece.repeat(100_000 / piece.len());
        // what is tested is that this ends: a pass of squared cost would not
        let _ = FILTER.redacted(&text);
    }
}

#[test]
fn replacements_that_would_be_found_or_name_no_kind_are_refused() {
    for replacement in ["", "<X>", "{KIND}", "<{KIND}", "a@lovelace.dev {KIND}", "<ann@lovelace.dev {KIND}>"]
    {
        let config = Config { replacement: replacement.into(), ..Config::default() };
        let message = config.build(&mut TestContext::default()).err().unwrap().to_string();
        assert!(message.contains("replacement"), "{message}");
    }
}

#[test]
fn a_number_is_found_whatever_it_is_listed_in() {
    let numbers =
        ["4000056655665556", "4000 0566 5566 5556", "4000-0566-5566-5556", "GB33BUKB20201555555555"];
    let numbers = numbers.into_iter().chain(["212-09-7694", "12345678Z"]);
    let lists = [
        "17,{},x",
        "1,{},2",
        "Bob,{},Smith",
        "[1,{},2]",
        "{},{}",
        "1;{};2",
        "1|{}|2",
        "1\t{}\t2",
        "No.{}",
        "ref.{} of it",
        "\"a\\n{}\\nb\"",
        "_{}_",
        "**{}**",
        "({})",
        "cc={}",
        "<td>{}</td>",
        "{}, 12/25, 123",
        "\u{ff08}{}\u{ff09}",
    ];
    for number in numbers {
        for list in lists {
            let text = format!("value {} end", list.replace("{}", number));
            let found = redacted(&text);
            assert!(!found.contains(number), "{text}");
        }
    }
    for text in ["ip 1,81.2.69.142,x", "Bob,81.2.69.142"] {
        assert!(redacted(text).contains("<IP>"), "{text}");
    }
    for gap in ["\u{a0}", "\u{2009}", "\u{202f}", "\u{2011}", "\u{2013}"] {
        let card = ["4000", "0566", "5566", "5556"].join(gap);
        let iban = ["GB33", "BUKB", "2020", "1555", "5555", "55"].join(gap);
        assert_eq!(redacted(&format!("{card} and {iban}.")), "<CARD> and <IBAN>.", "{gap:?}");
    }
    for phone in ["+44 20 7946 0958a", "+44 20 7946 0958/", "+44 20 7946 0958_"] {
        let found = redacted(phone);
        assert!(!found.contains("0958"), "{found}");
    }
}

#[test]
fn a_number_that_is_part_of_another_is_left_alone() {
    let texts = [
        "0.4000056655665556",
        "0,4000056655665556",
        "12.4000056655665556",
        "x4000056655665556",
        "a/4000056655665556/b",
        "lib.81.2.69.142",
        "sha 4000056655665556abcdef",
        "x_4000056655665556",
        "1,212-09-76941",
    ];
    for text in texts {
        assert_eq!(redacted(text), text);
    }
}
