"""The same release from files and from a real S3 server, whatever the network does in between.

Starts moto's server on the loopback interface and, before it, a proxy that breaks connections at random places or answers
503. Usage: object_stores.py PROBITY MOTO_SERVER CORPUS [CUTS], where CORPUS is a folder of Parquet shards with the
columns `id` and `text`.
"""

import base64
import filecmp
import http.client
import json
import os
import pathlib
import random
import resource
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time

import boto3
import pyarrow
import pyarrow.parquet

STAGES = """
[[stage]]
use = "gopher-quality"
[[stage]]
use = "exact-duplicates"
[[stage]]
use = "near-duplicates"
"""
UNAVAILABLE = b"HTTP/1.1 503 Slow Down\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"


class Proxy:
    """Passes bytes on, until `budget` bytes of answers have gone by: then the connection breaks, once, or for good."""

    def __init__(self, port):
        self.upstream, self.budget, self.fatal, self.storm, self.broken = port, None, False, False, 0
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.lock = threading.Lock()
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            client, _ = self.listener.accept()
            if self.storm:
                client.recv(65536)
                client.sendall(UNAVAILABLE)
                client.close()
                continue
            server = socket.create_connection(("127.0.0.1", self.upstream))
            threading.Thread(target=self.pump, args=(client, server, False), daemon=True).start()
            threading.Thread(target=self.pump, args=(server, client, True), daemon=True).start()

    def allowed(self, wanted):
        with self.lock:
            if self.budget is None or self.budget > wanted:
                self.budget = None if self.budget is None else self.budget - wanted
                return wanted
            allowed, self.budget, self.broken, self.storm = self.budget, None, self.broken + 1, self.fatal
            return allowed

    def cut(self, budget, fatal):
        """Breaks a connection; `fatal`: all later ones are answered 503."""
        self.budget, self.fatal = budget, fatal

    def heal(self):
        self.budget, self.fatal, self.storm = None, False, False

    def pump(self, source, target, counted):
        try:
            while data := source.recv(16384):
                allowed = self.allowed(len(data)) if counted else len(data)
                target.sendall(data[:allowed])
                if allowed < len(data):
                    break
        except OSError:
            pass
        for side in (source, target):
            try:
                side.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


