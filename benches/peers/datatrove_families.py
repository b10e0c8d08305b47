"""datatrove 0.10.1: the four filter families over Parquet, kept and removed records written as Parquet.

usage: datatrove_families.py INPUT_FOLDER OUTPUT_FOLDER
needs: pip install 'datatrove[processing,io]==0.10.1' 'spacy==3.8.*' orjson
"""

import sys

from datatrove.executor import LocalPipelineExecutor
from datatrove.pipeline.filters import (
    C4QualityFilter,
    FineWebQualityFilter,
    GopherQualityFilter,
    GopherRepetitionFilter,
)
from datatrove.pipeline.readers import ParquetReader
from datatrove.pipeline.writers import ParquetWriter


def main(source: str, target: str) -> None:
    def parquet(name: str) -> ParquetWriter:
        return ParquetWriter(f"{target}/{name}", compression="zstd")

    steps = [
        # ids and texts alone: with the other columns on, the writer stops where a column is null throughout a batch
        ParquetReader(source, read_metadata=False),
        GopherRepetitionFilter(exclusion_writer=parquet("removed/gopher-repetition")),
        GopherQualityFilter(exclusion_writer=parquet("removed/gopher-quality")),
        # as FineWeb runs it, and as `c4-lines` is by default: lines without a final punctuation mark stay
        C4QualityFilter(filter_no_terminal_punct=False, exclusion_writer=parquet("removed/c4-lines")),
        FineWebQualityFilter(exclusion_writer=parquet("removed/fineweb-quality")),
        parquet("kept"),
    ]
    LocalPipelineExecutor(pipeline=steps, tasks=1, workers=1, logging_dir=f"{target}/logs").run()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
