//! Finding what is taken down: the named records, what is like them, and what pointed at them. Only a few columns of
//! the ledger are read, twice.

use super::{Names, Old, Options};
use crate::files::finished;
use crate::source::parquet::ParquetReader;
use crate::{Error, Result};
use arrow_array::cast::AsArray;
use arrow_array::types::{UInt32Type, UInt64Type};
use arrow_array::{Array, RecordBatch};
use manifests::digest::Sha256;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

/// How many names an error lists.
const LISTED: usize = 10;

/// Shard number and row.
type Place = (usize, u64);

/// What the ledger says of one record, as far as it matters here.
struct Row<'b> {
    place: Place,
    id: &'b str,
    released: bool,
    duplicate_of: Option<Place>,
    content: [u8; 32],
    norm: [u8; 32],
}

/// What a takedown comes to.
#[derive(Default)]
pub(crate) struct Taken {
    /// By shard: rows of records that leave the release.
    pub(crate) rows: Vec<BTreeSet<u64>>,
    /// By shard: rows of records whose texts leave `auditor/removed`.
    pub(crate) dropped: Vec<BTreeSet<u64>>,
    pub(crate) already_out: Vec<String>,
    pub(crate) unknown: Vec<String>,
    pub(crate) orphaned: u64,
    /// Released records with equal texts that stay.
    pub(crate) equal: Vec<String>,
}

impl Taken {
    pub(crate) fn retracted(&self) -> u64 {
        self.rows.iter().map(|rows| rows.len() as u64).sum()
    }
}

/// Digests of the texts that are taken down.
#[derive(Default)]
struct Texts {
    content: HashSet<[u8; 32]>,
    norm: HashSet<[u8; 32]>,
}

impl Texts {
    fn add(&mut self, row: &Row<'_>) {
        // a record without a text has zeros; nothing is like it
        if row.content != [0; 32] && row.norm != Sha256::of(b"").0 {
            self.content.insert(row.content);
            self.norm.insert(row.norm);
        }
    }
}

/// What each name was found as, so that no id is mistaken for a place.
#[derive(Default)]
struct Found {
    place: BTreeMap<usize, Place>,
    ids: BTreeMap<usize, Vec<Place>>,
}

impl Found {
    /// Whether a record is named.
    fn note(&mut self, row: &Row<'_>, places: &HashMap<Place, usize>, names: &Names) -> bool {
        let (place, id) = (places.get(&row.place), names.of_id(row.id));
        if let Some(at) = place {
            self.place.insert(*at, row.place);
        }
        if let Some(at) = id {
            self.ids.entry(at).or_default().push(row.place);
        }
        place.is_some() || id.is_some()
    }

    /// The names that no record has; one that means two records is refused.
    fn unknown(&self, names: &Names) -> Result<Vec<String>> {
        for (at, place) in &self.place {
            if self.ids.get(at).is_some_and(|ids| ids.iter().any(|id| id != place)) {
                let why = format!("`{}` is the place of one record and the id of another", names.line(*at));
                let hint = "name the record by its shard's name, as `audit sample` prints it";
                return Err(names.error(why, hint));
            }
        }
        let unknown = |at: &usize| !self.place.contains_key(at) && !self.ids.contains_key(at);
        Ok((0..names.len()).filter(unknown).map(|at| names.line(at).to_string()).collect())
    }
}

/// Finds what is named.
pub(super) fn find(old: &Old, options: &Options<'_>) -> Result<Taken> {
    let shards = old.ledger.shards.len();
    let nothing = vec![BTreeSet::new(); shards];
    let mut taken = Taken { rows: nothing.clone(), dropped: nothing, ..Taken::default() };
    let (mut texts, mut named, mut found) = (Texts::default(), HashSet::new(), Found::default());
    let places = options.names.places(&old.stems());
    scan(old, |row| {
        if found.note(row, &places, options.names) {
            named.insert(row.place);
            texts.add(row);
            match row.released {
                true => drop(taken.rows[row.place.0].insert(row.place.1)),
                false => taken.already_out.push(shown(old, row)),
            }
        }
    })?;
    taken.unknown = found.unknown(options.names)?;
    refuse(&taken, options)?;
    likenesses(old, options, (&texts, &named), &mut taken)?;
    if taken.retracted() == 0 && taken.dropped.iter().all(BTreeSet::is_empty) {
        let why = "none of the named records is released, and no file holds their texts".to_string();
        return Err(options.names.error(why, "there is nothing to take down, and nothing was made"));
    }
    Ok(taken)
}

