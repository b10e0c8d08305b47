//! Edited texts, written back as a column of the type they were read from.

use crate::{Error, Result};
use arrow_array::builder::StringDictionaryBuilder;
use arrow_array::types::{
    ArrowDictionaryKeyType, Int8Type, Int16Type, Int32Type, Int64Type, UInt8Type, UInt16Type, UInt32Type,
    UInt64Type,
};
use arrow_array::{
    ArrayRef, BinaryArray, BinaryViewArray, LargeBinaryArray, LargeStringArray, StringArray, StringViewArray,
};
use arrow_schema::DataType;
use std::sync::Arc;

/// Strings and nulls as a column of the type they came from.
pub(crate) fn same_type(kind: &DataType, texts: Vec<Option<String>>) -> Result<ArrayRef> {
    let strings = || texts.iter().map(Option::as_deref);
    let bytes = || strings().map(|text| text.map(str::as_bytes));
    Ok(match kind {
        DataType::Utf8 => Arc::new(strings().collect::<StringArray>()),
        DataType::LargeUtf8 => Arc::new(strings().collect::<LargeStringArray>()),
        DataType::Utf8View => Arc::new(strings().collect::<StringViewArray>()),
        DataType::Binary => Arc::new(bytes().collect::<BinaryArray>()),
        DataType::LargeBinary => Arc::new(bytes().collect::<LargeBinaryArray>()),
        DataType::BinaryView => Arc::new(bytes().collect::<BinaryViewArray>()),
        DataType::Dictionary(key, value) if **value == DataType::Utf8 => dictionary(key, &texts)?,
        other => return Err(Error::Bug(format!("edited texts cannot be written as {other}"))),
    })
}

/// Strings as a dictionary column with keys of the given type, which may be too small for them.
fn dictionary(key: &DataType, texts: &[Option<String>]) -> Result<ArrayRef> {
    fn of<K: ArrowDictionaryKeyType>(texts: &[Option<String>]) -> Result<ArrayRef> {
        let mut builder = StringDictionaryBuilder::<K>::new();
        for text in texts {
            let Some(text) = text else {
                builder.append_null();
                continue;
            };
            builder.append(text).map_err(|e| Error::Limit {
                what: "different edited texts in one batch of a dictionary column".into(),
                limit: format!("what {} can number", K::DATA_TYPE),
                actual: e.to_string(),
            })?;
        }
        Ok(Arc::new(builder.finish()))
    }
    match key {
        DataType::Int8 => of::<Int8Type>(texts),
        DataType::Int16 => of::<Int16Type>(texts),
        DataType::Int32 => of::<Int32Type>(texts),
        DataType::Int64 => of::<Int64Type>(texts),
        DataType::UInt8 => of::<UInt8Type>(texts),
        DataType::UInt16 => of::<UInt16Type>(texts),
        DataType::UInt32 => of::<UInt32Type>(texts),
        DataType::UInt64 => of::<UInt64Type>(texts),
        other => Err(Error::Bug(format!("a dictionary with keys of {other}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow_array::Array;

    #[test]
    fn every_text_type_comes_back_as_it_was() {
        let key = |key: DataType| DataType::Dictionary(Box::new(key), Box::new(DataType::Utf8));
        let kinds = [
            DataType::Utf8,
            DataType::LargeUtf8,
            DataType::Utf8View,
            DataType::Binary,
            DataType::LargeBinary,
            DataType::BinaryView,
            key(DataType::Int8),
            key(DataType::UInt32),
            key(DataType::Int64),
        ];
        for kind in kinds {
            let column = same_type(
                &kind,
                ["a", "b", "a"].map(|text| Some(text.into())).into_iter().chain([None]).collect(),
            );
            let column = column.unwrap();
            assert_eq!((column.data_type(), column.len(), column.logical_null_count()), (&kind, 4, 1));
        }
        let many = (0..200).map(|n| Some(n.to_string())).collect();
        assert!(same_type(&key(DataType::Int8), many).is_err());
    }
}
