"""fastText models, side by side: Probity's stage `fasttext` and fastText's own predictor, one thread, in turns.

Probity's time is that of the stage alone, as `probity bench` tells it; fastText's is that of its C++ predictor, called
once for each text that lies in memory already, newlines replaced beforehand.

usage: fasttext_predict.py --probity PROGRAM [--rounds N] SHARD MODEL...
needs: pip install fasttext-numpy2-wheel==0.9.2 pyarrow
"""

import argparse
import json
import statistics
import tempfile
import time
from pathlib import Path

import fasttext
import pyarrow.parquet as pq
from stage_seconds import stage_seconds

STAGE = """
[[stage]]
use = "fasttext"
name = "model"
model = {model}
label = {label}
"""


def probity(program: str, shard: Path, model: Path, label: str, work: Path) -> float:
    stage = STAGE.format(model=json.dumps(str(model.resolve())), label=json.dumps(label))
    return stage_seconds(program, shard, stage, work)["model"]


def of_fasttext(lines: list[str], model) -> float:
    start = time.process_time()
    for line in lines:
        model.f.predict(line, 1, 0.0, "strict")
    return time.process_time() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("shard", type=Path, help="a Parquet shard with a column `text`")
    parser.add_argument("models", type=Path, nargs="+", help="supervised fastText models")
    parser.add_argument("--probity", required=True, help="the program, built with --release")
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    texts = [text or "" for text in pq.read_table(arguments.shard, columns=["text"])["text"].to_pylist()]
    megabytes = sum(len(text.encode()) for text in texts) / 1e6
    lines = [text.replace("\n", " ") + "\n" for text in texts]
    print(f"{len(texts)} records, {megabytes:.1f} MB of text; MB/s and the ratio, medians of {arguments.rounds} rounds")
    with tempfile.TemporaryDirectory() as folder:
        for path in arguments.models:
            model = fasttext.load_model(str(path))
            label = model.get_labels()[0].removeprefix("__label__")
            rounds = [
                (probity(arguments.probity, arguments.shard, path, label, Path(folder)), of_fasttext(lines, model))
                for _ in range(arguments.rounds)
            ]
            ours = statistics.median(ours for ours, _ in rounds)
            theirs = statistics.median(theirs for _, theirs in rounds)
            ratio = statistics.median(theirs / ours for ours, theirs in rounds)
            print(f"{path.name:24} probity {megabytes / ours:7.1f} fastText {megabytes / theirs:7.1f} {ratio:6.2f} times")


if __name__ == "__main__":
    main()
