//! What could not be had of a file. Decoders make one message of whatever goes wrong, and bytes that cannot be had are
//! not damage: so what reads for them takes note.

use std::io::{self, Read};
use std::sync::{Arc, OnceLock};

/// The first failure to read a file, shared by all who read it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Failure(Arc<OnceLock<String>>);

impl Failure {
    /// What went wrong, if something did.
    pub(crate) fn told(&self) -> Option<&str> {
        self.0.get().map(String::as_str)
    }

    /// Takes note of an error.
    pub(crate) fn note(&self, error: io::Error) -> io::Error {
        let _ = self.0.set(error.to_string());
        error
    }

    /// Reads on as before, taking note.
    pub(crate) fn noting<R>(&self, reader: R) -> Noting<R> {
        Noting { reader, failure: self.clone() }
    }
}

/// A reader that takes note of failures and, after one, goes on failing: what it yields never ends early.
#[derive(Debug)]
pub(crate) struct Noting<R> {
    reader: R,
    failure: Failure,
}

impl<R: Read> Read for Noting<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if let Some(why) = self.failure.told() {
            return Err(io::Error::other(why.to_string()));
        }
        match self.reader.read(into) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Err(error),
            read => read.map_err(|error| self.failure.note(error)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Fails once, and reads on as if nothing had been.
    struct Hiccup(bool);

    impl Read for Hiccup {
        fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
            match std::mem::replace(&mut self.0, true) {
                false => Err(io::Error::other("no contact")),
                true => Ok(into.len()),
            }
        }
    }

    #[test]
    fn one_failure_is_told_for_ever_and_to_all() {
        let failure = Failure::default();
        let mut reader = failure.noting(Hiccup(false));
        assert_eq!(failure.told(), None);
        assert!(reader.read(&mut [0; 4]).is_err() && reader.read(&mut [0; 4]).is_err());
        assert_eq!(failure.clone().told(), Some("no contact"));
    }
}
