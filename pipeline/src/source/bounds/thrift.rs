//! Thrift's compact protocol, as far as headers of Parquet need it: integers by the number of their field, everything
//! else walked over. <https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md>

/// Structures within structures: those of Parquet nest five deep.
const DEPTH_MAX: u32 = 32;

/// What is wrong with the bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wrong {
    /// They end too early; there may be more of them elsewhere.
    Ends,
    /// They are not what the protocol has.
    Malformed,
}

type Read<T> = Result<T, Wrong>;

/// The type of a field, as the protocol numbers them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Flag,
    Byte,
    Integer,
    Double,
    Binary,
    List,
    Map,
    Struct,
    Uuid,
}

impl Kind {
    fn of(code: u8) -> Read<Self> {
        Ok(match code {
            1 | 2 => Self::Flag,
            3 => Self::Byte,
            4..=6 => Self::Integer,
            7 => Self::Double,
            8 => Self::Binary,
            // a set is spelled as a list is
            9 | 10 => Self::List,
            11 => Self::Map,
            12 => Self::Struct,
            13 => Self::Uuid,
            _ => return Err(Wrong::Malformed),
        })
    }
}

/// Bytes and how far they have been read.
pub(super) struct Compact<'b> {
    bytes: &'b [u8],
    at: usize,
    depth: u32,
}

impl<'b> Compact<'b> {
    pub(super) fn new(bytes: &'b [u8]) -> Self {
        Self { bytes, at: 0, depth: 0 }
    }

    /// How many bytes have been read.
    pub(super) fn read(&self) -> usize {
        self.at
    }

    /// Reads a structure. `field` is told number and kind of each of its fields and reads it, or says that it did not.
    pub(super) fn structure(
        &mut self,
        mut field: impl FnMut(&mut Self, i16, Kind) -> Read<bool>,
    ) -> Read<()> {
        self.deeper(|this| {
            let mut last = 0i16;
            loop {
                let head = this.byte()?;
                if head == 0 {
                    return Ok(());
                }
                let number = match head >> 4 {
                    0 => i16::try_from(this.integer()?).map_err(|_| Wrong::Malformed)?,
                    step => last.checked_add(i16::from(step)).ok_or(Wrong::Malformed)?,
                };
                last = number;
                // the value of a flag stands in its type
                match Kind::of(head & 0x0f)? {
                    Kind::Flag => {}
                    kind if field(this, number, kind)? => {}
                    kind => this.skip(kind)?,
                }
            }
        })
    }

    /// Reads a list: its length and the kind of its items, which are to be read next. A list that has more items than
    /// there are bytes left is malformed.
    pub(super) fn list(&mut self) -> Read<(usize, Kind)> {
        let head = self.byte()?;
        if head == 0 {
            return Ok((0, Kind::Byte));
        }
        let len = match head >> 4 {
            15 => usize::try_from(self.varint()?).map_err(|_| Wrong::Malformed)?,
            short => usize::from(short),
        };
        let kind = Kind::of(head & 0x0f)?;
        if len > self.bytes.len() - self.at {
            return Err(Wrong::Ends);
        }
        Ok((len, kind))
    }

    /// Reads an integer of any width.
    pub(super) fn integer(&mut self) -> Read<i64> {
        let folded = self.varint()?;
        Ok((folded >> 1) as i64 ^ -((folded & 1) as i64))
    }

    /// Reads bytes: how many there are.
    pub(super) fn binary(&mut self) -> Read<usize> {
        let len = usize::try_from(self.varint()?).map_err(|_| Wrong::Malformed)?;
        self.over(len).map(|()| len)
    }

    /// Walks over a value.
    pub(super) fn skip(&mut self, kind: Kind) -> Read<()> {
        match kind {
            // an item of a list, where it takes a byte
            Kind::Flag | Kind::Byte => self.over(1),
            Kind::Integer => self.varint().map(drop),
            Kind::Double => self.over(8),
            Kind::Uuid => self.over(16),
            Kind::Binary => self.binary().map(drop),
            Kind::Struct => self.structure(|_, _, _| Ok(false)),
            Kind::List => self.deeper(|this| {
                let (len, kind) = this.list()?;
                (0..len).try_for_each(|_| this.skip(kind))
            }),
            Kind::Map => self.deeper(Self::skip_map),
        }
    }

    fn skip_map(&mut self) -> Read<()> {
        let len = self.varint()?;
        if len == 0 {
            return Ok(());
        }
        let kinds = self.byte()?;
        let (key, value) = (Kind::of(kinds >> 4)?, Kind::of(kinds & 0x0f)?);
        (0..len).try_for_each(|_| self.skip(key).and_then(|()| self.skip(value)))
    }

    fn deeper<T>(&mut self, read: impl FnOnce(&mut Self) -> Read<T>) -> Read<T> {
        if self.depth == DEPTH_MAX {
            return Err(Wrong::Malformed);
        }
        self.depth += 1;
        let done = read(self);
        self.depth -= 1;
        done
    }

    fn byte(&mut self) -> Read<u8> {
        let byte = *self.bytes.get(self.at).ok_or(Wrong::Ends)?;
        self.at += 1;
        Ok(byte)
    }

    fn varint(&mut self) -> Read<u64> {
        let mut value = 0u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(Wrong::Malformed)
    }

    fn over(&mut self, bytes: usize) -> Read<()> {
        let end = self.at.checked_add(bytes).filter(|&end| end <= self.bytes.len());
        self.at = end.ok_or(Wrong::Ends)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn fields_are_told_by_number_and_what_is_not_read_is_walked_over() {
        // 1: 5, 2: true, 4: "ab", 5: [1, 2], 300: { 1: -1 }
        let bytes =
            [0x15, 10, 0x11, 0x28, 2, b'a', b'b', 0x19, 0x25, 2, 4, 0x0c, 0xd8, 4, 0x15, 1, 0, 0, 0xff];
        let (mut told, mut compact) = (Vec::new(), Compact::new(&bytes));
        let read = compact.structure(|this, number, kind| {
            told.push(number);
            Ok(number == 1 && kind == Kind::Integer && this.integer()? == 5)
        });
        assert_eq!((read, compact.read(), told), (Ok(()), bytes.len() - 1, vec![1, 4, 5, 300]));
    }

    #[test]
    fn lengths_and_depths_that_cannot_be_are_refused() {
        let deep = [0x1cu8; 100];
        let lists = [0x19u8; 100];
        let long_list = [0x19, 0xf5, 0xff, 0xff, 0xff, 0xff, 0x07];
        let long_name = [0x18, 0xff, 0xff, 0xff, 0xff, 0x07, 0, 0];
        let long_map = [0x1b, 0xff, 0xff, 0xff, 0xff, 0x07, 0x11];
        let endless = [0x15, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff];
        let cases: [(&[u8], Wrong); 7] = [
            (&deep, Wrong::Malformed),
            (&lists, Wrong::Malformed),
            (&long_list, Wrong::Ends),
            (&long_name, Wrong::Ends),
            (&long_map, Wrong::Ends),
            (&endless, Wrong::Malformed),
            (&[0x1e], Wrong::Malformed),
        ];
        for (bytes, wrong) in cases {
            assert_eq!(Compact::new(bytes).skip(Kind::Struct), Err(wrong), "{bytes:?}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_end(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            let mut compact = Compact::new(&bytes);
            _ = compact.skip(Kind::Struct);
            prop_assert!(compact.read() <= bytes.len());
        }
    }
}
