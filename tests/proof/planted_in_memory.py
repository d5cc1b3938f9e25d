"""Pytest with a mutant of the engine: no file is changed, and each mutant has a process of its own.

A server collects the tests once. For a mutant it forks, puts the changed code into the functions that have
it, and runs tests until one fails. Where changed code ran while modules were imported or tests collected,
the functions are not enough: then a fork of a process that has not imported the engine does, from the
changed tree.
"""

from __future__ import annotations

import ast
import gc
import os
import pickle
import resource
import signal
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from inspect import CO_OPTIMIZED
from itertools import pairwise
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any, Final, NamedTuple

import pytest
from hypothesis import Phase, settings

__all__ = ["Outcome", "Server", "imported"]

_OPTIONS: Final = (
    "-q",
    "-x",
    "-p",
    "no:cacheprovider",
    "--tb=no",
    "--no-header",
    "--no-summary",
    "-W",
    "ignore::pytest.PytestAssertRewriteWarning",
)
_BYTES: Final = 6 << 30
"""What a process with a mutant may take of memory."""
_COLLECTING: Final = 60.0
"""How many seconds importing and collecting may take."""
_TIMEOUT: Final = 77
"""The exit code of a process whose test took too long."""


class Outcome(NamedTuple):
    """What became of a mutant: `test` found it, or none of the `tried`.

    `timeout` says that it was found by not ending; `again` that the changed code had run before the tests
    did, or is more than functions, so that nothing found is nothing proven.
    """

    test: str | None
    tried: int
    timeout: bool = False
    again: bool = False


class Server:
    """A process that has collected the tests of the `folders` of a tree at `root`."""

    def __init__(self, root: Path, folders: Iterable[str]) -> None:
        self._connection, theirs = Pipe()
        self._process = os.fork()
        if not self._process:
            self._connection.close()
            _serve(theirs, root, tuple(folders))
        theirs.close()
        self.tests: list[str] = self._connection.recv()

    def ask(self, tree: ast.Module, path: Path, tests: list[str], seconds: dict[str, float]) -> Outcome:
        """What becomes of the file at `path` with the `tree`, if the tests are run one after the other."""
        self._connection.send(("mutant", tree, str(path), tests, seconds))
        outcome: Outcome = self._connection.recv()
        return outcome

    def measure(self, tests: list[str], files: tuple[str, ...], root: Path) -> Any:
        """What `covered.measured` says of the tests, or the first of them that fails."""
        self._connection.send(("measure", tests, files, root))
        return self._connection.recv()

    def close(self) -> None:
        """End the process."""
        self._connection.send(None)
        os.waitpid(self._process, 0)


def imported(
    tree: ast.Module, path: Path, root: Path, tests: list[str], seconds: dict[str, float]
) -> Outcome:
    """What becomes of the mutant in a process that imports the engine with it."""

    def run() -> Outcome:
        signal.setitimer(signal.ITIMER_PROF, _COLLECTING)
        sys.meta_path.insert(0, _Finder(tree, path))
        chosen = _Chosen(tests, seconds)
        _pytest([*dict.fromkeys(test.partition("::")[0] for test in tests)], chosen)
        return chosen.outcome or Outcome("collecting the tests", 0)

    return _outcome(_forked(run), tests)


class _Finder:
    """Imports one file from the changed tree."""

    def __init__(self, tree: ast.Module, path: Path) -> None:
        self.tree = tree
        self.path = str(path)

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        if not name.startswith("backprop_engine"):
            return None
        spec = PathFinder.find_spec(name, path, target)
        if spec is None or spec.origin != self.path:
            return None
        spec.loader = _Loader(name, self.path, self.tree)
        return spec


class _Loader(SourceFileLoader):
    def __init__(self, name: str, path: str, tree: ast.Module) -> None:
        super().__init__(name, path)
        self.tree = tree

    def get_code(self, fullname: str) -> CodeType:
        return compile(self.tree, self.path, "exec", dont_inherit=True)


class _Configured:
    """Counterexamples are not made smaller: one is enough."""

    @pytest.hookimpl(trylast=True)
    def pytest_configure(self) -> None:
        settings.register_profile("mutation", settings.default, phases=(Phase.explicit, Phase.generate))
        settings.load_profile("mutation")


class _Chosen(_Configured):
    """Runs the chosen tests in their order, as far as they are collected, until one fails."""

    def __init__(self, tests: list[str], seconds: dict[str, float]) -> None:
        self.tests = tests
        self.seconds = seconds
        self.outcome: Outcome | None = None

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        items = {item.nodeid: item for item in session.items}
        found = [items[test] for test in self.tests if test in items]
        if session.testsfailed or not found:
            self.outcome = Outcome("collecting the tests", 0)
        else:
            self.outcome = _first_failure(session, found, self.seconds)
        return True


