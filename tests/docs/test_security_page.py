"""The page of promises: each names a test that there is; and those promises that no other test keeps."""

from __future__ import annotations

import ast
import os
import re
import resource
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from backprop_engine.errors import UsageError
from backprop_engine.practice.score import Score
from backprop_tui.files.progress import note_practice
from backprop_tui.prompt.debug_file import Kept, keep, kept_in
from backprop_tui.settings import change_setting
from command_line import Commands

ROOT = Path(__file__).parents[2]
PAGES = ("security.md", "security.ko.md")
NAMED = re.compile(r"`(test_\w+\.py)::(test_\w+)`")


@cache
def page(name: str) -> str:
    return (ROOT / "docs" / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("name", PAGES)
def test_every_promise_names_a_test_that_there_is(name: str) -> None:
    files = {path.name: path for path in (ROOT / "tests").rglob("test_*.py")}
    named = NAMED.findall(page(name))
    assert len(named) > 50
    for file, function in named:
        text = files[file].read_text(encoding="utf-8")
        assert re.search(rf"^(async )?def {function}\(", text, re.MULTILINE), f"{file}::{function}"


@pytest.mark.parametrize("name", PAGES)
def test_no_row_is_without_one(name: str) -> None:
    rows = [line for line in page(name).splitlines() if line.startswith("| ")]
    heads = [line for line in rows if line.endswith(("| kept by |", "| 지키는 테스트 |"))]
    assert len(heads) == 8
    assert all(NAMED.search(row) for row in rows if row not in heads)


def test_both_pages_name_the_same_tests_in_the_same_order() -> None:
    assert NAMED.findall(page("security.md")) == NAMED.findall(page("security.ko.md"))


# What the code reaches for


@cache
def reached() -> dict[str, set[str]]:
    """The files in which modules are imported and built-in functions called, by their names."""
    found: dict[str, set[str]] = {}
    for path in (path for wing in ("engine", "tui") for path in (ROOT / wing).rglob("*.py")):
        file = path.relative_to(ROOT).as_posix().partition("/")[2]
        for node in ast.walk(ast.parse(path.read_bytes())):
            names: list[str] = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                names = [node.module or "", *(f"{node.module}.{alias.name}" for alias in node.names)]
            elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                names = [f"{node.func.id}()"]
            for name in names:
                found.setdefault(name, set()).add(file)
    return found


def users(*names: str) -> set[str]:
    """The files that reach for one of these modules, or what is in it, or call one of these functions."""
    return {
        file
        for name, files in reached().items()
        for file in files
        if any(name == one or name.startswith(f"{one}.") for one in names)
    }


@pytest.mark.thorough
def test_what_runs_programs_is_known() -> None:
    assert (
        users("eval()", "exec()", "compile()", "__import__()", "code", "codeop", "multiprocessing") == set()
    )
    assert users("runpy") == {"backprop_tui/cli/own_operators.py"}
    assert users("subprocess", "asyncio.subprocess", "os.system", "pty") == {
        "backprop_tui/files/editor.py",
        "backprop_tui/web/session.py",
    }


@pytest.mark.thorough
def test_nothing_is_unpickled() -> None:
    assert users("pickle", "marshal", "shelve", "dill", "joblib") == set()
    loading = ROOT / "engine/backprop_engine/scenario/leaves/numpy_files.py"
    assert "np.load(" not in loading.read_text(encoding="utf-8"), "headers are read, and then bytes"


@pytest.mark.thorough
def test_only_the_server_opens_sockets() -> None:
    clients = ("urllib.request", "http", "ftplib", "smtplib", "ssl", "requests", "httpx", "xmlrpc")
    assert users(*clients) == set()
    assert users("socket", "socketserver", "aiohttp") == {
        "backprop_tui/cli/serve.py",
        "backprop_tui/web/server.py",
        "backprop_tui/web/session.py",
    }


def opens_to_write(call: ast.Call) -> bool:
    """Whether a call opens a file in a mode in which it can be written, or writes or moves one."""
    function = call.func
    name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
    if name == "open":
        given = [*call.args, *(keyword.value for keyword in call.keywords if keyword.arg == "mode")]
        modes = [one.value for one in given if isinstance(one, ast.Constant) and isinstance(one.value, str)]
        return any(set(mode) & set("wax+") and len(mode) < 4 for mode in modes)
    of_os = isinstance(function, ast.Attribute) and ast.unparse(function.value) == "os"
    return name in ("write_text", "write_bytes", "savez", "savetxt") or (
        of_os and name in ("replace", "rename", "link", "truncate")
    )


@pytest.mark.thorough
def test_what_writes_files_is_known() -> None:
    found = {
        path.relative_to(ROOT).as_posix().partition("/")[2]
        for wing in ("engine", "tui")
        for path in (ROOT / wing).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_bytes()))
        if isinstance(node, ast.Call) and opens_to_write(node)
    }
    assert found == {
        "backprop_engine/whole_files.py",
        "backprop_engine/recordings/writer.py",  # adds steps to a recording
        "backprop_tui/cli/main.py",  # where there is no standard output
        "backprop_tui/files/locks.py",
        "backprop_tui/files/progress.py",  # sets a damaged file aside
        "backprop_tui/torch/writing.py",  # in a folder of its own, from which whole files are moved
    }


# A full disk


@pytest.fixture
def commands(capsys: pytest.CaptureFixture[str]) -> Commands:
    return Commands(capsys)


@pytest.fixture
def full_disk() -> Iterator[None]:
    """Only the first bytes of what is written fit."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (28, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


def seen_in(folder: Path) -> list[str]:
    """What is in a folder, without the locks of those who write there."""
    return sorted(name for name in os.listdir(folder) if not name.endswith(".lock"))


@pytest.mark.usefixtures("full_disk")
def test_a_full_disk_leaves_the_settings_as_they_were(tmp_path: Path) -> None:
    path = tmp_path / "settings.toml"
    path.write_bytes(b'language = "ko"\n')
    with pytest.raises(UsageError, match="File too large"):
        change_setting(path, "theme", "nord")
    assert path.read_bytes() == b'language = "ko"\n'
    assert seen_in(tmp_path) == ["settings.toml"]


@pytest.mark.usefixtures("full_disk")
def test_a_full_disk_leaves_progress_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "progress.json"
    path.write_bytes(b'{"version": 1}')
    with pytest.raises(UsageError, match="File too large"):
        note_practice("xor", Score((1.0,), {}), path=path)
    assert path.read_bytes() == b'{"version": 1}'
    assert seen_in(tmp_path) == ["progress.json"]


@pytest.mark.usefixtures("full_disk")
@pytest.mark.parametrize(
    "arguments",
    [
        ("export", "add_multiply", "--to", "mermaid", "-o", "file"),
        ("export", "add_multiply", "--to", "svg", "-o", "."),
        ("snapshot", "add_multiply", "-o", "file.txt"),
        ("new", "file.yaml"),
    ],
)
def test_a_full_disk_leaves_nothing_half_written(
    commands: Commands, arguments: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert "File too large" in commands.refused(*arguments)
    assert os.listdir() == []


@pytest.mark.usefixtures("full_disk")
def test_a_full_disk_leaves_saved_breakpoints_as_they_were(tmp_path: Path) -> None:
    path = tmp_path / "case.debug"
    path.write_bytes(b"breakpoints: [f]\nwatch: []\n")
    with pytest.raises(UsageError, match="File too large"):
        keep(path, Kept(("q",), ("f",)))
    assert kept_in(path) == Kept(("f",), ())
    assert seen_in(tmp_path) == ["case.debug"]
