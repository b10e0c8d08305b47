"""A small corpus with configurations and a key, made once for all tests."""

from __future__ import annotations

import atexit
import functools
import shutil
import tempfile
from pathlib import Path

import probity

INPUT = """
schema = 1

[input]
files = ["corpus/*.parquet"]
text = "text"
id = "id"
"""

STAGES = """
[[stage]]
use = "gopher-quality"

[[stage]]
use = "c4-lines"

[[stage]]
use = "text-statistics"

[[stage]]
use = "sensitive-data"
"""

DUPLICATES = """
[[stage]]
use = "exact-duplicates"

[[stage]]
use = "near-duplicates"
"""


@functools.cache
def folder() -> Path:
    """Where everything lies."""
    made = Path(tempfile.mkdtemp(prefix="probity-"))
    atexit.register(shutil.rmtree, made, ignore_errors=True)
    probity.samples(made / "corpus", records=600)
    (made / "stages.toml").write_text(INPUT + STAGES)
    (made / "all.toml").write_text(INPUT.replace("schema = 1", 'schema = 1\nmeasure = "all"') + STAGES)
    (made / "config.toml").write_text(INPUT + STAGES + DUPLICATES)
    (made / "salt.key").write_bytes(bytes(range(32)))
    probity.keygen(made / "producer.pem")
    return made


@functools.cache
def release(config: str = "config.toml") -> probity.Outcome:
    """The release of a configuration, signed."""
    at = folder()
    out = at / f"release of {config}"
    return probity.run(at / config, out, key=at / "producer.pem", salt_key=at / "salt.key", threads=2)


def public_key() -> Path:
    """The key that verifies it."""
    return folder() / "producer.pub.pem"
