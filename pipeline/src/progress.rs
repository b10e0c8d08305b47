//! How a run tells the outside how far it is.

/// Told by a run how far it is; called from several threads.
pub trait Progress: Send + Sync {
    /// A pass begins that will handle `total` units (bytes of compressed input).
    fn begin(&self, pass: &str, total: u64);
    /// So many more units are done.
    fn advance(&self, units: u64);
    /// The pass is done.
    fn end(&self);
}

/// Tells nobody.
#[derive(Debug)]
pub struct Silent;

impl Progress for Silent {
    fn begin(&self, _: &str, _: u64) {}
    fn advance(&self, _: u64) {}
    fn end(&self) {}
}
