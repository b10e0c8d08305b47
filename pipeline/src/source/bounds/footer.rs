//! The footer: its length, its schema and its counts, before and after it is parsed.

use super::caught::caught;
use super::thrift::{Compact, Kind, Wrong};
use crate::files::blob::{FOOTER_TAIL_BYTES, footer_tail};
use parquet::errors::ParquetError;
use parquet::file::metadata::{ParquetMetaData, ParquetMetaDataReader};
use parquet::file::reader::ChunkReader;

/// The longest footer that is read. That of a file of 10,000 row groups of 20 columns has about 30 MB.
const FOOTER_BYTES_MAX: usize = 64 << 20;

/// How deep groups of columns may nest: a list takes two levels. The parser calls itself once a level.
const SCHEMA_DEPTH_MAX: usize = 64;

/// The most columns and groups of columns.
const SCHEMA_ELEMENTS_MAX: usize = 1 << 16;

/// The longest name of a column, in bytes: messages repeat them.
const NAME_BYTES_MAX: usize = 1 << 10;

/// The most rows of a row group. No writer comes near it with texts, and a footer that says more would have as many
/// records accounted for.
const GROUP_ROWS_MAX: i64 = 1 << 24;

/// Fields of `FileMetaData` and `SchemaElement`, as parquet-format 2.11 numbers them.
const SCHEMA: i16 = 2;
const NAME: i16 = 4;
const NUM_CHILDREN: i16 = 5;

/// Parses the footer at the end of a file.
pub(crate) fn parse(file: &impl ChunkReader) -> Result<ParquetMetaData, String> {
    let metadata = match bytes(file).map_err(|e| e.to_string())? {
        Some(bytes) => {
            check(&bytes)?;
            caught(|| ParquetMetaDataReader::decode_metadata(&bytes))?
        }
        // too short, no Parquet, encrypted, or longer than the file: the parser tells which
        None => caught(|| ParquetMetaDataReader::new().parse_and_finish(file))?,
    };
    let metadata = metadata.map_err(|e| e.to_string())?;
    check_rows(&metadata)?;
    Ok(metadata)
}

/// The bytes of the footer, where there is one that the file is long enough for.
fn bytes(file: &impl ChunkReader) -> Result<Option<bytes::Bytes>, ParquetError> {
    let Some(tail) = footer_tail(file)? else { return Ok(None) };
    let len = tail.metadata_length();
    if len > FOOTER_BYTES_MAX {
        return Err(ParquetError::General(format!(
            "the footer has {len} bytes, of which {FOOTER_BYTES_MAX} are read at most"
        )));
    }
    match file.len().checked_sub((len + FOOTER_TAIL_BYTES) as u64) {
        Some(start) if !tail.is_encrypted_footer() => file.get_bytes(start, len).map(Some),
        _ => Ok(None),
    }
}

/// Walks over a footer: its lists are no longer than its bytes, and its schema is a tree that is not too deep.
fn check(footer: &[u8]) -> Result<(), String> {
    let mut schema = Ok(());
    let walked = Compact::new(footer).structure(|footer, number, kind| {
        if (number, kind) != (SCHEMA, Kind::List) {
            return Ok(false);
        }
        let elements = elements(footer)?;
        let told = std::mem::replace(&mut schema, Ok(()));
        schema = told.and_then(|()| names(&elements)).and_then(|()| tree(&elements));
        Ok(true)
    });
    match walked {
        Ok(()) => schema,
        Err(Wrong::Ends) => Err("the footer tells of more bytes than it has".into()),
        Err(Wrong::Malformed) => Err("the footer is malformed".into()),
    }
}

/// A column, or a group of them, of a schema.
#[derive(Clone, Copy, Default)]
struct Element {
    name_bytes: usize,
    /// How many it says it has.
    children: i64,
}

