//! How many disguised terms packs still find, and what looking for them costs.

use super::{Attack, Random, disguise_words};
use crate::pack::{Hit, Origin, Rulebook, Sight};
use std::collections::BTreeSet;

/// Of harmless texts every eighth word is disguised: as much as a text with an odd font or a bad scan has.
pub const HARMLESS_EVERY: usize = 8;

/// What was found, before and after each attack.
#[derive(Clone, Debug, PartialEq)]
pub struct AttackReport {
    /// Texts looked at.
    pub texts: u64,
    /// Different terms found as written, summed over texts: what is attacked.
    pub terms: u64,
    /// Harmless texts.
    pub harmless: u64,
    /// Harmless texts in which a term is found as written.
    pub flagged_raw: u64,
    /// Harmless texts in which a term is found either way.
    pub flagged: u64,
    /// One row for each attack.
    pub attacks: Vec<AttackRow>,
}

/// What one attack did.
#[derive(Clone, Debug, PartialEq)]
pub struct AttackRow {
    /// The attack.
    pub attack: Attack,
    /// Of the attacked terms, those still found as written.
    pub found_raw: u64,
    /// Those still found either way.
    pub found: u64,
    /// Harmless texts without a term in which one is found after every eighth word was disguised.
    pub flagged: u64,
}

/// Attacks every term found in the texts, and every eighth word of harmless texts without one. `harmless` tells which
/// texts, by their place, ought not to be found.
pub fn measure(book: &Rulebook, texts: &[&str], harmless: impl Fn(usize) -> bool, seed: u64) -> AttackReport {
    let rows = Attack::ALL.map(|attack| AttackRow { attack, found_raw: 0, found: 0, flagged: 0 });
    let mut report = AttackReport {
        texts: texts.len() as u64,
        terms: 0,
        harmless: 0,
        flagged_raw: 0,
        flagged: 0,
        attacks: rows.into(),
    };
    for (nth, text) in texts.iter().enumerate() {
        let raw = find(book, text, &[Sight::Raw]);
        let terms = terms(&raw);
        report.terms += terms.len() as u64;
        let clean = harmless(nth).then(|| raw.is_empty() && find(book, text, Sight::BOTH).is_empty());
        report.harmless += u64::from(clean.is_some());
        report.flagged_raw += u64::from(clean.is_some() && !raw.is_empty());
        report.flagged += u64::from(clean == Some(false));
        for row in &mut report.attacks {
            let mut random = Random::of(seed, nth, row.attack);
            if !raw.is_empty() {
                let attacked = with_terms_disguised(text, &raw, row.attack, &mut random);
                let still = |sights| self::terms(&find(book, &attacked, sights)).intersection(&terms).count();
                row.found_raw += still(&[Sight::Raw]) as u64;
                row.found += still(Sight::BOTH) as u64;
            } else if clean == Some(true) {
                let attacked = disguise_words(text, HARMLESS_EVERY, row.attack, &mut random);
                row.flagged += u64::from(!find(book, &attacked, Sight::BOTH).is_empty());
            }
        }
    }
    report
}

fn find(book: &Rulebook, text: &str, sights: &[Sight]) -> Vec<Hit> {
    book.judge(text, Origin::default(), sights).hits
}

fn terms(hits: &[Hit]) -> BTreeSet<usize> {
    hits.iter().map(|hit| hit.term).collect()
}

fn with_terms_disguised(text: &str, hits: &[Hit], attack: Attack, random: &mut Random) -> String {
    let mut attacked = String::with_capacity(text.len() * 2);
    let mut at = 0;
    // terms of two packs may share words: those are disguised once
    for hit in hits {
        if hit.start >= at {
            attacked.push_str(&text[at..hit.start]);
            attacked.push_str(&attack.disguise(&text[hit.start..hit.end], random));
            at = hit.end;
        }
    }
    attacked.push_str(&text[at..]);
    attacked
}
