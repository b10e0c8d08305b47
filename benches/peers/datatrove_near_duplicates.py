"""datatrove 0.10.1: near duplicates by MinHash (14 bands of 8, word 5-grams) in its four stages, Parquet in and out.

usage: datatrove_near_duplicates.py INPUT_FOLDER OUTPUT_FOLDER
needs: pip install 'datatrove[processing,io]==0.10.1' 'spacy==3.8.*' orjson
"""

import sys

from datatrove.executor import LocalPipelineExecutor
from datatrove.pipeline.dedup import (
    MinhashDedupBuckets,
    MinhashDedupCluster,
    MinhashDedupFilter,
    MinhashDedupSignature,
)
from datatrove.pipeline.dedup.minhash import MinhashConfig
from datatrove.pipeline.readers import ParquetReader
from datatrove.pipeline.writers import ParquetWriter

BANDS, ROWS, NGRAM = 14, 8, 5


def main(source: str, target: str) -> None:
    config = MinhashConfig(n_grams=NGRAM, num_buckets=BANDS, hashes_per_bucket=ROWS)
    texts = ParquetReader(source, read_metadata=False)

    def stage(name: str, steps: list, tasks: int) -> None:
        logs = f"{target}/logs/{name}"
        LocalPipelineExecutor(pipeline=steps, tasks=tasks, workers=1, logging_dir=logs).run()

    stage("sign", [texts, MinhashDedupSignature(output_folder=f"{target}/signatures", config=config)], 1)
    # the bucket stage wants a task for each band
    buckets = MinhashDedupBuckets(
        input_folder=f"{target}/signatures", output_folder=f"{target}/buckets", config=config
    )
    stage("match", [buckets], BANDS)
    cluster = MinhashDedupCluster(
        input_folder=f"{target}/buckets", output_folder=f"{target}/duplicates", config=config
    )
    stage("cluster", [cluster], 1)
    drop = MinhashDedupFilter(
        input_folder=f"{target}/duplicates",
        exclusion_writer=ParquetWriter(f"{target}/removed", compression="zstd"),
    )
    stage("write", [texts, drop, ParquetWriter(f"{target}/kept", compression="zstd")], 1)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
