//! Lists, whatever the width of their offsets.

use arrow_array::{Array, ArrayRef, GenericListArray, LargeListArray, ListArray, OffsetSizeTrait};
use arrow_schema::{ArrowError, DataType, FieldRef};
use std::ops::Range;
use std::sync::Arc;

/// A column of lists.
#[derive(Clone, Copy)]
pub(crate) enum Lists<'b> {
    Small(&'b ListArray),
    Large(&'b LargeListArray),
}

impl<'b> Lists<'b> {
    pub(crate) fn of(array: &'b dyn Array) -> Option<Self> {
        let any = array.as_any();
        any.downcast_ref().map(Self::Small).or_else(|| any.downcast_ref().map(Self::Large))
    }

    /// What all lists hold, one after the other.
    pub(crate) fn values(self) -> &'b ArrayRef {
        match self {
            Self::Small(lists) => lists.values(),
            Self::Large(lists) => lists.values(),
        }
    }

    /// Where in it a row's list stands; `None` for a null.
    pub(super) fn range(self, row: usize) -> Option<Range<usize>> {
        fn of<O: OffsetSizeTrait>(lists: &GenericListArray<O>, row: usize) -> Option<Range<usize>> {
            let at = |row: usize| lists.value_offsets().get(row).map(|offset| offset.as_usize());
            lists.is_valid(row).then_some(at(row)?..at(row + 1)?)
        }
        match self {
            Self::Small(lists) => of(lists, row),
            Self::Large(lists) => of(lists, row),
        }
    }

    /// The same lists of other values, of the type that `item` says.
    pub(crate) fn with_values(self, item: &FieldRef, values: ArrayRef) -> Result<ArrayRef, ArrowError> {
        fn of<O: OffsetSizeTrait>(
            lists: &GenericListArray<O>,
            item: &FieldRef,
            values: ArrayRef,
        ) -> Result<ArrayRef, ArrowError> {
            let (offsets, nulls) = (lists.offsets().clone(), lists.nulls().cloned());
            Ok(Arc::new(GenericListArray::try_new(Arc::clone(item), offsets, values, nulls)?))
        }
        match self {
            Self::Small(lists) => of(lists, item, values),
            Self::Large(lists) => of(lists, item, values),
        }
    }

    /// What a list's type says of its items.
    pub(super) fn item(self) -> Result<FieldRef, ArrowError> {
        let list = match self {
            Self::Small(lists) => lists.data_type(),
            Self::Large(lists) => lists.data_type(),
        };
        match list {
            DataType::List(item) | DataType::LargeList(item) => Ok(Arc::clone(item)),
            other => Err(ArrowError::SchemaError(format!("{other} is no list"))),
        }
    }
}
