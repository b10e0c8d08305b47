"""MinHash signatures alone, side by side: 112 hashes of word 5-grams, one thread, processor seconds in turns.

Probity's time is analysis, shingling and signature, as `probity bench` tells it; rensa's is the signature of shingles
that are there already, and again with shingling in Python; datatrove's is `MinhashDedupSignature` with its reader.

usage: signatures.py --probity PROGRAM [--rounds N] SHARD
needs: what side_by_side.py needs
"""

import argparse
import statistics
import tempfile
import time
from pathlib import Path

import pyarrow.parquet as pq
import rensa
from datatrove.executor import LocalPipelineExecutor
from datatrove.pipeline.dedup import MinhashDedupSignature
from datatrove.pipeline.dedup.minhash import MinhashConfig
from datatrove.pipeline.readers import ParquetReader
from rensa_near_duplicates import BANDS, NGRAM, ROWS, shingles, sketches
from stage_seconds import stage_seconds

STAGE = """
[[stage]]
use = "near-duplicates"
"""


def probity(program: str, shard: Path, work: Path) -> float:
    """Analysis and keys of the stage, in processor seconds."""
    parts = stage_seconds(program, shard, STAGE, work)
    return parts["analysis"] + parts["near-duplicates: keys"]


def of_rensa(texts: list[str]) -> tuple[float, float]:
    start = time.process_time()
    sets = [shingles(text) for text in texts]
    middle = time.process_time()
    sketches(sets)
    end = time.process_time()
    return end - middle, end - start


def of_datatrove(shard: Path, work: Path) -> float:
    config = MinhashConfig(n_grams=NGRAM, num_buckets=BANDS, hashes_per_bucket=ROWS)
    reader = ParquetReader(str(shard.parent), glob_pattern=shard.name, read_metadata=False)
    folder = tempfile.mkdtemp(dir=work)
    steps = [reader, MinhashDedupSignature(output_folder=f"{folder}/signatures", config=config)]
    start = time.process_time()
    LocalPipelineExecutor(pipeline=steps, tasks=1, workers=1, logging_dir=f"{folder}/logs").run()
    return time.process_time() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("shard", type=Path, help="a Parquet shard with a column `text`")
    parser.add_argument("--probity", required=True, help="the program, built with --release")
    parser.add_argument("--rounds", type=int, default=5, help="rounds of Probity and rensa; datatrove has one")
    arguments = parser.parse_args()
    texts = [text or "" for text in pq.read_table(arguments.shard, columns=["text"])["text"].to_pylist()]
    megabytes = sum(len(text.encode()) for text in texts) / 1e6
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        ours, theirs = [], []
        for _ in range(arguments.rounds):
            ours.append(probity(arguments.probity, arguments.shard, work))
            theirs.append(of_rensa(texts))
        base = statistics.median(ours)
        rows = {
            "probity, analysis to signature": base,
            "rensa RMinHash, signature alone": statistics.median(alone for alone, _ in theirs),
            "rensa RMinHash, shingling in Python": statistics.median(both for _, both in theirs),
            "datatrove MinhashDedupSignature": of_datatrove(arguments.shard, work),
        }
    print(f"{len(texts)} records, {megabytes:.1f} MB of text")
    for name, seconds in rows.items():
        print(f"{name:36} {seconds:8.3f} s {megabytes / seconds:8.1f} MB/s {seconds / base:7.2f} times probity")


if __name__ == "__main__":
    main()
