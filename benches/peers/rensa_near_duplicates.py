"""rensa 0.5: near duplicates by MinHash (112 permutations in 14 bands, word 5-grams), Parquet in and out.

rensa is a library of sketches; shingling, deciding and Parquet are this script's. A record is removed when an
earlier kept one shares a band with it and their estimated Jaccard index is at least 0.75.

usage: rensa_near_duplicates.py INPUT_FOLDER OUTPUT_FOLDER
needs: pip install 'rensa==0.5.*' pyarrow
"""

import sys
import time
from pathlib import Path

import pyarrow.parquet as pq
import rensa

BANDS, ROWS, NGRAM, SEED, LEAST = 14, 8, 5, 1, 0.75


def shingles(text: str) -> list[str]:
    words = text.lower().split()
    return [" ".join(words[at : at + NGRAM]) for at in range(max(1, len(words) - NGRAM + 1))]


def sketches(sets: list[list[str]]) -> list:
    made = []
    for items in sets:
        sketch = rensa.RMinHash(num_perm=BANDS * ROWS, seed=SEED)
        sketch.update(items)
        made.append(sketch)
    return made


def kept_rows(made: list) -> list[bool]:
    index = rensa.RMinHashLSH(threshold=LEAST, num_perm=BANDS * ROWS, num_bands=BANDS)
    kept = []
    for row, sketch in enumerate(made):
        fresh = not any(sketch.jaccard(made[other]) >= LEAST for other in index.query(sketch))
        if fresh:
            index.insert(row, sketch)
        kept.append(fresh)
    return kept


def main(source: str, target: str) -> None:
    kept_folder = Path(target) / "kept"
    kept_folder.mkdir(parents=True)
    laps = [time.process_time()]
    for shard in sorted(Path(source).glob("*.parquet")):
        table = pq.read_table(shard)
        sets = [shingles(text or "") for text in table["text"].to_pylist()]
        laps.append(time.process_time())
        made = sketches(sets)
        laps.append(time.process_time())
        kept = kept_rows(made)
        laps.append(time.process_time())
        pq.write_table(table.filter(kept), kept_folder / shard.name, compression="zstd", compression_level=3)
        laps.append(time.process_time())
        named = zip(["read and shingle", "sketch", "decide", "write"], laps, laps[1:], strict=False)
        print(shard.name, ", ".join(f"{name} {end - start:.2f} s" for name, start, end in named))
        laps = [time.process_time()]


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
