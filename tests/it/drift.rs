//! Shards whose columns differ: written with the columns of all, or refused before any work is done.

use crate::harness::{Sandbox, config_with, roots};
use crate::parquet_files::{batch, column, read, strings, write};
use arrow_array::builder::{Int32Builder, ListBuilder};
use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use arrow_array::{Array, ArrayRef, DictionaryArray, Int32Array, Int64Array, NullArray, StructArray};
use arrow_array::{LargeStringArray, RecordBatch};
use arrow_schema::Field;
use std::sync::Arc;

const INPUT: &str = "text = \"text\"\nid = \"id\"";

fn texts(from: usize) -> Vec<(&'static str, ArrayRef)> {
    let ids: Vec<String> = (from..from + 3).map(|n| format!("r{n}")).collect();
    let texts: Vec<String> = (from..from + 3).map(|n| format!("the text of record {n}")).collect();
    let all = |strings_: &[String]| strings(strings_.iter().map(|text| Some(text.as_str())));
    vec![("id", all(&ids)), ("text", all(&texts))]
}

fn meta(members: Vec<(&str, ArrayRef)>) -> ArrayRef {
    let fields = members
        .into_iter()
        .map(|(name, array)| (Arc::new(Field::new(name, array.data_type().clone(), true)), array));
    Arc::new(StructArray::from(fields.collect::<Vec<_>>()))
}

fn numbers(rows: [Option<Vec<i32>>; 3]) -> ArrayRef {
    let mut lists = ListBuilder::new(Int32Builder::new());
    rows.into_iter().for_each(|row| lists.append_option(row.map(|row| row.into_iter().map(Some))));
    Arc::new(lists.finish())
}

/// Three shards: what the first has as one type, the others have as another, elsewhere or not at all.
fn shards() -> [RecordBatch; 3] {
    let mut first = texts(0);
    first.push(("votes", Arc::new(Int32Array::from(vec![Some(1), None, Some(-3)]))));
    first.push((
        "kind",
        Arc::new(["a", "b", "a"].into_iter().collect::<DictionaryArray<arrow_array::types::Int8Type>>()),
    ));
    first.push((
        "meta",
        meta(vec![
            ("site", strings([Some("x"), None, Some("y")])),
            ("n", Arc::new(Int32Array::from(vec![1, 2, 3]))),
        ]),
    ));
    first.push(("scores", numbers([Some(vec![1, 2]), None, Some(vec![])])));
    let mut second = texts(3);
    second.insert(0, ("votes", Arc::new(Int64Array::from(vec![Some(1 << 40), Some(5), None]))));
    second.push(("kind", Arc::new(LargeStringArray::from(vec![Some("c"), None, Some("d")]))));
    second.push((
        "meta",
        meta(vec![
            ("n", Arc::new(Int64Array::from(vec![4, 5, 6]))),
            ("more", strings([Some("m"), None, None])),
        ]),
    ));
    let mut third = texts(6);
    third.push(("scores", Arc::new(NullArray::new(3))));
    third.push(("lang", strings([Some("en"), None, Some("de")])));
    [first, second, third].map(batch)
}

fn corpus(shards: &[RecordBatch]) -> Sandbox {
    let sandbox = Sandbox::with_keys();
    for (at, shard) in shards.iter().enumerate() {
        write(&sandbox.path(format!("corpus/{at}.parquet")), shard, 2);
    }
    sandbox.write("c.toml", config_with(INPUT, ""));
    sandbox
}

