"""What may be written of a leaf from a file, and which files it may be read from."""

from __future__ import annotations

import os
import socket
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from backprop_engine import ScenarioError, load_scenario
from backprop_engine.scenario.leaves import data_files
from backprop_engine.scenario.loader import load_source
from backprop_engine.scenario.read.source import Source
from leaf_files import array, bad_array, bad_table, npy, numbers, refusal, refused, scenario, table


def test_dtype(folder: Path) -> None:
    assert array(folder, npy(np.array([1.0, -2.0])), "{file: a.npy, dtype: int}").tolist() == [1, -2]
    assert array(folder, npy(np.array([0.5])), "{file: a.npy, dtype: float}").tolist() == [0.5]
    for cell in (0.5, np.nan, np.inf, 1e300):
        code, message, _ = bad_array(folder, npy(np.array([[0, cell]])), "{file: a.npy, dtype: int}")
        assert code == "data-cell"
        assert message.startswith("`x[0, 1]` is ")
    assert bad_array(folder, npy(np.float64(0.5)), "{file: a.npy, dtype: int}")[1].startswith("`x` is 0.5,")
    found = refusal(folder, "{file: iris.csv, dtype: int64}")
    assert (found.code.name, found.hint) == ("data-dtype", "did you mean `int`?")
    assert refused(folder, "{file: iris.csv, dtype: complex}")[2] == "it can be int or float"
    assert refused(folder, "{file: iris.csv, dtype: 8}")[0] == "wrong-type"
    assert refused(folder, "{file: iris.csv, dtype: }")[0] == "wrong-type"
    assert refused(folder, "{shape: [2], init: zeros, dtype: int}")[0] == "unknown-key"


def test_numbers_that_the_graph_cannot_hold(folder: Path) -> None:
    assert bad_table(folder, "a,b\n1,2\n3,70000\n", dtype="float16") == (
        "number-range",
        "line 3, column 1 (`b`) of `t.csv` is 70000, which float16 cannot hold: its "
        "largest number is 6.55e+04",
        "`dtype: float64` for the whole graph can hold larger numbers",
    )
    text = "a,b\n70000,2\n3,4\n"
    assert table(folder, text, "{file: t.csv, columns: b}", dtype="float16").tolist() == [2, 4]
    assert table(folder, text, "{file: t.csv, rows: [1]}", dtype="float16").tolist() == [[3, 4]]
    assert table(folder, "inf,-inf\n", dtype="float16").tolist() == [[np.inf, -np.inf]]
    code, message, _ = bad_array(folder, npy(np.array([[1], [-1e39]])), dtype="float32")
    assert (code, message.partition(",")[0]) == ("number-range", "`x[1")
    assert array(folder, npy(np.array([1e39])), dtype="float64").tolist() == [1e39]


def test_keys_that_a_leaf_from_a_file_does_not_have(folder: Path) -> None:
    code, message, hint = refused(folder, "{file: iris.csv, colums: 0}")
    assert (code, message) == ("unknown-key", "a leaf from a `.csv` file has no key `colums`")
    assert hint == "did you mean `columns`?"
    assert refused(folder, "{file: iris.csv, shape: [2]}")[0] == "unknown-key"
    assert refused(folder, "{shape: [2], fill: zeros}")[2] != "did you mean `file`?"
    assert refused(folder, "{flie: iris.csv}") == (
        "leaf-form",
        "`x` is a map without `shape`",
        "did you mean `file`?",
    )


@pytest.mark.parametrize("outside", ["outside.csv", "outside.npy", "missing.csv"])
@pytest.mark.parametrize(
    "path",
    [
        "../{}",
        "data/../../{}",
        "./../{}",
        "../home/../{}",
        "data/../../home/iris.csv",
        "..\\\\{}",
        "../home/{}",
    ],
)
def test_a_path_does_not_leave_the_folder(folder: Path, path: str, outside: str) -> None:
    # It is the same whether there is something: nothing is learnt of other folders.
    code, _, hint = refused(folder, f'{{file: "{path.format(outside)}"}}')
    assert (code, hint) == ("data-path", "put the file in that folder, or in a folder below it")


