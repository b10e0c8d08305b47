"""Making releases, verifying them, reading their ledgers."""

from __future__ import annotations

import base64
import datetime
import json
import os
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from . import _probity
from ._judge import Config, StrPath, config_of
from ._probity import Stream


@dataclass(frozen=True)
class Outcome:
    """What came of a run, as the manifest has it."""

    release: Path
    """Where the release is."""
    uploaded: str | None
    """The URL that it was uploaded to, if it was."""
    records_in: int
    kept: int
    edited: int
    removed: int
    quarantined: int
    orphans: int
    """Duplicates that were removed in favour of a record which a later stage took out."""
    by_rule: dict[str, int]
    """Records taken out, by ``STAGE/RULE``, in the order of the manifest."""
    decision_root: str
    """Root of the decisions, in hexadecimal: equal for equal input, configuration and version."""
    record_root: str
    """Root of the ledger's rows, whose commitments depend on the salt key, too."""
    content_root: str
    """Root of the released texts."""
    key_id: str | None
    """The key that signed it; ``None`` while it is unsigned."""
    gate: tuple[str, ...]
    """The limits of ``[gate]`` that are broken, in words; a release that breaks one is not signed."""


def run(
    config: Config | StrPath,
    out: StrPath,
    *,
    key: StrPath | None = None,
    salt_key: StrPath | None = None,
    threads: int | None = None,
    memory: str | int = "2GiB",
    set: Iterable[str] = (),
    staging: StrPath | None = None,
) -> Outcome:
    """Makes a release: ``probity run``, as a function.

    Ctrl-C stops it after the tasks at hand and raises ``KeyboardInterrupt``; what they came to is kept, and the same
    call goes on from there, also after a crash. It comes to the bytes of an undisturbed run.

    Args:
        config: the configuration, or its path.
        out: where the release is made: a directory that is new, empty or holds what an interrupted call has
            left, or a folder in an object store (``s3://``, ``gs://``, ``az://``), which needs ``staging`` and ``key``.
        key: file of the private key that signs it. The passphrase of an encrypted one is in the environment, in
            ``PROBITY_PASSPHRASE`` or in the file that ``PROBITY_PASSPHRASE_FILE`` names.
        salt_key: file with the 32 bytes that open the ledger's commitments; drawn at random unless given.
        threads: worker threads, 1 to 1024; one for each processor unless given.
        memory: for the whole process, this interpreter included: bytes, or a string such as ``"512MiB"``; 64 MiB at
            the least. Beyond it, what grows with the corpus goes to disk.
        set: as of `Config`, where ``config`` is a path.
        staging: the directory in which a release for an object store is made first; it stays there.

    Raises:
        ConfigError, InputError, AssetError, OutputError, LimitError: by who is at fault.
        BusyError: another run has the directory.
        KeyboardInterrupt: it was stopped.
        ValueError: an argument is wrong.

    >>> outcome = run(config, "release", key="producer.pem")
    >>> outcome.records_in == outcome.kept + outcome.edited + outcome.removed + outcome.quarantined
    True
    >>> sorted(outcome.by_rule)[:2]
    ['gopher-quality/bullet-lines', 'gopher-quality/hash-ratio']
    """
    if threads is not None and not 1 <= threads <= 1024:
        raise ValueError(f"threads: {threads}, expected 1 to 1024")
    config = config_of(config, set)
    order = {
        "config": config.path,
        "text": config.text,
        "set": config.set,
        "salt_key": salt_key,
        "threads": threads,
        "memory": str(memory),
        "today": datetime.datetime.now(datetime.timezone.utc).date().isoformat(),
    }
    gate, uploaded = _probity.run(order, place(out, staging, key))
    return outcome(Path(out if staging is None else staging), gate, uploaded)


def place(out: StrPath, staging: StrPath | None, key: StrPath | None) -> dict[str, Any]:
    """Where a release is made, and who signs it."""
    return {"out": os.fspath(out), "staging": staging, "key": key, "passphrase": None if key is None else passphrase()}


def passphrase() -> bytes | None:
    """The passphrase of a private key, without the line feed that ends a file."""
    given = os.environ.get("PROBITY_PASSPHRASE")
    if given is not None:
        return os.fsencode(given)
    file = os.environ.get("PROBITY_PASSPHRASE_FILE")
    return None if file is None else Path(file).read_bytes().rstrip(b"\r\n")