class _Serving(_Configured):
    """Answers requests, each in a fork, once the tests are collected."""

    def __init__(self, connection: Connection, engine: str, called: set[CodeType]) -> None:
        self.connection = connection
        self.engine = engine
        self.called = called
        """What ran while the tests were collected."""
        self.functions: list[FunctionType] = []

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        sys.setprofile(None)
        gc.unfreeze()
        self.functions = [
            one
            for one in gc.get_objects()
            if isinstance(one, FunctionType) and one.__code__.co_filename.startswith(self.engine)
        ]
        items = {item.nodeid: item for item in session.items}
        self.connection.send([*items])
        while (request := self.connection.recv()) is not None:
            if request[0] == "measure":
                self.connection.send(_forked(lambda asked=request: _measured(session, items, *asked[1:])))
                continue
            _, tree, path, tests, seconds = request
            chosen = [items[test] for test in tests if test in items]
            changed, again = self._changed(tree, path)
            if not changed:
                self.connection.send(Outcome(None, 0, again=True))
                continue

            def run(changed: Any = changed, chosen: Any = chosen, seconds: Any = seconds) -> Outcome:
                for function, code in changed:
                    function.__code__ = code
                return _first_failure(session, chosen, seconds)

            self.connection.send(_outcome(_forked(run), tests)._replace(again=again))
        return True

    def _changed(self, tree: ast.Module, path: str) -> tuple[list[tuple[FunctionType, CodeType]], bool]:
        """The functions whose code the tree changes, each with its new code, and whether it has run already;
        none where the change is more than functions.
        """
        source = Path(path).read_text("utf-8")
        old = compile(source, path, "exec", dont_inherit=True)
        new = compile(tree, path, "exec", dont_inherit=True)
        codes: dict[CodeType, CodeType] = {}
        ran = False
        for before, after, innermost in _pairs(old, new):
            if before is None or after is None or before in codes:
                return [], True
            if innermost and not before.co_flags & CO_OPTIMIZED:
                return [], True  # the body of a class, or of the module
            ran |= innermost and before in self.called
            codes[before] = after
        found = [
            (one, codes[one.__code__])
            for one in self.functions
            if one.__code__.co_filename == path and one.__code__ in codes
        ]
        if any(one.__code__.co_freevars != code.co_freevars for one, code in found):
            return [], True
        return found, ran


def _serve(connection: Connection, root: Path, folders: tuple[str, ...]) -> None:
    """Collect the tests and answer requests; the process ends with it."""
    called: set[CodeType] = set()
    engine = str(root / "engine")

    def note(frame: Any, event: str, _: Any) -> None:
        if event == "call" and frame.f_code.co_filename.startswith(engine):
            called.add(frame.f_code)

    try:
        sys.setprofile(note)
        _pytest([*folders], _Serving(connection, engine, called))
    finally:
        os._exit(0)


def _pytest(arguments: list[str], plugin: object) -> None:
    """Run pytest, which prints nothing."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (1, 2):
        os.dup2(nowhere, stream)
    pytest.main([*_OPTIONS, *arguments], plugins=[plugin])


def _pairs(old: CodeType, new: CodeType) -> Iterator[tuple[CodeType | None, CodeType | None, bool]]:
    """The pieces of code that differ, inside out, and whether a function is the innermost that does."""
    inside = [
        [constant for constant in code.co_consts if isinstance(constant, CodeType)] for code in (old, new)
    ]
    if len(inside[0]) != len(inside[1]):
        yield None, None, True
        return
    deeper = False
    for before, after in zip(*inside, strict=True):
        if before != after:
            for pair in _pairs(before, after):
                yield pair
                deeper |= pair[2]
    is_part = old.co_name.startswith("<") and old.co_name != "<lambda>"
    yield old, new, not deeper and (not is_part or old.co_name == "<module>")


def _first_failure(session: pytest.Session, items: list[pytest.Item], seconds: dict[str, float]) -> Outcome:
    """The first of the items that fails."""
    for number, item in enumerate(items, 1):
        expected = seconds.get(item.nodeid, 1.0)
        signal.setitimer(signal.ITIMER_PROF, 3 + 10 * expected)
        signal.setitimer(signal.ITIMER_REAL, 60 + 50 * expected)
        following = items[number] if number < len(items) else None
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
        if session.testsfailed:
            return Outcome(item.nodeid, number)
    return Outcome(None, len(items))


def _measured(session: pytest.Session, items: dict[str, pytest.Item], tests: list[str], *where: Any) -> Any:
    from covered import measured

    following = dict(pairwise(tests))

    def run(test: str) -> float:
        began = time.process_time()
        after = following.get(test)
        item = items[test]
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=items[after] if after else None)
        if session.testsfailed:
            raise RuntimeError(test)
        return time.process_time() - began

    try:
        return measured(tests, run, *where)
    except RuntimeError as failed:
        return str(failed)


def _outcome(answer: Any, tests: list[str]) -> Outcome:
    if isinstance(answer, Outcome):
        return answer
    if answer == _TIMEOUT:
        return Outcome("a test that does not end", len(tests), timeout=True)
    return Outcome("the end of the process", 0)


def _forked(function: Callable[[], Any]) -> Any:
    """What the function returns in a fork of this process; the exit code, where it does not return."""
    reading, writing = os.pipe()
    process = os.fork()
    if not process:
        try:
            os.close(reading)
            for one in (signal.SIGPROF, signal.SIGALRM):
                signal.signal(one, lambda *_: os._exit(_TIMEOUT))
            resource.setrlimit(resource.RLIMIT_AS, (_BYTES, _BYTES))
            answer = pickle.dumps(function())
            with os.fdopen(writing, "wb") as pipe:
                pipe.write(answer)
            os._exit(0)
        finally:
            os._exit(1)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        answer = pipe.read()
    code = os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
    return pickle.loads(answer) if answer else code