@pytest.mark.parametrize(
    "path", ["/etc/hosts.csv", "//server/share/x.csv", "C:\\\\data\\\\x.csv", "c:x.csv", "\\\\x.csv"]
)
def test_a_path_is_not_absolute(folder: Path, path: str) -> None:
    code, message, _ = refused(folder, f'{{file: "{path}"}}')
    assert code == "data-path"
    assert message.endswith("is an absolute path")
    inside = str(folder / "iris.csv")
    with pytest.raises(ScenarioError, match=r"error\[data-path\]"):
        numbers(folder, f'{{file: "{inside}"}}')


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ('"a\\0.csv"', "a path cannot contain control characters or invisible ones: `a␀.csv`"),
        ('"a\\n.csv"', "a path cannot contain control characters or invisible ones: `a .csv`"),
        ('"a\\e[31m.csv"', "a path cannot contain control characters or invisible ones: `a␛[31m.csv`"),
        ('"a\\u202e.csv"', "a path cannot contain control characters or invisible ones: `a\\u202e.csv`"),
        ('"https://example.org/iris.csv"', "data files are not downloaded"),
    ],
)
def test_what_is_no_path(folder: Path, path: str, message: str) -> None:
    (folder / "a\n.csv").write_text("1\n")
    assert refused(folder, f"{{file: {path}}}")[:2] == ("data-path", message)


@pytest.mark.parametrize(
    ("path", "code"),
    [('""', "data-format"), ("' .csv'", "data-not-found"), ("x" * 300 + ".csv", "data-unreadable"),
     ("a/" * 3000 + "b.csv", "data-unreadable"), ("3", "wrong-type"), ("[a.csv]", "wrong-type"),
     ("", "wrong-type"), ("~/iris.csv", "data-not-found")],
)  # fmt: skip
def test_odd_paths(folder: Path, path: str, code: str) -> None:
    assert refused(folder, f"{{file: {path}}}")[0] == code


def test_paths_that_stay_inside(folder: Path) -> None:
    for path in ("./iris.csv", "data/../iris.csv", "data//../iris.csv", "data/./../iris.csv"):
        assert numbers(folder, f"{{file: {path}, columns: 0}}").tolist() == [5.1, 4.9, 7.0, 6.3]
    (folder / "IRIS.CSV").write_text("1\n")
    assert numbers(folder, "{file: IRIS.CSV}").tolist() == [1]


def test_links(folder: Path) -> None:
    (folder / "link.csv").symlink_to("data/wine.csv")
    (folder / "down").symlink_to("data")
    assert numbers(folder, "{file: link.csv}").tolist() == [[1, 2], [3, 4]]
    assert numbers(folder, "{file: down/wine.csv}").tolist() == [[1, 2], [3, 4]]
    (folder / "out.csv").symlink_to("../outside.csv")
    (folder / "nowhere.csv").symlink_to("../missing.csv")
    (folder / "up").symlink_to("..")
    (folder / "data" / "top").symlink_to("/")
    for path in ("out.csv", "nowhere.csv", "up/outside.csv", "up/missing.csv", "data/top/etc/hosts.csv"):
        code, message, hint = refused(folder, f"{{file: {path}}}")
        assert (code, message) == ("data-path", f"`{path}` leads out of the scenario's folder")
        assert "outside" not in hint
    (folder / "round.csv").symlink_to("round.csv")
    assert refused(folder, "{file: round.csv}")[0] == "data-unreadable"


def test_a_scenario_behind_a_link(folder: Path) -> None:
    """The folder is that of the path which was given; it may be reached by a link."""
    linked = folder.parent / "linked"
    linked.symlink_to(folder)
    assert numbers(linked, "{file: iris.csv, columns: 0, rows: 0}").tolist() == 5.1
    assert refused(linked, "{file: ../outside.csv}")[0] == "data-path"


