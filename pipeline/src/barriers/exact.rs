//! # What it measures
//! Whether another record has the same text, byte for byte, or is equal in what else `by` names.
//! # Why
//! Exact copies teach nothing new and weigh their content twice.
//! # Source
//! Own definition. Records are grouped by xxh3-128 of what is compared and then compared byte by byte, so that a
//! collision removes nothing (datatrove 0.10.1 and most others trust a 64-bit hash).

use super::keep::{Keep, Preference};
use super::normal_url::{host, normal_url};
use super::{Barrier, BarrierSpec, Extent, RecordNumber, Removal, Resolution, Step};
use crate::Result;
use crate::barriers::corpus::{Corpus, Texts};
use crate::files::spill::Listing;
use crate::judge::norm::normal_form;
use filters::{BuildError, Context, Document, FieldRef, Findings, Kind, Rule, View};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::collections::HashMap;
use std::path::PathBuf;
use xxhash_rust::xxh3::xxh3_128;

/// What makes two records copies of one another, and which of them survives.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Parts of a record that must all be equal.
    pub by: Vec<By>,
    /// Which record survives.
    pub keep: Keep,
    /// The column that `keep = "highest-score"` looks at.
    pub score: String,
    /// Sources in the order `keep = "source-priority"` prefers them.
    pub sources: Vec<String>,
}

impl Default for Config {
    fn default() -> Self {
        Self { by: vec![By::Text], keep: Keep::Earliest, score: String::new(), sources: Vec::new() }
    }
}

/// A part of a record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum By {
    /// The text.
    Text,
    /// The text in Unicode's NFC with every run of white space one space, as `norm_sha256` has it.
    NormalText,
    /// The URL without scheme, `www.`, default port, fragment and final slash; a record without one has no copies.
    Url,
    /// The host of the URL, without `www.` and default port; a record without one has no copies.
    Host,
    /// The id.
    Id,
    /// The name of the source.
    Source,
    /// `column:NAME`, a column of the input or, as `column:NAME.FIELD`, of a struct in it; a record without a value
    /// has no copies.
    Column(String),
}

const PARTS: [(&str, By); 6] = [
    ("text", By::Text),
    ("normal-text", By::NormalText),
    ("url", By::Url),
    ("host", By::Host),
    ("id", By::Id),
    ("source", By::Source),
];

impl TryFrom<String> for By {
    type Error = String;

    fn try_from(name: String) -> std::result::Result<Self, String> {
        if let Some((_, part)) = PARTS.iter().find(|(known, _)| *known == name) {
            return Ok(part.clone());
        }
        match name.strip_prefix("column:") {
            Some(column) if !column.is_empty() => Ok(Self::Column(column.to_string())),
            _ => {
                let known = PARTS.map(|(known, _)| known).join("`, `");
                Err(format!("unknown part `{name}`, expected one of `{known}`, `column:NAME`"))
            }
        }
    }
}

impl From<By> for String {
    fn from(by: By) -> String {
        match by {
            By::Column(name) => format!("column:{name}"),
            part => PARTS.into_iter().find(|(_, known)| *known == part).map_or("", |(name, _)| name).into(),
        }
    }
}

const DUPLICATE: Rule =
    Rule { id: "duplicate", summary: "1 if the survivor is equal in what is compared", alias: None };

/// The built barrier.
pub struct ExactDuplicates {
    by: Vec<Part>,
    preference: Preference,
}

impl BarrierSpec for Config {
    const NAME: &'static str = "exact-duplicates";
    const SUMMARY: &'static str =
        "removes records whose text (or URL, id, any column) equals another record's, byte for byte";
    const SOURCE: &'static str = "own definition";
    const RULES: &'static [Rule] = &[DUPLICATE];
    type Barrier = ExactDuplicates;

    fn build(&self, context: &mut dyn Context) -> std::result::Result<ExactDuplicates, BuildError> {
        if self.by.is_empty() {
            return Err(BuildError::key("by", "names nothing to compare"));
        }
        let preference = Preference::new(self.keep, &self.score, &self.sources, context)?;
        let by = self.by.iter().map(|by| Part::new(by, context)).collect::<std::result::Result<_, _>>()?;
        Ok(ExactDuplicates { by, preference })
    }
}

