"""Parquet files of four writers go through a run, and every kept row must come out cell by cell as pyarrow reads the input.

Usage: round_trip.py PROBITY FOLDER [SCHEMAS]. Needs pyarrow, polars and duckdb. Each schema is generated from its number;
texts are long and short in turns, so that rows are removed between others. pyarrow reads both sides.
"""

import datetime
import decimal
import pathlib
import random
import subprocess
import sys

import duckdb
import polars
import pyarrow as pa
import pyarrow.parquet as parquet

ROWS = 301
COLUMNS = 8

CONFIG = """schema = 1
[input]
files = ["input/{name}"]
text = "text"
[[stage]]
use = "doc-length"
chars_min = 10
"""

LEAVES = [
    pa.bool_(), pa.int8(), pa.int16(), pa.int32(), pa.int64(), pa.uint8(), pa.uint16(), pa.uint32(), pa.uint64(),
    pa.float32(), pa.float64(), pa.string(), pa.large_string(), pa.binary(), pa.large_binary(), pa.date32(),
    pa.time64("us"), pa.timestamp("ms"), pa.timestamp("us"), pa.timestamp("ns"), pa.timestamp("us", tz="UTC"),
    pa.timestamp("ms", tz="Europe/Berlin"), pa.decimal128(9, 2), pa.decimal128(38, 10), pa.binary(16),
    pa.null(),
]  # fmt: skip

# within others its cells could not be compared
OUTERMOST = pa.dictionary(pa.int32(), pa.string())


def any_type(rng, depth):
    kind = rng.choice(["leaf", "list", "struct", "map"]) if depth else "leaf"
    if kind == "list":
        return rng.choice([pa.list_, pa.large_list])(any_type(rng, depth - 1))
    if kind == "struct":
        return pa.struct([(f"f{n}", any_type(rng, depth - 1)) for n in range(rng.randint(1, 3))])
    if kind == "map":
        return pa.map_(pa.string(), any_type(rng, depth - 1))
    return rng.choice(LEAVES)


def any_value(rng, kind, nullable=True):
    types = pa.types
    if types.is_null(kind) or nullable and rng.random() < 0.2:
        return None
    if types.is_dictionary(kind):
        return rng.choice(["red", "green", "blue"])
    if types.is_boolean(kind):
        return rng.random() < 0.5
    if types.is_integer(kind):
        low = 0 if types.is_unsigned_integer(kind) else -(1 << (kind.bit_width - 1))
        return rng.randint(low, low + (1 << kind.bit_width) - 1)
    if types.is_float32(kind):
        return rng.randint(-(1 << 20), 1 << 20) / 64
    if types.is_floating(kind):
        return rng.choice([0.0, -0.0, float("inf"), rng.gauss(0, 1e100)])
    if types.is_string(kind) or types.is_large_string(kind):
        return "".join(rng.choice("aé漢🙂 \n\0\"\\") for _ in range(rng.randint(0, 12)))
    if types.is_fixed_size_binary(kind):
        return rng.randbytes(kind.byte_width)
    if types.is_binary(kind) or types.is_large_binary(kind):
        return rng.randbytes(rng.randint(0, 12))
    if types.is_date(kind):
        return datetime.date(1970, 1, 1) + datetime.timedelta(days=rng.randint(-60_000, 60_000))
    if types.is_time(kind):
        return rng.randint(0, 86_399_999_999)
    if types.is_timestamp(kind):
        return rng.randint(-(1 << 40), 1 << 40)
    if types.is_decimal(kind):
        return decimal.Decimal(rng.randint(-(10**kind.precision) + 1, 10**kind.precision - 1)).scaleb(-kind.scale, decimal.Context(prec=40))
    if types.is_map(kind):
        return [(f"k{n}", any_value(rng, kind.item_type)) for n in range(rng.randint(0, 3))]
    if types.is_struct(kind):
        return {field.name: any_value(rng, field.type) for field in kind}
    return [any_value(rng, kind.value_type) for _ in range(rng.randint(0, 3))]


def any_array(rng, kind):
    values = [any_value(rng, kind) for _ in range(ROWS)]
    if pa.types.is_dictionary(kind):
        return pa.array(values, kind.value_type).dictionary_encode()
    return pa.array(values, kind)


def table(seed):
    rng = random.Random(seed)
    texts = ["short" if at % 3 == 1 else f"this text is long enough to stay {at}" for at in range(ROWS)]
    columns = {f"c{n}": any_array(rng, OUTERMOST if n == 4 else any_type(rng, n % 4)) for n in range(COLUMNS)}
    names = list(columns)
    names.insert(rng.randint(0, COLUMNS), "text")
    columns["text"] = pa.array(texts)
    return pa.table({name: columns[name] for name in names})


