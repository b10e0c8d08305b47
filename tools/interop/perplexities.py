"""Holds the perplexities in a release's ledger against KenLM's own, from the same model and the same texts.

Usage: perplexities.py MODEL STAGE RELEASE CORPUS, with the folder of the input shards. Exits 0 when every perplexity is
KenLM's to a relative 1e-4 and every share of unknown words is KenLM's. Needs kenlm and pyarrow. Knows nothing of
Probity; the model's words must be `plain`.
"""

import json
import pathlib
import sys

import kenlm
import pyarrow.parquet as parquet

WITHIN = 1e-4


def score(model, text):
    """Perplexity and share of unknown words of a text, a sentence for each line with words; None without words."""
    log10, words, unknown, sentences = 0.0, 0, 0, 0
    for line in text.encode().replace(b"\0", b" ").split(b"\n"):
        if not line.split():
            continue
        scores = list(model.full_scores(line))
        log10 += sum(each for each, _, _ in scores)
        unknown += sum(oov for _, _, oov in scores)
        words += len(scores) - 1
        sentences += 1
    return (10 ** (-log10 / (words + sentences)), unknown / words) if words else None


def main():
    name, stage, release, corpus = sys.argv[1], sys.argv[2], pathlib.Path(sys.argv[3]), pathlib.Path(sys.argv[4])
    model = kenlm.Model(name)
    shards = json.loads((release / "inputs/index.json").read_text())["shards"]
    compared, worst = 0, 0.0
    for number, shard in enumerate(shards):
        texts = parquet.read_table(corpus / shard["name"], columns=["text"])["text"].to_pylist()
        columns = ["row", f"{stage}/score", f"{stage}/oov"]
        ledger = parquet.read_table(release / f"auditor/ledger/part-{number:05}.parquet", columns=columns).to_pylist()
        for row in ledger:
            recorded, text = row[f"{stage}/score"], texts[row["row"]]
            expected = score(model, text) if text is not None else None
            if (recorded is None) != (expected is None):
                sys.exit(f"FAIL  {shard['name']}, row {row['row']}: {recorded} recorded, KenLM says {expected}")
            if expected is None:
                continue
            perplexity, unknown = expected
            worst = max(worst, abs(recorded - perplexity) / perplexity)
            if abs(recorded - perplexity) > WITHIN * perplexity or abs(row[f"{stage}/oov"] - unknown) > 1e-12:
                sys.exit(f"FAIL  {shard['name']}, row {row['row']}: {recorded} recorded, KenLM says {perplexity}")
            compared += 1
    if compared == 0:
        sys.exit("FAIL  no perplexity is recorded")
    print(f"ok    {compared} perplexities are KenLM's; the largest relative difference is {worst:.1e}")


if __name__ == "__main__":
    main()
