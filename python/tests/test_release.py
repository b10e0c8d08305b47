"""Runs, verification and ledgers."""

from __future__ import annotations

import logging
import os
import shutil
import signal
import threading
import unittest
from pathlib import Path

import polars
import probity
import pyarrow
import tomllib

from . import corpus


class Runs(unittest.TestCase):
    """`run` makes the releases of the command line."""

    def test_counts(self) -> None:
        made = corpus.release()
        self.assertEqual(made.records_in, 600)
        self.assertEqual(made.kept + made.edited + made.removed + made.quarantined, 600)
        self.assertEqual(sum(made.by_rule.values()), made.removed + made.quarantined)
        self.assertIn("near-duplicates/jaccard", made.by_rule)
        self.assertEqual((made.uploaded, made.gate), (None, ()))
        self.assertEqual(len(made.key_id or ""), 64)

    def test_equal_bytes_at_any_thread_count(self) -> None:
        at, before = corpus.folder(), corpus.release()
        made = probity.run(
            at / "config.toml",
            at / "again",
            key=at / "producer.pem",
            salt_key=at / "salt.key",
            threads=1,
            memory=1 << 30,
        )
        self.assertEqual(made.record_root, before.record_root)
        self.assertEqual((made.decision_root, made.content_root), (before.decision_root, before.content_root))
        for file in (at / "again" / "data").iterdir():
            self.assertEqual(file.read_bytes(), (before.release / "data" / file.name).read_bytes())

    def test_set_and_gate(self) -> None:
        at = corpus.folder()
        (at / "gate.toml").write_text(corpus.INPUT + "[gate]\nremoved_ppm_max = 1\n" + corpus.STAGES)
        made = probity.run(at / "gate.toml", at / "broken", key=at / "producer.pem")
        self.assertEqual(made.key_id, None)
        self.assertRegex(made.gate[0], "removed_ppm_max")
        config = probity.Config(at / "stages.toml", set=["gopher-quality.words_min=100000"])
        self.assertGreater(probity.run(config, at / "set").by_rule["gopher-quality/words-min"], 590)
        with self.assertRaisesRegex(ValueError, "give `set` to Config"):
            probity.run(config, at / "set", set=["a.b=1"])

    def test_wrong(self) -> None:
        at = corpus.folder()
        config = at / "stages.toml"
        cases = [
            (dict(out=corpus.release().release), probity.OutputError, "holds a finished release"),
            (dict(out=at / "x", memory="10MiB"), ValueError, "expected at least 64MiB"),
            (dict(out=at / "x", memory="64MiB", set=["measure=some"]), probity.ConfigError, "unknown variant `some`"),
            (dict(out=at / "x", threads=0), ValueError, "expected 1 to 1024"),
            (dict(out=at / "x", key=at / "none.pem"), probity.InputError, "none.pem"),
            (dict(out=at / "x", salt_key=config), probity.InputError, "expected 32 bytes"),
            (dict(out="s3://bucket/folder"), ValueError, "give `staging`"),
            (dict(out="s3://bucket/folder", staging=at / "x"), ValueError, "give `key`"),
            (dict(out=at / "x", staging=at / "y"), ValueError, "is for an `out`"),
        ]
        for arguments, error, message in cases:
            with self.subTest(message), self.assertRaisesRegex(error, message):
                probity.run(config, **arguments)
        self.assertFalse((at / "x").exists())

    def test_passphrase(self) -> None:
        file = corpus.folder() / "passphrase"
        file.write_bytes(b"open\n")
        os.environ["PROBITY_PASSPHRASE_FILE"] = str(file)
        try:
            from probity._release import passphrase

            self.assertEqual(passphrase(), b"open")
            os.environ["PROBITY_PASSPHRASE"] = "sesame"
            self.assertEqual(passphrase(), b"sesame")
        finally:
            os.environ.pop("PROBITY_PASSPHRASE_FILE")
            os.environ.pop("PROBITY_PASSPHRASE", None)


class Interrupted(logging.Handler):
    """Sends SIGINT when judging is done, and waits until it has arrived."""

    def __init__(self) -> None:
        super().__init__()
        self.arrived = threading.Event()

    def emit(self, record: logging.LogRecord) -> None:
        if record.getMessage().startswith("judge: done"):
            os.kill(os.getpid(), signal.SIGINT)
            self.arrived.wait(60)

    def handle_signal(self, _number: int, _frame: object) -> None:
        self.arrived.set()
        raise KeyboardInterrupt


