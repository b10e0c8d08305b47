//! Panics of decoders as errors. The crates `parquet` and `arrow` answer most damage with errors and some with a failed
//! assertion; either says the same of the file, and neither may end a run of many hours.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};

thread_local! {
    static CATCHING: Cell<bool> = const { Cell::new(false) };
}

/// Whether a panic of this thread, now, would become an error that names the file: a panic hook has nothing to print.
pub fn is_catching() -> bool {
    CATCHING.get()
}

/// What a decoder answers, or what it panics with.
pub(crate) fn caught<T>(decode: impl FnOnce() -> T) -> Result<T, String> {
    let before = CATCHING.replace(true);
    // what the decoder held is dropped and never looked at again
    let answer = catch_unwind(AssertUnwindSafe(decode));
    CATCHING.set(before);
    answer.map_err(|panic| {
        let told = panic.downcast_ref::<&str>().copied();
        let told = told.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
        format!("the decoder gave up: {}", told.unwrap_or("no reason given"))
    })
}

/// An iterator that ends with its first error or panic: after one a Parquet reader would tell it for ever.
pub(crate) struct Caught<R>(Option<R>);

impl<R> Caught<R> {
    pub(crate) fn new(reader: R) -> Self {
        Self(Some(reader))
    }
}

impl<T, E: ToString, R: Iterator<Item = Result<T, E>>> Iterator for Caught<R> {
    type Item = Result<T, String>;

    fn next(&mut self) -> Option<Self::Item> {
        let reader = self.0.as_mut()?;
        let item = match caught(|| reader.next()) {
            Ok(item) => item?.map_err(|e| e.to_string()),
            Err(panic) => Err(panic),
        };
        if item.is_err() {
            self.0 = None;
        }
        Some(item)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::panic::resume_unwind;

    #[test]
    fn a_panic_is_the_last_item_and_an_error() {
        let numbers = (0..5).map(|n| match n {
            2 => resume_unwind(Box::new("two")),
            n => Ok::<_, String>(n),
        });
        let read: Vec<_> = Caught::new(numbers).collect();
        assert_eq!(read, [Ok(0), Ok(1), Err("the decoder gave up: two".into())]);
        let one_error = [Ok(1), Err("no"), Ok(2)].into_iter();
        assert_eq!(Caught::new(one_error).collect::<Vec<_>>(), [Ok(1), Err("no".to_string())]);
        assert!(!is_catching());
    }
}
