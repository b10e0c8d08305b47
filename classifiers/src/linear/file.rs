//! The model file.
//!
//! ```text
//! probity linear model 1\n     the first line
//! u32                         bytes of the header
//! header                      TOML
//! for each label: u8 form     0: a byte for each row; 1: pairs of a number of zeros and a weight, 255 for 255 zeros alone
//!                 weights
//! u64                         xxh3 of everything before
//! ```
//!
//! Integers are little-endian. The file may come from anywhere: every length is held against the bytes there are, and
//! the header's sizes are bounded before anything is allocated.

use super::weights::{LANES, Weights};
use super::{Header, Model, ModelError, Scorer};
use xxhash_rust::xxh3::xxh3_64;

/// What the first line starts with, and the version it ends with. A file with a key that this program does not know is
/// refused by the header's reader; a change of the rest needs another version.
const MAGIC: &str = "probity linear model ";
const VERSION: &str = "1";
/// The longest run of zeros in one pair; the number alone means that no weight follows.
const RUN: u8 = 255;
const DENSE: u8 = 0;
const SPARSE: u8 = 1;

/// Whether these are the bytes of a model, judging by the first line.
pub(crate) fn is_model(bytes: &[u8]) -> bool {
    bytes.starts_with(MAGIC.as_bytes())
}

pub(super) fn write(model: &Model) -> Result<Vec<u8>, ModelError> {
    let header = toml::to_string(&model.header).map_err(|e| ModelError::Header(e.to_string()))?;
    let length = u32::try_from(header.len()).map_err(|e| ModelError::Header(e.to_string()))?;
    let mut bytes = format!("{MAGIC}{VERSION}\n").into_bytes();
    bytes.extend(length.to_le_bytes());
    bytes.extend(header.bytes());
    for label in 0..model.header.label.len() {
        let column: Vec<i8> =
            model.scorer.weights.tables[label / LANES].iter().map(|row| row[label % LANES]).collect();
        let sparse = encode(&column);
        if sparse.len() < column.len() {
            bytes.push(SPARSE);
            bytes.extend(sparse);
        } else {
            bytes.push(DENSE);
            bytes.extend(column.iter().map(|weight| weight.cast_unsigned()));
        }
    }
    bytes.extend(xxh3_64(&bytes).to_le_bytes());
    Ok(bytes)
}

pub(super) fn read(bytes: &[u8]) -> Result<Model, ModelError> {
    if !is_model(bytes) {
        return Err(ModelError::Magic { expected: MAGIC });
    }
    let version = [MAGIC, VERSION, "\n"].concat();
    if !bytes.starts_with(version.as_bytes()) {
        return Err(ModelError::Version { expected: VERSION });
    }
    let Some((body, checksum)) = bytes.split_last_chunk::<8>() else {
        return Err(ModelError::Truncated { what: "the checksum", needed: 8, left: bytes.len() as u64 });
    };
    let mut rest = body.get(version.len()..).unwrap_or_default();
    let length = u32::from_le_bytes(*take::<4>(&mut rest, "the length of the header")?);
    let header = part(&mut rest, "the header", length as usize)?;
    if xxh3_64(body) != u64::from_le_bytes(*checksum) {
        return Err(ModelError::Checksum);
    }
    let header = std::str::from_utf8(header).map_err(|e| ModelError::Header(e.to_string()))?;
    let header: Header = toml::from_str(header).map_err(|e| ModelError::Header(e.message().to_string()))?;
    header.check()?;
    let rows = 1usize << header.training.table_bits;
    let mut tables = vec![vec![[0i8; LANES]; rows]; header.label.len().div_ceil(LANES)];
    for label in 0..header.label.len() {
        let cells = tables[label / LANES].iter_mut().map(|row| &mut row[label % LANES]);
        let [form] = *take::<1>(&mut rest, "the form of a label's weights")?;
        match form {
            DENSE => {
                let column = part(&mut rest, "the weights", rows)?;
                cells.zip(column).for_each(|(cell, byte)| *cell = byte.cast_signed());
            }
            SPARSE => decode(&mut rest, cells, label, rows)?,
            other => {
                return Err(ModelError::Field { field: "form", why: format!("is {other}, expected 0 or 1") });
            }
        }
    }
    if !rest.is_empty() {
        return Err(ModelError::Trailing(rest.len()));
    }
    let weights = Weights {
        table_bits: header.training.table_bits,
        tables,
        steps: header.label.iter().map(|label| label.step).collect(),
        biases: header.label.iter().map(|label| label.bias).collect(),
    };
    let calibrations = header.label.iter().map(|label| label.calibration.clone()).collect();
    let scorer = Scorer {
        weights,
        chunk_bytes: header.training.chunk_bytes,
        pool: header.training.pool,
        calibrations,
    };
    Ok(Model { header, scorer })
}

fn encode(column: &[i8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut zeros = 0u8;
    for weight in column {
        if *weight != 0 {
            bytes.extend([zeros, weight.cast_unsigned()]);
            zeros = 0;
        } else {
            zeros += 1;
            if zeros == RUN {
                bytes.push(RUN);
                zeros = 0;
            }
        }
    }
    // the zeros at the end: one short of a full run and a weight of 0 say the same as anything else would
    if zeros > 0 {
        bytes.extend([zeros - 1, 0]);
    }
    bytes
}

fn decode<'a>(
    rest: &mut &[u8],
    mut cells: impl Iterator<Item = &'a mut i8>,
    label: usize,
    rows: usize,
) -> Result<(), ModelError> {
    let mut found = 0;
    while found < rows {
        let [zeros] = *take::<1>(rest, "the weights")?;
        let weight = if zeros == RUN { None } else { Some(take::<1>(rest, "the weights")?[0]) };
        found += usize::from(zeros) + usize::from(weight.is_some());
        if found > rows {
            return Err(ModelError::Rows { label, rows, found });
        }
        if let Some(weight) = weight {
            cells.nth(usize::from(zeros)).into_iter().for_each(|cell| *cell = weight.cast_signed());
        } else {
            cells.nth(usize::from(RUN) - 1);
        }
    }
    Ok(())
}

fn part<'a>(rest: &mut &'a [u8], what: &'static str, length: usize) -> Result<&'a [u8], ModelError> {
    let (part, after) = rest.split_at_checked(length).ok_or(ModelError::Truncated {
        what,
        needed: length as u64,
        left: rest.len() as u64,
    })?;
    *rest = after;
    Ok(part)
}

fn take<'a, const N: usize>(rest: &mut &'a [u8], what: &'static str) -> Result<&'a [u8; N], ModelError> {
    let left = rest.len() as u64;
    let (part, after) =
        rest.split_first_chunk().ok_or(ModelError::Truncated { what, needed: N as u64, left })?;
    *rest = after;
    Ok(part)
}
