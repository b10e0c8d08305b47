//! WARC files (ISO 28500) as JSON lines: one for each record, so that nothing of a file is passed over. What holds text
//! is what extractors leave behind: records of the type `conversion`, of which WET files consist, and resources of the
//! type `text/plain`. Every other record becomes a line without `text`.

use std::io::{self, BufRead, Read};

/// The longest header of a record that is read: real ones have a few kilobytes.
const HEADER_BYTES_MAX: u64 = 1 << 20;

/// Bytes of a record's content that are turned into JSON at a time.
const CONTENT_BYTES: usize = 1 << 16;

/// The lines of a WARC file. A file that ends within a record, or in which a record does not begin where it should, ends
/// with an error.
pub(super) struct WarcLines<R> {
    warc: R,
    /// What has been spelled and not been read.
    spelled: Vec<u8>,
    read: usize,
    state: State,
}

enum State {
    Between,
    /// So many bytes of content are left, and whether they are text.
    Within(u64, bool),
}

impl<R: BufRead> WarcLines<R> {
    pub(super) fn new(warc: R) -> Self {
        Self { warc, spelled: Vec::new(), read: 0, state: State::Between }
    }

    /// Spells the next piece; nothing at the end of the file.
    fn refill(&mut self) -> io::Result<()> {
        self.spelled.clear();
        self.read = 0;
        while self.spelled.is_empty() {
            match self.state {
                State::Between => match Header::read(&mut self.warc)? {
                    None => return Ok(()),
                    Some(header) => {
                        header.spell(&mut self.spelled);
                        self.state = State::Within(header.length, header.is_text());
                    }
                },
                State::Within(0, text) => {
                    self.spelled.extend_from_slice(if text { b"\"}\n" } else { b"}\n" });
                    self.state = State::Between;
                }
                State::Within(left, text) => {
                    let bytes = self.warc.fill_buf()?;
                    let here =
                        bytes.len().min(CONTENT_BYTES).min(usize::try_from(left).unwrap_or(usize::MAX));
                    if here == 0 {
                        return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "ends within a record"));
                    }
                    if text {
                        escape(&bytes[..here], &mut self.spelled);
                    }
                    self.warc.consume(here);
                    self.state = State::Within(left - here as u64, text);
                }
            }
        }
        Ok(())
    }
}

impl<R: BufRead> Read for WarcLines<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.read == self.spelled.len() {
            self.refill()?;
        }
        let read = (&self.spelled[self.read..]).read(buffer)?;
        self.read += read;
        Ok(read)
    }
}

/// The named fields of a record, in order.
struct Header {
    fields: Vec<(Vec<u8>, Vec<u8>)>,
    /// Bytes of its content.
    length: u64,
}

impl Header {
    /// The header that begins after any empty lines; none at the end of the file.
    fn read(warc: &mut impl BufRead) -> io::Result<Option<Self>> {
        let mut rest = warc.take(HEADER_BYTES_MAX);
        let version = loop {
            match line(&mut rest)? {
                None => return Ok(None),
                Some(line) if line.is_empty() => {}
                Some(line) => break line,
            }
        };
        if !version.starts_with(b"WARC/") {
            return Err(wrong("a record does not begin with `WARC/`"));
        }
        let mut fields: Vec<(Vec<u8>, Vec<u8>)> = Vec::new();
        loop {
            let line = line(&mut rest)?.ok_or_else(|| wrong("a record's header does not end"))?;
            match (line.first(), fields.last_mut()) {
                (None, _) => break,
                // a value goes on in the next line if that is indented
                (Some(b' ' | b'\t'), Some((_, value))) => {
                    value.push(b' ');
                    value.extend_from_slice(line.trim_ascii());
                }
                _ => {
                    let colon = line.iter().position(|&byte| byte == b':');
                    let (name, value) = line.split_at(colon.ok_or_else(|| wrong("a field has no colon"))?);
                    fields.push((name.to_vec(), value[1..].trim_ascii().to_vec()));
                }
            }
        }
        let header = Self { fields, length: 0 };
        let length =
            header.get("content-length").and_then(|value| std::str::from_utf8(value).ok()?.parse().ok());
        Ok(Some(Self { length: length.ok_or_else(|| wrong("a record has no `Content-Length`"))?, ..header }))
    }

    /// The value of a field; names have no case.
    fn get(&self, name: &str) -> Option<&[u8]> {
        let named = |(other, _): &&(Vec<u8>, Vec<u8>)| other.eq_ignore_ascii_case(name.as_bytes());
        self.fields.iter().find(named).map(|(_, value)| value.as_slice())
    }

    fn is_text(&self) -> bool {
        let starts = |name: &str, with: &[u8]| {
            self.get(name)
                .is_some_and(|value| value.get(..with.len()).is_some_and(|v| v.eq_ignore_ascii_case(with)))
        };
        starts("warc-type", b"conversion")
            || (starts("warc-type", b"resource") && starts("content-type", b"text/plain"))
    }

