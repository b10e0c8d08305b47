"""What `judge` decides is what a run decides, whatever brings the rows."""

from __future__ import annotations

import concurrent.futures
import pickle
import unittest

import polars
import probity
import pyarrow
import pyarrow.parquet

from . import corpus

ANSWERS = ["id", "decision", "stage", "rule", "value", "bound"]


def shards() -> list[pyarrow.Table]:
    """The shards of the corpus, in the order of a run."""
    return [pyarrow.parquet.read_table(path) for path in sorted((corpus.folder() / "corpus").glob("*.parquet"))]


def judged(data: object, config: object = None) -> pyarrow.Table:
    """The answers as a table."""
    return pyarrow.table(probity.judge(data, config or corpus.folder() / "stages.toml"))


class LikeARun(unittest.TestCase):
    """A run's ledger and the answers of `judge` are the same, for configurations without barriers."""

    def check(self, config: str) -> None:
        made = corpus.release(config)
        ledger = pyarrow.table(probity.ledger(made.release)).rename_columns({"fate": "decision"})
        answers = pyarrow.concat_tables([judged(shard, corpus.folder() / config) for shard in shards()])
        recorded = [name for name in answers.column_names if "/" in name]
        self.assertEqual(answers.column_names, [*ANSWERS, "edited_text", *recorded])
        for column in [*ANSWERS, *recorded]:
            self.assertEqual(answers[column].to_pylist(), ledger[column].to_pylist(), column)
        self.assertEqual({"kept", "edited", "removed", "quarantined"}, set(answers["decision"].to_pylist()))

        released = [pyarrow.parquet.read_table(path) for path in sorted((made.release / "data").glob("*.parquet"))]
        texts = {row["id"]: row["text"] for table in released for row in table.select(["id", "text"]).to_pylist()}
        edited = {row["id"]: row["edited_text"] for row in answers.to_pylist() if row["decision"] == "edited"}
        self.assertEqual(edited, {key: texts[key] for key in edited})
        self.assertEqual(len(edited), answers.num_rows - answers["edited_text"].null_count)

    def test_first_broken_rule(self) -> None:
        self.check("stages.toml")

    def test_everything_measured(self) -> None:
        self.check("all.toml")

    def test_barriers_are_left_out(self) -> None:
        config = probity.Config(corpus.folder() / "config.toml")
        self.assertEqual(config.left_out, ["exact-duplicates", "near-duplicates"])
        self.assertEqual(judged(shards()[0], config), judged(shards()[0]))


class AnyArrowData(unittest.TestCase):
    """Rows come from anywhere."""

    def test_every_producer_and_type(self) -> None:
        table = shards()[0].select(["id", "text"])
        batch = table.combine_chunks().to_batches()[0]
        expected = judged(batch)
        texts = batch["text"]
        given = {
            "table": table,
            "reader": pyarrow.RecordBatchReader.from_batches(
                batch.schema, batch.to_batches() if hasattr(batch, "to_batches") else [batch]
            ),
            "polars": polars.from_arrow(table),
            "polars series of structs": polars.from_arrow(table).to_struct("rows"),
            "large strings": batch.set_column(1, "text", texts.cast(pyarrow.large_string())),
            "views": batch.set_column(1, "text", texts.cast(pyarrow.string_view())),
            "bytes": batch.set_column(1, "text", texts.cast(pyarrow.binary())),
            "dictionary": batch.set_column(1, "text", texts.dictionary_encode()),
            "structs": batch.to_struct_array(),
            "ours": Capsules(batch),
        }
        for name, data in given.items():
            with self.subTest(name):
                self.assertEqual(judged(data), expected)

    def test_slices(self) -> None:
        batch = shards()[0].combine_chunks().to_batches()[0]
        whole = judged(batch)
        for start, length in [(0, 0), (3, 1), (17, 30)]:
            self.assertEqual(judged(batch.slice(start, length)), whole.slice(start, length))

    def test_read_by_pyarrow_and_polars(self) -> None:
        batch = shards()[0].combine_chunks().to_batches()[0]
        answer = probity.judge(batch, corpus.folder() / "stages.toml")
        self.assertEqual((len(answer), answer.num_rows), (batch.num_rows, batch.num_rows))
        decisions = pyarrow.record_batch(answer)["decision"].to_pylist()
        self.assertEqual(polars.DataFrame(answer)["decision"].to_list(), decisions)
        self.assertEqual(pyarrow.schema(answer).names, answer.column_names)
        stream = probity.judge(shards()[0], corpus.folder() / "stages.toml")
        read = pyarrow.RecordBatchReader.from_stream(stream)
        self.assertEqual(read.read_all()["decision"].to_pylist(), decisions)
        with self.assertRaisesRegex(probity.InputError, "read already"):
            pyarrow.table(stream)

    def test_rows_that_cannot_be_judged(self) -> None:
        batch = pyarrow.record_batch(
            {"id": ["a", None], "text": [None, b"\xff\xfe"]}, schema=pyarrow.schema({"id": "string", "text": "binary"})
        )
        rows = judged(batch).to_pylist()
        self.assertEqual([row["id"] for row in rows], ["a", "0:1"])
        self.assertEqual([row["rule"] for row in rows], ["null-text", "invalid-utf8"])
        self.assertEqual({row["stage"] for row in rows}, {"input"})
        self.assertEqual({row["decision"] for row in rows}, {"quarantined"})