/// A part of a record, found.
pub(super) enum Part {
    Text,
    NormalText,
    Url,
    Host,
    Id,
    Source,
    Field(FieldRef),
}

impl Part {
    pub(super) fn new(by: &By, context: &mut dyn Context) -> std::result::Result<Self, BuildError> {
        Ok(match by {
            By::Text => Self::Text,
            By::NormalText => Self::NormalText,
            By::Url => Self::Url,
            By::Host => Self::Host,
            By::Id => Self::Id,
            By::Source => Self::Source,
            By::Column(name) => Self::Field(context.field(name, Kind::Label)?),
        })
    }

    /// What a record has to compare; `None` where it lacks this part.
    pub(super) fn of<'a>(&self, document: &Document<'a>) -> Option<Cow<'a, str>> {
        match self {
            Self::Text => Some(Cow::Borrowed(document.text)),
            Self::NormalText => Some(Cow::Owned(normal_form(document.text))),
            Self::Url => document.url.filter(|url| !url.is_empty()).map(|url| Cow::Owned(normal_url(url))),
            Self::Host => document.url.and_then(host).map(Cow::Owned),
            Self::Id => Some(Cow::Borrowed(document.id)),
            Self::Source => Some(Cow::Borrowed(document.source)),
            Self::Field(field) => document.field(*field).map(Cow::Borrowed),
        }
    }
}

/// Words of the key: rank, then the hash.
const RANK: usize = 0;
const HASH: [usize; 2] = [1, 2];

impl ExactDuplicates {
    /// What is compared of a record; `None` where it lacks a part.
    fn parts<'a>(&self, document: &Document<'a>) -> Option<Cow<'a, str>> {
        match self.by.as_slice() {
            [one] => one.of(document),
            // each with its length, so that no two lists of parts are confused
            more => {
                let measured = |part: &Part| part.of(document).map(|text| format!("{}:{text}", text.len()));
                more.iter().map(measured).collect::<Option<String>>().map(Cow::Owned)
            }
        }
    }
}

impl Barrier for ExactDuplicates {
    fn rules(&self) -> &'static [Rule] {
        &[DUPLICATE]
    }

    fn key_words(&self) -> usize {
        3
    }

    fn sign(&self, view: &View<'_>, findings: &Findings, key: &mut [u64]) {
        let Some(compared) = self.parts(view.document()) else { return };
        let hash = xxh3_128(compared.as_bytes()).max(1);
        key[RANK] = self.preference.rank(view, findings);
        key[HASH[0]] = (hash >> 64) as u64;
        key[HASH[1]] = hash as u64;
    }

    fn compared<'a>(&self, view: &View<'a>) -> Cow<'a, str> {
        self.parts(view.document()).unwrap_or_default()
    }

    fn steps(&self) -> Vec<Step> {
        vec![
            Step { name: "hashes", extent: Extent::Shares },
            Step { name: "copies", extent: Extent::Parts(1) },
            Step { name: "texts", extent: Extent::Shares },
            Step { name: "compare", extent: Extent::Parts(1) },
        ]
    }

    fn step(&self, corpus: &Corpus<'_>, step: usize, task: usize) -> Result<Vec<PathBuf>> {
        match step {
            HASHES => send_hashes(corpus, task),
            COPIES => send_copies(corpus, task),
            TEXTS => send_texts(corpus, task),
            _ => send_compared(corpus, task),
        }
    }

    fn resolve(&self, corpus: &Corpus<'_>, resolution: &mut Resolution) -> Result<()> {
        for part in 0..corpus.parts() {
            let removed: Listing<2> = corpus.sent(COMPARE, part, &format!("removed-{part}"))?;
            for [record, survivor] in removed.iter() {
                let survivor = Some(survivor);
                resolution.remove(Removal { record, survivor, similarity: 1.0, bound: None, rule: 0 })?;
            }
        }
        Ok(())
    }
}

/// The steps, in order.
const HASHES: usize = 0;
const COPIES: usize = 1;
const TEXTS: usize = 2;
const COMPARE: usize = 3;