/// The elements of a schema in their order.
fn elements(footer: &mut Compact<'_>) -> Result<Vec<Element>, Wrong> {
    let (len, kind) = footer.list()?;
    let mut all = Vec::new();
    for _ in 0..len {
        let mut element = Element::default();
        match kind {
            Kind::Struct => footer.structure(|footer, number, kind| {
                match (number, kind) {
                    (NAME, Kind::Binary) => element.name_bytes = footer.binary()?,
                    (NUM_CHILDREN, Kind::Integer) => element.children = footer.integer()?,
                    _ => return Ok(false),
                }
                Ok(true)
            })?,
            other => footer.skip(other)?,
        }
        all.push(element);
    }
    Ok(all)
}

fn names(elements: &[Element]) -> Result<(), String> {
    match elements.iter().map(|element| element.name_bytes).max() {
        Some(longest) if longest > NAME_BYTES_MAX => {
            Err(format!("a column's name has {longest} bytes, at most {NAME_BYTES_MAX}"))
        }
        _ => Ok(()),
    }
}

/// Checks that elements in the order of a walk from the root make a tree.
fn tree(elements: &[Element]) -> Result<(), String> {
    if elements.len() > SCHEMA_ELEMENTS_MAX {
        return Err(format!("the schema has {} elements, at most {SCHEMA_ELEMENTS_MAX}", elements.len()));
    }
    let mut open: Vec<i64> = Vec::new();
    for (at, &Element { children: number, .. }) in elements.iter().enumerate() {
        let left = (elements.len() - at - 1) as i64;
        if !(0..=left).contains(&number) {
            return Err(format!("a group of the schema has {number} columns, and {left} are left"));
        }
        if let Some(top) = open.last_mut() {
            *top -= 1;
        }
        open.push(number);
        if open.len() > SCHEMA_DEPTH_MAX {
            return Err(format!("the schema nests more than {SCHEMA_DEPTH_MAX} deep"));
        }
        while open.last() == Some(&0) {
            open.pop();
        }
    }
    match open.is_empty() {
        true => Ok(()),
        false => Err("the schema ends within a group".into()),
    }
}

/// Checks that the rows of the row groups can be, and are those of the file.
fn check_rows(metadata: &ParquetMetaData) -> Result<(), String> {
    let mut all = 0i64;
    for (at, group) in metadata.row_groups().iter().enumerate() {
        let rows = group.num_rows();
        if !(0..=GROUP_ROWS_MAX).contains(&rows) {
            return Err(format!("row group {at} has {rows} rows, expected 0 to {GROUP_ROWS_MAX}"));
        }
        all = all.saturating_add(rows);
    }
    match metadata.file_metadata().num_rows() {
        told if told == all => Ok(()),
        told => Err(format!("the footer says {told} rows, its row groups {all}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_schema_is_a_tree() {
        let deep: Vec<i64> = std::iter::repeat_n(1, 100_000).chain([0]).collect();
        let fits: Vec<i64> = std::iter::repeat_n(1, SCHEMA_DEPTH_MAX - 1).chain([0]).collect();
        let cases: [(&[i64], &str); 9] = [
            (&[2, 0, 0], ""),
            (&[2, 1, 0, 2, 0, 0], ""),
            (&[0], ""),
            (&fits, ""),
            (&deep, "the schema has 100001 elements"),
            (&deep[deep.len() - 100..], "the schema nests more than 64 deep"),
            (&[3, 0, 0], "a group of the schema has 3 columns, and 2 are left"),
            (&[i64::MAX], "a group of the schema has 9223372036854775807 columns"),
            (&[-1, 0], "a group of the schema has -1 columns"),
        ];
        let tree = |children: &[i64]| {
            let element = |&children: &i64| Element { children, ..Element::default() };
            super::tree(&children.iter().map(element).collect::<Vec<_>>())
        };
        for (children, expected) in cases {
            let told = tree(children).err().unwrap_or_default();
            assert!(told.starts_with(expected) && told.is_empty() == expected.is_empty(), "{told}");
        }
        assert_eq!(tree(&[2, 1, 0]).unwrap_err(), "the schema ends within a group");
    }
}
