"""Paths into instances: what is one, and what is not."""

from __future__ import annotations

import pytest

from backprop_engine.graph.paths import split


@pytest.mark.parametrize(
    ("path", "steps"),
    [
        ("h", ("h",)),
        ("one.h", ("one", "h")),
        ("states[-1].h", ("states", -1, "h")),
        ("a#2", ("a#2",)),
        ("s[0].a#1", ("s", 0, "a#1")),
        ("a#", None),
        ("a#b", None),
        ("", None),
        ("#1", None),
        ("s[0]#1", None),
        ("[0]", None),
        (".h", None),
        ("one h", None),
    ],
)
def test_the_steps_of_a_path(path: str, steps: tuple[str | int, ...] | None) -> None:
    assert split(path) == steps
