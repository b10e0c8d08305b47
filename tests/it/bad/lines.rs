//! JSON lines that no writer makes, and texts that no writer writes.

use super::Bad;
use std::io::Write;
use std::path::Path;

fn lines(name: &'static str, make: impl Fn() -> Vec<u8> + Send + Sync + 'static) -> Bad {
    packed(name, "jsonl", make)
}

fn packed(
    name: &'static str,
    extension: &'static str,
    make: impl Fn() -> Vec<u8> + Send + Sync + 'static,
) -> Bad {
    let make = move |path: &Path| std::fs::write(path, make()).unwrap();
    Bad { name, extension, make: Box::new(make), input: "" }
}

/// A good line, this one, and another good line.
fn between(line: &[u8]) -> Vec<u8> {
    [GOOD, line, b"\n", GOOD_TOO].concat()
}

const GOOD: &[u8] = b"{\"id\": \"a\", \"text\": \"a good text\"}\n";
const GOOD_TOO: &[u8] = b"{\"id\": \"z\", \"text\": \"another good text\"}\n";

/// A line whose text is this, so many times.
fn text(piece: &str, times: usize) -> Vec<u8> {
    between(format!("{{\"text\": \"{}\"}}", piece.repeat(times)).as_bytes())
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(bytes).unwrap();
    packed.finish().unwrap()
}

/// A frame that wants a window of 2 GiB: the magic, a header that says so, an empty last block.
const WIDE_FRAME: [u8; 9] = [0x28, 0xb5, 0x2f, 0xfd, 0x00, 21 << 3, 0x01, 0x00, 0x00];

pub fn all() -> Vec<Bad> {
    let nested = |open: &str, close: &str| {
        let value = [open.repeat(200_000), "0".to_string(), close.repeat(200_000)].concat();
        between(format!("{{\"text\": \"a text\", \"more\": {value}}}").as_bytes())
    };
    vec![
        lines("lines/empty-file", Vec::new),
        lines("lines/nothing-but-feeds", || b"\n".repeat(1000)),
        lines("lines/nul-bytes", || vec![0; 1 << 20]),
        lines("lines/binary", || {
            (0..1 << 20).map(|at: u32| (at.wrapping_mul(2_654_435_761) >> 24) as u8).collect()
        }),
        lines("lines/lists-nested", move || nested("[", "]")),
        lines("lines/objects-nested", move || nested("{\"a\":", "}")),
        lines("lines/objects-open", || between("{\"a\":".repeat(200_000).as_bytes())),
        lines("lines/a-million-members", || {
            let members: String = (0..1_000_000).map(|at| format!(", \"m{at}\": 0")).collect();
            between(format!("{{\"text\": \"a text\"{members}}}").as_bytes())
        }),
        lines("lines/a-million-equal-members", || {
            between(format!("{{\"text\": \"a text\"{}}}", ", \"m\": 0".repeat(1_000_000)).as_bytes())
        }),
        lines("lines/number-endless", || {
            between(format!("{{\"text\": {}}}", "9".repeat(1 << 20)).as_bytes())
        }),
        lines("lines/name-of-a-megabyte", || {
            between(format!("{{\"{}\": 1}}", "n".repeat(1 << 20)).as_bytes())
        }),
        lines("lines/surrogate-alone", || between(br#"{"text": "half \ud83d of a pair"}"#)),
        lines("lines/surrogates-reversed", || between(br#"{"text": "\ude00\ud83d"}"#)),
        lines("lines/escape-cut", || between(br#"{"text": "\u00"#)),
        lines("lines/utf-8-overlong", || between(b"{\"text\": \"\xc0\xaf\xe0\x80\xaf\"}")),
        lines("lines/utf-8-surrogate", || between(b"{\"text\": \"\xed\xa0\x80\"}")),
        lines("lines/utf-8-beyond", || between(b"{\"text\": \"\xf4\x90\x80\x80\"}")),
        lines("lines/marks-within", || text("\u{feff}", 1000)),
        lines("lines/nul-escaped", || text("\\u0000", 1000)),
        lines("lines/text-of-200-mb", || text("word ", 40_000_000)),
        lines("lines/line-of-200-mb-without-end", || [GOOD, &b"x".repeat(200_000_000)].concat()),
        lines("lines/equal-records", || {
            let line = b"{\"text\": \"the same text in every record\"}\n";
            line.repeat(100_000)
        }),
        packed("lines/gzip-of-garbage", "jsonl.gz", || b"no gzip at all".to_vec()),
        packed("lines/gzip-cut", "jsonl.gz", || {
            let whole = gzip(&GOOD.repeat(1000));
            whole[..whole.len() / 2].to_vec()
        }),
        packed("lines/gzip-with-garbage-behind", "jsonl.gz", || [&gzip(GOOD)[..], b"garbage"].concat()),
        packed("lines/gzip-sum-wrong", "jsonl.gz", || {
            let mut whole = gzip(&GOOD.repeat(1000));
            let at = whole.len() - 8;
            whole[at] ^= 1;
            whole
        }),
        packed("lines/gzip-bomb", "jsonl.gz", || {
            // a line of 200 MB in 200 KB
            let zeros = gzip(&vec![b'0'; 10_000_000]);
            [gzip(GOOD), zeros.repeat(20), gzip(b"\n"), gzip(GOOD_TOO)].concat()
        }),
        packed("lines/zstd-wide-window", "jsonl.zst", || WIDE_FRAME.to_vec()),
        packed("lines/zstd-cut", "jsonl.zst", || {
            let whole = zstd::encode_all(&GOOD.repeat(1000)[..], 1).unwrap();
            whole[..whole.len() / 2].to_vec()
        }),
        packed("lines/warc-length-lies", "warc", || {
            b"WARC/1.0\r\nWARC-Type: conversion\r\nContent-Length: 99999999999999999\r\n\r\nshort".to_vec()
        }),
        packed("lines/warc-length-negative", "warc", || {
            b"WARC/1.0\r\nWARC-Type: conversion\r\nContent-Length: -5\r\n\r\nshort\r\n\r\n".to_vec()
        }),
        packed("lines/warc-header-endless", "warc", || {
            [b"WARC/1.0\r\nWARC-Type: ".to_vec(), b"x".repeat(10 << 20)].concat()
        }),
        packed("lines/warc-fields-endless", "warc", || {
            [b"WARC/1.0\r\n".to_vec(), b"A: b\r\n".repeat(1 << 20)].concat()
        }),
    ]
}
