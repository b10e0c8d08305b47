//! The matrices of a model: dense ones are read where they lie, quantised ones from their codes
//! (`densematrix.cc`, `quantmatrix.cc`, `productquantizer.cc`).

use super::reader::{Reader, floats};
use super::{Header, ModelError};

/// The largest weight accepted. Trained weights stay below a few hundred; with this limit no sum or product that
/// prediction forms can leave the range of `f32`.
const WEIGHT_MAX: f32 = 1e6;
/// How many rows are waited for at once.
const AHEAD: usize = 32;
/// A matrix of at most this size is copied. Of a larger one most rows are not in the cache anyway, and the copy would
/// cost its memory.
const COPIED_BYTES: usize = 64 << 20;
/// A line of the processor's cache.
const LINE_BYTES: usize = 64;
/// Centroids of a sub-quantiser: codes are one byte.
const CENTROIDS: usize = 256;

/// A matrix of the model; `bytes` in its methods are those of the file it was read from.
#[derive(Debug)]
pub(super) enum Matrix {
    Dense(Dense),
    Quantised(Quantised),
}

#[derive(Debug)]
pub(super) struct Dense {
    /// A small matrix, copied so that its rows start where the processor's cache lines do; empty where it is read
    /// from the file.
    copy: Vec<u8>,
    start: usize,
    rows: usize,
    cols: usize,
}

#[derive(Debug)]
pub(super) struct Quantised {
    codes: usize,
    rows: usize,
    cols: usize,
    /// Columns of each part of a row but the last, which may be narrower.
    part: usize,
    parts: usize,
    centroids: Vec<f32>,
    norms: Option<Norms>,
}

#[derive(Debug)]
struct Norms {
    codes: usize,
    centroids: Vec<f32>,
}

impl Matrix {
    /// Reads a matrix that must have the model's dimension as columns.
    pub(super) fn read(
        reader: &mut Reader<'_>,
        name: &'static str,
        quantised: bool,
        header: &Header,
    ) -> Result<Self, ModelError> {
        let matrix = if quantised {
            Quantised::read(reader, name).map(Self::Quantised)?
        } else {
            Dense::read(reader, name).map(Self::Dense)?
        };
        if matrix.cols() != header.dim {
            let value = matrix.cols() as i64;
            let expected = "must equal the dimension in the header";
            return Err(ModelError::Header { field: "the number of columns", value, expected });
        }
        Ok(matrix)
    }

    pub(super) fn rows(&self) -> usize {
        match self {
            Self::Dense(dense) => dense.rows,
            Self::Quantised(quantised) => quantised.rows,
        }
    }

    fn cols(&self) -> usize {
        match self {
            Self::Dense(dense) => dense.cols,
            Self::Quantised(quantised) => quantised.cols,
        }
    }

    /// Adds rows to `sum`, which may be longer than a row, one after the other. `first` is added to each number.
    pub(super) fn add_rows(&self, bytes: &[u8], first: usize, rows: &[u32], sum: &mut [f32]) {
        match self {
            Self::Dense(dense) => dense.add_rows(bytes, first, rows, sum),
            Self::Quantised(quantised) => {
                for &row in rows {
                    quantised.add_row(bytes, first + row as usize, sum);
                }
            }
        }
    }

    /// The product of a row and `vector`, which may be longer than a row.
    #[inline]
    pub(super) fn dot_row(&self, bytes: &[u8], row: usize, vector: &[f32]) -> f32 {
        match self {
            Self::Dense(dense) => dense.dot_row(bytes, row, vector),
            Self::Quantised(quantised) => quantised.dot_row(bytes, row, vector),
        }
    }
}

impl Dense {
    fn read(reader: &mut Reader<'_>, name: &'static str) -> Result<Self, ModelError> {
        let rows = reader.size("the number of rows")?;
        let cols = reader.size("the number of columns")?;
        let size = cols.saturating_mul(4);
        let in_file = reader.at();
        let weights = reader.take("a matrix", rows, size)?;
        check(name, weights)?;
        let (copy, start) =
            if weights.len() <= COPIED_BYTES { aligned(weights) } else { (Vec::new(), in_file) };
        // without rows the file says nothing about the columns' number, which is then held against the header
        Ok(Self { copy, start, rows: rows as usize, cols: usize::try_from(cols).unwrap_or(usize::MAX) })
    }