#[test]
fn shards_with_other_columns_are_written_with_those_of_all() {
    let sandbox = corpus(&shards());
    sandbox.release("c.toml", "out", &[]).expect(0);
    sandbox
        .verify("out", &["--level", "signature,files,ledger,content,inputs,replay", "--inputs", "corpus"])
        .expect(0);
    let parts: Vec<RecordBatch> =
        (0..3).map(|at| read(&sandbox.path(format!("out/data/part-0000{at}.parquet")))).collect();
    for part in &parts {
        assert_eq!(part.schema().fields(), parts[0].schema().fields());
        assert_eq!(part.num_rows(), 3);
    }
    let names: Vec<String> = parts[0].schema().fields().iter().map(|field| field.name().clone()).collect();
    assert_eq!(names, ["id", "text", "votes", "kind", "meta", "scores", "lang"]);
    let told = |part: usize, name: &str| column(&parts[part], name);
    let kinds = |part: usize| -> Vec<Option<String>> {
        parts[part]["kind"].as_string::<i64>().iter().map(|kind| kind.map(str::to_string)).collect()
    };
    assert_eq!(told(1, "id"), ["r3", "r4", "r5"].map(|id| Some(id.to_string())));
    assert_eq!(kinds(0), ["a", "b", "a"].map(|kind| Some(kind.to_string())));
    assert_eq!(kinds(1), [Some("c".into()), None, Some("d".into())]);
    assert_eq!(kinds(2), [None, None, None]);
    assert_eq!(told(2, "lang"), [Some("en".into()), None, Some("de".into())]);
    let votes = |part: usize| -> Vec<Option<i64>> {
        parts[part]["votes"].as_primitive::<Int64Type>().iter().collect()
    };
    assert_eq!((votes(0), votes(1)), (vec![Some(1), None, Some(-3)], vec![Some(1 << 40), Some(5), None]));
    let meta = parts[1]["meta"].as_struct();
    assert_eq!(meta.fields().iter().map(|f| f.name().as_str()).collect::<Vec<_>>(), ["site", "n", "more"]);
    assert_eq!(meta.column_by_name("n").unwrap().as_primitive::<Int64Type>().values(), &[4, 5, 6]);
    assert_eq!(meta.column_by_name("site").unwrap().null_count(), 3);
    assert_eq!(parts[0]["scores"].as_list::<i32>().value(0).len(), 2);
    assert_eq!(parts[2]["scores"].null_count(), 3);
    assert_eq!(*parts[2]["scores"].data_type(), *shards()[0]["scores"].data_type());
}

#[test]
fn drift_changes_no_decision() {
    let stages =
        "[[stage]]\nuse = \"exact-duplicates\"\n[[stage]]\nuse = \"gopher-quality\"\naction = \"tag\"\n";
    let mut decisions = Vec::new();
    for shards in [shards().to_vec(), [0, 3, 6].map(|from| batch(texts(from))).to_vec()] {
        let sandbox = corpus(&shards);
        sandbox.write("c.toml", config_with(INPUT, stages));
        sandbox.release("c.toml", "out", &["--threads", "2"]).expect(0);
        decisions.push(roots(&sandbox.path("out"))[0].clone());
    }
    assert_eq!(decisions[0], decisions[1]);
}

#[test]
fn columns_that_no_type_holds_are_told_before_any_work_is_done() {
    let cases: [(ArrayRef, ArrayRef, &str); 3] = [
        (
            Arc::new(Int64Array::from(vec![1, 2, 3])),
            strings([Some("1"), None, None]),
            "column `x` is Utf8, but Int64 in `corpus/0.parquet`",
        ),
        (
            Arc::new(Int64Array::from(vec![1, 2, 3])),
            Arc::new(arrow_array::UInt64Array::from(vec![1, 2, 3])),
            "column `x` is UInt64, but Int64 in",
        ),
        (numbers([None, None, None]), meta(vec![("a", strings([None, None, None]))]), "column `x` is Struct"),
    ];
    for (one, other, why) in cases {
        let with = |from: usize, x: &ArrayRef| batch([texts(from), vec![("x", Arc::clone(x))]].concat());
        let sandbox = corpus(&[with(0, &one), with(3, &other)]);
        let told = sandbox.release("c.toml", "out", &[]).expect(2).errors().join("\n");
        assert!(told.contains("`corpus/1.parquet`") && told.contains(why), "{told}");
        assert!(told.contains("no type holds both without loss"), "{told}");
        assert!(!sandbox.path("out/data").exists());
    }
}

/// A column of chat records: one turn a record, in structs with these members.
fn turns(members: &[&str]) -> ArrayRef {
    let columns: Vec<(&str, ArrayRef)> =
        members.iter().map(|name| (*name, strings(["user", "some text", "more"].map(Some)))).collect();
    let item = Arc::new(Field::new("item", meta(columns.clone()).data_type().clone(), true));
    let offsets = arrow_buffer::OffsetBuffer::from_lengths([1, 1, 1]);
    Arc::new(arrow_array::ListArray::new(item, offsets, meta(columns), None))
}

#[test]
fn chats_of_two_shapes_are_not_mixed_up() {
    let shard = |members: &[&str]| batch(vec![("messages", turns(members))]);
    let cases = [
        (
            vec![shard(&["role", "content"]), shard(&["from", "value"])],
            "with the columns of all shards: column `messages`",
        ),
        (vec![shard(&["role", "content", "value"])], "has both `content` and `value`"),
        (vec![shard(&["role", "from", "content"])], "has both `role` and `from`"),
    ];
    for (shards, why) in cases {
        let sandbox = corpus(&shards);
        sandbox.write("c.toml", config_with("messages = \"messages\"", ""));
        let told = sandbox.release("c.toml", "out", &[]).expect(2).errors().join("\n");
        assert!(told.contains(why), "{told}");
    }
}
