//! Writing a model.

use super::estimate::Estimated;
use super::ngram::{Key, numbers};
use super::vocabulary::{UNKNOWN, Vocabulary};
use crate::files::store::Pending;
use crate::{Error, Result};
use classifiers::language_model::{Builder, ModelError, Weights, Words, arpa_header};
use std::io::{self, Write};
use std::path::Path;

/// Writes all orders to a file in the format that its extension asks for.
pub(super) fn write(orders: &[Estimated], vocabulary: &Vocabulary, words: Words, path: &Path) -> Result<()> {
    let counts: Vec<u64> = orders.iter().map(|order| order.len() as u64).collect();
    let mut file = Pending::create(path)?;
    if path.extension().is_some_and(|extension| extension == "arpa") {
        arpa(orders, vocabulary, &arpa_header(&counts, words), &mut file)
            .map_err(|e| Error::output(path, e))?;
    } else {
        let bytes = binary(orders, vocabulary, &counts).map_err(|e| Error::output(path, e))?;
        file.write_all(&bytes).map_err(|e| Error::output(path, e))?;
    }
    file.commit()
}

/// The n-grams of one order, in the order of the text, with their weights.
fn ngrams(order: &Estimated, len: usize) -> impl Iterator<Item = (Vec<u32>, Weights)> + '_ {
    order.iter().map(move |row| {
        let ids = Key::from(&row).reversed(len).words()[..len].to_vec();
        let (probability, backoff) = numbers(&row);
        let log10 = |bits: u64| libm::log10(f64::from_bits(bits)) as f32;
        // what is certain but for rounding is certain
        (ids, Weights { probability: log10(probability).min(0.0), backoff: log10(backoff) })
    })
}

fn arpa(orders: &[Estimated], vocabulary: &Vocabulary, header: &str, out: &mut impl Write) -> io::Result<()> {
    out.write_all(header.as_bytes())?;
    for (len, order) in (1..).zip(orders) {
        write!(out, "\n\\{len}-grams:\n")?;
        for (ids, weights) in ngrams(order, len) {
            write!(out, "{}", weights.probability)?;
            for (at, id) in ids.iter().enumerate() {
                out.write_all(if at == 0 { b"\t" } else { b" " })?;
                out.write_all(&vocabulary.words()[*id as usize])?;
            }
            if len < orders.len() {
                write!(out, "\t{}", weights.backoff)?;
            }
            out.write_all(b"\n")?;
        }
    }
    out.write_all(b"\n\\end\\\n")
}

fn binary(
    orders: &[Estimated],
    vocabulary: &Vocabulary,
    counts: &[u64],
) -> std::result::Result<Vec<u8>, ModelError> {
    let mut builder = Builder::new(counts)?;
    for (len, order) in (1..).zip(orders) {
        for (ids, weights) in ngrams(order, len) {
            match ids[..] {
                // words come by their ids, and the builder counts as we do
                [id] => {
                    let added = builder.add_word(&vocabulary.words()[id as usize], weights)?;
                    debug_assert!(added == id || id == UNKNOWN);
                }
                _ => builder.add(&ids, weights)?,
            }
        }
    }
    Ok(builder.finish(None)?.as_binary().to_vec())
}
