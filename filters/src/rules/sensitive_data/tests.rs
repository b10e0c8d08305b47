use super::*;
use crate::{Document, Layout, Measure, Scratch};
use proptest::prelude::*;

fn filter() -> SensitiveData {
    let mut context = crate::golden::TestContext::default();
    Config::default().build(&mut context).unwrap()
}

fn redacted(text: &str) -> String {
    let (_, edits) = filter().redacted(text).unwrap();
    edits.apply(text)
}

#[test]
fn x() {
    assert_eq!(redacted("a"), "a");
    let _ = (Document::default(), Layout::default(), Measure::First, Scratch::default());
}

proptest! {
    #[test]
    fn y(text in "\\PC{0,10}") { redacted(&text); }
}
