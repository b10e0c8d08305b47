"""A run on a Ray cluster: the tasks of ``probity.run``, each on some worker, with the same bytes at the end.

Ray decides where and when a task runs, and starts it again where a worker is lost. What tasks hand to one another
are files in ``work``, which all machines reach; through Ray go the plan, numbers and counts. A task that is done has
left its mark in ``work``: one that runs twice does no harm, and a driver that died is started again by the same call.
"""

from __future__ import annotations

import functools
import json
import logging
import os
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import _probity
from ._judge import Config, StrPath, config_of
from ._release import Outcome, outcome, place
from .errors import OutputError

if TYPE_CHECKING:
    from ray import ObjectRef

PENDING_MAX = 10_000
"""Tasks that Ray knows of at a time; it keeps some kilobytes for each."""

ATTEMPTS_MAX = 4
"""How often a task is begun that cannot write. Those of a lost worker Ray begins again, without limit."""

LOOK_EVERY = 0.2
"""Seconds until it is looked which tasks are done."""

TELL_EVERY = 10.0
"""Seconds between two lines about a pass."""

log = logging.getLogger("probity")


def run(
    config: Config | StrPath,
    out: StrPath,
    *,
    work: StrPath,
    address: str | None = None,
    key: StrPath | None = None,
    salt_key: StrPath | None = None,
    threads: int = 1,
    memory: str = "2GiB",
    set: Iterable[str] = (),
    staging: StrPath | None = None,
    task_bytes: str = "256MiB",
    parts: int = 8,
    task_options: Mapping[str, Mapping[str, Any]] | None = None,
) -> Outcome:
    """Makes a release on a Ray cluster. With the same keys its bytes are those of `probity.run`.

    Workers need this package in the same version, and the input and all files that the configuration names under the
    same paths or URLs. The driver alone reads the private key; it hashes the input first, and finishes the release. It
    may die or be stopped at any time: the same call goes on.

    Args:
        config: as of `probity.run`.
        out: as of `probity.run`; on the machine of the driver, as ``staging`` is. The plan is beside it, in
            ``OUT.plan.json``, until the release is finished.
        work: the folder in which tasks hand files on to one another, for this run alone: a path that means the same
            folder on all machines, or a folder in an object store (``s3://``, ``gs://``, ``az://``). It holds texts and
            the salt key, and is removed when the release is finished.
        address: the cluster, as of ``ray.init``, which is called unless Ray is initialised already.
        key: as of `probity.run`.
        salt_key: as of `probity.run`.
        threads: processors that a task takes; reserved as ``num_cpus``.
        memory: memory that a task takes, ``"64MiB"`` at the least; reserved as ``memory``. The driver takes as much.
        set: as of `probity.run`.
        staging: as of `probity.run`.
        task_bytes: how much input a task of judging takes.
        parts: in how many parts what is compared across the corpus is divided: about as many as there are workers.
        task_options: options of ``ray.remote`` for the tasks of a pass, by its name; ``"*"`` for those of all passes.

    Raises:
        As `probity.run` does; what a task raises is raised here as it was there.
    """
    import ray

    config = config_of(config, set)
    made = Path(out if staging is None else staging)
    plan = Path(f"{made}.plan.json")
    here = {"scratch": tempfile.gettempdir(), "threads": os.cpu_count() or 1, "memory": memory}
    if not plan.exists():
        refuse_finished(made)
        order = {"config": config.path, "set": config.set, "to": plan, "work": os.fspath(work)}
        try:
            _probity.plan({**order, "salt_key": salt_key, "task_bytes": task_bytes, "parts": parts}, here)
        except OutputError:
            # another driver of the same run may have written it meanwhile
            if not plan.exists():
                raise
    tasks = opened(plan, config, work)
    if not ray.is_initialized():
        ray.init(address=address)
    shipped = ray.put(plan.read_bytes())
    for name, count in tasks.passes:
        submit = _submitting(name, shipped, {"threads": threads, "memory": memory}, task_options or {})
        _pass(name, count, submit)
    gate, uploaded = tasks.finish(place(out, staging, key), here)
    plan.unlink(missing_ok=True)
    return outcome(made, gate, uploaded)


