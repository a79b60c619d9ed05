#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Run unittest suites and print TAP, so that one script can count every suite of the project.

    python3 tests/tap.py [-k PATTERN] PATH...

PATH is a directory (its test_*.py files) or one file. Each test prints one line: its docstring, or
its name read as a sentence. What a failure has to say follows it in lines that begin with "# ".

    TEST_STRICT=1     a skipped test counts as failed
    TEST_TIMEOUT=N    seconds a single test may take (default 300); then all stacks are printed and
                      the run ends, so that a hanging test cannot hang the run
"""
from __future__ import annotations

import argparse
import faulthandler
import importlib.util
import os
import sys
import unittest
from pathlib import Path

TESTS = Path(__file__).resolve().parent


def sentence(test: unittest.TestCase) -> str:
    """What the test says about behaviour, safe to stand in a TAP line."""
    text = test.shortDescription()
    if not text:
        name = getattr(test, "_testMethodName", None) or str(test)
        text = name.removeprefix("test_").replace("_", " ")
    return text.replace("#", "no.").strip()


class TapResult(unittest.TestResult):
    """Prints one line per finished test; keeps counts."""

    def __init__(self, strict: bool, timeout: float) -> None:
        super().__init__()
        self.strict = strict
        self.timeout = timeout
        self.number = 0
        self.failed = 0
        self._module = ""
        self._details: list[str] = []
        self._skipped: str | None = None

    def startTest(self, test: unittest.TestCase) -> None:
        super().startTest(test)
        self._details, self._skipped = [], None
        self._announce(test)
        faulthandler.dump_traceback_later(self.timeout, exit=True)

    def stopTest(self, test: unittest.TestCase) -> None:
        faulthandler.cancel_dump_traceback_later()
        self._finish(sentence(test))
        super().stopTest(test)

    def addError(self, test, err) -> None:
        super().addError(test, err)
        self._details.append(self.errors[-1][1])
        if not hasattr(test, "_testMethodName"):
            # setUpClass or setUpModule failed: there is no test that could carry the news.
            self._details = self._details[-1:]
            self._finish(str(test))

    def addFailure(self, test, err) -> None:
        super().addFailure(test, err)
        self._details.append(self.failures[-1][1])

    def addSubTest(self, test, subtest, err) -> None:
        super().addSubTest(test, subtest, err)
        if err is not None:
            self._details.append(f"in {subtest.id()}\n{self._exc_info_to_string(err, test)}")

    def addSkip(self, test, reason: str) -> None:
        super().addSkip(test, reason)
        self._skipped = reason
        if not hasattr(test, "_testMethodName"):
            self._finish(str(test))
            self._skipped = None

    def addUnexpectedSuccess(self, test) -> None:
        super().addUnexpectedSuccess(test)
        self._details.append("passed although it is marked as expected to fail")

    def _announce(self, test) -> None:
        module = type(test).__module__
        if module != self._module and isinstance(test, unittest.TestCase):
            self._module = module
            print(f"# {module}", flush=True)

    def _finish(self, text: str) -> None:
        self.number += 1
        good = not self._details and not (self._skipped is not None and self.strict)
        self.failed += not good
        note = f" # SKIP {self._skipped}" if self._skipped is not None and good else ""
        print(f"{'ok' if good else 'not ok'} {self.number} - {text}{note}", flush=True)
        if self._skipped is not None and not good:
            print(f"# skipped, and a skip is a failure here: {self._skipped}", flush=True)
        for detail in self._details:
            for line in detail.rstrip().splitlines():
                print(f"# {line}", flush=True)


def load(path: Path, loader: unittest.TestLoader) -> unittest.TestSuite:
    """The tests of one file, as FOLDER.NAME where its folder is a package under tests/; else they
    can import what is beside them and in the folders above, up to tests/."""
    folder = path.parent
    name = path.stem
    if (folder / "__init__.py").exists() and folder.parent == TESTS:
        name = f"{folder.name}.{name}"
    else:
        above = [place for place in folder.parents if TESTS in (place, *place.parents)]
        sys.path[:0] = [str(place) for place in [folder, *above] if str(place) not in sys.path]
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return loader.loadTestsFromModule(module)


def main() -> int:
    parser = argparse.ArgumentParser(description="run unittest suites and print TAP")
    parser.add_argument("-k", metavar="PATTERN", action="append",
                        help="only tests whose name contains PATTERN")
    parser.add_argument("paths", nargs="+", type=Path, metavar="PATH")
    options = parser.parse_args()

    sys.path.insert(0, str(TESTS))
    loader = unittest.TestLoader()
    if options.k:
        loader.testNamePatterns = [f"*{pattern}*" for pattern in options.k]
    suite = unittest.TestSuite()
    for path in options.paths:
        files = sorted(path.glob("test_*.py")) if path.is_dir() else [path]
        for file in files:
            suite.addTests(load(file.resolve(), loader))

    result = TapResult(strict=os.environ.get("TEST_STRICT") == "1",
                       timeout=float(os.environ.get("TEST_TIMEOUT", "300")))
    suite.run(result)
    print(f"1..{result.number}", flush=True)
    if result.number == 0:
        print("# no test was found", flush=True)
    return 0 if result.number and not result.failed else 1


if __name__ == "__main__":
    sys.exit(main())
