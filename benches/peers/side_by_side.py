"""Probity and its peers on the same shards, one thread each, Parquet read and written on every side.

Every program runs as a process of its own; what is compared is the processor time the operating system charged it,
all of it: start, imports, reading, judging, writing. Rounds take turns, so that a slow moment of the machine hits
all sides. README.md beside this file says what is fair about it and what is not.

usage: side_by_side.py --probity target/release/probity SHARD...
needs: pip install 'datatrove[processing,io]==0.10.1' 'spacy==3.8.*' orjson 'rensa==0.5.*'; for dolma_taggers.py see there
"""

import argparse
import importlib.metadata
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import pyarrow.parquet as pq

HERE = Path(__file__).resolve().parent

INPUT = """schema = 1
[input]
files = ["shards/*.parquet"]
text = "text"
id = "id"
[output]
removed = true
# the level at which the peers' writer compresses
compression = "zstd(1)"
"""

# what Probity is asked to do, and the peers that do the same
WORKLOADS = {
    "families": (
        ["gopher-repetition", "gopher-quality", "c4-lines", "fineweb-quality"],
        ["datatrove_families.py", "dolma_taggers.py"],
    ),
    "near-duplicates": (
        ["near-duplicates"],
        ["datatrove_near_duplicates.py", "rensa_near_duplicates.py"],
    ),
}

# One thread for every library that would otherwise start more.
ENVIRONMENT = os.environ | {
    name: "1" for name in ("RAYON_NUM_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
}


def processor_seconds(command: list, log: Path) -> float:
    """Runs a command to its end and tells the user and system time of it and all its children."""
    with log.open("ab") as output:
        child = subprocess.Popen(command, stdout=output, stderr=output, env=ENVIRONMENT)
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))}\nfailed with {child.returncode}; see {log}")
    return usage.ru_utime + usage.ru_stime


def kept_ids(folder: Path) -> list[str]:
    """The ids of the records in a folder of shards."""
    return [i for shard in sorted(folder.rglob("*.parquet")) for i in pq.read_table(shard, columns=["id"])["id"].to_pylist()]


def copy_ids_and_texts(source: Path, target: Path) -> None:
    """The same columns for every side: datatrove's writer cannot carry some of the others."""
    rows = pq.ParquetFile(source)
    schema = rows.schema_arrow.empty_table().select(["id", "text"]).schema
    with pq.ParquetWriter(target, schema, compression="zstd") as writer:
        for group in range(rows.num_row_groups):
            writer.write_table(rows.read_row_group(group, columns=["id", "text"]))


def text_bytes(shards: list[Path]) -> tuple[int, int]:
    """Records, and bytes of UTF-8 text."""
    texts = [text for shard in shards for text in pq.read_table(shard, columns=["text"])["text"].to_pylist()]
    return len(texts), sum(len((text or "").encode()) for text in texts)


class Bench:
    def __init__(self, arguments: argparse.Namespace, work: Path):
        self.probity, self.work = arguments.probity, work
        self.rounds, self.peer_rounds = arguments.rounds, arguments.peer_rounds
        self.shards = work / "shards"
        self.shards.mkdir()
        for shard in arguments.shards:
            copy_ids_and_texts(shard, self.shards / shard.name)
        self.records, self.bytes = text_bytes(sorted(self.shards.iterdir()))

    def run_probity(self, workload: str, stages: list[str]) -> tuple[float, list[str]]:
        config = self.work / f"{workload}.toml"
        config.write_text(INPUT + "".join(f'[[stage]]\nuse = "{stage}"\n' for stage in stages))
        release = self.fresh("probity")
        command = [self.probity, "run", config, "--out", release, "--threads", "1"]
        return processor_seconds(command, self.work / "probity.log"), kept_ids(release / "data")

    def run_peer(self, script: str) -> tuple[float, list[str]]:
        target = self.fresh(script)
        command = [sys.executable, HERE / script, self.shards, target]
        return processor_seconds(command, self.work / f"{script}.log"), kept_ids(target / "kept")

    def fresh(self, name: str) -> Path:
        folder = self.work / f"{name}.out"
        shutil.rmtree(folder, ignore_errors=True)
        return folder

    def workload(self, name: str) -> None:
        stages, peers = WORKLOADS[name]
        print(f"\n{name}: {', '.join(stages)}")
        ours, theirs = [], {peer: [] for peer in peers}
        for turn in range(max(self.rounds, self.peer_rounds)):
            if turn < self.rounds:
                seconds, kept = self.run_probity(name, stages)
                ours.append(seconds)
            for peer in peers if turn < self.peer_rounds else []:
                seconds, peer_kept = self.run_peer(peer)
                theirs[peer].append(seconds)
                if peer_kept:
                    self.agreement(peer, kept, peer_kept)
        middle = statistics.median(ours)
        self.line("probity", ours, None)
        for peer, seconds in theirs.items():
            self.line(peer.removesuffix(".py"), seconds, statistics.median(seconds) / middle)

    def line(self, name: str, seconds: list[float], ratio: float | None) -> None:
        middle = statistics.median(seconds)
        rate = f"{self.bytes / middle / 1e6:8.2f} MB/s  {middle / self.bytes * 1e9:8.1f} ns/byte"
        rounds = " ".join(f"{s:.2f}" for s in seconds)
        against = f"  {ratio:7.1f} times probity" if ratio else ""
        print(f"  {name:28} {middle:8.2f} s  {rate}{against}  (rounds: {rounds})", flush=True)

    def agreement(self, peer: str, ours: list[str], theirs: list[str]) -> None:
        """A comparison of speeds means something only where both do the same."""
        a, b = set(ours), set(theirs)
        print(f"  kept: probity {len(a)}, {peer} {len(b)}; both {len(a & b)}, one only {len(a ^ b)}", flush=True)


def versions(probity: str) -> str:
    ours = subprocess.run([probity, "--version"], capture_output=True, text=True, check=True).stdout.strip()
    peers = [f"{name} {importlib.metadata.version(name)}" for name in ("datatrove", "spacy", "pyarrow", "rensa")]
    return ", ".join([ours, *peers, f"Python {platform.python_version()}"])


def processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    models = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return f"{models[0] if models else platform.machine()}, {os.cpu_count()} cores"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("shards", nargs="+", type=Path, help="Parquet shards with columns `id` and `text`")
    parser.add_argument("--probity", required=True, help="the program, built with --release")
    parser.add_argument("--rounds", type=int, default=3, help="rounds of probity")
    parser.add_argument("--peer-rounds", type=int, default=1, help="rounds of each peer")
    parser.add_argument("--only", choices=WORKLOADS, help="one workload")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as work:
        bench = Bench(arguments, Path(work))
        print(versions(arguments.probity))
        print(f"{processor()}; {bench.records} records, {bench.bytes / 1e6:.1f} MB of text, one thread each")
        for name in [arguments.only] if arguments.only else WORKLOADS:
            bench.workload(name)


if __name__ == "__main__":
    main()
