//! The bytes of JSON lines: unpacked, divided into blocks, read line by line.
//!
//! A block is what a row group is to Parquet: the unit of a task. It ends with the first line that ends
//! [`BLOCK_BYTES`] or more after the block's start, so that it depends on the bytes alone.

use super::warc::WarcLines;
use crate::files::input::InputFile;
use crate::files::store::Pending;
use crate::source::format::Packing;
use crate::{Error, Result};
use flate2::bufread::MultiGzDecoder;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::Path;

/// Bytes of plain text after which a block ends with the line: some thousand pages, and little beside the memory of
/// one worker. Part of the format: another size makes other blocks of the same file.
pub(crate) const BLOCK_BYTES: u64 = 8 << 20;

/// The longest line that is ever read. Batches of lines up to this length stay within what one Arrow array of strings
/// holds, 2 GiB.
pub(crate) const LINE_BYTES_MAX: u64 = 1 << 30;

/// What some editors write before the first line. It belongs to no record.
pub(crate) const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

const BUFFER_BYTES: usize = 1 << 18;

/// The blocks of a file, readable in any order.
#[derive(Clone, Debug)]
pub(crate) struct Blocks {
    /// The plain bytes: the file itself, or the copy that was unpacked from it.
    file: InputFile,
    /// Where each block begins, and where the last one ends.
    bounds: Vec<u64>,
}

impl Blocks {
    /// Divides a file, whose bytes are `packed`, and counts the lines of each block. A compressed file cannot be read
    /// from its middle: it is unpacked to `copy` for the passes to come.
    pub(crate) fn survey(
        file: &InputFile,
        packed: impl Read,
        packing: Packing,
        copy: &Path,
    ) -> Result<(Self, Vec<u64>)> {
        let fail = |e: CopyError| e.of(file, copy);
        if packing == Packing::Plain {
            let (bounds, rows) = divide(packed, packing, &mut io::sink()).map_err(fail)?;
            return Ok((Self { file: file.clone(), bounds }, rows));
        }
        let mut plain = Pending::create(copy)?;
        let (bounds, rows) = divide(packed, packing, &mut plain).map_err(fail)?;
        plain.commit()?;
        Ok((Self { file: InputFile::local(copy), bounds }, rows))
    }

    /// The blocks that another process has told of.
    pub(crate) fn of_told(file: InputFile, bounds: Vec<u64>) -> Self {
        Self { file, bounds }
    }

    /// The plain bytes, and the bounds of the blocks in them.
    pub(crate) fn told(&self) -> (&InputFile, &[u64]) {
        (&self.file, &self.bounds)
    }

    /// The lines of one block. Of an object they are fetched now.
    pub(super) fn lines(&self, block: usize, bytes_max: u64) -> Result<Lines<impl BufRead + use<>>> {
        let bounds = self.bounds.get(block).copied().zip(self.bounds.get(block + 1).copied());
        let (start, end) = bounds.ok_or_else(|| Error::Bug(format!("no block {block}")))?;
        let stream = self.file.range(start..end)?;
        Ok(Lines::new(BufReader::with_capacity(BUFFER_BYTES, stream), bytes_max))
    }

    /// What could not be had of the plain bytes.
    pub(super) fn failure(&self) -> Option<Error> {
        self.file.failure()
    }

    /// The bytes of a block.
    pub(super) fn bytes(&self, block: usize) -> u64 {
        self.bounds.get(block + 1).zip(self.bounds.get(block)).map_or(0, |(end, start)| end - start)
    }
}

/// How many lines a file has.
pub(crate) fn count(file: &InputFile, packing: Packing) -> Result<u64> {
    let (_, rows) = divide(file.stream()?, packing, &mut io::sink()).map_err(|e| e.of(file, file.name()))?;
    Ok(rows.iter().sum())
}

/// The lines at the start of a file, up to a block of them.
pub(super) fn head(file: &InputFile, packing: Packing) -> Result<Lines<impl BufRead + use<>>> {
    first(file, packing, BLOCK_BYTES)
}

/// All lines of a file.
pub(crate) fn of_file(file: &InputFile, packing: Packing) -> Result<Lines<impl BufRead + use<>>> {
    first(file, packing, u64::MAX)
}

