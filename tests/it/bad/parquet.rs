//! Parquet files whose footer or pages lie. All start from one good file of two row groups of three records, and lie
//! about the second.

use super::shard::{
    BROTLI, GZIP, LZ4, LZ4_RAW, PLAIN, Page, RLE_DICTIONARY, SNAPPY, ZSTD, chunk, data_page, dictionary,
    good, plain,
};
use super::thrift::Thrift::{self, Int, List, Raw, Struct, Text};
use super::thrift::varint;
use super::{Bad, bad};
use std::fs::File;
use std::io::{Seek, SeekFrom, Write};
use std::path::Path;

/// Where in the footer the second group stands, and its column of texts.
const GROUP: [i16; 2] = [4, 1];
const TEXTS: [i16; 5] = [4, 1, 1, 1, 3];

fn in_group(field: i16) -> Vec<i16> {
    [&GROUP[..], &[field]].concat()
}

fn in_texts(field: i16) -> Vec<i16> {
    [&TEXTS[..], &[field]].concat()
}

/// A good file with a lie in its footer.
fn footer(lie: impl Fn(&mut Thrift) + Send + Sync + 'static) -> impl Fn(&Path) + Send + Sync + 'static {
    move |path| std::fs::write(path, good().bytes(&lie)).unwrap()
}

/// A good file with other texts in its second group.
fn pages(
    codec: i64,
    pages: impl Fn() -> Vec<Page> + Send + Sync + 'static,
) -> impl Fn(&Path) + Send + Sync + 'static {
    move |path| std::fs::write(path, good().with(codec, pages()).bytes(|_| {})).unwrap()
}

/// The page of texts it should have, with a lie in its header.
fn header(lie: impl Fn(&mut Thrift) + Send + Sync + 'static) -> impl Fn(&Path) + Send + Sync + 'static {
    pages(0, move || {
        let mut page = good().groups[1][1].pages.remove(0);
        lie(&mut page.0);
        vec![page]
    })
}

/// A page of this body that says how much it unpacks to.
fn bomb(
    codec: i64,
    unpacked: i64,
    body: impl Fn() -> Vec<u8> + Send + Sync + 'static,
) -> impl Fn(&Path) + Send + Sync + 'static {
    pages(codec, move || {
        let mut page = data_page(PLAIN, body());
        page.0.set(&[2], Int(unpacked));
        vec![page]
    })
}

