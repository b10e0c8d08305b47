//! Arrays of any type from a seed: what input shards may hold besides their text.

use arrow_array::types::*;
use arrow_array::*;
use arrow_buffer::{ArrowNativeType, NullBuffer, OffsetBuffer, ScalarBuffer, i256};
use arrow_schema::{DataType, Field, Fields, IntervalUnit, TimeUnit};
use std::sync::Arc;

/// xorshift64*: the same numbers everywhere.
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    /// A number below `limit`.
    pub fn below(&mut self, limit: usize) -> usize {
        (self.next() >> 33) as usize % limit
    }

    fn text(&mut self) -> String {
        const PARTS: [&str; 8] = ["", "a", "naïve ", "𝒻", "日本", "\u{0}", " two words", "\n"];
        (0..self.below(4)).map(|_| PARTS[self.below(PARTS.len())]).collect()
    }

    fn bytes(&mut self, len: usize) -> Vec<u8> {
        (0..len).map(|_| self.next() as u8).collect()
    }
}

/// Every leaf type that Parquet can hold and Arrow reads back as it was.
fn leaves() -> Vec<DataType> {
    use DataType::*;
    let zone = || Some("Europe/Zurich".into());
    vec![
        Boolean,
        Int8,
        Int16,
        Int32,
        Int64,
        UInt8,
        UInt16,
        UInt32,
        UInt64,
        Float16,
        Float32,
        Float64,
        Decimal128(38, 6),
        Decimal128(9, 2),
        Decimal256(60, 10),
        Date32,
        Date64,
        Time32(TimeUnit::Second),
        Time32(TimeUnit::Millisecond),
        Time64(TimeUnit::Microsecond),
        Time64(TimeUnit::Nanosecond),
        Timestamp(TimeUnit::Second, None),
        Timestamp(TimeUnit::Millisecond, zone()),
        Timestamp(TimeUnit::Microsecond, None),
        Timestamp(TimeUnit::Nanosecond, zone()),
        Duration(TimeUnit::Millisecond),
        Interval(IntervalUnit::YearMonth),
        Interval(IntervalUnit::DayTime),
        Utf8,
        LargeUtf8,
        Utf8View,
        Binary,
        LargeBinary,
        BinaryView,
        FixedSizeBinary(5),
        Null,
        Dictionary(Box::new(Int32), Box::new(Utf8)),
        Dictionary(Box::new(UInt8), Box::new(LargeUtf8)),
    ]
}

/// A type, nested up to `depth`; `pick` walks through all leaves so that none is left to chance.
pub fn any_type(random: &mut Random, pick: usize, depth: usize) -> DataType {
    let leaves = leaves();
    let leaf = leaves[pick % leaves.len()].clone();
    if depth == 0 {
        return leaf;
    }
    let inner = |random: &mut Random| any_type(random, pick + 1, depth - 1);
    let item = |kind: DataType| Arc::new(Field::new("item", kind, true));
    match random.below(7) {
        0 => DataType::List(item(inner(random))),
        1 => DataType::LargeList(item(inner(random))),
        2 => DataType::FixedSizeList(item(inner(random)), 2),
        3 | 4 => {
            let second = any_type(random, pick + 7, depth - 1);
            let first = inner(random);
            DataType::Struct(Fields::from(vec![Field::new("x", first, true), Field::new("y", second, true)]))
        }
        5 => {
            let values = Field::new("values", inner(random), true);
            let entries = Fields::from(vec![Field::new("keys", DataType::Utf8, false), values]);
            DataType::Map(Arc::new(Field::new("entries", DataType::Struct(entries), false)), false)
        }
        _ => leaf,
    }
}

/// How many leaf types there are.
pub fn leaf_count() -> usize {
    leaves().len()
}

fn nulls(random: &mut Random, len: usize) -> NullBuffer {
    (0..len).map(|_| random.below(4) != 0).collect::<Vec<bool>>().into()
}

