"""`check --watch`: a round at every save. Nothing sleeps here: a wait is a moment at which files change."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pytest

from backprop_tui.cli import check as checking
from backprop_tui.cli.check import watch
from command_line import BROKEN, FAILING, GOOD, Commands, file
from programs import PROGRAM, environment, program

WITH_DATA = "inputs: {x: {file: data/x.csv}}\nnodes: {f: sum(x)}\nexpect: {values: {f: 3}}\n"


def touch_nothing() -> None:
    """Nobody saves."""


def saved(path: str, text: str) -> Callable[[], None]:
    """Somebody saves `text`, as another inode: no two saves look the same, however fast they follow."""

    def save() -> None:
        new = Path(f"{path}.new")
        new.write_text(text, encoding="utf-8")
        new.replace(path)

    return save


Moment = Callable[[], object]


class Watched:
    """Runs `check --watch` on paths through some moments, one at each wait; at last somebody presses Ctrl+C.

    Gives the exit code, the lines of each round, and the line at the end.
    """

    def __init__(self, commands: Commands, patch: pytest.MonkeyPatch) -> None:
        self.commands, self.patch = commands, patch

    def __call__(self, *paths: str, waits: Iterable[Moment]) -> tuple[int, list[list[str]], str]:
        rest = iter(waits)

        def sleep(seconds: float) -> None:
            moment = next(rest, None)
            if moment is None:
                raise KeyboardInterrupt
            moment()

        self.patch.setattr(checking, "sleep", sleep)
        outcome = self.commands("check", "--watch", *paths)
        *blocks, end = outcome.out.removesuffix("\n").split("\n\n")
        return outcome.code, [block.split("\n") for block in blocks], end


@pytest.fixture
def watched(commands: Commands, monkeypatch: pytest.MonkeyPatch) -> Watched:
    return Watched(commands, monkeypatch)


def calmly(*moments: Moment) -> Iterator[Moment]:
    """A wait at which nothing happens follows each: what has changed counts once it was seen twice."""
    for moment in moments:
        yield moment
        yield touch_nothing


def outcomes(lines: list[str], folder: Path) -> list[str]:
    """The first word of each line about a file, and the file."""
    words = [line.split()[:2] for line in lines if line[:5] in ("ok   ", "FAIL ", "BAD  ", "gone ")]
    return [f"{word} {Path(name).relative_to(folder)}" for word, name in words]


def test_without_a_change_there_is_one_round(watched: Watched, tmp_path: Path) -> None:
    path = file(tmp_path, GOOD)
    code, shown, end = watched(path, waits=calmly(touch_nothing, touch_nothing))
    assert code == 130
    assert shown == [[f"ok    {path}  3 figures, 4 gradients (4 by complex step)", "1 file: 1 passed"]]
    assert end == "1 file: 1 passed"


def test_only_what_changed_is_checked_again(watched: Watched, tmp_path: Path) -> None:
    one, two = file(tmp_path, GOOD, "one.yaml"), file(tmp_path, GOOD, "two.yaml")
    saves = saved(two, FAILING), saved(one, BROKEN), saved(two, GOOD)
    code, shown, end = watched(one, two, waits=calmly(*saves))
    assert [outcomes(lines, tmp_path) for lines in shown] == [
        ["ok one.yaml", "ok two.yaml"],
        ["FAIL two.yaml"],
        ["BAD one.yaml"],
        ["ok two.yaml"],
    ]
    assert [lines[0] for lines in shown[1:]] == ["round 2", "round 3", "round 4"]
    assert [lines[-1] for lines in shown] == [
        "2 files: 2 passed",
        "2 files: 1 passed, 1 failed",
        "2 files: 0 passed, 1 failed, 1 could not be used",
        "2 files: 1 passed, 1 could not be used",
    ]
    assert (code, end) == (130, "2 files: 1 passed, 1 could not be used")


def test_what_is_saved_together_is_one_round(watched: Watched, tmp_path: Path) -> None:
    paths = [file(tmp_path, GOOD, f"{name}.yaml") for name in "abc"]

    def all_at_once() -> None:
        for path in paths:
            saved(path, FAILING)()

    _, shown, _ = watched(str(tmp_path), waits=calmly(all_at_once))
    assert outcomes(shown[1], tmp_path) == ["FAIL a.yaml", "FAIL b.yaml", "FAIL c.yaml"]
    assert len(shown) == 2


def test_a_file_that_is_being_written_is_waited_for(watched: Watched, tmp_path: Path) -> None:
    """Each save but the last is overtaken by the next before it was seen twice."""
    path = file(tmp_path, GOOD)
    parts = [saved(path, FAILING[:size]) for size in (10, 20, 30)]
    _, shown, _ = watched(path, waits=[*parts, saved(path, FAILING), touch_nothing, touch_nothing])
    assert [outcomes(lines, tmp_path) for lines in shown] == [["ok case.yaml"], ["FAIL case.yaml"]]


def test_a_new_file_that_is_being_written_is_waited_for(watched: Watched, tmp_path: Path) -> None:
    file(tmp_path, GOOD)
    path = str(tmp_path / "new.yaml")
    waits = [saved(path, GOOD[:20]), saved(path, GOOD), touch_nothing]
    _, shown, _ = watched(str(tmp_path), waits=waits)
    assert [outcomes(lines, tmp_path) for lines in shown] == [["ok case.yaml"], ["ok new.yaml"]]


def test_a_file_that_comes_and_goes_between_two_looks_is_no_round(watched: Watched, tmp_path: Path) -> None:
    file(tmp_path, GOOD)
    path = tmp_path / "new.yaml"
    _, shown, _ = watched(str(tmp_path), waits=[saved(str(path), BROKEN), path.unlink, touch_nothing])
    assert len(shown) == 1


def test_files_that_come_and_go_in_a_folder(watched: Watched, tmp_path: Path) -> None:
    first = file(tmp_path, GOOD, "first.yaml")
    (tmp_path / "deep").mkdir()
    later = str(tmp_path / "deep" / "later.yml")
    moments = (saved(later, FAILING), Path(first).unlink, Path(later).unlink, saved(first, GOOD))
    _, shown, end = watched(str(tmp_path), waits=calmly(*moments))
    assert [outcomes(lines, tmp_path) for lines in shown] == [
        ["ok first.yaml"],
        ["FAIL deep/later.yml"],
        ["gone first.yaml"],
        ["gone deep/later.yml"],
        ["ok first.yaml"],
    ]
    assert shown[3][-1] == "0 files: 0 passed"
    assert end == "1 file: 1 passed"


def test_a_file_that_is_not_there_yet_is_waited_for(watched: Watched, tmp_path: Path) -> None:
    path = str(tmp_path / "later.yaml")
    _, shown, _ = watched(path, waits=calmly(touch_nothing, saved(path, GOOD), Path(path).unlink))
    assert [outcomes(lines, tmp_path) for lines in shown] == [
        ["BAD later.yaml"],
        ["ok later.yaml"],
        ["BAD later.yaml"],
    ]


def test_a_data_file_belongs_to_its_scenario(watched: Watched, tmp_path: Path) -> None:
    path, data = file(tmp_path, WITH_DATA), file(tmp_path, "1\n2\n", "data/x.csv")
    other = file(tmp_path, GOOD, "other.yaml")
    moments = (saved(data, "1\n3\n"), Path(data).unlink, saved(data, "2\n1\n"))
    _, shown, _ = watched(path, other, waits=calmly(*moments))
    assert [outcomes(lines, tmp_path) for lines in shown] == [
        ["ok case.yaml", "ok other.yaml"],
        ["FAIL case.yaml"],
        ["BAD case.yaml"],
        ["ok case.yaml"],
    ]


def test_an_interrupt_in_the_middle_of_a_round_keeps_what_is_known(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = {name: Path(file(tmp_path, GOOD, name)) for name in ("a.yaml", "b.yaml", "c.yaml")}

    def check(name: str, path: Path) -> int:
        if name == "c.yaml":
            raise KeyboardInterrupt
        return 0

    assert watch(lambda: files, check, lambda codes: f"{list(codes)}") == 130
    assert capsys.readouterr().out == "\n[0, 0]\n"


def test_standard_input_cannot_be_watched(commands: Commands, tmp_path: Path) -> None:
    assert commands.refused("check", "--watch", file(tmp_path, GOOD), "-") == (
        "backprop-tui: standard input cannot be watched: give files or folders\n"
    )


def test_an_empty_folder_is_bad_input_at_the_start(commands: Commands, tmp_path: Path) -> None:
    assert "there is no scenario in this folder" in commands.refused("check", "--watch", str(tmp_path))


@pytest.mark.thorough
def test_the_real_program_is_ended_by_an_interrupt(tmp_path: Path) -> None:
    path = file(tmp_path, GOOD)
    process = subprocess.Popen(
        [*PROGRAM, "check", "--watch", path],
        env=environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    giving_up = threading.Timer(60, process.kill)
    giving_up.start()
    try:
        assert process.stdout is not None
        assert process.stderr is not None
        first = [process.stdout.readline() for _ in range(2)]
        assert process.stderr.readline() == "watching; Ctrl+C stops\n"
        saved(path, FAILING)()
        wanted = f"\nround 2\n{program('check', path).stdout.decode()}"
        second = "".join(process.stdout.readline() for _ in range(wanted.count("\n")))
        os.kill(process.pid, signal.SIGINT)
        rest, said = process.communicate()
    finally:
        giving_up.cancel()
        process.kill()
        process.wait()
    assert first[0].startswith(f"ok    {path}  ")
    assert second == wanted
    assert (rest, said) == ("\n1 file: 0 passed, 1 failed\n", "")
    assert process.returncode == 130
