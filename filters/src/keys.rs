//! The keys of a config struct, asked of its `Deserialize`: a struct tells the deserializer which fields it has.

use serde::de::{DeserializeOwned, Deserializer, Error, Visitor};
use std::fmt::{self, Display};

/// The keys in the order of the struct's fields; none if it is not one.
pub fn keys<S: DeserializeOwned>() -> &'static [&'static str] {
    S::deserialize(Asked).err().map_or(&[], |Fields(fields)| fields)
}

/// Deserializes nothing but hears which fields are expected.
struct Asked;

/// What it heard.
#[derive(Debug)]
struct Fields(&'static [&'static str]);

impl Display for Fields {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.join(", ").fmt(out)
    }
}

impl std::error::Error for Fields {}

impl Error for Fields {
    fn custom<T: Display>(_: T) -> Self {
        Self(&[])
    }
}

impl<'de> Deserializer<'de> for Asked {
    type Error = Fields;

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Fields> {
        Err(Fields(&[]))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        _: V,
    ) -> Result<V::Value, Fields> {
        Err(Fields(fields))
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}

#[cfg(test)]
mod tests {
    use crate::FILTERS;

    #[test]
    fn every_default_belongs_to_a_key() {
        for entry in FILTERS {
            for key in (entry.defaults)().unwrap().keys() {
                assert!((entry.keys)().contains(&key.as_str()), "{}: {key}", entry.name);
            }
        }
        let keys = (crate::find("doc-length").unwrap().keys)();
        assert_eq!(keys, ["chars_min", "chars_max", "words_min", "words_max"]);
    }
}
