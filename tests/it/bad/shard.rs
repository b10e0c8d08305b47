//! A Parquet file before it is bytes: two row groups of three records, each part of which can be exchanged for a lie.

use super::thrift::Thrift::{self, Int, List, Struct};

/// Codecs as the format numbers them.
pub(super) const SNAPPY: i64 = 1;
pub(super) const GZIP: i64 = 2;
pub(super) const BROTLI: i64 = 4;
pub(super) const LZ4: i64 = 5;
pub(super) const ZSTD: i64 = 6;
pub(super) const LZ4_RAW: i64 = 7;

pub(super) const PLAIN: i64 = 0;
pub(super) const RLE_DICTIONARY: i64 = 8;

/// A page: its header and what follows.
#[derive(Clone)]
pub(super) struct Page(pub(super) Thrift, pub(super) Vec<u8>);

#[derive(Clone)]
pub(super) struct Chunk {
    pub(super) codec: i64,
    pub(super) pages: Vec<Page>,
}

/// A file before it is bytes.
pub(super) struct Made {
    pub(super) groups: Vec<[Chunk; 2]>,
    /// Whether texts may be null, so that pages have levels.
    pub(super) optional: bool,
}

/// Strings as plain values.
pub(super) fn plain(texts: &[&[u8]]) -> Vec<u8> {
    let text = |text: &&[u8]| [&(text.len() as u32).to_le_bytes(), *text].concat();
    texts.iter().flat_map(text).collect()
}

/// A page of data of three values.
pub(super) fn data_page(encoding: i64, body: Vec<u8>) -> Page {
    let header = Struct(vec![(1, Int(3)), (2, Int(encoding)), (3, Int(3)), (4, Int(3))]);
    let sizes = Int(body.len() as i64);
    Page(Struct(vec![(1, Int(0)), (2, sizes.clone()), (3, sizes), (5, header)]), body)
}

/// A dictionary of so many values.
pub(super) fn dictionary(values: i64, body: Vec<u8>) -> Page {
    let header = Struct(vec![(1, Int(values)), (2, Int(PLAIN))]);
    let sizes = Int(body.len() as i64);
    Page(Struct(vec![(1, Int(2)), (2, sizes.clone()), (3, sizes), (7, header)]), body)
}

pub(super) fn chunk(pages: Vec<Page>) -> Chunk {
    Chunk { codec: 0, pages }
}

pub(super) fn good() -> Made {
    let group = |first: usize| {
        let ids: Vec<String> = (first..first + 3).map(|at| format!("r{at}")).collect();
        let texts: Vec<String> = (first..first + 3).map(|at| format!("the text of record {at}")).collect();
        [ids, texts].map(|strings| {
            let strings: Vec<&[u8]> = strings.iter().map(|text| text.as_bytes()).collect();
            chunk(vec![data_page(PLAIN, plain(&strings))])
        })
    };
    Made { groups: vec![group(0), group(3)], optional: false }
}

impl Made {
    /// The bytes of the file, the footer as `lie` leaves it.
    pub(super) fn bytes(&self, lie: impl FnOnce(&mut Thrift)) -> Vec<u8> {
        let mut bytes = b"PAR1".to_vec();
        let mut groups = Vec::new();
        for group in &self.groups {
            let columns = group.iter().zip(["id", "text"]).map(|(chunk, name)| {
                let start = bytes.len() as i64;
                chunk.pages.iter().for_each(|page| bytes.extend([page.0.bytes(), page.1.clone()].concat()));
                column(name, chunk, start, bytes.len() as i64 - start)
            });
            let columns = List(columns.collect());
            groups.push(Struct(vec![(1, columns), (2, Int(1000)), (3, Int(3))]));
        }
        let mut footer = Struct(vec![
            (1, Int(1)),
            (2, self.schema()),
            (3, Int(3 * self.groups.len() as i64)),
            (4, List(groups)),
        ]);
        lie(&mut footer);
        let footer = footer.bytes();
        bytes.extend(&footer);
        bytes.extend((footer.len() as u32).to_le_bytes());
        bytes.extend(b"PAR1");
        bytes
    }

    pub(super) fn schema(&self) -> Thrift {
        let string = |name: &str, repetition: bool| {
            Struct(vec![(1, Int(6)), (3, Int(repetition.into())), (4, Thrift::text(name)), (6, Int(0))])
        };
        let root = Struct(vec![(4, Thrift::text("schema")), (5, Int(2))]);
        List(vec![root, string("id", false), string("text", self.optional)])
    }

    /// The file with another chunk of texts in its second group.
    pub(super) fn with(mut self, codec: i64, pages: Vec<Page>) -> Self {
        self.groups[1][1] = Chunk { codec, pages };
        self
    }
}

pub(super) fn column(name: &str, chunk: &Chunk, start: i64, len: i64) -> Thrift {
    let data = match &chunk.pages[..] {
        [dictionary, _, ..] => start + (dictionary.0.bytes().len() + dictionary.1.len()) as i64,
        _ => start,
    };
    let mut meta = Struct(vec![
        (1, Int(6)),
        (2, List(vec![Int(PLAIN)])),
        (3, List(vec![Thrift::text(name)])),
        (4, Int(chunk.codec)),
        (5, Int(3)),
        (6, Int(len)),
        (7, Int(len)),
        (9, Int(data)),
    ]);
    if data != start {
        meta.set(&[11], Int(start));
    }
    Struct(vec![(2, Int(start)), (3, meta)])
}