/// A page of three texts of a dictionary of one.
fn indices(body: &'static [u8]) -> impl Fn(&Path) + Send + Sync + 'static {
    pages(0, move || {
        vec![dictionary(1, plain(&[b"the only text"])), data_page(RLE_DICTIONARY, body.to_vec())]
    })
}

/// Texts that may be null, after these bytes of levels.
fn levels(levels: &'static [u8]) -> impl Fn(&Path) + Send + Sync + 'static {
    move |path| {
        let texts = plain(&[b"one", b"two", b"three"]);
        let all = |levels: &[u8]| vec![data_page(PLAIN, [levels, &texts].concat())];
        let mut made = good().with(0, all(levels));
        made.groups[0][1] = chunk(all(&[2, 0, 0, 0, 6, 1]));
        made.optional = true;
        std::fs::write(path, made.bytes(|_| {})).unwrap();
    }
}

/// The second version of a page of data, with so many bytes of levels.
fn second_version(nulls: i64, repetitions: i64, definitions: i64) -> impl Fn(&Path) + Send + Sync + 'static {
    pages(0, move || {
        let Page(_, body) = data_page(PLAIN, plain(&[b"one", b"two", b"three"]));
        let (values, nulls) = (Int(3), Int(nulls));
        let header = Struct(vec![
            (1, values.clone()),
            (2, nulls),
            (3, values),
            (4, Int(PLAIN)),
            (5, Int(definitions)),
            (6, Int(repetitions)),
        ]);
        let sizes = Int(body.len() as i64);
        vec![Page(Struct(vec![(1, Int(3)), (2, sizes.clone()), (3, sizes), (8, header)]), body)]
    })
}

/// 1.2 GB of zeros in 1.2 MB: members of a megabyte, one behind the other.
fn gzip_bomb() -> Vec<u8> {
    let mut member = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    member.write_all(&vec![0; 1 << 20]).unwrap();
    member.finish().unwrap().repeat(1200)
}

fn brotli_bomb() -> Vec<u8> {
    let mut packed = Vec::new();
    let mut zeros = std::io::Read::take(std::io::repeat(0), 256 << 20);
    std::io::copy(&mut zeros, &mut brotli::CompressorWriter::new(&mut packed, 1 << 16, 5, 22)).unwrap();
    packed
}

fn zstd_bomb() -> Vec<u8> {
    zstd::encode_all(std::io::Read::take(std::io::repeat(0), 256 << 20), 1).unwrap()
}

/// A block of Snappy that says it holds 4 GiB.
fn snappy_bomb() -> Vec<u8> {
    let mut packed = Vec::new();
    varint(u64::from(u32::MAX), &mut packed);
    packed.extend([0x00, b'a']);
    packed.extend([0xfe, 0x01, 0x00].repeat(100_000));
    packed
}

/// A block of LZ4 whose one match has 25 MB.
fn lz4_bomb() -> Vec<u8> {
    [&[0x1f, b'a', 1, 0][..], &[0xff; 100_000], &[0, 0x50], b"aaaaa"].concat()
}

/// A frame of LZ4, too long to be sure of.
fn lz4_frame() -> Vec<u8> {
    [&0x184d_2204u32.to_le_bytes()[..], &vec![0; 5 << 20]].concat()
}

/// A schema of groups in groups in the place of the true one.
fn deep(levels: usize) -> impl Fn(&mut Thrift) {
    move |footer| {
        let group = Struct(vec![(3, Int(0)), (4, Thrift::text("g")), (5, Int(1))]);
        let List(mut schema) = footer.at(&[2]).clone() else { panic!("no schema") };
        schema.splice(1..1, std::iter::repeat_n(group, levels));
        footer.set(&[2], List(schema));
    }
}

/// A file that is nearly all a hole, and whose footer is said to be most of it.
fn hollow(path: &Path) {
    let mut file = File::create(path).unwrap();
    file.write_all(b"PAR1").unwrap();
    file.seek(SeekFrom::Start(65 << 20)).unwrap();
    file.write_all(&[&(64u32 << 20 | 1).to_le_bytes()[..], b"PAR1"].concat()).unwrap();
}

/// Overwrites the end of the good file.
fn tail(end: &'static [u8]) -> impl Fn(&Path) + Send + Sync + 'static {
    move |path| {
        let mut bytes = good().bytes(|_| {});
        let at = bytes.len() - end.len();
        bytes[at..].copy_from_slice(end);
        std::fs::write(path, bytes).unwrap();
    }
}

fn rows(of_group: i64, of_file: i64) -> impl Fn(&Path) + Send + Sync + 'static {
    footer(move |footer| {
        footer.set(&in_group(3), Int(of_group));
        footer.set(&[3], Int(of_file));
    })
}

fn texts_say(field: i16, value: i64) -> impl Fn(&Path) + Send + Sync + 'static {
    footer(move |footer| footer.set(&in_texts(field), Int(value)))
}

