"""A run on a Ray cluster of a head and two workers of one core each, whatever dies in the middle of it."""

from __future__ import annotations

import contextlib
import functools
import importlib.util
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import unittest
from collections.abc import Iterator
from pathlib import Path
from unittest import mock

import probity

from . import corpus

HAS_RAY = importlib.util.find_spec("ray") is not None
STORE_BYTES = 80 << 20
MEMORY = "512MiB"
PARTS = 2
SECONDS_MAX = 300
# a lost worker is known as such after four seconds; by default it takes fifteen, and here one is lost in each pass
HEALTH = {"health_check_period_ms": 1000, "health_check_timeout_ms": 3000, "health_check_failure_threshold": 4}
REPOSITORY = Path(__file__).parents[2]
SHARED = REPOSITORY.parent / "shared" / "data" / "corpus" / "small"
WORKER = {"num_cpus": 1, "memory": 4 << 30, "object_store_memory": STORE_BYTES}

DRIVER = """
import logging, sys
import probity.ray
logging.basicConfig(level="INFO", stream=sys.stdout, format="%(message)s")
config, out, work, address, key, salt, memory, task_bytes, parts = sys.argv[1:]
given = {"address": address, "key": key, "salt_key": salt, "memory": memory, "task_bytes": task_bytes}
probity.ray.run(config, out, work=work, parts=int(parts), **given)
"""


def files(release: Path) -> dict[str, bytes]:
    """Everything in a release that does not depend on the machine or on the randomness of a signature."""
    own = {"run.json", "manifest.sigstore.json"}
    found = sorted(path for path in release.rglob("*") if path.is_file() and "attestations" not in path.parts)
    return {str(path.relative_to(release)): path.read_bytes() for path in found if path.name not in own}


@unittest.skipUnless(HAS_RAY, "ray is not installed")
class OnACluster(unittest.TestCase):
    """The bytes are those of one machine."""

    task_bytes = "16KiB"

    @classmethod
    def config(cls) -> Path:
        """The configuration of all runs."""
        return corpus.folder() / "config.toml"

    @classmethod
    def release(cls) -> probity.Outcome:
        """What one machine makes of it."""
        return corpus.release()

    @classmethod
    def work(cls, name: str) -> str:
        """Where tasks hand files on."""
        return str(corpus.folder() / f"{name}.work")

    @classmethod
    def setUpClass(cls) -> None:
        os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
        # workers import the package, and only that, from where it is installed
        import ray
        from ray.cluster_utils import Cluster

        head = {"num_cpus": 0, "include_dashboard": False, "object_store_memory": STORE_BYTES, "_system_config": HEALTH}
        cls.cluster = Cluster(initialize_head=True, head_node_args=head)
        cls.workers = [cls.cluster.add_node(**WORKER) for _ in range(2)]
        ray.init(address=cls.cluster.address)

    @classmethod
    def tearDownClass(cls) -> None:
        import ray

        ray.shutdown()
        cls.cluster.shutdown()

    def setUp(self) -> None:
        # a cluster that lacks what a task asks for waits for it without end
        signal.signal(signal.SIGALRM, lambda *_: self.fail("took too long"))
        signal.alarm(SECONDS_MAX)
        self.addCleanup(signal.alarm, 0)

    def replace_first_worker(self) -> None:
        """Another one for a worker that was killed."""
        self.cluster.remove_node(self.workers.pop(0), allow_graceful=False)
        self.workers.append(self.cluster.add_node(**WORKER))

    def out(self, name: str) -> Path:
        return corpus.folder() / f"{type(self).__name__} {name}"

    def arguments(self, name: str) -> dict[str, object]:
        at = corpus.folder()
        return {
            "out": self.out(name),
            "work": self.work(name),
            "key": at / "producer.pem",
            "salt_key": at / "salt.key",
            "memory": MEMORY,
            "task_bytes": self.task_bytes,
            "parts": PARTS,
        }

    def check(self, name: str) -> None:
        made, expected = files(self.out(name)), files(self.release().release)
        self.assertEqual(made.keys(), expected.keys())
        self.assertEqual([file for file in made if made[file] != expected[file]], [])
        self.assertTrue(probity.verify(self.out(name), corpus.public_key()).ok)

    def run_here(self, name: str) -> probity.Outcome:
        import probity.ray

        return probity.ray.run(self.config(), **self.arguments(name))

    def test_nothing_dies(self) -> None:
        made = self.run_here("calm")
        self.assertEqual(made.record_root, self.release().record_root)
        self.check("calm")
        with self.assertRaisesRegex(probity.OutputError, "holds a finished release"):
            self.run_here("calm")

    def test_a_worker_dies_in_each_pass(self) -> None:
        import probity.ray

        passes = []

        def dying(name: str, *rest: object) -> None:
            passes.append(name)
            (raylet,) = self.workers[0].all_processes["raylet"]
            killer = threading.Timer(0.3, os.kill, [raylet.process.pid, signal.SIGKILL])
            killer.start()
            original(name, *rest)
            killer.join()
            self.replace_first_worker()

        original = probity.ray._pass
        with mock.patch.object(probity.ray, "_pass", dying):
            self.run_here("killed")
        self.assertEqual((passes[0], passes[-1]), ("judge", "write"))
        self.check("killed")

    @contextlib.contextmanager
    def driver(self, name: str) -> Iterator[subprocess.Popen[str]]:
        """A driver of its own."""
        given = self.arguments(name)
        paths = [given["out"], given["work"], self.cluster.address, given["key"], given["salt_key"]]
        command = [sys.executable, "-c", DRIVER, self.config(), *paths, MEMORY, self.task_bytes, PARTS]
        with subprocess.Popen([str(part) for part in command], stdout=subprocess.PIPE, text=True) as process:
            yield process

    def test_the_driver_dies(self) -> None:
        with self.driver("orphaned") as process:
            for line in process.stdout or []:
                if line.startswith("judge: "):
                    process.send_signal(signal.SIGKILL)
                    break
        self.assertFalse((self.out("orphaned") / "manifest.sigstore.json").exists())
        self.run_here("orphaned")
        self.check("orphaned")

    def test_two_drivers(self) -> None:
        with self.driver("twice") as one, self.driver("twice") as other:
            codes = [process.wait(300) for process in (one, other)]
        self.assertIn(0, codes)
        self.check("twice")

    def test_what_a_task_raises(self) -> None:
        at = corpus.folder()
        (at / "vanishing").mkdir()
        shard = next((at / "corpus").glob("*.parquet"))
        copy = at / "vanishing" / shard.name
        copy.write_bytes(shard.read_bytes())
        (at / "vanishing.toml").write_text(corpus.INPUT.replace("corpus/", "vanishing/") + corpus.STAGES)

        import probity.ray

        def vanish(*rest: object) -> None:
            copy.write_bytes(b"PAR1")
            os.utime(copy, (time.time() + 10,) * 2)
            original(*rest)

        original = probity.ray._pass
        with mock.patch.object(probity.ray, "_pass", vanish), self.assertRaisesRegex(probity.InputError, shard.name):
            probity.ray.run(at / "vanishing.toml", **self.arguments("vanished"))