def refuse_finished(release: Path) -> None:
    """Before hours of work are done for a release that cannot be made."""
    if any((release / name).exists() for name in ("manifest.sigstore.json", "manifest.json")):
        raise OutputError(f"`{release}`: holds a finished release; choose another directory")


def opened(plan: Path, config: Config, work: StrPath) -> _probity.Tasks:
    """The plan that is there, if it is the one that is asked for."""
    told = json.loads(plan.read_bytes())
    asked = (config.text, _probity.spelled(config.set))
    if (told["config"]["text"], told["config"]["set"]) != asked:
        raise OutputError(
            f"`{plan}`: is the plan of another configuration", "remove it, and the folder it names as `work`"
        )
    if os.path.abspath(told["work"]) != os.path.abspath(work):
        raise OutputError(f"`{plan}`: is a plan whose tasks work in `{told['work']}`")
    return _probity.Tasks(plan)


Task = Callable[[int], "ObjectRef[int]"]
"""Submits a task by its number; what comes of it is how many records it was about."""


def _submitting(
    name: str, shipped: ObjectRef[bytes], effort: dict[str, Any], chosen: Mapping[str, Mapping[str, Any]]
) -> Task:
    """Submits the tasks of a pass."""
    import ray

    options = {
        "name": f"probity {name}",
        "num_cpus": effort["threads"],
        "memory": _probity.parse_memory(effort["memory"]),
        # a lost worker is no fault of a task, but what a task itself raises it would raise again
        "max_retries": -1,
        "retry_exceptions": False,
        **chosen.get("*", {}),
        **chosen.get(name, {}),
    }
    remote = ray.remote(**options)(_run_task)
    # within a list it stays a reference, which a worker follows once and not for each task
    return lambda number: remote.remote([shipped], name, number, effort)


def _run_task(shipped: list[ObjectRef[bytes]], name: str, number: int, effort: dict[str, Any]) -> int:
    """Does a task, on a worker."""
    done = _tasks(shipped[0]).run(name, number, {"scratch": tempfile.gettempdir(), **effort})
    return json.loads(done)["rows"]


@functools.lru_cache(maxsize=1)
def _tasks(shipped: ObjectRef[bytes]) -> _probity.Tasks:
    """The plan, fetched and built once in a worker."""
    import ray

    with tempfile.NamedTemporaryFile(suffix=".json") as file:
        file.write(ray.get(shipped))
        file.flush()
        return _probity.Tasks(file.name)


def _pass(name: str, tasks: int, submit: Task) -> None:
    """Has all tasks of a pass done."""
    import ray

    begun = told = time.monotonic()
    waiting: dict[Any, int] = {}
    attempts: dict[int, int] = {}
    numbers = iter(range(tasks))
    rows = done = 0
    try:
        while done < tasks:
            waiting.update((submit(number), number) for number in islice(numbers, PENDING_MAX - len(waiting)))
            ready, _ = ray.wait(list(waiting), num_returns=len(waiting), timeout=LOOK_EVERY)
            for answer in ready:
                number = waiting.pop(answer)
                try:
                    rows += ray.get(answer)
                    done += 1
                except ray.exceptions.RayTaskError as failed:
                    attempts[number] = attempts.get(number, 1) + 1
                    if not isinstance(failed.cause, OutputError) or attempts[number] > ATTEMPTS_MAX:
                        raise failed.cause from None
                    log.warning("%s: task %d is begun again: %s", name, number, failed.cause)
                    waiting[submit(number)] = number
            if time.monotonic() - told > TELL_EVERY:
                told = time.monotonic()
                log.info("%s: %d of %d tasks, %d records", name, done, tasks, rows)
    finally:
        for answer in waiting:
            ray.cancel(answer)
    log.info("%s: %d tasks done in %.1f s", name, tasks, time.monotonic() - begun)
