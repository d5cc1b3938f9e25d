"""The process ends where the app does not answer, and only there."""

from __future__ import annotations

from collections.abc import Callable
from threading import Event
from typing import Any

import pytest

from backprop_tui.cli import patience
from backprop_tui.cli.patience import Patience


class Loop:
    """A loop that answers so often, and then is busy or closed."""

    def __init__(self, answers: int, *, closed: bool = False) -> None:
        self.answers, self.closed, self.asked = answers, closed, 0

    def call_soon_threadsafe(self, call: Callable[[], Any]) -> None:
        self.asked += 1
        if self.asked <= self.answers:
            call()
        elif self.closed:
            raise RuntimeError


class Left:
    """What would end the process."""

    def __init__(self) -> None:
        self.codes: list[int] = []
        self.done = Event()

    def __call__(self, code: int) -> None:
        self.codes.append(code)
        self.done.set()


@pytest.fixture
def left(monkeypatch: pytest.MonkeyPatch) -> Left:
    ended = Left()
    monkeypatch.setattr(patience, "_leave", ended)
    for name in ("_ANSWER", "_PAUSE"):
        monkeypatch.setattr(patience, name, 0.001)
    return ended


@pytest.mark.parametrize("answers", [0, 1])
def test_an_app_that_is_busy_is_ended_with_its_terminal_restored(left: Left, answers: int) -> None:
    done: list[str] = []
    waiting = Patience(lambda: False, lambda: done.append("restored"))
    waiting.loop = Loop(answers)  # type: ignore[assignment]
    waiting.ask()
    assert left.done.wait(60)
    assert (done, left.codes) == (["restored"], [130])


class Now:
    """A thread that has run when it is started."""

    def __init__(self, target: Callable[..., None], args: tuple[Any, ...], daemon: bool) -> None:
        self.run = lambda: target(*args)
        assert daemon

    def start(self) -> None:
        self.run()


@pytest.mark.parametrize("answers", [0, 2, 100])
def test_an_app_that_answers_or_ends_is_left_alone(
    left: Left, monkeypatch: pytest.MonkeyPatch, answers: int
) -> None:
    done: list[str] = []
    waiting = Patience(lambda: False, lambda: done.append("restored"))
    waiting.loop = loop = Loop(answers, closed=True)  # type: ignore[assignment]
    monkeypatch.setattr(patience, "Thread", Now)
    waiting.ask()
    assert loop.asked == min(answers + 1, 3)
    assert (done, left.codes) == ([], [])


def test_an_app_that_ends_already_is_not_asked(left: Left, monkeypatch: pytest.MonkeyPatch) -> None:
    waiting = Patience(lambda: True, left.done.set)
    waiting.loop = loop = Loop(0)  # type: ignore[assignment]
    monkeypatch.setattr(patience, "Thread", Now)
    waiting.ask()
    assert (loop.asked, left.codes) == (0, [])


def test_before_there_is_a_loop_nothing_is_asked(left: Left) -> None:
    Patience(lambda: False, left.done.set).ask()
    assert not left.done.is_set()