    fn row<'a>(&'a self, bytes: &'a [u8], row: usize) -> &'a [[u8; 4]] {
        let weights = if self.copy.is_empty() { bytes } else { &self.copy };
        let size = self.cols * 4;
        let start = self.start + row * size;
        weights.get(start..start + size).map_or(&[], |row| row.as_chunks().0)
    }

    fn add_rows(&self, bytes: &[u8], first: usize, rows: &[u32], sum: &mut [f32]) {
        for rows in rows.chunks(AHEAD) {
            if rows.len() > 1 {
                let ends = rows.iter().map(|&row| self.touch(bytes, first + row as usize));
                std::hint::black_box(ends.fold(0, |all, byte| all ^ byte));
            }
            for &row in rows {
                self.add_row(bytes, first + row as usize, sum);
            }
        }
    }

    /// Reads the ends of a row. Rows of n-grams lie anywhere in a large matrix; reading a few of them ahead lets
    /// the processor wait for all of them at once.
    fn touch(&self, bytes: &[u8], row: usize) -> u8 {
        let row = self.row(bytes, row).as_flattened();
        row.first().copied().unwrap_or(0) ^ row.last().copied().unwrap_or(0)
    }

    fn add_row(&self, bytes: &[u8], row: usize, sum: &mut [f32]) {
        let (rows, tail) = self.row(bytes, row).as_chunks::<8>();
        let (sums, rest) = sum.as_chunks_mut::<8>();
        for (sum, row) in sums.iter_mut().zip(rows) {
            for lane in 0..8 {
                sum[lane] += f32::from_le_bytes(row[lane]);
            }
        }
        // sums are padded to whole chunks, so the tail of a row lies in the chunk after its whole ones
        let last = sums.get_mut(rows.len()).map_or(rest, |chunk| chunk.as_mut_slice());
        for (sum, weight) in last.iter_mut().zip(tail) {
            *sum += f32::from_le_bytes(*weight);
        }
    }

    /// Sums in four lanes, always in the same order, so that every machine gets the same bits.
    fn dot_row(&self, bytes: &[u8], row: usize, vector: &[f32]) -> f32 {
        let (rows, tail) = self.row(bytes, row).as_chunks::<4>();
        let (vectors, rest) = vector.as_chunks::<4>();
        let mut lanes = [0.0_f32; 4];
        for (row, vector) in rows.iter().zip(vectors) {
            for lane in 0..4 {
                lanes[lane] += f32::from_le_bytes(row[lane]) * vector[lane];
            }
        }
        let last = vectors.get(rows.len()).map_or(rest, |chunk| chunk.as_slice());
        let tail: f32 = tail.iter().zip(last).map(|(weight, x)| f32::from_le_bytes(*weight) * x).sum();
        (lanes[0] + lanes[1]) + (lanes[2] + lanes[3]) + tail
    }
}

impl Quantised {
    fn read(reader: &mut Reader<'_>, name: &'static str) -> Result<Self, ModelError> {
        let has_norms = reader.flag("the flag for quantised norms")?;
        let rows = reader.size("the number of rows")?;
        let cols = reader.size("the number of columns")?;
        let announced = reader.i32("the number of codes")?;
        let codes = reader.skip("the codes", u64::try_from(announced).unwrap_or(u64::MAX), 1)?;
        let quantiser = Quantiser::read(reader, name, cols)?;
        if u128::from(rows) * quantiser.parts as u128 != codes.len() as u128 {
            let expected = "must be the rows times the parts of a row";
            return Err(ModelError::Header {
                field: "the number of codes",
                value: announced.into(),
                expected,
            });
        }
        let norms = if has_norms {
            let codes = reader.skip("the codes of the norms", rows, 1)?.start;
            Some(Norms { codes, centroids: Quantiser::read(reader, name, 1)?.centroids })
        } else {
            None
        };
        Ok(Self {
            codes: codes.start,
            rows: rows as usize,
            cols: cols as usize,
            part: quantiser.part,
            parts: quantiser.parts,
            centroids: quantiser.centroids,
            norms,
        })
    }

