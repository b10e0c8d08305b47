//! A threshold as it is written, hashed and signed: a decimal string, never a binary float.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::fmt;

/// A finite number that configuration writes as a decimal string (`"0.85"`), an integer or a float, and that is
/// always serialised as a decimal string, so that signed bytes hold no floating point.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub struct Decimal(f64);

impl Decimal {
    /// The number. Rust writes the shortest decimal that reads back equal, so text and value always agree.
    pub fn get(self) -> f64 {
        self.0
    }

    /// A decimal for a default written in code; infinities and NaN become zero.
    pub const fn of(value: f64) -> Self {
        if value.is_finite() { Self(value) } else { Self(0.0) }
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        // adding zero turns -0 into 0: one number, one spelling
        write!(out, "{}", self.0 + 0.0)
    }
}

impl Serialize for Decimal {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Decimal {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(DecimalVisitor)
    }
}

struct DecimalVisitor;

impl de::Visitor<'_> for DecimalVisitor {
    type Value = Decimal;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a decimal number such as \"0.85\"")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Decimal, E> {
        let plain = text.bytes().all(|b| b.is_ascii_digit() || b == b'.' || b == b'-');
        match text.parse::<f64>() {
            Ok(value) if plain && value.is_finite() => Ok(Decimal(value)),
            _ => Err(E::invalid_value(de::Unexpected::Str(text), &self)),
        }
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Decimal, E> {
        if value.is_finite() {
            Ok(Decimal(value))
        } else {
            Err(E::invalid_value(de::Unexpected::Float(value), &self))
        }
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<Decimal, E> {
        Ok(Decimal(value as f64))
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Decimal, E> {
        Ok(Decimal(value as f64))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Deserialize, Serialize)]
    struct Holder {
        at: Decimal,
    }

    fn read(toml: &str) -> Result<String, String> {
        toml::from_str::<Holder>(toml).map(|h| h.at.to_string()).map_err(|e| e.message().to_string())
    }

    #[test]
    fn strings_integers_and_floats_mean_the_same() {
        for (written, kept) in
            [("\"0.85\"", "0.85"), ("0.85", "0.85"), ("3", "3"), ("\"3.0\"", "3"), ("-0.0", "0")]
        {
            assert_eq!(read(&format!("at = {written}")).as_deref(), Ok(kept), "{written}");
        }
    }

    #[test]
    fn what_is_not_a_finite_decimal_is_refused() {
        for written in ["\"high\"", "\"inf\"", "\"1e5\"", "nan", "true", "\"\""] {
            assert!(read(&format!("at = {written}")).is_err(), "{written}");
        }
    }
}