def start(moto, port):
    server = subprocess.Popen([moto, "-H", "127.0.0.1", "-p", str(port)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    for _ in range(100):
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            return server
        except OSError:
            time.sleep(0.1)
    raise SystemExit("the S3 server did not start")


def put(port, path, body=b""):
    connection = http.client.HTTPConnection("127.0.0.1", port)
    connection.request("PUT", path, body, {"Authorization": "AWS4-HMAC-SHA256 Credential=a/20260101/us-east-1/s3/aws4_request"})
    answer = connection.getresponse()
    assert answer.status == 200, (path, answer.status, answer.read())


class Trial:
    def __init__(self, probity, folder, port):
        self.probity, self.folder, self.port = probity, folder, port

    def run(self, files, out, *more):
        """Exit code, seconds of processor time and standard error of a run over `files`."""
        config = self.folder / "c.toml"
        config.write_text(f'schema = 1\n[input]\nfiles = ["{files}"]\ntext = "text"\nid = "id"\n{STAGES}')
        environment = dict(
            os.environ,
            AWS_ENDPOINT_URL=f"http://127.0.0.1:{self.port}",
            AWS_ALLOW_HTTP="true",
            AWS_ACCESS_KEY_ID="key",
            AWS_SECRET_ACCESS_KEY="secret-of-the-test",
            AWS_REGION="us-east-1",
        )
        keys = ["--key", self.folder / "k.pem", "--salt-key", self.folder / "salt.key"]
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        ran = subprocess.run([self.probity, "run", config, "--out", out, *keys, *more], env=environment, capture_output=True, text=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        assert "secret-of-the-test" not in ran.stderr + ran.stdout
        return ran.returncode, seconds, ran.stderr

    def verifies(self, release):
        key = ["--key", self.folder / "k.pub.pem"]
        return subprocess.run([self.probity, "verify", release, *key], capture_output=True).returncode == 0


def roots(release):
    bundle = json.loads((release / "manifest.sigstore.json").read_text())
    predicate = json.loads(base64.b64decode(bundle["dsseEnvelope"]["payload"]))["predicate"]
    return predicate["ledger"]["decisionRoot"], predicate["outputs"]["contentRoot"]


def same_data(left, right):
    names = [path.name for path in (left / "data").iterdir()]
    return filecmp.cmpfiles(left / "data", right / "data", names, shallow=False)[0] == names


def fill(corpus, folder, port):
    """The corpus as objects, in Parquet and as packed lines; and as packed lines on disk."""
    put(port, "/bucket")
    put(port, "/out")
    (folder / "lines").mkdir()
    for shard in sorted(corpus.glob("*.parquet")):
        put(port, f"/bucket/crawl/{shard.name}", shard.read_bytes())
        rows = pyarrow.parquet.read_table(shard, columns=["id", "text"]).to_pylist()
        lines = "".join(json.dumps(row) + "\n" for row in rows).encode()
        packed = pyarrow.compress(lines, codec="zstd", asbytes=True)
        (folder / "lines" / f"{shard.stem}.jsonl.zst").write_bytes(packed)
        put(port, f"/bucket/lines/{shard.stem}.jsonl.zst", packed)
        put(port, f"/bucket/plain/{shard.stem}.jsonl", lines)


def agree(trial, folder, corpus):
    """Equal roots from everywhere; the processor time of local files and of the server."""
    spent, found = {}, {}
    places = {
        "local": f"{corpus}/*.parquet",
        "local lines": f"{folder}/lines/*.jsonl.zst",
        "s3": "s3://bucket/crawl/*.parquet",
        "s3 lines": "s3://bucket/lines/",
        "s3 plain lines": "s3://bucket/plain/*.jsonl",
    }
    for name, files in places.items():
        release = folder / name.replace(" ", "-")
        code, spent[name], told = trial.run(files, release)
        assert code == 0, (name, told)
        found[name] = roots(release)
    assert len({root for root, _ in found.values()}) == 1, found
    assert found["s3"] == found["local"] and same_data(folder / "s3", folder / "local")
    print(f"decision root {found['s3'][0]} from {', '.join(places)}")
    print(f"processor time: {spent['local']:.2f} s from disk, {spent['s3']:.2f} s from the server ({spent['s3'] / spent['local']:.2f} times)")


def faults(trial, proxy, folder, cuts):
    """Breaks connections at random places of a run, and stops answering."""
    code, _, told = trial.run("s3://bucket/crawl/none.parquet", folder / "none")
    assert code == 2 and "there is no such object" in told, told
    size = sum(path.stat().st_size for path in folder.glob("s3/data/*"))
    outcomes = {"equal": 0, "failed": 0}
    draw = random.Random(20)
    for cut in range(cuts):
        release = folder / f"cut-{cut}"
        proxy.cut(draw.randrange(1, 2 * size), fatal=cut % 2 == 1)
        code, _, told = trial.run("s3://bucket/crawl/*.parquet", release)
        if code != 0:
            assert code == 2 and "error: `s3://bucket/" in told and not trial.verifies(release), told
            proxy.heal()
            code, _, told = trial.run("s3://bucket/crawl/*.parquet", release)
            outcomes["failed"] += 1
        else:
            outcomes["equal"] += 1
        assert code == 0 and trial.verifies(release), told
        assert roots(release) == roots(folder / "local") and same_data(release, folder / "local")
        shutil.rmtree(release)
    proxy.heal()
    proxy.storm = True
    started = time.monotonic()
    code, _, told = trial.run("s3://bucket/crawl/*.parquet", folder / "storm")
    assert code == 2 and "503" in told and not trial.verifies(folder / "storm"), told
    proxy.heal()
    print(f"{cuts} cuts ({proxy.broken} hit): {outcomes['equal']} runs went on, {outcomes['failed']} failed and were continued; all equal in the end")
    print(f"a storm of 503 ended the run after {time.monotonic() - started:.1f} s: {told.strip().splitlines()[-1][:160]}")


def fetched(port, prefix, folder):
    """Copies what is under a prefix, without Probity."""
    client = boto3.client("s3", endpoint_url=f"http://127.0.0.1:{port}", aws_access_key_id="a", aws_secret_access_key="b", region_name="us-east-1")
    for page in client.get_paginator("list_objects_v2").paginate(Bucket="out", Prefix=prefix):
        for found in page.get("Contents", []):
            path = folder / found["Key"].removeprefix(prefix)
            path.parent.mkdir(parents=True, exist_ok=True)
            client.download_file("out", found["Key"], str(path))
    return folder


def outputs(trial, proxy, folder, corpus, port, cuts):
    """Uploads that break never leave a manifest without its files; what is there in the end verifies."""
    staging, files, failed = folder / "staging", f"{corpus}/*.parquet", 0
    draw = random.Random(21)
    for cut in range(cuts):
        proxy.cut(draw.randrange(1, 8_000), fatal=cut % 2 == 1)
        code, _, told = trial.run(files, f"s3://out/{cut}", "--staging", staging)
        failed += code != 0
        proxy.heal()
        copy = fetched(port, f"{cut}/", folder / f"copy-{cut}")
        whole = copy.exists() and trial.verifies(copy)
        assert whole or not (copy / "manifest.sigstore.json").exists(), told
        code, _, told = trial.run(files, f"s3://out/{cut}", "--staging", staging)
        assert code == 0, told
        shutil.rmtree(copy, ignore_errors=True)
        assert trial.verifies(fetched(port, f"{cut}/", copy)) and roots(copy) == roots(folder / "local")
        shutil.rmtree(copy)
    code, _, told = trial.run(files, "s3://out/0", "--staging", folder / "other")
    assert code == 2 and "holds a finished release" in told, told
    print(f"{cuts} uploads were disturbed, {failed} failed and were continued; each verifies, copied by boto3")


def main():
    probity, moto, corpus = pathlib.Path(sys.argv[1]).resolve(), sys.argv[2], pathlib.Path(sys.argv[3]).resolve()
    cuts = int(sys.argv[4]) if len(sys.argv) > 4 else 20
    with tempfile.TemporaryDirectory() as folder:
        folder, port = pathlib.Path(folder), free_port()
        server = start(moto, port)
        try:
            subprocess.run([probity, "keygen", "--out", folder / "k.pem"], check=True, capture_output=True)
            (folder / "salt.key").write_bytes(bytes(32))
            fill(corpus, folder, port)
            agree(Trial(probity, folder, port), folder, corpus)
            proxy = Proxy(port)
            trial = Trial(probity, folder, proxy.port)
            faults(trial, proxy, folder, cuts)
            outputs(trial, proxy, folder, corpus, port, 6)
        finally:
            server.terminate()
            server.wait()


main()
