//! Buffers of one thread for one model.

use super::Prediction;
use super::cache::Cache;
use super::loss::LossScratch;
use super::subwords::Subwords;
use std::cell::RefCell;
use std::sync::{Arc, Weak};

/// What predictions reuse, so that a document costs no allocation.
pub(super) struct Scratch {
    pub(super) cache: Cache,
    /// The hidden vector, padded with zeros.
    pub(super) hidden: Vec<f32>,
    /// The sum of a token too long for the cache.
    pub(super) long: Vec<f32>,
    /// The hashes of a document's words.
    pub(super) hashes: Vec<u32>,
    /// The rows of a document's words where each is one row.
    pub(super) words: Vec<u32>,
    pub(super) subwords: Subwords,
    /// Rows about to be added.
    pub(super) rows: Vec<u32>,
    pub(super) loss: LossScratch,
    pub(super) best: Vec<Prediction>,
}

impl Scratch {
    fn new((width, cached): (usize, usize)) -> Self {
        Self {
            cache: Cache::new(cached),
            hidden: vec![0.0; width],
            long: vec![0.0; width],
            hashes: Vec::new(),
            words: Vec::new(),
            subwords: Subwords::default(),
            rows: Vec::new(),
            loss: LossScratch::default(),
            best: Vec::new(),
        }
    }
}

thread_local! {
    /// By model. A thread keeps the scratch of a dropped model until it meets a new model.
    static SCRATCHES: RefCell<Vec<(Weak<()>, Box<Scratch>)>> = const { RefCell::new(Vec::new()) };
}

/// Runs `work` with this thread's scratch for a model. The widths are those of the hidden vector and of the sums that
/// the cache holds.
pub(super) fn with<T>(model: &Arc<()>, widths: (usize, usize), work: impl FnOnce(&mut Scratch) -> T) -> T {
    let own = SCRATCHES.with_borrow_mut(|all| {
        // a weak pointer keeps its address from being given to another model
        let at = all.iter().position(|(identity, _)| identity.as_ptr() == Arc::as_ptr(model));
        if at.is_none() {
            all.retain(|(identity, _)| identity.strong_count() > 0);
        }
        at.map(|at| all.swap_remove(at))
    });
    let (identity, mut scratch) =
        own.unwrap_or_else(|| (Arc::downgrade(model), Box::new(Scratch::new(widths))));
    let result = work(&mut scratch);
    SCRATCHES.with_borrow_mut(|all| all.push((identity, scratch)));
    result
}
