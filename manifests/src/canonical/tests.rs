use proptest::prelude::*;
use serde::Deserialize;
use serde_json::json;

use super::*;

const LIMIT: usize = 1 << 20;

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Sample {
    name: String,
    count: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    note: Option<String>,
}

#[test]
fn keys_are_sorted_and_nothing_is_spaced() {
    let value = json!({"b": [1, -2, true, null], "a": {"z": "", "B": false}, "": "x"});
    assert_eq!(to_canonical(&value).unwrap(), br#"{"":"x","a":{"B":false,"z":""},"b":[1,-2,true,null]}"#);
}

#[test]
fn strings_use_the_escapes_of_rfc_8785() {
    let all: String = (0_u8..0x80).map(char::from).chain("é€😀\u{2028}".chars()).collect();
    let written = to_canonical(&all).unwrap();
    assert_eq!(written, serde_json::to_vec(&all).unwrap(), "serde_json escapes as RFC 8785 asks");
    let text = String::from_utf8(written).unwrap();
    assert!(text.starts_with(r#""\u0000\u0001"#) && text.contains(r#"\u0007\b\t\n\u000b\f\r\u000e"#));
    assert!(text.contains("~\u{7f}é€😀\u{2028}"), "everything else stands for itself");
}

#[test]
fn integers_end_at_2_pow_53() {
    let max = INTEGER_MAX;
    assert_eq!(to_canonical(&max).unwrap(), b"9007199254740991");
    assert_eq!(to_canonical(&-(max as i64)).unwrap(), b"-9007199254740991");
    for beyond in [json!(max + 1), json!(-(max as i64) - 1), json!(u64::MAX), json!(i64::MIN)] {
        assert!(matches!(to_canonical(&beyond), Err(CanonicalError::IntegerRange(_))), "{beyond}");
    }
    assert!(matches!(to_canonical(&1.0), Err(CanonicalError::NotInteger(_))));
    assert!(matches!(to_canonical(&json!({"x": [0.5]})), Err(CanonicalError::NotInteger(_))));
}

#[test]
fn keys_are_ascii() {
    assert!(matches!(to_canonical(&json!({"é": 1})), Err(CanonicalError::KeyNotAscii(key)) if key == "é"));
}

#[test]
fn only_the_canonical_form_is_read() {
    let good = br#"{"count":1,"name":"a/b \" \n"}"#;
    let sample = Sample { name: "a/b \" \n".into(), count: 1, note: None };
    assert_eq!(parse_canonical::<Sample>(good, LIMIT).unwrap(), sample);
    assert_eq!(to_canonical(&sample).unwrap(), good);
    let not_canonical = [
        r#"{"name":"a","count":1}"#,
        r#"{"count":1, "name":"a"}"#,
        r#" {"count":1,"name":"a"}"#,
        "{\"count\":1,\"name\":\"a\"}\n",
        r#"{"count":1,"name":"\u0061"}"#,
        r#"{"count":1,"name":"\/"}"#,
        r#"{"count":1,"name":"\u001F"}"#,
        r#"{"count":1,"name":"a","note":null}"#,
        r#"{"count":1,"name":"a","unknown":1}"#,
    ];
    for text in not_canonical {
        let result = parse_canonical::<Sample>(text.as_bytes(), LIMIT);
        assert!(matches!(result, Err(CanonicalError::NotCanonical { .. })), "{text}: {result:?}");
    }
    let not_json = [
        "",
        r#"{"count":1,"count":1,"name":"a"}"#,
        r#"{"count":1.0,"name":"a"}"#,
        r#"{"count":1e0,"name":"a"}"#,
        r#"{"count":-0,"name":"a"}"#,
        r#"{"count":01,"name":"a"}"#,
        r#"{"count":1,"name":"a"}{}"#,
        r#"{"count":1,"name":"a",}"#,
        r#"{"count":1,"name":"\ud800"}"#,
        "\u{feff}{\"count\":1,\"name\":\"a\"}",
    ];
    for text in not_json {
        let result = parse_canonical::<Sample>(text.as_bytes(), LIMIT);
        assert!(matches!(result, Err(CanonicalError::Json(_))), "{text}: {result:?}");
    }
    assert!(parse_canonical::<Sample>(b"{\"count\":1,\"name\":\"\xff\"}", LIMIT).is_err());
}

#[test]
fn values_without_a_type_are_held_to_the_same_form() {
    assert_eq!(check_canonical(br#"{"a":[{}]}"#, LIMIT).unwrap(), json!({"a": [{}]}));
    // Where no struct refuses the second key, the comparison does.
    assert!(matches!(
        check_canonical(br#"{"a":1,"a":2}"#, LIMIT),
        Err(CanonicalError::NotCanonical { offset: 5 })
    ));
    for text in ["1.0", "1e3", "-0", "9007199254740992", "[0.1]", "18446744073709551616"] {
        assert!(check_canonical(text.as_bytes(), LIMIT).is_err(), "{text}");
    }
}

#[test]
fn size_and_depth_are_limited() {
    assert!(check_canonical(b"[1]", 3).is_ok());
    assert!(matches!(check_canonical(b"[1]", 2), Err(CanonicalError::TooLarge { size: 3, limit: 2 })));
    let nested = |depth: usize| ["[".repeat(depth), "]".repeat(depth)].concat();
    assert!(check_canonical(nested(DEPTH_MAX).as_bytes(), LIMIT).is_ok());
    for depth in [DEPTH_MAX + 1, 500_000] {
        assert!(matches!(check_canonical(nested(depth).as_bytes(), LIMIT), Err(CanonicalError::TooDeep)));
    }
    let mut deep = json!(null);
    for _ in 0..=DEPTH_MAX {
        deep = json!([deep]);
    }
    assert!(matches!(to_canonical(&deep), Err(CanonicalError::TooDeep)));
    let brackets_in_text = format!("\"\\\"{}\"", "[".repeat(1000));
    assert!(check_canonical(brackets_in_text.as_bytes(), LIMIT).is_ok());
}

fn any_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (-(INTEGER_MAX as i64)..=INTEGER_MAX as i64).prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 40, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::hash_map("[ -~]{0,6}", inner, 0..6)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn what_is_written_is_read_back(value in any_value()) {
        let bytes = to_canonical(&value).unwrap();
        prop_assert_eq!(&check_canonical(&bytes, LIMIT).unwrap(), &value);
        prop_assert_eq!(serde_json::from_slice::<Value>(&bytes).unwrap(), value);
    }

    #[test]
    fn reading_never_panics_and_never_normalises(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
        if let Ok(value) = check_canonical(&bytes, LIMIT) {
            prop_assert_eq!(to_canonical(&value).unwrap(), bytes);
        }
    }

    #[test]
    fn integers_are_written_in_decimal(value in any::<u64>()) {
        let mut out = Vec::new();
        write_integer(value, &mut out);
        prop_assert_eq!(out, value.to_string().into_bytes());
    }
}
