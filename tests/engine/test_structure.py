"""How the rooms of both wings hang together, read from the source: no import runs in a circle, and no public
class or type has two homes. Imports within functions and those for type checkers alone count too.
"""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Mapping
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

import backprop_engine
import backprop_tui

WINGS = (backprop_engine, backprop_tui)


@cache
def modules() -> dict[str, ast.Module]:
    """Every module of both wings by its dotted name."""
    found = {}
    for wing in WINGS:
        root = Path(str(wing.__file__)).parent
        for path in sorted(root.rglob("*.py")):
            parts = path.relative_to(root.parent).with_suffix("").parts
            name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
            found[name] = ast.parse(path.read_text(encoding="utf-8"))
    return found


def imported(tree: ast.AST, known: Mapping[str, object]) -> set[str]:
    """The modules among `known` that one imports, wherever in it."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module and not node.level:
            for alias in node.names:
                whole = f"{node.module}.{alias.name}"
                found.add(whole if whole in known else node.module)
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
    return found & known.keys()


def circle(trees: Mapping[str, ast.AST]) -> list[str]:
    """The modules of a circle of imports, if there is one."""
    try:
        TopologicalSorter({name: imported(tree, trees) - {name} for name, tree in trees.items()}).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


def homes(trees: Mapping[str, ast.Module]) -> dict[str, list[str]]:
    """Where each public class and type of the modules is declared."""
    found: dict[str, list[str]] = defaultdict(list)
    for module, tree in trees.items():
        for node in tree.body:
            if isinstance(node, ast.ClassDef):
                found[node.name].append(module)
            elif isinstance(node, ast.AnnAssign) and "TypeAlias" in ast.dump(node.annotation):
                found[ast.unparse(node.target)].append(module)
    return {name: where for name, where in found.items() if not name.startswith("_")}


@pytest.mark.thorough
def test_no_import_runs_in_a_circle() -> None:
    assert len(modules()) > 250
    assert circle(modules()) == []


@pytest.mark.thorough
def test_a_public_class_has_one_home() -> None:
    found = homes(modules())
    assert {"Trace", "Graph", "Op", "DebuggerScreen", "Message"} <= found.keys()
    assert {name: where for name, where in found.items() if len(where) > 1} == {}


@pytest.mark.parametrize(
    "importing",
    [
        "from b import B",
        "def f():\n    import b",
        "from t import TYPE_CHECKING\nif TYPE_CHECKING:\n    import b",
    ],
    ids=["plain", "in a function", "for type checkers"],
)
def test_a_circle_is_seen(importing: str) -> None:
    trees = {"a": ast.parse(importing), "b": ast.parse("from c import x"), "c": ast.parse("import a")}
    assert set(circle(trees)) == {"a", "b", "c"}
    assert circle({**trees, "c": ast.parse("import d")}) == []


def test_two_homes_are_seen() -> None:
    trees = {name: ast.parse("class Place: ...\nclass _Own: ...\nSize: TypeAlias = int") for name in "ab"}
    assert homes(trees) == {"Place": ["a", "b"], "Size": ["a", "b"]}
