"""dolma 1.2.1: the taggers `gopher_v2` and `c4_v2` over one folder of Parquet.

usage: dolma_taggers.py INPUT_FOLDER OUTPUT_FOLDER
needs: pip install dolma==1.2.1 pyarrow, in the environment whose Python the variable DOLMA_PYTHON names

dolma reads gzipped JSON lines, so the texts are written as such first. It only tags: it writes measures and spans, not
the records that are left, so there is nothing of its to compare but the time.
"""

import gzip
import json
import os
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq


def main(source: str, target: str) -> None:
    documents = Path(target) / "documents"
    documents.mkdir(parents=True)
    for shard in sorted(Path(source).glob("*.parquet")):
        rows = pq.read_table(shard, columns=["id", "text"]).to_pylist()
        with gzip.open(documents / f"{shard.stem}.jsonl.gz", "wt", compresslevel=1) as lines:
            for row in rows:
                lines.write(json.dumps({"id": row["id"], "text": row["text"] or "", "source": "s"}) + "\n")
    python = os.environ.get("DOLMA_PYTHON", sys.executable)
    command = [python, "-c", "from dolma.cli.__main__ import main; main()", "tag", "--documents", f"{documents}/*.jsonl.gz"]
    command += ["--taggers", "gopher_v2", "c4_v2", "--experiment", "e", "--processes", "1"]
    subprocess.run(command, check=True)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
