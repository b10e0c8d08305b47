//! Items of a benchmark, as the pipeline reads them for a stage that looks for them.

/// Which fields of a benchmark file hold what.
#[derive(Clone, Copy, Debug)]
pub struct ItemFields<'a> {
    /// The text of an item. Every item has to have one.
    pub text: &'a str,
    /// Texts that are read as its continuation. An item may lack them, a file may not.
    pub append: &'a [String],
    /// What the item is called. Items and files may lack it.
    pub id: &'a str,
    /// Which benchmark the item belongs to. Items and files may lack it.
    pub benchmark: &'a str,
}

/// One item of a benchmark.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BenchmarkItem {
    /// Its text; what is appended stands on lines of its own.
    pub text: String,
    /// What the file calls it.
    pub id: Option<String>,
    /// The benchmark that the file says it belongs to.
    pub benchmark: Option<String>,
}
