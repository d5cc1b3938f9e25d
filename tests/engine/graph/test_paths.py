"""Paths into instances: what is one, and what is not."""

from __future__ import annotations

import pytest

from backprop_engine.graph.paths import absolute, module_path, root, split


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


@pytest.mark.parametrize(
    ("path", "name"), [("states[2].h", "states"), ("one.h", "one"), ("h", "h"), ("", ""), (".h", "")]
)
def test_the_name_that_a_path_begins_with(path: str, name: str) -> None:
    assert root(path) == name


@pytest.mark.parametrize(
    ("path", "counted"),
    [
        ("states[-1].h", "states[4].h"),
        ("states[-5].h", "states[0].h"),
        ("states[-6].h", "states[-6].h"),
        ("states[2].h", "states[2].h"),
        ("states[0].inner[-1]", "states[0].inner[1]"),
        ("states[-1].inner[-1].h", "states[4].inner[-1].h"),
        ("other[-1]", "other[-1]"),
        ("states[-1].a#2", "states[4].a#2"),
        ("states[-1]#2", "states[-1]#2"),
        ("a b[-1]", "a b[-1]"),
    ],
)
def test_indices_from_the_end_are_counted_from_the_start(path: str, counted: str) -> None:
    assert absolute(path, {"states": 5, "states[0].inner": 2}) == counted


def test_the_longest_name_that_is_looked_at() -> None:
    longest = "x" * 9_996 + "[-1]"
    assert absolute(longest, {"x" * 9_996: 3}) == "x" * 9_996 + "[2]"
    assert absolute(f"x{longest}", {"x" * 9_997: 3}) == f"x{longest}"


@pytest.mark.parametrize(
    ("path", "written"),
    [
        ("blocks.1.attn", "blocks[1].attn"),
        ("0.weight", "model[0].weight"),
        ("1.2", "model[1][2]"),
        ("a.2b", "a._2b"),
        ("a b.c", "a_b.c"),
        ("a..c", "a._.c"),
        ("blocks.²", "blocks.²"),
        ("blocks.٣", "blocks._٣"),
        ("", ""),
    ],
)
def test_the_path_of_a_module(path: str, written: str) -> None:
    assert module_path(path) == written


def test_the_path_of_a_module_keeps_so_much_of_a_long_part() -> None:
    assert module_path("w" * 201) == "w" * 200
    assert module_path(f"a.{'1' * 19}", "net") == f"a[{'1' * 18}]"
    assert module_path("7", "net") == "net[7]"