fn page_says(path: &'static [i16], value: i64) -> impl Fn(&Path) + Send + Sync + 'static {
    header(move |header| header.set(path, Int(value)))
}

pub fn all() -> Vec<Bad> {
    [footers(), places(), page_headers(), bombs(), contents()].into_iter().flatten().collect()
}

fn footers() -> Vec<Bad> {
    let long = |code: u8, bytes: &[u8]| Raw(code, bytes.to_vec());
    let endless_name = long(8, &[0xff, 0xff, 0xff, 0xff, 0x07, b'a']);
    let endless_list = long(9, &[0xfc, 0xff, 0xff, 0xff, 0xff, 0x07]);
    let nested = long(12, &[0x1c; 1000]);
    let huge_name = Text(vec![b'n'; 10 << 20]);
    let note =
        |value: &str| List(vec![Struct(vec![(1, Thrift::text("ARROW:schema")), (2, Thrift::text(value))])]);
    let [no_base64, no_schema] = [note("!"), note("AAAAAAAAAAAAAAAAAAAAAA==")];
    vec![
        bad("parquet/good", footer(|_| {})),
        bad("parquet/rows-negative", rows(-1, 2)),
        bad("parquet/rows-beyond-counting", rows(1 << 40, 3 + (1 << 40))),
        bad("parquet/rows-unsummed", rows(3, 7)),
        bad("parquet/rows-too-many", rows(4, 7)),
        bad("parquet/rows-too-few", rows(2, 5)),
        bad("parquet/rows-a-hundred-thousand", rows(100_000, 100_003)),
        bad("parquet/schema-deep", footer(deep(60_000))),
        bad("parquet/schema-deeper-than-lists", footer(deep(100))),
        bad("parquet/schema-endless", footer(deep(100_000))),
        bad("parquet/schema-children-too-many", footer(|f| f.set(&[2, 0, 5], Int(i32::MAX.into())))),
        bad("parquet/schema-children-negative", footer(|f| f.set(&[2, 0, 5], Int(-2)))),
        bad("parquet/schema-cyclic", footer(|f| f.set(&[2, 2, 5], Int(3)))),
        bad("parquet/schema-open", footer(|f| f.set(&[2, 1, 5], Int(1)))),
        bad("parquet/schema-type-unknown", footer(|f| f.set(&[2, 2, 1], Int(77)))),
        bad("parquet/schema-empty", footer(|f| f.set(&[2], List(Vec::new())))),
        bad(
            "parquet/column-missing",
            footer(|f| {
                let columns = List(vec![f.at(&[4, 1, 1, 0]).clone()]);
                f.set(&in_group(1), columns);
            }),
        ),
        bad("parquet/name-endless", footer(move |f| f.set(&[6], endless_name.clone()))),
        bad("parquet/name-huge", footer(move |f| f.set(&[2, 1, 4], huge_name.clone()))),
        bad("parquet/list-endless", footer(move |f| f.set(&[4], endless_list.clone()))),
        bad("parquet/footer-nested", footer(move |f| f.set(&[10], nested.clone()))),
        bad("parquet/footer-of-64-mib", hollow),
        bad("parquet/footer-of-2-gib", tail(b"\xff\xff\xff\x7fPAR1")),
        bad("parquet/footer-longer-than-file", tail(b"\xff\xff\x00\x00PAR1")),
        bad("parquet/footer-encrypted", tail(b"PARE")),
        bad("parquet/footer-empty", tail(b"\x00\x00\x00\x00PAR1")),
        bad("parquet/arrow-schema-no-base64", footer(move |f| f.set(&[5], no_base64.clone()))),
        bad("parquet/arrow-schema-garbage", footer(move |f| f.set(&[5], no_schema.clone()))),
    ]
}

fn places() -> Vec<Bad> {
    vec![
        bad("parquet/offset-negative", texts_say(9, -5)),
        bad("parquet/offset-beyond-file", texts_say(9, 1 << 50)),
        bad(
            "parquet/offset-in-footer",
            footer(|f| {
                // the last bytes of the pages and the first of the footer
                let offset = f.int(&in_texts(9)) + 20;
                f.set(&in_texts(9), Int(offset));
            }),
        ),
        bad(
            "parquet/offset-of-another-column",
            footer(|f| {
                let ids = f.int(&[4, 1, 1, 0, 3, 9]);
                f.set(&in_texts(9), Int(ids));
            }),
        ),
        bad(
            "parquet/offset-of-another-group",
            footer(|f| {
                let first = f.int(&[4, 0, 1, 1, 3, 9]);
                f.set(&in_texts(9), Int(first));
            }),
        ),
        bad("parquet/dictionary-offset-negative", texts_say(11, -1)),
        bad("parquet/size-negative", texts_say(7, -1)),
        bad("parquet/size-zero", texts_say(7, 0)),
        bad("parquet/size-too-small", texts_say(7, 40)),
        bad("parquet/size-beyond-file", texts_say(7, 1 << 40)),
        bad("parquet/size-unpacked-lies", texts_say(6, -9)),
        bad("parquet/values-too-many", texts_say(5, 4)),
        bad("parquet/values-negative", texts_say(5, -3)),
        bad("parquet/codec-unknown", texts_say(4, 99)),
        bad("parquet/type-other", texts_say(1, 2)),
        bad(
            "parquet/page-index-lies",
            footer(|f| {
                for field in 4..=7 {
                    f.set(&[4, 1, 1, 1, field], Int(if field % 2 == 0 { 1 << 30 } else { 1 << 20 }));
                }
            }),
        ),
        bad(
            "parquet/bloom-filter-lies",
            footer(|f| {
                f.set(&in_texts(14), Int(-1));
                f.set(&in_texts(15), Int(1 << 30));
            }),
        ),
    ]
}

fn page_headers() -> Vec<Bad> {
    vec![
        bad("parquet/page-of-2-gib", page_says(&[2], i32::MAX.into())),
        bad("parquet/page-unpacked-negative", page_says(&[2], -1)),
        bad("parquet/page-packed-negative", page_says(&[3], -1)),
        bad("parquet/page-truncated", page_says(&[3], 500)),
        bad("parquet/page-type-unknown", page_says(&[1], 9)),
        bad("parquet/page-without-values", page_says(&[5, 1], 0)),
        bad("parquet/page-values-too-many", page_says(&[5, 1], 4)),
        bad("parquet/page-values-too-few", page_says(&[5, 1], 2)),
        bad("parquet/page-values-beyond-counting", page_says(&[5, 1], i32::MAX.into())),
        bad("parquet/page-crc-wrong", page_says(&[4], 12345)),
        bad("parquet/page-encoding-unknown", page_says(&[5, 2], 99)),
        bad("parquet/page-encoding-of-integers", page_says(&[5, 2], 5)),
        bad("parquet/page-encoding-without-dictionary", page_says(&[5, 2], RLE_DICTIONARY)),
        bad(
            "parquet/page-header-endless",
            header(|h| h.set(&[9], Raw(8, vec![0xff, 0xff, 0xff, 0xff, 0x07]))),
        ),
        bad("parquet/page-header-nested", header(|h| h.set(&[9], Raw(12, vec![0x1c; 1000])))),
        bad("parquet/pages-empty", pages(0, || vec![data_page(PLAIN, Vec::new())])),
    ]
}

fn bombs() -> Vec<Bad> {
    vec![
        bad("parquet/bomb-gzip", bomb(GZIP, 100, gzip_bomb)),
        bad("parquet/bomb-brotli", bomb(BROTLI, 100, brotli_bomb)),
        bad("parquet/bomb-zstd", bomb(ZSTD, 100, zstd_bomb)),
        bad("parquet/bomb-zstd-told", bomb(ZSTD, i32::MAX.into(), zstd_bomb)),
        bad("parquet/bomb-snappy", bomb(SNAPPY, 100, snappy_bomb)),
        bad("parquet/bomb-lz4-raw", bomb(LZ4_RAW, 100, lz4_bomb)),
        bad("parquet/bomb-lz4", bomb(LZ4, 100, lz4_bomb)),
        bad("parquet/bomb-lz4-frame", bomb(LZ4, 100, lz4_frame)),
        bad(
            "parquet/bomb-dictionary",
            pages(ZSTD, || {
                let mut page = dictionary(1, zstd_bomb());
                page.0.set(&[2], Int(i32::MAX.into()));
                vec![page, data_page(RLE_DICTIONARY, vec![0, 6])]
            }),
        ),
        bad("parquet/packed-garbage", bomb(GZIP, 100, || b"no stream of gzip at all".to_vec())),
    ]
}

fn contents() -> Vec<Bad> {
    let long = [&u32::MAX.to_le_bytes()[..], b"short"].concat();
    let first_longer = [&10u32.to_le_bytes()[..], b"short"].concat();
    vec![
        bad("parquet/text-longer-than-page", pages(0, move || vec![data_page(PLAIN, long.clone())])),
        bad("parquet/text-into-the-next", pages(0, move || vec![data_page(PLAIN, first_longer.clone())])),
        bad(
            "parquet/text-no-utf-8",
            pages(0, || vec![data_page(PLAIN, plain(&[b"\xff\xfe", b"\xc0\xaf", b"a"]))]),
        ),
        bad("parquet/dictionary", indices(&[1, 6, 0])),
        bad("parquet/dictionary-index-beyond", indices(&[8, 6, 200])),
        bad("parquet/dictionary-index-wide", indices(&[200, 6, 1, 1, 1, 1])),
        bad("parquet/dictionary-run-endless", indices(&[1, 0xfe, 0xff, 0xff, 0xff, 0x1f, 0])),
        bad(
            "parquet/dictionary-values-lie",
            pages(0, || {
                vec![
                    dictionary(1 << 30, plain(&[b"the only text"])),
                    data_page(RLE_DICTIONARY, vec![1, 6, 0]),
                ]
            }),
        ),
        bad("parquet/levels", levels(&[2, 0, 0, 0, 6, 1])),
        bad("parquet/levels-too-high", levels(&[2, 0, 0, 0, 6, 3])),
        bad("parquet/levels-run-endless", levels(&[6, 0, 0, 0, 0xfe, 0xff, 0xff, 0xff, 0x1f, 1])),
        bad("parquet/levels-run-short", levels(&[2, 0, 0, 0, 2, 1])),
        bad("parquet/levels-longer-than-page", levels(&[0xff, 0xff, 0xff, 0x7f, 6, 1])),
        bad("parquet/second-version", second_version(0, 0, 0)),
        bad("parquet/second-version-levels-negative", second_version(0, -1, 0)),
        bad("parquet/second-version-levels-too-long", second_version(0, 1 << 20, 1 << 20)),
        bad("parquet/second-version-levels-overflow", second_version(0, i32::MAX.into(), i32::MAX.into())),
        bad("parquet/second-version-nulls-lie", second_version(-1, 0, 0)),
    ]
}