def by_pyarrow(made, path, rng):
    parquet.write_table(
        made, path, row_group_size=rng.choice([50, 1000]), version=rng.choice(["1.0", "2.4", "2.6"]),
        data_page_version=rng.choice(["1.0", "2.0"]), use_dictionary=rng.random() < 0.5,
        compression=rng.choice(["none", "snappy", "gzip", "brotli", "lz4", "zstd"]), data_page_size=rng.choice([64, 1 << 20]),
        store_schema=rng.random() < 0.5, write_page_index=rng.random() < 0.5, write_page_checksum=rng.random() < 0.5,
    )  # fmt: skip


def by_spark(made, path, rng):
    """What Spark 3 writes by default: INT96 times, legacy lists, no Arrow schema, snappy."""
    parquet.write_table(
        made, path, flavor="spark", version="1.0", use_deprecated_int96_timestamps=True, store_schema=False,
        use_compliant_nested_type=False, compression="snappy", row_group_size=100,
    )  # fmt: skip


def by_polars(made, path, rng):
    polars.from_arrow(made).write_parquet(
        path, compression=rng.choice(["uncompressed", "snappy", "zstd", "lz4"]), row_group_size=rng.choice([64, 1000]),
        statistics=rng.choice([True, False, "full"]),
    )  # fmt: skip


def by_duckdb(made, path, rng):
    codec, version = rng.choice(["uncompressed", "snappy", "zstd"]), rng.choice(["V1", "V2"])
    with duckdb.connect() as connection:
        connection.register("made", made)
        connection.execute(
            f"COPY made TO '{path}' (FORMAT parquet, CODEC '{codec}', PARQUET_VERSION {version}, ROW_GROUP_SIZE 2048)"
        )


WRITERS = {"pyarrow": by_pyarrow, "spark": by_spark, "polars": by_polars, "duckdb": by_duckdb}

# what a writer has no type for, and what pyarrow cannot read of a file that it or another wrote
REFUSALS = (pa.ArrowException, OSError, polars.exceptions.PolarsError, duckdb.Error)


def written(writer, made, path, seed):
    """Writes the columns that the writer knows and pyarrow reads back; says how many."""
    names = []
    for name in made.column_names:
        try:
            WRITERS[writer](made.select([name]), path, random.Random(seed))
            parquet.read_table(path)
            names.append(name)
        except REFUSALS:
            continue
    WRITERS[writer](made.select(names), path, random.Random(seed))
    return len(names)


def plain(column):
    """The cells of a column; a dictionary is one of many spellings of them."""
    return column.cast(column.type.value_type) if pa.types.is_dictionary(column.type) else column


def compare(source, release):
    """Counts the cells of kept rows and checks each."""
    given = parquet.read_table(source)
    found = parquet.read_table(release)
    assert given.column_names == found.column_names, (source, given.column_names, found.column_names)
    keep = [at for at in range(given.num_rows) if at % 3 != 1]
    expected = given.take(pa.array(keep))
    assert found.num_rows == len(keep), (source, found.num_rows, len(keep))
    for name in given.column_names:
        kinds = given.schema.field(name).type, found.schema.field(name).type
        assert kinds[0] == kinds[1], (source, name, *kinds)
        left, right = (plain(side[name].combine_chunks()) for side in (expected, found))
        wrong = [at for at in range(len(keep)) if not left.slice(at, 1).equals(right.slice(at, 1))]
        assert not wrong, (source, name, kinds[0], [keep[at] for at in wrong])
    return len(keep) * len(given.column_names)


def released(probity, folder, source):
    """Curates a file by itself, since files of other columns would be unified; the kept rows."""
    config, release = folder / f"{source.stem}.toml", folder / source.stem
    config.write_text(CONFIG.format(name=source.name))
    subprocess.run([probity, "run", config, "--out", release], check=True, stdout=subprocess.DEVNULL)
    return release / "data" / "part-00000.parquet"


def main(probity, folder, schemas):
    folder = pathlib.Path(folder)
    (folder / "input").mkdir(parents=True)
    sources = []
    columns = dict.fromkeys(WRITERS, 0)
    for seed in range(schemas):
        made = table(seed)
        for writer in WRITERS:
            source = folder / "input" / f"{seed:04}-{writer}.parquet"
            columns[writer] += written(writer, made, source, f"{seed} {writer}")
            sources.append(source)
    cells = sum(compare(source, released(probity, folder, source)) for source in sources)
    told = ", ".join(f"{writer} {count}" for writer, count in columns.items())
    print(f"{schemas} schemas, {len(sources)} files, columns by writer: {told}; {cells} cells of kept rows as they were")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]) if len(sys.argv) > 3 else 60)