class Capsules:
    """An object of no library at all."""

    def __init__(self, batch: pyarrow.RecordBatch) -> None:
        self.batch = batch

    def __arrow_c_array__(self, requested_schema: object | None = None) -> tuple[object, object]:
        return self.batch.__arrow_c_array__(requested_schema)


class Wrong(unittest.TestCase):
    """What cannot be judged raises, and nothing ends the process."""

    def test_data(self) -> None:
        strings = pyarrow.array(["abc"])
        broken = pyarrow.Array.from_buffers(
            pyarrow.string(), 1, [None, strings.buffers()[1], pyarrow.py_buffer(b"\xff\xff\xff")]
        )
        nothing = pyarrow.StructArray.from_arrays([strings, strings], ["id", "text"], mask=pyarrow.array([True]))
        cases = [
            (pyarrow.record_batch({"id": strings}), probity.InputError, "no column `text`; there are: id"),
            (pyarrow.table({"id": strings}), probity.InputError, "no column `text`; there are: id"),
            (
                pyarrow.record_batch({"id": strings, "text": [1]}),
                probity.InputError,
                "`text` is Int64, expected a string",
            ),
            (pyarrow.record_batch({"id": strings, "text": broken}), probity.InputError, "(?i)utf-?8"),
            (nothing, probity.InputError, "null as a whole"),
            (strings, probity.InputError, "."),
            ({"text": ["a"]}, TypeError, "__arrow_c_array__"),
            (None, TypeError, "NoneType"),
        ]
        for data, error, message in cases:
            with self.subTest(message), self.assertRaisesRegex(error, message):
                judged(data)

    def test_a_stream_that_breaks_while_it_is_read(self) -> None:
        schema = pyarrow.schema({"id": "string", "text": "string"})

        def batches():  # noqa: ANN202
            yield pyarrow.record_batch([["a"], ["Some words."]], schema=schema)
            raise OSError("the disk is gone")

        reader = pyarrow.RecordBatchReader.from_batches(schema, batches())
        read = pyarrow.RecordBatchReader.from_stream(probity.judge(reader, corpus.folder() / "stages.toml"))
        self.assertEqual(read.read_next_batch().num_rows, 1)
        with self.assertRaisesRegex(Exception, "the disk is gone"):
            read.read_next_batch()

    def test_source(self) -> None:
        with self.assertRaisesRegex(probity.ConfigError, "no source `web`"):
            probity.judge(
                pyarrow.record_batch({"id": ["a"], "text": ["b"]}), corpus.folder() / "stages.toml", source="web"
            )


class Configs(unittest.TestCase):
    """A configuration is read once and travels as its text."""

    def test_travels(self) -> None:
        path = corpus.folder() / "passing.toml"
        path.write_text(corpus.INPUT + corpus.STAGES)
        config = probity.Config(path, set=["gopher-quality.words_min=1"])
        path.unlink()
        there = pickle.loads(pickle.dumps(config))
        self.assertEqual((there, hash(there)), (config, hash(config)))
        self.assertEqual(judged(shards()[0], there), judged(shards()[0], config))
        self.assertNotEqual(judged(shards()[0], there), judged(shards()[0]))

    def test_wrong(self) -> None:
        path = corpus.folder() / "wrong.toml"
        path.write_text(corpus.INPUT + '[[stage]]\nuse = "gopher-qualty"\n')
        row = pyarrow.record_batch({"id": ["a"], "text": ["b"]})
        with self.assertRaisesRegex(probity.ConfigError, "gopher-qualty") as raised:
            probity.judge(row, path)
        self.assertIn("did you mean `gopher-quality`", raised.exception.hint or "")
        self.assertIn("\nhint: did you mean", str(raised.exception))
        again = pickle.loads(pickle.dumps(raised.exception))
        self.assertEqual((type(again), str(again)), (probity.ConfigError, str(raised.exception)))
        with self.assertRaisesRegex(probity.ConfigError, "nowhere.toml") as raised:
            probity.Config("nowhere.toml")
        with self.assertRaisesRegex(ValueError, "expected `stage.key=value`"):
            probity.Config(corpus.folder() / "stages.toml", set=["words"])

    def test_threads_share_one(self) -> None:
        shard, config = shards()[0], probity.Config(corpus.folder() / "stages.toml")
        expected = judged(shard, config)
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            for answer in pool.map(lambda _: judged(shard, config), range(8)):
                self.assertEqual(answer, expected)
