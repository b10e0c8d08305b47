"""The examples of the guide and of the documentation of functions work as they stand."""

from __future__ import annotations

import contextlib
import doctest
import os
import shutil
import tempfile
import unittest
from pathlib import Path

import probity

from . import corpus

GUIDE = Path(__file__).parents[2] / "docs" / "python.md"
FLAGS = doctest.ELLIPSIS | doctest.IGNORE_EXCEPTION_DETAIL


class Examples(unittest.TestCase):
    """Each runs in a folder of its own."""

    @contextlib.contextmanager
    def folder(self):
        here = Path.cwd()
        with tempfile.TemporaryDirectory() as made:
            os.chdir(made)
            try:
                yield Path(made)
            finally:
                os.chdir(here)

    def run_example(self, example: doctest.DocTest) -> None:
        told: list[str] = []
        failures, _ = doctest.DocTestRunner(optionflags=FLAGS).run(example, out=told.append)
        self.assertEqual(failures, 0, "".join(told))

    def test_guide(self) -> None:
        parser = doctest.DocTestParser()
        with self.folder():
            self.run_example(parser.get_doctest(GUIDE.read_text(), {}, "python.md", str(GUIDE), 0))

    def test_functions(self) -> None:
        from probity import _judge, _release

        with self.folder() as made:
            for name in ["corpus", "producer.pem", "producer.pub.pem"]:
                given = corpus.folder() / name
                shutil.copytree(given, made / name) if given.is_dir() else shutil.copy(given, made / name)
            config = made / "config.toml"
            config.write_text(corpus.INPUT + '[[stage]]\nuse = "gopher-quality"\n')
            outcome = probity.run(config, made / "release", key=made / "producer.pem")
            shutil.move(made / "release", made / "first")
            examples = [e for module in [_release, _judge] for e in doctest.DocTestFinder().find(module)]
            # a release is made before it is verified and read
            for example in sorted(examples, key=lambda e: not e.name.endswith(".run")):
                example.globs.update(config=config, outcome=outcome)
                self.run_example(example)
