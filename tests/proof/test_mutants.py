"""The mutator: each kind of change is made where it fits, one at a time, and nowhere else."""

from __future__ import annotations

import ast

import pytest
from mutants import Mutant, mutants_of


def changed(source: str, kind: str) -> list[str]:
    """The source with each of its mutants of a kind, as it is written without spaces and comments."""
    found = [one for one in mutants_of("room/file.py", source) if one.kind == kind]
    return [ast.unparse(one.tree()) for one in found]


@pytest.mark.parametrize(
    ("kind", "source", "mutants"),
    [
        ("comparison", "a < b <= c", ["a <= b <= c", "a < b < c"]),
        ("comparison", "a is not b", ["a is b"]),
        ("comparison", "a not in b", ["a in b"]),
        ("arithmetic", "a + b", ["a - b"]),
        ("arithmetic", "a @ b", ["b @ a"]),
        ("arithmetic", "a += b", ["a -= b"]),
        ("arithmetic", "'text' + a", []),
        ("sign", "-a", ["a"]),
        ("sign", "not a", ["a"]),
        ("and, or", "a and b", ["a or b"]),
        ("truth", "f(True)", ["f(False)"]),
        ("number", "f(2)", ["f(3)", "f(1)"]),
        ("number", "f(0.5)", ["f(1.5)", "f(-0.5)"]),
        ("number", "f('2')", []),
        ("slice", "a[i:]", ["a[i + 1:]"]),
        ("slice", "a[:j]", ["a[1:j]", "a[:j + 1]"]),
        ("condition", "a if b else c", ["a if not b else c"]),
        ("condition", "a if b == d else c", []),
        ("condition", "[a for a in b if a < c]", ["[a for a in b if not a < c]"]),
        ("return", "def f():\n    return a", ["def f():\n    return None"]),
        ("return", "def f():\n    return None", []),
        ("jump", "while a:\n    break", ["while a:\n    continue"]),
        ("left out", "f(a)", ["pass"]),
        ("left out", "raise a", ["pass"]),
        ("left out", "a.b = c", ["pass"]),
        ("left out", "'a docstring'", []),
    ],
)
def test_a_change_of_each_kind(kind: str, source: str, mutants: list[str]) -> None:
    assert changed(source, kind) == mutants


@pytest.mark.parametrize(
    "source",
    [
        "from a import b",
        "__all__ = ['a'] + b",
        "def f(a: Literal[1] = b) -> Literal[2]: pass",
        "a: tuple[1] = b",
        "a: TypeAlias = b[1]",
        "class A(b, frozen=True): pass",
        "define(samples=(f(1), f(2)))",
        "Sample((2, 3))",
        "if TYPE_CHECKING:\n    a = 1",
        "f'{a + 1:.3g}'",
        "a",
    ],
)
def test_declarations_texts_and_samples_stay(source: str) -> None:
    assert [str(one) for one in mutants_of("room/file.py", source) if one.kind != "left out"] == []


SOURCE = """
a = 1
def f(x=2):
    # a comment
    return [
        x + 3
    ]
g = lambda y: y - z
"""


def test_a_mutant_tells_where_it_is() -> None:
    found = {str(one): one for one in mutants_of("room/file.py", SOURCE)}
    assert len(found) == len([*mutants_of("room/file.py", SOURCE)])
    added = found["room/file.py:6  arithmetic\n    - return [x + 3]\n    + return [x - 3]"]
    assert (added.lines, added.around, added.function) == (range(6, 7), range(5, 8), 3)
    default = found["room/file.py:3  number\n    - def f(x=2):\n    + def f(x=3):"]
    assert (default.function, default.words >= {"x"}) == (None, True)
    inside = found["room/file.py:8  arithmetic\n    - g = lambda y: y - z\n    + g = lambda y: y + z"]
    assert inside.function == 8


def test_lines_keep_their_numbers_and_the_source_stays_as_it_is() -> None:
    def lines(mutant: Mutant) -> list[int]:
        return [node.lineno for node in ast.walk(mutant.tree()) if isinstance(node, ast.stmt)]

    every = mutants_of("room/file.py", SOURCE)
    assert all(lines(one) == [2, 3, 8, 5] for one in every)
    assert len({ast.unparse(one.tree()) for one in every}) == len(every)
