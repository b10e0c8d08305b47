//! Faults are made by a server of our own on the loopback interface.

use super::*;

#[test]
fn what_a_server_says_is_cut_to_one_line_without_queries() {
    let told = shortened("GET https://h/k?sig=secret failed:\n<Error>\n  <Code>x</Code>");
    assert_eq!(told, "GET https://h/k failed: <Error> <Code>x</Code>");
    assert_eq!(shortened(&"x".repeat(1000)).chars().count(), TOLD_CHARS_MAX + 1);
}