/// The lines within the first plain bytes of a file.
fn first(file: &InputFile, packing: Packing, bytes: u64) -> Result<Lines<impl BufRead + use<>>> {
    let mut stream = unpacked(file.stream()?, packing).map_err(|e| file.error(e))?;
    let (mark, rest) = past_mark(&mut stream).map_err(|e| file.error(e))?;
    let rest = io::Cursor::new(rest).chain(stream.take(bytes - mark));
    Ok(Lines::new(rest, bytes.min(LINE_BYTES_MAX)))
}

/// The plain bytes of a file as a stream.
fn unpacked<'p>(packed: impl Read + 'p, packing: Packing) -> io::Result<Box<dyn BufRead + 'p>> {
    let packed = BufReader::with_capacity(BUFFER_BYTES, packed);
    let buffered = |stream: Box<dyn Read + 'p>| BufReader::with_capacity(BUFFER_BYTES, stream);
    Ok(match packing {
        Packing::Plain => Box::new(packed),
        Packing::Gzip => Box::new(buffered(Box::new(MultiGzDecoder::new(packed)))),
        Packing::Zstd => Box::new(buffered(Box::new(zstd::Decoder::with_buffer(packed)?))),
        Packing::Warc => Box::new(buffered(Box::new(WarcLines::new(packed)))),
        Packing::WarcGzip => {
            let plain = buffered(Box::new(MultiGzDecoder::new(packed)));
            Box::new(buffered(Box::new(WarcLines::new(plain))))
        }
    })
}

/// Reads a byte order mark away: its length, 0 without one, and the bytes that were read instead.
fn past_mark(stream: &mut impl Read) -> io::Result<(u64, Vec<u8>)> {
    let mut first = Vec::new();
    stream.take(BYTE_ORDER_MARK.len() as u64).read_to_end(&mut first)?;
    match first == BYTE_ORDER_MARK {
        true => Ok((first.len() as u64, Vec::new())),
        false => Ok((0, first)),
    }
}

/// Which side of a copy went wrong.
enum CopyError {
    Read(io::Error),
    Write(io::Error),
}

impl CopyError {
    fn of(self, from: &InputFile, to: &Path) -> Error {
        match self {
            Self::Read(e) => from.error(e),
            Self::Write(e) => Error::output(to, e),
        }
    }
}

/// Copies the plain bytes of a file, finding where blocks begin and counting their lines.
fn divide(
    packed: impl Read,
    packing: Packing,
    copy: &mut impl Write,
) -> std::result::Result<(Vec<u64>, Vec<u64>), CopyError> {
    let mut stream = unpacked(packed, packing).map_err(CopyError::Read)?;
    let (mark, rest) = past_mark(&mut stream).map_err(CopyError::Read)?;
    let mut divider = Divider::from(mark);
    copy.write_all(&BYTE_ORDER_MARK[..mark as usize]).map_err(CopyError::Write)?;
    copy.write_all(&rest).map_err(CopyError::Write)?;
    divider.take(&rest);
    loop {
        let bytes = stream.fill_buf().map_err(CopyError::Read)?;
        if bytes.is_empty() {
            return Ok(divider.finish());
        }
        copy.write_all(bytes).map_err(CopyError::Write)?;
        divider.take(bytes);
        let read = bytes.len();
        stream.consume(read);
    }
}

/// Finds the bounds of blocks in bytes that come piece by piece.
struct Divider {
    bounds: Vec<u64>,
    rows: Vec<u64>,
    /// Where the current block begins, how far it has been read, and its lines so far.
    start: u64,
    at: u64,
    lines: u64,
    /// Whether the last byte ended a line.
    ended: bool,
}

impl Divider {
    fn from(start: u64) -> Self {
        Self { bounds: vec![start], rows: Vec::new(), start, at: start, lines: 0, ended: true }
    }

