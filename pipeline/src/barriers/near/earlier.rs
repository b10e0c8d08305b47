//! Records of earlier releases, known by their signatures, and by their texts where the release is at hand.

use super::candidates::Node;
use super::index::Index;
use crate::Error;
use crate::Result;
use crate::barriers::corpus::{Corpus, TextPart, TextWriter};
use crate::files::spill::Listing;
use crate::release::parts;
use crate::source::released::ReleasedFile;
use filters::{BuildError, Chosen, Context};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Where a release keeps the index of the stage `near-duplicates`.
pub(crate) const INDEX: &str = "auditor/index/near-duplicates.keys";

/// The entries of all indices, numbered through.
#[derive(Debug, Default)]
pub(super) struct Earlier {
    releases: Vec<Release>,
}

#[derive(Debug)]
struct Release {
    index: Index,
    /// Number of its first entry.
    first: u64,
    /// Its curated shards, if they are there.
    data: Vec<PathBuf>,
}

impl Earlier {
    /// Opens releases, or indices by themselves (`*.keys`).
    pub(super) fn open(
        against: &[String],
        (parameters, bands): (&str, usize),
        context: &mut dyn Context,
    ) -> std::result::Result<Self, BuildError> {
        let mut releases: Vec<Release> = Vec::new();
        for (at, name) in against.iter().enumerate() {
            if against[..at].contains(name) {
                return Err(BuildError::key("against", format!("names `{name}` twice")));
            }
            let is_index = name.ends_with(".keys");
            let file = if is_index { name.clone() } else { format!("{name}/{INDEX}") };
            if !is_index && context.place(name).is_dir() && !context.place(&file).exists() {
                return Err(BuildError::key(
                    "against",
                    format!(
                        "names `{name}`, which has no `{INDEX}`; a release gets one by `index = true` in its stage `near-duplicates`"
                    ),
                ));
            }
            // lists its digest in the manifest
            context.asset(&file)?;
            let path = context.place(&file);
            let index = Index::open(&path, parameters, bands).map_err(|why| BuildError::asset(&file, why))?;
            let root = path.ancestors().nth(INDEX.split('/').count());
            // an index alone, or a release without its texts
            let names = root.and_then(|root| Some((root, parts::names(root).ok()?)));
            let data =
                names.map(|(root, names)| names.iter().map(|name| root.join(name)).collect::<Vec<_>>());
            let data = data.filter(|data| data.iter().any(|path| path.exists())).unwrap_or_default();
            let first = releases.last().map_or(0, |release| release.first + release.index.len());
            releases.push(Release { index, first, data });
        }
        Ok(Self { releases })
    }

    pub(super) fn len(&self) -> u64 {
        self.releases.last().map_or(0, |release| release.first + release.index.len())
    }

    pub(super) fn band(&self, entry: u64, band: usize) -> u64 {
        self.release(entry).map_or(0, |release| release.index.band(entry - release.first, band))
    }

    fn release(&self, entry: u64) -> Option<&Release> {
        let at = self.releases.partition_point(|release| release.first <= entry);
        self.releases.get(at.checked_sub(1)?)
    }

    /// The texts of the listed entries, which a part compares, as far as they are at hand.
    pub(super) fn texts(
        &self,
        listed: &Listing<1>,
        corpus: &Corpus<'_>,
        part: usize,
    ) -> Result<EarlierTexts> {
        let mut parts = Vec::new();
        for release in &self.releases {
            if release.data.is_empty() {
                continue;
            }
            let end = release.first + release.index.len();
            let mut by_shard: BTreeMap<u32, Vec<(u64, u64)>> = BTreeMap::new();
            let [from, to] = [release.first, end].map(|entry| listed.position(entry << 1));
            for [node] in listed.range(from..to) {
                let entry = Node(node).number();
                let (shard, row) = release.index.place(entry - release.first);
                by_shard.entry(shard).or_default().push((entry, row));
            }
            for (shard, wanted) in by_shard {
                let path = release.data.get(shard as usize).ok_or_else(|| {
                    Error::input(
                        &release.data[0],
                        format!("its index names part {shard}, which is not listed"),
                    )
                })?;
                let entries: Vec<u64> = wanted.iter().map(|(entry, _)| *entry).collect();
                let name = format!("earlier-{}-{shard}-{part}", release.first);
                parts.push(corpus.text_part(&name, release.first..end, &entries, |texts| {
                    read(path, (release, corpus), &wanted, texts)
                })?);
            }
        }
        Ok(EarlierTexts(parts))
    }
}

/// The texts of some rows of one shard.
fn read(
    path: &Path,
    (release, corpus): (&Release, &Corpus<'_>),
    wanted: &[(u64, u64)],
    texts: &mut TextWriter,
) -> Result<()> {
    // an index lists its release's rows in order; one that does not is not ours
    if let Some([_, (_, row)]) = wanted.windows(2).find(|pair| matches!(pair, [(_, a), (_, b)] if a >= b)) {
        return Err(Error::input(path, format!("its index lists row {row} out of order")));
    }
    let input = release.index.input();
    let turns = corpus.turns(input.messages.as_ref());
    let rows: Vec<u64> = wanted.iter().map(|(_, row)| *row).collect();
    let (mut unread, mut written) = (None, Ok(()));
    let mut push = |text: &str| {
        if written.is_ok() {
            written = texts.push(text);
        }
    };
    let found = ReleasedFile::open(path, &input)?.documents_at(&rows, |_, document| match document {
        Ok(whole) => match &turns {
            Some(turns) => push(Chosen::of(&whole, turns).document(&whole).text),
            None => push(whole.text),
        },
        Err(cause) => _ = unread.get_or_insert(cause),
    })?;
    match (unread, rows.get(found)) {
        (None, None) => written,
        (Some(cause), _) => Err(Error::input(path, cause.rule())),
        (None, Some(row)) => Err(Error::input(path, format!("has no row {row}, which its index lists"))),
    }
}

/// Texts of entries.
#[derive(Default)]
pub(super) struct EarlierTexts(Vec<TextPart>);

impl EarlierTexts {
    /// The text of an entry, if it is at hand.
    pub(super) fn get(&self, entry: u64) -> Result<Option<&str>> {
        self.0.iter().find_map(|part| part.find(entry).transpose()).transpose()
    }
}
