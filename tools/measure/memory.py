"""Runs a configuration at several `--memory` and thread counts and tells the peak of anonymous memory, by pass.

Usage: memory.py PROBITY FOLDER CONFIG... [--memory 256MiB,1GiB] [--threads 1,2,8] [--factor 1.3]

Anonymous memory is `RssAnon` of /proc/PID/status, looked at every 10 ms: pages of mapped files are not counted, the
system takes them back when it needs them. Passes are those that the program's log names as they end. All runs of a
configuration must come to the same roots, and none may take more than the factor allows; else the exit code is 1.
"""

import argparse
import pathlib
import re
import shutil
import subprocess
import sys
import threading
import time

EVERY_SECONDS = 0.01
UNITS = {"KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30}
PASS_ENDS = re.compile(r"(?:INFO )?\s*([\w.-]+): done in")


class Watch:
    """What a process took while it ran."""

    def __init__(self, command):
        self.peak = 0
        self.resident = 0
        self.passes = {}
        self.log = []
        self.since_pass = 0
        started = time.monotonic()
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        reader = threading.Thread(target=self.read_log, args=(process.stderr,))
        reader.start()
        while process.poll() is None:
            self.sample(process.pid)
            time.sleep(EVERY_SECONDS)
        self.seconds = time.monotonic() - started
        reader.join()
        self.out = process.stdout.read()
        self.exit = process.returncode

    def read_log(self, stderr):
        for line in stderr:
            self.log.append(line)
            if ends := PASS_ENDS.search(line):
                name = ends.group(1)
                self.passes[name] = max(self.passes.get(name, 0), self.since_pass)
                self.since_pass = 0
        self.passes["end"] = self.since_pass

    def sample(self, pid):
        try:
            status = pathlib.Path(f"/proc/{pid}/status").read_text()
        except OSError:
            return
        kib = dict(re.findall(r"^(RssAnon|VmHWM):\s+(\d+) kB", status, re.MULTILINE))
        anonymous = int(kib.get("RssAnon", 0)) << 10
        self.peak = max(self.peak, anonymous)
        self.since_pass = max(self.since_pass, anonymous)
        self.resident = max(self.resident, int(kib.get("VmHWM", 0)) << 10)


def bytes_of(memory):
    number, unit = re.fullmatch(r"(\d+)(KiB|MiB|GiB)", memory).groups()
    return int(number) * UNITS[unit]


def roots(out):
    return re.findall(r"(?:decision|content) root\s+(\S+)", out)


def main():
    arguments = argparse.ArgumentParser(usage=__doc__)
    arguments.add_argument("probity")
    arguments.add_argument("folder", type=pathlib.Path)
    arguments.add_argument("configs", nargs="+")
    arguments.add_argument("--memory", default="256MiB,1GiB,4GiB")
    arguments.add_argument("--threads", default="1,2,8")
    arguments.add_argument("--factor", type=float, default=1.3)
    arguments = arguments.parse_args()
    arguments.folder.mkdir(parents=True, exist_ok=True)
    good = True
    print("| configuration | `--memory` | threads | seconds | peak MiB | of `--memory` | by pass, MiB |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for config in arguments.configs:
        first = None
        for memory in arguments.memory.split(","):
            for threads in arguments.threads.split(","):
                release = arguments.folder / "release"
                shutil.rmtree(release, ignore_errors=True)
                shutil.rmtree(f"{release}.unfinished", ignore_errors=True)
                command = [arguments.probity, "run", config, "--out", str(release)]
                watch = Watch([*command, "--memory", memory, "--threads", threads])
                share = watch.peak / bytes_of(memory)
                passes = ", ".join(f"{name} {peak >> 20}" for name, peak in watch.passes.items())
                row = [pathlib.Path(config).stem, memory, threads, f"{watch.seconds:.1f}"]
                row += [f"{watch.peak >> 20}", f"{share:.2f}", passes]
                print("| " + " | ".join(row) + " |", flush=True)
                if watch.exit != 0:
                    print(f"exit code {watch.exit}: {''.join(watch.log[-5:])}", file=sys.stderr)
                    good = False
                    continue
                first = first or roots(watch.out)
                good &= share <= arguments.factor and roots(watch.out) == first
    shutil.rmtree(arguments.folder / "release", ignore_errors=True)
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