fn offsets<T: ArrowNativeType + std::ops::Sub<Output = T>>(
    random: &mut Random,
    nulls: &NullBuffer,
) -> (OffsetBuffer<T>, usize) {
    let mut ends = vec![T::usize_as(0)];
    let mut end = 0;
    for valid in nulls.iter() {
        end += if valid { random.below(4) } else { 0 };
        ends.push(T::usize_as(end));
    }
    (OffsetBuffer::new(ScalarBuffer::from(ends)), end)
}

/// An array of this type; about a quarter of every level is null.
pub fn any_array(random: &mut Random, kind: &DataType, len: usize) -> ArrayRef {
    let nulls = nulls(random, len);
    macro_rules! numbers {
        ($type:ty, $value:expr) => {{
            let values: Vec<_> = (0..len).map(|_| $value).collect();
            let array = PrimitiveArray::<$type>::new(ScalarBuffer::from(values), Some(nulls));
            Arc::new(array.with_data_type(kind.clone()))
        }};
    }
    macro_rules! texts {
        ($array:ty, $value:expr) => {{
            let values: Vec<_> = (0..len).map(|at| nulls.is_valid(at).then(|| $value)).collect();
            Arc::new(values.into_iter().collect::<$array>())
        }};
    }
    const DAY: i64 = 86_400;
    match kind {
        DataType::Boolean => texts!(BooleanArray, random.below(2) == 0),
        DataType::Int8 => numbers!(Int8Type, random.next() as i8),
        DataType::Int16 => numbers!(Int16Type, random.next() as i16),
        DataType::Int32 => numbers!(Int32Type, random.next() as i32),
        DataType::Int64 => numbers!(Int64Type, random.next() as i64),
        DataType::UInt8 => numbers!(UInt8Type, random.next() as u8),
        DataType::UInt16 => numbers!(UInt16Type, random.next() as u16),
        DataType::UInt32 => numbers!(UInt32Type, random.next() as u32),
        DataType::UInt64 => numbers!(UInt64Type, random.next()),
        DataType::Float16 => numbers!(
            Float16Type,
            <Float16Type as ArrowPrimitiveType>::Native::from_bits(random.next() as u16)
        ),
        // any bits: infinities, subnormals and NaN with payloads too
        DataType::Float32 => numbers!(Float32Type, f32::from_bits(random.next() as u32)),
        DataType::Float64 => {
            numbers!(Float64Type, [f64::NAN, -0.0, f64::from_bits(random.next())][random.below(3)])
        }
        DataType::Decimal128(_, _) => {
            numbers!(Decimal128Type, i128::from(random.next() as i32 % 900_000_000))
        }
        DataType::Decimal256(_, _) => {
            numbers!(Decimal256Type, i256::from_i128(i128::from(random.next() as i64)))
        }
        DataType::Date32 => numbers!(Date32Type, random.next() as i32 % 100_000),
        DataType::Date64 => numbers!(Date64Type, (random.next() as i64 % 100_000) * DAY * 1000),
        DataType::Time32(TimeUnit::Second) => numbers!(Time32SecondType, random.below(DAY as usize) as i32),
        DataType::Time32(_) => numbers!(Time32MillisecondType, random.below(DAY as usize * 1000) as i32),
        DataType::Time64(TimeUnit::Microsecond) => {
            numbers!(Time64MicrosecondType, random.below(DAY as usize * 1_000_000) as i64)
        }
        DataType::Time64(_) => {
            numbers!(Time64NanosecondType, random.below(DAY as usize * 1_000_000_000) as i64)
        }
        DataType::Timestamp(TimeUnit::Second, _) => {
            numbers!(TimestampSecondType, random.next() as i32 as i64)
        }
        DataType::Timestamp(TimeUnit::Millisecond, _) => {
            numbers!(TimestampMillisecondType, random.next() as i32 as i64)
        }
        DataType::Timestamp(TimeUnit::Microsecond, _) => {
            numbers!(TimestampMicrosecondType, random.next() as i64 >> 4)
        }
        DataType::Timestamp(TimeUnit::Nanosecond, _) => {
            numbers!(TimestampNanosecondType, random.next() as i64)
        }
        DataType::Duration(_) => numbers!(DurationMillisecondType, random.next() as i64),
        DataType::Interval(IntervalUnit::YearMonth) => numbers!(IntervalYearMonthType, random.next() as i32),
        DataType::Interval(_) => numbers!(
            IntervalDayTimeType,
            IntervalDayTimeType::make_value(random.next() as i32, random.next() as i32)
        ),
        DataType::Utf8 => texts!(StringArray, random.text()),
        DataType::LargeUtf8 => texts!(LargeStringArray, random.text()),
        DataType::Utf8View => texts!(StringViewArray, random.text()),
        DataType::Binary => texts!(BinaryArray, random_bytes(random)),
        DataType::LargeBinary => texts!(LargeBinaryArray, random_bytes(random)),
        DataType::BinaryView => texts!(BinaryViewArray, random_bytes(random)),
        DataType::FixedSizeBinary(width) => {
            let bytes = random.bytes(len * *width as usize);
            Arc::new(FixedSizeBinaryArray::new(*width, bytes.into(), Some(nulls)))
        }
        DataType::Null => Arc::new(NullArray::new(len)),
        DataType::Dictionary(keys, values) => {
            let entries: Vec<String> = ["", "b", "é", "zz"].map(str::to_string).to_vec();
            let entries: ArrayRef = match values.as_ref() {
                DataType::LargeUtf8 => Arc::new(LargeStringArray::from(entries)),
                _ => Arc::new(StringArray::from(entries)),
            };
            let picks: Vec<usize> = (0..len).map(|_| random.below(4)).collect();
            if **keys == DataType::UInt8 {
                let keys = picks.iter().map(|&n| n as u8).collect::<Vec<_>>();
                Arc::new(DictionaryArray::new(UInt8Array::new(keys.into(), Some(nulls)), entries))
            } else {
                let keys = picks.iter().map(|&n| n as i32).collect::<Vec<_>>();
                Arc::new(DictionaryArray::new(Int32Array::new(keys.into(), Some(nulls)), entries))
            }
        }
        DataType::List(item) => {
            let (offsets, items) = offsets::<i32>(random, &nulls);
            let values = any_array(random, item.data_type(), items);
            Arc::new(ListArray::new(Arc::clone(item), offsets, values, Some(nulls)))
        }
        DataType::LargeList(item) => {
            let (offsets, items) = offsets::<i64>(random, &nulls);
            let values = any_array(random, item.data_type(), items);
            Arc::new(LargeListArray::new(Arc::clone(item), offsets, values, Some(nulls)))
        }
        DataType::FixedSizeList(item, size) => {
            let values = any_array(random, item.data_type(), len * *size as usize);
            Arc::new(FixedSizeListArray::new(Arc::clone(item), *size, values, Some(nulls)))
        }
        DataType::Struct(fields) => {
            let columns = fields.iter().map(|field| any_array(random, field.data_type(), len)).collect();
            Arc::new(StructArray::new(fields.clone(), columns, Some(nulls)))
        }
        DataType::Map(entry, _) => {
            let DataType::Struct(fields) = entry.data_type() else { panic!("entries are structs") };
            let (offsets, items) = offsets::<i32>(random, &nulls);
            let keys: ArrayRef = Arc::new(StringArray::from_iter_values((0..items).map(|n| format!("k{n}"))));
            let values = any_array(random, fields[1].data_type(), items);
            let entries = StructArray::new(fields.clone(), vec![keys, values], None);
            Arc::new(MapArray::new(Arc::clone(entry), offsets, entries, Some(nulls), false))
        }
        other => panic!("no arrays of {other}"),
    }
}

fn random_bytes(random: &mut Random) -> Vec<u8> {
    let len = random.below(6);
    random.bytes(len)
}
