//! How much a page unpacks to, found without keeping it.

use flate2::read::MultiGzDecoder;
use parquet::basic::Compression;
use std::io::{self, Read};

/// The most that a byte of deflate stands for: 258 bytes in two bits. <https://zlib.net/zlib_tech.html>
const DEFLATE_RATIO: u64 = 1032;

/// The most that a byte of an LZ4 block stands for: each further byte of a length adds 255.
const LZ4_RATIO: u64 = 255;

/// The first bytes of frames of LZ4, which stand where blocks should in files of old writers: the frame's, the old
/// frame's, and those that are to be skipped.
const LZ4_FRAME: u32 = 0x184d_2204;
const LZ4_OLD_FRAME: u32 = 0x184c_2102;
const LZ4_SKIPPED_FRAMES: std::ops::RangeInclusive<u32> = 0x184d_2a50..=0x184d_2a5f;

/// Checks that a page of `plain` bytes does not unpack to more than the decoder could hold, which is `limit`. Of
/// Snappy, Zstandard and blocks of LZ4 the decoder itself unpacks no more than the header says.
pub(super) fn check(codec: Compression, packed: &[u8], plain: u64, limit: u64) -> Result<(), String> {
    let at_most = |ratio: u64| (packed.len() as u64).saturating_mul(ratio);
    match codec {
        Compression::GZIP(_) if at_most(DEFLATE_RATIO) > limit => holds(MultiGzDecoder::new(packed), plain),
        // no ratio bounds it
        Compression::BROTLI(_) => holds(brotli::Decompressor::new(packed, 1 << 16), plain),
        Compression::LZ4 if at_most(LZ4_RATIO) > limit && is_lz4_frame(packed) => {
            Err(format!("a page is an LZ4 frame of {} bytes, which may hold too much", packed.len()))
        }
        _ => Ok(()),
    }
}

/// Checks that a stream has no more bytes than it should. That it can be read at all is for the decoder to say.
fn holds(stream: impl Read, plain: u64) -> Result<(), String> {
    match io::copy(&mut stream.take(plain.saturating_add(1)), &mut io::sink()) {
        Ok(read) if read > plain => Err(format!("a page unpacks to more than the {plain} bytes it should")),
        _ => Ok(()),
    }
}

fn is_lz4_frame(packed: &[u8]) -> bool {
    let first = packed.first_chunk().map(|first| u32::from_le_bytes(*first));
    first.is_some_and(|first| {
        first == LZ4_FRAME || first == LZ4_OLD_FRAME || LZ4_SKIPPED_FRAMES.contains(&first)
    })
}
