//! How many disguised terms packs still find, and what looking for them costs.

use super::{Attack, Random, disguise_words};
use crate::pack::{Hit, Origin, Outcome, Rulebook, Sight, Thresholds, Verdict};
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
    /// What of them is found as written.
    pub raw: Cost,
    /// What of them is found either way.
    pub both: Cost,
    /// One row for each attack.
    pub attacks: Vec<AttackRow>,
}

/// Harmless texts that looking for terms costs something.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cost {
    /// Those that hold a term, of whatever weight.
    pub found: u64,
    /// Those that the packs escalate.
    pub escalated: u64,
}

impl Cost {
    fn add(&mut self, found: bool, escalated: bool) {
        self.found += u64::from(found);
        self.escalated += u64::from(escalated);
    }
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
    /// Of harmless texts in which nothing is found, those in which something is after every eighth word was disguised;
    /// of those that are not escalated, those that are then.
    pub newly: Cost,
}

/// Attacks every term found in the texts, and every eighth word of harmless texts. `harmless` tells which texts, by their
/// place, ought not to be found; `asked` is what of a pack escalates one.
pub fn measure(
    book: &Rulebook,
    texts: &[&str],
    harmless: impl Fn(usize) -> bool,
    asked: Thresholds,
    seed: u64,
) -> AttackReport {
    let row = |attack| AttackRow { attack, found_raw: 0, found: 0, newly: Cost::default() };
    let mut report = AttackReport {
        texts: texts.len() as u64,
        terms: 0,
        harmless: 0,
        raw: Cost::default(),
        both: Cost::default(),
        attacks: Attack::ALL.map(row).into(),
    };
    let escalates = |verdict: &Verdict| book.outcome(verdict, asked) != Outcome::Pass;
    for (nth, text) in texts.iter().enumerate() {
        let raw = judge(book, text, &[Sight::Raw]);
        let terms = terms(&raw.hits);
        report.terms += terms.len() as u64;
        let before = harmless(nth).then(|| judge(book, text, Sight::BOTH));
        let before = before.map(|both| (!both.hits.is_empty(), escalates(&both)));
        if let Some((found, escalated)) = before {
            report.harmless += 1;
            report.raw.add(!raw.hits.is_empty(), escalates(&raw));
            report.both.add(found, escalated);
        }
        for row in &mut report.attacks {
            if !terms.is_empty() {
                let mut random = Random::of(seed, nth, row.attack);
                let attacked = with_terms_disguised(text, &raw.hits, row.attack, &mut random);
                let still =
                    |sights| self::terms(&judge(book, &attacked, sights).hits).intersection(&terms).count();
                row.found_raw += still(&[Sight::Raw]) as u64;
                row.found += still(Sight::BOTH) as u64;
            }
            if let Some((found, _)) = before.filter(|(_, escalated)| !escalated) {
                let mut random = Random::of(seed, nth, row.attack);
                let attacked = disguise_words(text, HARMLESS_EVERY, row.attack, &mut random);
                let after = judge(book, &attacked, Sight::BOTH);
                row.newly.add(!found && !after.hits.is_empty(), escalates(&after));
            }
        }
    }
    report
}

fn judge(book: &Rulebook, text: &str, sights: &[Sight]) -> Verdict {
    book.judge(text, Origin::default(), sights)
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