def outcome(release: Path, gate: Iterable[str], uploaded: str | None) -> Outcome:
    """What the manifest of a release that was just made says."""
    signed, key_id = release / "manifest.sigstore.json", None
    if signed.exists():
        envelope = json.loads(signed.read_bytes())["dsseEnvelope"]
        key_id = envelope["signatures"][0]["keyid"]
        statement = json.loads(base64.b64decode(envelope["payload"]))
    else:
        statement = json.loads((release / "manifest.json").read_bytes())
    predicate = statement["predicate"]
    accounting, ledger = predicate["accounting"], predicate["ledger"]
    by_rule = {
        f"{rule['stage']}/{rule['rule']}": rule["removed"] + rule["quarantined"] for rule in accounting["byRule"]
    }
    return Outcome(
        release=release,
        uploaded=uploaded,
        records_in=accounting["in"],
        kept=accounting["kept"],
        edited=accounting["edited"],
        removed=accounting["removed"],
        quarantined=accounting["quarantined"],
        orphans=accounting["orphans"],
        by_rule=by_rule,
        decision_root=ledger["decisionRoot"],
        record_root=ledger["recordRoot"],
        content_root=predicate["outputs"]["contentRoot"],
        key_id=key_id,
        gate=tuple(gate),
    )


class Report(dict[str, Any]):
    """What ``probity verify --json`` prints, as a dictionary."""

    exit_code: int
    """0: every check that was asked for passed. 1: one failed. 3: one could not be done."""

    def __init__(self, report: dict[str, Any], exit_code: int) -> None:
        super().__init__(report)
        self.exit_code = exit_code

    @property
    def ok(self) -> bool:
        """Whether every check that was asked for passed."""
        return self.exit_code == 0

    @property
    def failed(self) -> list[dict[str, Any]]:
        """The checks that failed, with what was found."""
        return [check for check in self["checks"] if check["status"] == "fail"]


def verify(
    release: StrPath,
    key: StrPath,
    *,
    levels: Iterable[str] | None = None,
    inputs: StrPath | None = None,
    config: StrPath | None = None,
    assets: StrPath = ".",
) -> Report:
    """Checks a release against a public key: ``probity verify``, as a function.

    A release that does not verify is a `Report` that is not ``ok``, and no exception.

    Args:
        release: a local directory.
        key: file of the public key that is trusted. No key is ever taken from a release.
        levels: ``signature``, ``files``, ``ledger``, ``content``, ``inputs``, ``replay``; all that can be checked here
            unless given, but for ``replay``, which decides every record anew.
        inputs: the directory that holds the input shards, for the levels ``inputs`` and ``replay``.
        config: the configuration to replay, instead of the one in the release; it must resolve to the signed one.
        assets: the folder from which the release's configuration names its models and packs.

    Raises:
        ReleaseError: ``release`` is no directory.
        InputError: the key cannot be read.
        ValueError: there is no such level.

    >>> verify("release", "producer.pub.pem").ok
    True
    """
    asked = {
        "levels": None if levels is None else list(levels),
        "inputs": inputs,
        "config": config,
        "assets": assets,
        "scratch": tempfile.gettempdir(),
    }
    report, code = _probity.verify(release, key, asked)
    return Report(json.loads(report), code)


def ledger(release: StrPath) -> Stream:
    """Reads the ledger: a row for every input record with its fate and the reason, in the order of the input.

    Only files inside the release are read, whatever its index names, and only as they are asked for. Nothing is
    verified; that is what `verify` is for. The columns are described in docs/manifest.md.

    Raises:
        ReleaseError: it is no release, or one without its auditors' files.

    >>> import pyarrow
    >>> rows = pyarrow.table(ledger("release"))
    >>> rows.num_rows == outcome.records_in
    True
    """
    return _probity.ledger(release)


def keygen(path: StrPath = "producer.pem") -> Path:
    """Makes a signing key (ECDSA P-256): the private key at ``path``, to be kept secret, the public key beside it.

    Returns:
        The file of the public key, ``*.pub.pem``.

    Raises:
        OutputError: it cannot be written; a file that is there is never overwritten.

    >>> keygen("another.pem")
    PosixPath('another.pub.pem')
    """
    return Path(_probity.keygen(path))


def samples(folder: StrPath, *, seed: int = 1, records: int = 2000) -> None:
    """Writes a small corpus that a seeded generator makes, two shards of Parquet, to try things on.

    It has good articles and one kind of everything that stages look for; its columns are ``id``, ``url``, ``text`` and
    others.

    Raises:
        OutputError: it cannot be written.
    """
    _probity.samples(folder, seed, records)
