//! The one list of scorers: a new scorer is one file in `scorers/` and one line here.

use crate::scorers;
use filters::{Entry, entry};

/// Every scorer there is, in the order in which lists show them.
pub const SCORERS: &[Entry] = &[
    entry::<scorers::language::Config>(),
    entry::<scorers::language_spans::Config>(),
    entry::<scorers::fasttext::Config>(),
    entry::<scorers::linear::Config>(),
    entry::<scorers::ensemble::Config>(),
    entry::<scorers::perplexity::Config>(),
    entry::<scorers::tokens::Config>(),
];

/// The entry of this name.
pub fn find(name: &str) -> Option<&'static Entry> {
    SCORERS.iter().find(|entry| entry.name == name)
}