@unittest.skipUnless(SHARED.is_dir(), "the shared corpus is not here")
class OnTheSharedCorpus(OnACluster):
    """The same with real records and a profile."""

    task_bytes = "8MiB"
    test_what_a_task_raises = None

    @classmethod
    def shards(cls) -> str:
        """What `files` of the configuration names."""
        return str(SHARED / "*.parquet")

    @classmethod
    @functools.cache
    def config(cls) -> Path:
        """The profile `pretraining`."""
        path = corpus.folder() / f"{cls.__name__}.toml"
        profile = (REPOSITORY / "src" / "profiles" / "pretraining.toml").read_text()
        path.write_text(profile.replace("*.parquet", cls.shards()))
        return path

    @classmethod
    @functools.cache
    def release(cls) -> probity.Outcome:
        """What one machine makes of it."""
        at = corpus.folder()
        out = at / f"{cls.__name__} alone"
        return probity.run(cls.config(), out, key=at / "producer.pem", salt_key=at / "salt.key")


@unittest.skipUnless(importlib.util.find_spec("moto"), "moto is not installed")
class InAnObjectStore(OnTheSharedCorpus):
    """The same with input and `work` on an S3 server of the loopback interface."""

    @classmethod
    def setUpClass(cls) -> None:
        import boto3

        port = free_port()
        where = {"AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}", "AWS_ALLOW_HTTP": "true", "AWS_REGION": "us-east-1"}
        secrets = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_DEFAULT_REGION": "us-east-1"}
        # workers have the environment of who starts the cluster
        os.environ.update({**where, **secrets})
        server = [Path(sys.executable).with_name("moto_server"), "-p", str(port)]
        process = subprocess.Popen(server, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        cls.addClassCleanup(process.wait)
        cls.addClassCleanup(process.kill)
        store = boto3.client("s3")
        for _ in range(100):
            with contextlib.suppress(Exception):
                store.create_bucket(Bucket="bucket")
                break
            time.sleep(0.1)
        for shard in SHARED.glob("*.parquet"):
            store.upload_file(str(shard), "bucket", f"corpus/{shard.name}")
        super().setUpClass()

    @classmethod
    def shards(cls) -> str:
        return "s3://bucket/corpus/*.parquet"

    @classmethod
    def work(cls, name: str) -> str:
        return f"s3://bucket/{name}.work"


def free_port() -> int:
    """A port that nobody listens to."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