    fn take(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            // the first line feed from here on ends the block
            let from = (self.start + BLOCK_BYTES).saturating_sub(self.at + 1) as usize;
            let last = bytes.get(from..).and_then(|rest| rest.iter().position(|&byte| byte == b'\n'));
            let (here, later) = bytes.split_at(last.map_or(bytes.len(), |last| from + last + 1));
            self.at += here.len() as u64;
            self.lines += here.iter().filter(|&&byte| byte == b'\n').count() as u64;
            self.ended = here.ends_with(b"\n");
            if last.is_some() {
                self.close();
            }
            bytes = later;
        }
    }

    fn close(&mut self) {
        self.bounds.push(self.at);
        self.rows.push(std::mem::take(&mut self.lines));
        self.start = self.at;
    }

    /// A last line may lack its line feed.
    fn finish(mut self) -> (Vec<u64>, Vec<u64>) {
        self.lines += u64::from(!self.ended);
        if self.at > self.start {
            self.close();
        }
        (self.bounds, self.rows)
    }
}

/// Lines of a stream, without their line feeds.
pub(crate) struct Lines<R> {
    stream: R,
    line: Vec<u8>,
    bytes_max: u64,
}

/// A line.
pub(crate) enum Line<'l> {
    Whole(&'l [u8]),
    /// Of a line that is too long, its length in bytes.
    TooLong(u64),
}

impl<R: BufRead> Lines<R> {
    fn new(stream: R, bytes_max: u64) -> Self {
        Self { stream, line: Vec::new(), bytes_max }
    }

    /// The next line, if there is one.
    pub(crate) fn next(&mut self) -> io::Result<Option<Line<'_>>> {
        self.line.clear();
        let read = (&mut self.stream).take(self.bytes_max + 1).read_until(b'\n', &mut self.line)?;
        match self.line.last() {
            None => return Ok(None),
            Some(b'\n') => _ = self.line.pop(),
            Some(_) if read as u64 > self.bytes_max => {
                let rest = self.skip()?;
                return Ok(Some(Line::TooLong(read as u64 + rest)));
            }
            Some(_) => {}
        }
        Ok(Some(Line::Whole(&self.line)))
    }

    /// Goes on to the next line; tells the bytes before its start, the line feed aside.
    fn skip(&mut self) -> io::Result<u64> {
        let mut skipped = 0;
        loop {
            let bytes = self.stream.fill_buf()?;
            let end = bytes.iter().position(|&byte| byte == b'\n');
            let passed = end.unwrap_or(bytes.len());
            let last = end.is_some() || bytes.is_empty();
            skipped += passed as u64;
            self.stream.consume(passed + usize::from(end.is_some()));
            if last {
                return Ok(skipped);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_do_not_depend_on_how_the_bytes_come() {
        let line = |n: usize| format!("{}\n", "x".repeat(n * 79_190 % 900_000));
        let bytes: String = (0..60).map(line).collect();
        let whole = bytes.as_bytes().strip_suffix(b"\n").unwrap();
        let divided = |piece: usize| {
            let mut divider = Divider::from(0);
            whole.chunks(piece).for_each(|piece| divider.take(piece));
            divider.finish()
        };
        let (bounds, rows) = divided(whole.len());
        assert!(rows.len() > 2 && bounds.len() == rows.len() + 1);
        assert_eq!((rows.iter().sum::<u64>(), bounds.last()), (60, Some(&(whole.len() as u64))));
        for pair in bounds.windows(2).take(rows.len() - 1) {
            assert!(whole[pair[1] as usize - 1] == b'\n' && pair[1] - pair[0] >= BLOCK_BYTES);
            let before = whole[..pair[1] as usize - 1].iter().rposition(|&byte| byte == b'\n').unwrap();
            assert!((before as u64 + 1 - pair[0]) < BLOCK_BYTES);
        }
        for piece in [1021, 1 << 18, BLOCK_BYTES as usize] {
            assert_eq!(divided(piece), (bounds.clone(), rows.clone()));
        }
    }

    #[test]
    fn lines_that_are_too_long_are_measured_and_passed_over() {
        let mut lines = Lines::new(&b"ab\nabc\nabcd\n\nabcdef\nx\nabcde"[..], 3);
        let mut told = Vec::new();
        while let Some(line) = lines.next().unwrap() {
            told.push(match line {
                Line::Whole(line) => String::from_utf8_lossy(line).into_owned(),
                Line::TooLong(bytes) => bytes.to_string(),
            });
        }
        assert_eq!(told, ["ab", "abc", "4", "", "6", "x", "5"]);
    }
}