def test_only_regular_files_are_opened(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    os.mkfifo(folder / "pipe.csv")
    (folder / "folder.csv").mkdir()
    monkeypatch.chdir(folder)
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind("socket.csv")
        for name, kind in (
            ("pipe", "a pipe, a socket or a device"),
            ("socket", "a pipe, a socket or a device"),
            ("folder", "a directory"),
        ):
            code, message, _ = refused(folder, f"{{file: {name}.csv}}")
            assert (code, message) == ("data-unreadable", f"`{name}.csv` is {kind}")


def test_a_file_that_turns_into_a_pipe_is_not_waited_for(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    os.mkfifo(folder / "pipe.csv")
    regular = os.stat(folder / "iris.csv")
    real = os.stat

    def stat(path: Any, **options: Any) -> os.stat_result:
        return regular if str(path).endswith("pipe.csv") and not options else real(path, **options)

    monkeypatch.setattr(data_files.os, "stat", stat)
    assert refused(folder, "{file: pipe.csv}")[0] == "data-unreadable"


def test_a_file_that_the_system_refuses(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.open

    def refuse(path: Any, *flags: Any) -> int:
        if str(path).endswith(".csv"):
            raise PermissionError(13, "Permission denied", str(path))
        return real(path, *flags)

    monkeypatch.setattr(data_files.os, "open", refuse)
    assert refused(folder, "{file: iris.csv}")[:2] == (
        "data-unreadable",
        "`iris.csv` can't be read: Permission denied",
    )


@pytest.mark.parametrize(
    ("path", "hint"),
    [
        ("irsi.csv", "did you mean `iris.csv`?"),
        ("iris.npy", "did you mean `iris.csv`?"),
        ("data/wein.csv", "did you mean `data/wine.csv`?"),
        ("dta/wine.csv", "did you mean `data/wine.csv`?"),
        ("data/more/wine.csv", "paths are relative to the scenario's folder"),
        ("iris.csv/x.csv", "paths are relative to the scenario's folder"),
        ("elsewhere.csv", "paths are relative to the scenario's folder"),
        ("scenario.csv", "paths are relative to the scenario's folder"),
        ("outsid.csv", "paths are relative to the scenario's folder"),
        ("wyaout/iris.csv", "paths are relative to the scenario's folder"),
    ],
)
def test_a_file_that_is_not_there(folder: Path, path: str, hint: str) -> None:
    (folder / "wayout").symlink_to("..")
    assert refused(folder, f"{{file: {path}}}") == ("data-not-found", f"there is no file `{path}`", hint)


def test_a_name_that_only_looks_the_same(folder: Path) -> None:
    (folder / "가.csv").write_text("1\n")
    code, _, hint = refused(folder, '{file: "\u1100\u1161.csv"}')
    assert (code, "composed" in hint) == ("data-not-found", True)


@pytest.mark.parametrize(
    ("path", "hint"),
    [("iris.cvs", "did you mean `.csv`?"), ("iris.xlsx", "available: .csv, .npy, .npz"),
     ("iris", "available: .csv, .npy, .npz"), ("../x.pkl", "available: .csv, .npy, .npz")],
)  # fmt: skip
def test_the_ending_tells_what_a_file_is(folder: Path, path: str, hint: str) -> None:
    assert refused(folder, f"{{file: {path}}}") == (
        "data-format",
        f"`{path}` does not have the extension of a data file",
        hint,
    )


@pytest.mark.parametrize("path", ["<stdin>", ""])
def test_a_scenario_that_lies_nowhere_has_no_files(
    folder: Path, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    with pytest.raises(ScenarioError) as caught:
        load_source(Source.from_bytes(path, scenario("{file: iris.csv}").encode()))
    (found,) = caught.value.diagnostics
    assert (found.code.name, found.hint) == (
        "data-path",
        "save it to a file beside its data, and open that file",
    )


def test_a_scenario_in_the_present_folder(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    text = scenario("{file: iris.csv, columns: 0, rows: 0}").encode()
    assert load_source(Source.from_bytes("s.yaml", text)).bindings.leaves[0] == 5.1


def test_places(folder: Path) -> None:
    """What is wrong with the file points at its path, what is wrong with the choice at the choice."""
    for leaf, word in (
        ("{file: miss.csv}", "miss.csv"),
        ("{columns: 1, file: ../x.csv}", "../x.csv"),
        ("{file: iris.csv, columns: nope}", "nope"),
        ("{file: iris.csv, columns: [0, 9]}", "9"),
        ("{file: iris.csv, rows: [0, 77]}", "77"),
        ("{file: iris.csv, rows: '9:'}", "'9:'"),
        ("{file: iris.csv, dtype: flot}", "flot"),
        ("{file: iris.csv, columns: 0, dtype: int}", "iris.csv"),
    ):
        place = refusal(folder, leaf).place
        assert place is not None
        line = f"  x: {leaf}"
        assert (place.line, line[place.column - 1 :][: place.width]) == (3, word)


def test_every_broken_leaf_is_reported(folder: Path) -> None:
    path = folder / "scenario.yaml"
    path.write_text(
        "inputs:\n  a: {file: iris.csv, columns: nope}\n"
        "  b: {file: none.csv}\n  c: {file: iris.csv, rows: 9}\n"
        "nodes: {f: sum(a) + sum(b) + sum(c)}\n"
    )
    with pytest.raises(ScenarioError) as caught:
        load_scenario(path)
    codes = [one.code.name for one in caught.value.diagnostics]
    assert codes == ["data-columns", "data-not-found", "data-rows"]