/// The records of a share by their hashes.
fn send_hashes(corpus: &Corpus<'_>, share: usize) -> Result<Vec<PathBuf>> {
    let name = format!("hashes-{share}");
    corpus.leave((0..corpus.parts()).map(|part| format!("{name}-{part}")).collect(), || {
        let mut keyed = corpus.sorter::<4>(&name, 2);
        corpus.for_each_of(share, [HASH[0], HASH[1], RANK], |record, [high, low, rank]| {
            match (high, low) {
                (0, 0) => Ok(()),
                _ => keyed.push([high, low, rank, record]),
            }
        })?;
        corpus.send_in_parts(&name, keyed.finish()?, |row| corpus.part_of_hash(row[0]))
    })
}

/// Copies of one another, the preferred one first: of the hashes that one part is responsible for.
fn send_copies(corpus: &Corpus<'_>, part: usize) -> Result<Vec<PathBuf>> {
    let names = [format!("copies-{part}"), format!("members-{part}")];
    corpus.leave(names.to_vec(), || {
        let mut keyed = corpus.sorter::<4>("keys", 2);
        for share in 0..corpus.shares() {
            let of_share: Listing<4> = corpus.sent(HASHES, share, &format!("hashes-{share}-{part}"))?;
            of_share.iter().try_for_each(|row| keyed.push(row))?;
        }
        let mut rows = keyed.finish()?.peekable();
        let mut last = None;
        let copied = std::iter::from_fn(move || {
            loop {
                let row = rows.next()?;
                let hash = Some([row[0], row[1]]);
                let next = rows.peek().map(|next| [next[0], next[1]]);
                let copied = last == hash || next == hash;
                last = hash;
                if copied {
                    return Some(row);
                }
            }
        });
        let copies: Listing<4> = corpus.send(&names[0], copied)?;
        let mut members = corpus.sorter::<1>("members", 2);
        copies.iter().try_for_each(|[.., record]| members.push([record]))?;
        corpus.send(&names[1], members.finish()?).map(drop)
    })
}

/// What is compared of the copies in a share.
fn send_texts(corpus: &Corpus<'_>, share: usize) -> Result<Vec<PathBuf>> {
    let members: Vec<Listing<1>> = (0..corpus.parts())
        .map(|part| corpus.sent(COPIES, part, &format!("members-{part}")))
        .collect::<Result<_>>()?;
    corpus.leave_texts(share, |records| {
        let of = |listed: &Listing<1>| listed.position(records.start)..listed.position(records.end);
        let found = members.iter().flat_map(|listed| listed.range(of(listed)));
        let mut found: Vec<RecordNumber> = found.map(|[record]| record).collect();
        found.sort_unstable();
        found
    })
}

/// Compares the copies of one part, byte by byte.
fn send_compared(corpus: &Corpus<'_>, part: usize) -> Result<Vec<PathBuf>> {
    let name = format!("removed-{part}");
    corpus.leave(vec![name.clone()], || {
        let copies: Listing<4> = corpus.sent(COPIES, part, &format!("copies-{part}"))?;
        let members: Listing<1> = corpus.sent(COPIES, part, &format!("members-{part}"))?;
        let texts = corpus.left_texts(TEXTS, members.iter().map(|[record]| record))?;
        let mut removed = corpus.sorter::<2>("removed", 2);
        let mut group = Equal::default();
        for [high, low, _, record] in copies.iter() {
            if let Some(survivor) = group.survivor([high, low], record, &texts)? {
                removed.push([record, survivor])?;
            }
        }
        corpus.send(&name, removed.finish()?).map(drop)
    })
}

/// The records of one hash by what is compared: one entry, unless 128 bits collided.
#[derive(Default)]
struct Equal<'t> {
    hash: [u64; 2],
    first_with: HashMap<&'t str, RecordNumber>,
}

impl<'t> Equal<'t> {
    /// The record that survives in this one's stead, if another does.
    fn survivor(
        &mut self,
        hash: [u64; 2],
        record: RecordNumber,
        texts: &'t Texts,
    ) -> Result<Option<RecordNumber>> {
        if self.hash != hash {
            self.hash = hash;
            self.first_with.clear();
        }
        let first = *self.first_with.entry(texts.get(record)?).or_insert(record);
        Ok((first != record).then_some(first))
    }
}