class Stopping(unittest.TestCase):
    """Ctrl-C."""

    def test_a_stopped_run_goes_on(self) -> None:
        at = corpus.folder()
        call = dict(key=at / "producer.pem", salt_key=at / "salt.key")
        logger, handler = logging.getLogger("probity"), Interrupted()
        level, before = logger.level, signal.signal(signal.SIGINT, handler.handle_signal)
        logger.addHandler(handler)
        logger.setLevel(logging.INFO)
        try:
            with self.assertRaises(KeyboardInterrupt):
                probity.run(at / "config.toml", at / "stopped", **call)
        finally:
            logger.removeHandler(handler)
            signal.signal(signal.SIGINT, before)
        self.assertTrue((at / "stopped.unfinished").exists())
        with self.assertLogs("probity", logging.INFO) as told:
            made = probity.run(at / "config.toml", at / "stopped", **call)
        logger.setLevel(level)
        self.assertTrue(any("are judged already" in line for line in told.output), told.output)
        self.assertEqual(made.record_root, corpus.release().record_root)


class Verification(unittest.TestCase):
    """`verify` reports and does not raise."""

    def test_a_sound_release(self) -> None:
        at = corpus.folder()
        for levels, inputs in [(None, None), (None, at / "corpus"), (["signature", "replay"], at / "corpus")]:
            report = probity.verify(
                corpus.release().release, corpus.public_key(), levels=levels, inputs=inputs, assets=at
            )
            self.assertTrue(report.ok, report)
            self.assertEqual((report.exit_code, report.failed), (0, []))
            self.assertEqual(report["keyId"], corpus.release().key_id)

    def test_a_changed_release(self) -> None:
        copy = corpus.folder() / "copy"
        shutil.copytree(corpus.release().release, copy)
        victim = copy / "data" / "part-00000.parquet"
        data = bytearray(victim.read_bytes())
        data[len(data) // 2] ^= 1
        victim.write_bytes(data)
        report = probity.verify(copy, corpus.public_key())
        self.assertEqual((report.ok, report.exit_code), (False, 1))
        self.assertTrue(all(check["findings"] for check in report.failed))

    def test_another_key(self) -> None:
        other = probity.keygen(corpus.folder() / "other.pem")
        self.assertEqual(probity.verify(corpus.release().release, other).exit_code, 1)

    def test_what_cannot_be_tried(self) -> None:
        made = corpus.release().release
        for arguments, error, message in [
            ((made, "none.pem"), probity.InputError, "none.pem"),
            ((made / "none", corpus.public_key()), probity.ReleaseError, "not a directory"),
        ]:
            with self.subTest(message), self.assertRaisesRegex(error, message):
                probity.verify(*arguments)
        with self.assertRaisesRegex(ValueError, "everything"):
            probity.verify(made, corpus.public_key(), levels=["everything"])


class Ledgers(unittest.TestCase):
    """`ledger` reads all parts, from inside the release."""

    def test_rows(self) -> None:
        made = corpus.release()
        rows = pyarrow.table(probity.ledger(made.release))
        self.assertEqual(rows.num_rows, made.records_in)
        fates = rows["fate"].to_pylist()
        self.assertEqual(
            [fates.count(f) for f in ["kept", "edited", "removed", "quarantined"]],
            [made.kept, made.edited, made.removed, made.quarantined],
        )
        places = list(zip(rows["shard"].to_pylist(), rows["row"].to_pylist(), strict=True))
        self.assertEqual(places, sorted(places))
        self.assertGreater(places[-1][0], 0)
        self.assertEqual(polars.DataFrame(probity.ledger(made.release))["fate"].to_list(), fates)

    def test_nothing_outside_is_read(self) -> None:
        copy = corpus.folder() / "linked"
        shutil.copytree(corpus.release().release, copy)
        part = copy / "auditor" / "ledger" / "part-00000.parquet"
        part.unlink()
        part.symlink_to(corpus.release().release / "auditor" / "ledger" / "part-00000.parquet")
        with self.assertRaises(probity.ReleaseError):
            probity.ledger(copy)
        with self.assertRaises(probity.ReleaseError):
            probity.ledger(corpus.folder())

    def test_damage_is_an_exception_of_the_reader(self) -> None:
        copy = corpus.folder() / "damaged"
        shutil.copytree(corpus.release().release, copy)
        part = copy / "auditor" / "ledger" / "part-00001.parquet"
        part.write_bytes(b"PAR1" + bytes(64) + b"PAR1")
        with self.assertRaisesRegex(Exception, "part-00001.parquet"):
            pyarrow.table(probity.ledger(copy))


class Version(unittest.TestCase):
    """The package and the program are of one version."""

    def test_is_the_programs(self) -> None:
        root = tomllib.loads((Path(__file__).parents[2] / "Cargo.toml").read_text())
        self.assertEqual(probity.__version__, root["workspace"]["package"]["version"])