    /// The codes of a row and its norm.
    fn row<'a>(&self, bytes: &'a [u8], row: usize) -> (&'a [u8], f32) {
        let start = self.codes + row * self.parts;
        let codes = bytes.get(start..start + self.parts).unwrap_or(&[]);
        let norm = self.norms.as_ref().map_or(1.0, |norms| {
            let code = bytes.get(norms.codes + row).copied().unwrap_or(0);
            norms.centroids.get(code as usize).copied().unwrap_or(0.0)
        });
        (codes, norm)
    }

    fn add_row(&self, bytes: &[u8], row: usize, sum: &mut [f32]) {
        let (codes, norm) = self.row(bytes, row);
        if self.part == 2 && self.cols.is_multiple_of(2) {
            // what `fasttext quantize` writes unless told otherwise
            let (pairs, _) = self.centroids.as_chunks::<2>();
            let (tables, _) = pairs.as_chunks::<CENTROIDS>();
            let (sums, _) = sum.as_chunks_mut::<2>();
            for ((sum, &code), table) in sums.iter_mut().zip(codes).zip(tables) {
                let centroid = table[code as usize];
                sum[0] += norm * centroid[0];
                sum[1] += norm * centroid[1];
            }
            return;
        }
        let sums = sum[..self.cols].chunks_mut(self.part);
        for ((sum, &code), table) in sums.zip(codes).zip(self.centroids.chunks(self.part * CENTROIDS)) {
            let centroid = &table[code as usize * sum.len()..];
            for (sum, weight) in sum.iter_mut().zip(centroid) {
                *sum += norm * weight;
            }
        }
    }

    fn dot_row(&self, bytes: &[u8], row: usize, vector: &[f32]) -> f32 {
        let (codes, norm) = self.row(bytes, row);
        let mut product = 0.0;
        let vectors = vector[..self.cols].chunks(self.part);
        for ((vector, &code), table) in vectors.zip(codes).zip(self.centroids.chunks(self.part * CENTROIDS)) {
            let centroid = &table[code as usize * vector.len()..];
            for (x, weight) in vector.iter().zip(centroid) {
                product += x * weight;
            }
        }
        product * norm
    }
}

/// A copy, and where in it the bytes start: at the beginning of a line.
fn aligned(bytes: &[u8]) -> (Vec<u8>, usize) {
    let mut copy: Vec<u8> = Vec::with_capacity(bytes.len() + LINE_BYTES);
    let start = copy.as_ptr().align_offset(LINE_BYTES).min(LINE_BYTES);
    copy.resize(start, 0);
    copy.extend_from_slice(bytes);
    (copy, start)
}

/// A product quantiser: a row is cut into parts of `part` columns (the last takes what is left), each part is one
/// of 256 centroids. Where the last part is as wide as the others its centroids lie like theirs, and where it is
/// narrower they lie closer; so a table of 256 centroids always takes 256 times its part's width.
struct Quantiser {
    part: usize,
    parts: usize,
    centroids: Vec<f32>,
}

impl Quantiser {
    fn read(reader: &mut Reader<'_>, name: &'static str, cols: u64) -> Result<Self, ModelError> {
        let [dim, parts, part, last] = {
            let mut fields = [0_i32; 4];
            for field in &mut fields {
                *field = reader.i32("a quantiser")?;
            }
            fields
        };
        let wrong = |field, value: i32, expected| ModelError::Header { field, value: value.into(), expected };
        if u64::try_from(dim) != Ok(cols) || dim < 1 {
            return Err(wrong("the quantiser's dimension", dim, "must be the number of columns, at least 1"));
        }
        if part < 1 {
            return Err(wrong("the quantiser's part", part, "must be at least 1"));
        }
        let (count, rest) = (dim.div_euclid(part), dim.rem_euclid(part));
        let (count, rest) = if rest == 0 { (count, part) } else { (count + 1, rest) };
        if parts != count || last != rest {
            return Err(wrong("the quantiser's number of parts", parts, "must be its dimension by its part"));
        }
        let bytes = reader.take("the centroids", cols, 4 * CENTROIDS as u64)?;
        check(name, bytes)?;
        Ok(Self { part: part as usize, parts: parts as usize, centroids: floats(bytes).collect() })
    }
}

/// Looks for a weight that is not a reasonable number.
fn check(matrix: &'static str, bytes: &[u8]) -> Result<(), ModelError> {
    match floats(bytes).find(|weight| weight.is_nan() || weight.abs() > WEIGHT_MAX) {
        Some(value) => Err(ModelError::Weight { matrix, value, limit: WEIGHT_MAX }),
        None => Ok(()),
    }
}