    /// The beginning of the record's line: `id`, `url` and `date`, all fields under `warc`, and if it holds text the
    /// beginning of that.
    fn spell(&self, json: &mut Vec<u8>) {
        let mut before = "{\"";
        for (name, field) in [("id", "warc-record-id"), ("url", "warc-target-uri"), ("date", "warc-date")] {
            if let Some(value) = self.get(field) {
                let value =
                    value.strip_prefix(b"<").and_then(|value| value.strip_suffix(b">")).unwrap_or(value);
                member(before, name.as_bytes(), value, json);
                before = ",\"";
            }
        }
        json.extend_from_slice(before.as_bytes());
        json.extend_from_slice(b"warc\":");
        let mut before = "{\"";
        for (name, value) in &self.fields {
            member(before, name, value, json);
            before = ",\"";
        }
        json.push(b'}');
        if self.is_text() {
            json.extend_from_slice(b",\"text\":\"");
        }
    }
}

/// Appends a member whose value is a string, behind what stands before its name.
fn member(before: &str, name: &[u8], value: &[u8], json: &mut Vec<u8>) {
    json.extend_from_slice(before.as_bytes());
    escape(name, json);
    json.extend_from_slice(b"\":\"");
    escape(value, json);
    json.push(b'"');
}

/// The next line without its end; none where there is no more.
fn line(stream: &mut impl BufRead) -> io::Result<Option<Vec<u8>>> {
    let mut line = Vec::new();
    stream.read_until(b'\n', &mut line)?;
    match line.pop() {
        None => return Ok(None),
        Some(b'\n') => {}
        Some(_) => return Err(wrong("ends within a header, or a header is too long")),
    }
    if line.last() == Some(&b'\r') {
        line.pop();
    }
    Ok(Some(line))
}

fn wrong(why: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, why)
}

/// Appends bytes as they stand in a JSON string. Whether they are UTF-8 is for the reader of the line to say.
fn escape(bytes: &[u8], json: &mut Vec<u8>) {
    for &byte in bytes {
        match byte {
            b'"' | b'\\' => json.extend_from_slice(&[b'\\', byte]),
            b'\n' => json.extend_from_slice(b"\\n"),
            b'\r' => json.extend_from_slice(b"\\r"),
            b'\t' => json.extend_from_slice(b"\\t"),
            0..0x20 => json.extend_from_slice(format!("\\u{byte:04x}").as_bytes()),
            _ => json.push(byte),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::BufReader;

    fn record(fields: &str, content: &str) -> String {
        format!("WARC/1.0\r\n{fields}Content-Length: {}\r\n\r\n{content}\r\n\r\n", content.len())
    }

    fn lines(warc: &[u8], buffer: usize) -> io::Result<String> {
        let mut lines = Vec::new();
        WarcLines::new(BufReader::with_capacity(buffer, warc)).read_to_end(&mut lines)?;
        Ok(String::from_utf8_lossy(&lines).into_owned())
    }

    #[test]
    fn every_record_is_a_line_and_text_is_where_there_is_some() {
        let file = [
            record("WARC-Type: warcinfo\r\nWARC-Record-ID: <urn:uuid:1>\r\n", "software: x\r\n"),
            record(
                "warc-type: conversion\r\nWARC-Target-URI: http://example.org/\"a\"\r\nWARC-Date: 2026-01-02T03:04:05Z\r\nX: one\r\n two\r\n",
                "First \"line\"\\\n\u{1}é漢",
            ),
            record("WARC-Type: resource\r\nContent-Type: text/plain; charset=utf-8\r\n", ""),
            record("WARC-Type: response\r\nContent-Type: application/http\r\n", "HTTP/1.1 200 OK\r\n\r\n<p>"),
        ];
        for buffer in [1, 7, 1 << 16] {
            let found = lines(file.concat().as_bytes(), buffer).unwrap();
            let found: Vec<serde_json::Value> =
                found.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
            let text: Vec<_> = found.iter().map(|line| line["text"].as_str()).collect();
            assert_eq!(text, [None, Some("First \"line\"\\\n\u{1}é漢"), Some(""), None]);
            assert_eq!(found[0]["id"], "urn:uuid:1");
            assert_eq!(
                (&found[1]["url"], &found[1]["date"]),
                (&"http://example.org/\"a\"".into(), &"2026-01-02T03:04:05Z".into())
            );
            assert_eq!(
                (&found[1]["warc"]["X"], &found[3]["warc"]["WARC-Type"]),
                (&"one two".into(), &"response".into())
            );
        }
        assert_eq!(lines(b"", 9).unwrap(), "");
    }

    #[test]
    fn a_damaged_file_is_an_error() {
        let good = record("WARC-Type: conversion\r\n", "some text");
        for end in 1..good.len() {
            // the empty lines at the end may be missing, but not be cut themselves
            let whole = [good.len() - 4, good.len() - 2].contains(&end);
            assert_eq!(lines(&good.as_bytes()[..end], 16).is_ok(), whole, "cut after {end} bytes");
        }
        let cases = [
            "garbage\r\n\r\n".to_string(),
            good.replace("Content-Length: 9\r\n", ""),
            good.replace(": 9", ": -9"),
            good.replace(": 9", ": 8"),
            good.replace(": 9", ": 18446744073709551615"),
            good.replace("WARC-Type: conversion", "WARC-Type conversion"),
            format!("WARC/1.0\r\nX: {}", "x".repeat(2 << 20)),
        ];
        for case in cases {
            assert!(lines(case.as_bytes(), 16).is_err(), "{}", &case[..case.len().min(80)]);
        }
    }
}