fn refuse(taken: &Taken, options: &Options<'_>) -> Result<()> {
    if taken.unknown.is_empty() || options.ignore_unknown {
        return Ok(());
    }
    let mut list =
        taken.unknown.iter().take(LISTED).map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    if taken.unknown.len() > LISTED {
        list.push_str(&format!(" and {} more", taken.unknown.len() - LISTED));
    }
    let why = format!("no record has the id or place {list}");
    Err(options.names.error(why, "`--ignore-unknown` goes on without them"))
}

/// Records like those that are taken down.
fn likenesses(
    old: &Old,
    options: &Options<'_>,
    (texts, named): (&Texts, &HashSet<Place>),
    taken: &mut Taken,
) -> Result<()> {
    let mut gone = named.clone();
    let mut equal = Vec::new();
    scan(old, |row| {
        if row.released && !named.contains(&row.place) && texts.content.contains(&row.content) {
            equal.push((row.place, shown(old, row)));
        }
    })?;
    for (place, shown) in equal {
        match options.equal_texts {
            true => {
                gone.insert(place);
                taken.rows[place.0].insert(place.1);
            }
            false => taken.equal.push(shown),
        }
    }
    scan(old, |row| {
        if row.released {
            return;
        }
        let of = row.duplicate_of.filter(|of| gone.contains(of));
        // what it was a duplicate of was released until now
        taken.orphaned += u64::from(of.is_some_and(|(shard, row)| taken.rows[shard].contains(&row)));
        let alike = texts.content.contains(&row.content) || texts.norm.contains(&row.norm);
        if of.is_some() || alike || named.contains(&row.place) {
            taken.dropped[row.place.0].insert(row.place.1);
        }
    })?;
    let kept = |at: usize| old.folder.join(crate::release::write::removed_file(at)).is_file();
    (0..taken.dropped.len()).filter(|at| !kept(*at)).for_each(|at| taken.dropped[at].clear());
    Ok(())
}

fn shown(old: &Old, row: &Row<'_>) -> String {
    let (shard, at) = row.place;
    format!("{}:{at} ({})", old.ledger.shards[shard].name, row.id)
}

const COLUMNS: [&str; 8] =
    ["row", "id", "fate", "duplicate_of_shard", "duplicate_of_row", "content_sha256", "norm_sha256", "shard"];

/// Every row of the ledger.
fn scan(old: &Old, mut each: impl FnMut(&Row<'_>)) -> Result<()> {
    for (number, shard) in old.ledger.shards.iter().enumerate() {
        let path = finished::path(&old.folder, &shard.ledger_file.name)?;
        let fail = |e: &dyn std::fmt::Display| Error::release(&path, e.to_string());
        let reader = ParquetReader::of_release(&path).map_err(|e| fail(&e))?;
        let columns = reader.places(COLUMNS);
        for batch in reader.all(Some(columns), None) {
            let batch = batch.map_err(|e| fail(&e))?;
            rows(number, &batch, &mut each).ok_or_else(|| fail(&"has other columns than ledgers have"))?;
        }
    }
    Ok(())
}

/// The rows of a batch; `None` when a column is not what it should be.
fn rows(number: usize, batch: &RecordBatch, each: &mut impl FnMut(&Row<'_>)) -> Option<()> {
    let text = |name: &str| batch.column_by_name(name)?.as_string_opt::<i32>();
    let digest = |name: &str| batch.column_by_name(name)?.as_fixed_size_binary_opt();
    let (id, fate) = (text("id")?, text("fate")?);
    let row = batch.column_by_name("row")?.as_primitive_opt::<UInt64Type>()?;
    let of_shard = batch.column_by_name("duplicate_of_shard")?.as_primitive_opt::<UInt32Type>()?;
    let of_row = batch.column_by_name("duplicate_of_row")?.as_primitive_opt::<UInt64Type>()?;
    let (content, norm) = (digest("content_sha256")?, digest("norm_sha256")?);
    for at in 0..batch.num_rows() {
        let of = (of_shard.is_valid(at) && of_row.is_valid(at))
            .then(|| (of_shard.value(at) as usize, of_row.value(at)));
        each(&Row {
            place: (number, row.value(at)),
            id: id.value(at),
            released: matches!(fate.value(at), "kept" | "edited"),
            duplicate_of: of,
            content: content.value(at).try_into().ok()?,
            norm: norm.value(at).try_into().ok()?,
        });
    }
    Some(())
}
