"""Judging Arrow data where it is."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TypeAlias

from . import _probity
from ._arrow import ArrowArray, ArrowStream
from ._probity import Batch, Stream

StrPath: TypeAlias = "str | os.PathLike[str]"


@dataclass(frozen=True, init=False)
class Config:
    """A configuration file, read once.

    It can be pickled: it travels as its path and text, so that workers of Ray, Spark or ``datasets`` need no copy of
    the file. They do need the models, packs and lists that it names, under the same paths.

    Args:
        path: the file. Relative names in it are meant from its folder.
        set: values in place of those in the file, ``"STAGE.KEY=VALUE"`` or ``"KEY=VALUE"`` for a key at the top.

    Raises:
        ConfigError: the file cannot be read or is wrong.
        ValueError: one of ``set`` has no ``=``.
    """

    path: str
    text: str
    set: tuple[str, ...]

    def __init__(self, path: StrPath, *, set: Iterable[str] = ()) -> None:
        where, values = os.path.abspath(path), tuple(set)
        _probity.check(where, values)
        object.__setattr__(self, "path", where)
        object.__setattr__(self, "text", Path(where).read_text("utf-8"))
        object.__setattr__(self, "set", values)

    @property
    def left_out(self) -> list[str]:
        """The names of the stages that compare records with one another: ``judge`` leaves them out."""
        return _stages(self).left_out


@lru_cache(maxsize=16)
def _stages(config: Config) -> _probity.Judge:
    """The stages of a configuration, built once in a process."""
    return _probity.Judge(config.path, config.text, config.set)


def config_of(config: Config | StrPath, set: Iterable[str] = ()) -> Config:
    """A configuration that is given as such or by its path."""
    if not isinstance(config, Config):
        return Config(config, set=set)
    if set := tuple(set):
        raise ValueError(f"give `set` to Config, not beside it: {', '.join(set)}")
    return config


def judge(data: ArrowArray | ArrowStream, config: Config | StrPath, *, source: str | None = None) -> Batch | Stream:
    """Tells what the per-record stages of a configuration decide about each row.

    The interpreter is released while stages run, on the calling thread alone. Stages that compare records with one
    another (``Config.left_out``: duplicates, mixing, splits and others) are left out; without them answers are those
    in the ledger of a run. Stages are built once in a process for each configuration and kept, also where a model
    or pack they read has changed since.

    Args:
        data: a batch or a stream of batches with the columns that ``[input]`` names: any object with
            ``__arrow_c_array__`` or ``__arrow_c_stream__``, such as those of pyarrow, polars, DuckDB and ``datasets``.
        config: the configuration, or its path. ``files`` under ``[input]`` is not read.
        source: the ``id`` of the ``[[source]]`` the rows are of; none unless given.

    Returns:
        For a batch a `Batch`, for a stream a `Stream`, which judges as it is read. One row for each row given,
        in order, with the columns

        - ``id``: the record's id, ``0:ROW`` counted within the batch where it has none;
        - ``decision``: ``kept``, ``edited``, ``removed`` or ``quarantined``;
        - ``stage``, ``rule``, ``value``, ``bound``: what took the record out, else null;
        - ``edited_text``: of edited records the text with the edits; of chat records that of all turns, joined by
          line feeds;
        - ``STAGE/COLUMN``: what the stages recorded.

    Raises:
        ConfigError: the configuration is wrong, or has no such source.
        AssetError: a model, pack or list that it names cannot be used.
        InputError: a column is missing or of a type that cannot be used. What goes wrong later in a stream is raised by
            whoever reads it.
        TypeError: ``data`` is no Arrow data.

    >>> import pyarrow
    >>> rows = pyarrow.record_batch({"id": ["a", "b"], "text": ["Too short.", None]})
    >>> judged = judge(rows, config)
    >>> judged
    <probity.Batch of 2 rows: id, decision, stage, rule, value, bound, edited_text>
    >>> pyarrow.record_batch(judged)["rule"].to_pylist()
    ['words-min', 'null-text']
    """
    return _stages(config_of(config)).judge(data, source)
