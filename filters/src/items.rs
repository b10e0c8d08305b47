//! Items of a benchmark, as the pipeline reads them for a stage that looks for them.

/// Which fields of a benchmark file hold what.
#[derive(Clone, Copy, Debug)]
pub struct ItemFields<'a> {
    /// The text of an item. Every item has to have one.
    pub text: &'a str,
    /// Texts that are read as its continuation. An item may lack them, a file may not.
    pub append: &'a [String],
    /// What the item is called.
    pub id: NameField<'a>,
    /// Which benchmark the item belongs to.
    pub benchmark: NameField<'a>,
}

/// A field that helps to name items. An item may lack it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NameField<'a> {
    /// What it is called.
    pub name: &'a str,
    /// Whether every file has to have it.
    pub required: bool,
}

impl<'a> NameField<'a> {
    /// A field that was asked for, or else one that may be there.
    pub fn new(asked_for: Option<&'a str>, usual: &'a str) -> Self {
        Self { name: asked_for.unwrap_or(usual), required: asked_for.is_some() }
    }
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
