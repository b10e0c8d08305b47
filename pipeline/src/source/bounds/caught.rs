//! Panics of decoders as errors. The crates `parquet` and `arrow` answer most damage with errors and some with a failed
//! assertion; either says the same of the file, and neither may end a run of many hours.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Once;

thread_local! {
    static CATCHING: Cell<bool> = const { Cell::new(false) };
}

/// From now on nothing is printed of a panic that becomes an error: what it says is told with the file it is about. Any
/// other goes the way it went before.
pub fn hide_caught_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            if !CATCHING.get() {
                before(panic);
            }
        }));
    });
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
        assert!(!CATCHING.get());
    }
}
