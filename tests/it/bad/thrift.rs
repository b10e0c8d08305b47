//! Thrift's compact protocol, written as one likes: what a writer of Parquet would never put into a header.

/// A value.
#[derive(Clone, Debug)]
pub enum Thrift {
    Int(i64),
    Text(Vec<u8>),
    List(Vec<Thrift>),
    Struct(Vec<(i16, Thrift)>),
    /// Bytes in the place of a value, of the type of this code.
    Raw(u8, Vec<u8>),
}

use Thrift::{Int, List, Raw, Struct, Text};

impl Thrift {
    pub fn text(text: &str) -> Self {
        Text(text.as_bytes().to_vec())
    }

    /// Puts a value where a path of fields and positions leads.
    pub fn set(&mut self, path: &[i16], value: Thrift) {
        let Some((&first, rest)) = path.split_first() else {
            *self = value;
            return;
        };
        match self {
            List(items) => items[first as usize].set(rest, value),
            Struct(fields) => match fields.iter_mut().find(|(field, _)| *field == first) {
                Some((_, field)) => field.set(rest, value),
                None => {
                    fields.push((first, value));
                    fields.sort_by_key(|(field, _)| *field);
                }
            },
            other => panic!("{other:?} has no field {first}"),
        }
    }

    /// What stands where a path leads.
    pub fn at(&self, path: &[i16]) -> &Thrift {
        path.iter().fold(self, |value, &step| match value {
            List(items) => &items[step as usize],
            Struct(fields) => &fields.iter().find(|(field, _)| *field == step).unwrap().1,
            other => panic!("{other:?} has no field {step}"),
        })
    }

    pub fn int(&self, path: &[i16]) -> i64 {
        match self.at(path) {
            Int(value) => *value,
            other => panic!("{other:?} is no integer"),
        }
    }

    /// A structure as bytes.
    pub fn bytes(&self) -> Vec<u8> {
        let mut out = Vec::new();
        self.write(&mut out);
        out
    }

    /// As integers of 64 bits are typed where those of 32 should be, readers must go by the field and not the type.
    fn code(&self) -> u8 {
        match self {
            Int(value) if i32::try_from(*value).is_ok() => 5,
            Int(_) => 6,
            Text(_) => 8,
            List(_) => 9,
            Struct(_) => 12,
            Raw(code, _) => *code,
        }
    }

    fn write(&self, out: &mut Vec<u8>) {
        match self {
            Int(value) => varint(((value << 1) ^ (value >> 63)) as u64, out),
            Text(text) => {
                varint(text.len() as u64, out);
                out.extend(text);
            }
            List(items) => {
                let code = items.first().map_or(12, Thrift::code);
                out.push(0xf0 | code);
                varint(items.len() as u64, out);
                items.iter().for_each(|item| item.write(out));
            }
            Struct(fields) => {
                let mut last = 0;
                for (field, value) in fields {
                    out.push(((field - last) as u8) << 4 | value.code());
                    last = *field;
                    value.write(out);
                }
                out.push(0);
            }
            Raw(_, bytes) => out.extend(bytes),
        }
    }
}

pub fn varint(mut value: u64, out: &mut Vec<u8>) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}
