use super::*;
use arrow_array::{ArrayRef, Int64Array, NullArray, StringArray};
use parquet::arrow::ArrowWriter;

const FIELDS: ItemFields<'_> = ItemFields {
    text: "text",
    append: &[],
    id: NameField { name: "id", required: false },
    benchmark: NameField { name: "set", required: false },
};

fn read_bytes(name: &str, bytes: Vec<u8>, fields: &ItemFields<'_>) -> Wrong<Vec<BenchmarkItem>> {
    let asset = Asset { name: name.into(), bytes: Arc::new(bytes) };
    items(&asset, fields).map_err(|e| e.to_string())
}

fn file(columns: Vec<(&str, ArrayRef)>) -> Vec<u8> {
    let batch = RecordBatch::try_from_iter_with_nullable(
        columns.into_iter().map(|(name, array)| (name, array, true)),
    )
    .unwrap();
    let mut bytes = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut bytes, batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    bytes
}

fn strings(values: &[Option<&str>]) -> ArrayRef {
    Arc::new(StringArray::from(values.to_vec()))
}

fn told(item: &BenchmarkItem) -> (&str, Option<&str>, Option<&str>) {
    (&item.text, item.id.as_deref(), item.benchmark.as_deref())
}

/// More columns than a message names.
#[test]
fn a_text_behind_many_columns_is_read() {
    let names: Vec<String> = (0..2 * NAMES_TOLD_MAX).map(|at| format!("c{at}")).collect();
    let mut columns: Vec<(&str, ArrayRef)> =
        names.iter().map(|name| (name.as_str(), strings(&[Some("x")]))).collect();
    columns.push(("text", strings(&[Some("One?")])));
    columns.push(("id", strings(&[Some("7")])));
    let items = read_bytes("a.parquet", file(columns), &FIELDS).unwrap();
    assert_eq!(items.iter().map(told).collect::<Vec<_>>(), [("One?", Some("7"), None)]);
}

#[test]
fn both_formats_hold_the_same_items() {
    let answer = ["answer".to_string()];
    let fields = ItemFields { append: &answer, ..FIELDS };
    let table = file(vec![
        ("set", strings(&[Some("a"), None])),
        ("more", strings(&[Some("x"), Some("y")])),
        ("id", Arc::new(Int64Array::from(vec![7, -8]))),
        ("answer", strings(&[None, Some("No.")])),
        ("text", strings(&[Some("One?"), Some("Two?")])),
    ]);
    let lines = b"\xef\xbb\xbf{\"text\":\"One?\",\"id\":7,\"set\":\"a\",\"answer\":null}\r\n\n{\"id\":-8,\"text\":\"Two?\",\"answer\":\"No.\"}";
    let packed = zstd::encode_all(&lines[..], 3).unwrap();
    for items in [
        read_bytes("a.parquet", table, &fields),
        read_bytes("b.jsonl", lines.to_vec(), &fields),
        read_bytes("b.JSONL.zst", packed, &fields),
    ] {
        let items = items.unwrap();
        let told: Vec<_> = items.iter().map(told).collect();
        assert_eq!(told, [("One?", Some("7"), Some("a")), ("Two?\nNo.", Some("-8"), None)]);
    }
}

#[test]
fn what_is_wrong_is_told_with_its_row() {
    let whole = file(vec![("text", strings(&[Some("One?"), None]))]);
    let torn = whole[..whole.len() - 9].to_vec();
    let mut damaged = file(vec![("text", strings(&[Some("One?")]))]);
    damaged[4..20].fill(0xff);
    let binary: ArrayRef = Arc::new(arrow_array::BinaryArray::from(vec![&b"a"[..], &b"\xff"[..]]));
    let append = ["answer".to_string()];
    let more = ItemFields { append: &append, ..FIELDS };
    let keyed = ItemFields { id: NameField { name: "key", required: true }, ..FIELDS };
    for (name, bytes, fields, part) in [
        (
            "a.csv",
            b"text\nOne?".to_vec(),
            &FIELDS,
            "asset `a.csv`: is none of .parquet, .jsonl and .jsonl.zst",
        ),
        ("a.parquet", whole.clone(), &FIELDS, "asset `a.parquet`: row 1: `text` is null"),
        ("a.parquet", torn, &FIELDS, "asset `a.parquet`: Parquet error"),
        ("a.parquet", damaged, &FIELDS, "asset `a.parquet`: row 0 and those after it: "),
        ("a.parquet", Vec::new(), &FIELDS, "asset `a.parquet`: "),
        ("a.parquet", file(vec![("text", binary)]), &FIELDS, "row 1: `text` is not UTF-8"),
        ("a.jsonl.gz", Vec::new(), &FIELDS, "have to be unpacked"),
        ("a.jsonl.zst", b"{}".to_vec(), &FIELDS, "asset `a.jsonl.zst`: "),
        ("a.parquet", whole.clone(), &keyed, "no column `key`; there are: text"),
        (
            "a.parquet",
            file(vec![("text", strings(&[Some("a")])), ("key", Arc::new(NullArray::new(1)))]),
            &keyed,
            "column `key` is Null, expected a string, number or boolean",
        ),
        (
            "a.jsonl",
            b"{\"text\":\"a\",\"id\":1}\n{\"text\":\"b\",\"no\":1}".to_vec(),
            &keyed,
            "no line has `key`; there are: id, no, text",
        ),
        ("a.parquet", whole, &more, "no column `answer`; there are: text"),
        (
            "a.parquet",
            file(vec![("text", Arc::new(Int64Array::from(vec![1])))]),
            &FIELDS,
            "column `text` is Int64, expected a string",
        ),
        ("a.jsonl", b"{\"text\":\"One?\"}\n{\"text\":\"Two".to_vec(), &FIELDS, "line 2: ends inside a value"),
        ("a.jsonl", b"{\"text\":\"\xff\"}".to_vec(), &FIELDS, "line 1: is not JSON at column"),
        ("a.jsonl", b"\n[1]".to_vec(), &FIELDS, "line 2: is a list, expected an object"),
        ("a.jsonl", b"{\"text\":null}".to_vec(), &FIELDS, "line 1: `text` is null, expected a string"),
        ("a.jsonl", b"{\"txt\":\"a\"}".to_vec(), &FIELDS, "line 1: no `text`"),
        ("a.jsonl", b"{\"text\":[\"a\"]}".to_vec(), &FIELDS, "line 1: `text` is a list, expected a string"),
        ("a.jsonl", b"{\"text\":\"One?\"}".to_vec(), &more, "no line has `answer`"),
        ("a.jsonl", [b"[".repeat(100_000), b"]".repeat(100_000)].concat(), &FIELDS, "line 1: is not JSON"),
    ] {
        let message = read_bytes(name, bytes, fields).unwrap_err();
        assert!(message.contains(part), "{message:?} lacks {part:?}");
    }
}
