//! Addresses of the public Internet, version 4 and 6.
//!
//! Source: IANA's special-purpose registries for IPv4 and IPv6 (RFC 6890 and its updates): addresses that are private,
//! local, for documentation, multicast or reserved are nobody's and left alone. Four numbers are also how versions and
//! sections are written: behind a word such as `version` they are no address, and where the first two are small they
//! are one only behind a word such as `host`, or before a port.

use super::context::{Place, is_attached_before, is_in_word, is_word};
use super::topics::Topic;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::ops::Range;

/// Versions and sections rarely begin with a larger number, addresses mostly do.
const SMALL: u8 = 32;

/// The IPv4 address whose first number begins at the place.
pub(super) fn v4_at(place: &Place<'_>) -> Option<Range<usize>> {
    let (text, start) = (place.text, place.at);
    let bytes = text.as_bytes();
    // four numbers behind a name and a full stop are its version
    let is_named = bytes[..start].ends_with(b".") && is_in_word(bytes, start - 1);
    if is_named || is_attached_before(bytes, start) {
        return None;
    }
    let length = bytes[start..].iter().take(16).take_while(|b| b.is_ascii_digit() || **b == b'.').count();
    let address = text[start..start + length].trim_end_matches('.');
    let end = start + address.len();
    let address: Ipv4Addr = address.parse().ok()?;
    let next = |n: usize| bytes.get(end + n).copied();
    let goes_on = next(0).is_some_and(is_word)
        || (matches!(next(0), Some(b'-' | b'.')) && next(1).is_some_and(is_word));
    if goes_on || !is_public_v4(address) || place.is_about(Topic::Version) {
        return None;
    }
    let [first, second, ..] = address.octets();
    let has_port = matches!(next(0), Some(b':' | b'/')) && next(1).is_some_and(|byte| byte.is_ascii_digit());
    let is_sure = first >= SMALL || second >= SMALL || has_port || place.is_about(Topic::Network);
    is_sure.then_some(start..end)
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let shared = a == 100 && (64..128).contains(&b);
    let assigned_by_protocol = (a, b, c) == (192, 0, 0) || (a, b, c) == (192, 88, 99);
    let benchmarking = a == 198 && (b == 18 || b == 19);
    !(a == 0
        || a >= 224
        || shared
        || assigned_by_protocol
        || benchmarking
        || address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_documentation())
}

/// The IPv6 address around the digit at `at`.
pub(super) fn v6_at(text: &str, at: usize) -> Option<Range<usize>> {
    /// The longest spelling of an address.
    const LENGTH: usize = 39;
    let bytes = text.as_bytes();
    let belongs = |byte: &u8| byte.is_ascii_hexdigit() || *byte == b':';
    let before = bytes[..at].iter().rev().take(LENGTH + 1).take_while(|byte| belongs(byte)).count();
    let behind = bytes[at..].iter().take(LENGTH + 1).take_while(|byte| belongs(byte)).count();
    let (start, end) = (at - before, at + behind);
    if before + behind > LENGTH + 1 || bytes[start..end].iter().filter(|byte| **byte == b':').count() < 2 {
        return None;
    }
    let spelled =
        text[start..end].strip_suffix(':').filter(|s| !s.ends_with(':')).unwrap_or(&text[start..end]);
    let end = start + spelled.len();
    let is_whole = !is_attached_before(bytes, start) && !bytes.get(end).copied().is_some_and(is_word);
    let address: Ipv6Addr = spelled.parse().ok()?;
    // pairs of hexadecimal digits are a fingerprint or a hardware address
    let is_written_out = !spelled.contains("::") && spelled.split(':').any(|group| group.len() > 2);
    let is_global = address.segments()[0] & 0xe000 == 0x2000;
    (is_whole && !is_special_v6(address) && (is_global || is_written_out)).then_some(start..end)
}

fn is_special_v6(address: Ipv6Addr) -> bool {
    let [first, second, ..] = address.segments();
    let documentation = (first, second) == (0x2001, 0xdb8) || (first == 0x3fff && second < 0x1000);
    let reserved_by_ietf = first < 0x100;
    let for_protocols = first == 0x2001 && second < 0x200;
    let unique_local = first & 0xfe00 == 0xfc00;
    let link_local = first & 0xffc0 == 0xfe80;
    documentation || for_protocols || reserved_by_ietf || unique_local || link_local || first >= 0xff00
}
