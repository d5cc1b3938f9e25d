"""`rows` and `columns` of a leaf from a file: which part of a table or an array it takes.

`rows` counts as Python does, without the header: `"0:32"` or `"0:32:2"` is a slice (cut at the end of the
file, as in Python), a list of whole numbers takes those rows in that order, and a single whole number gives
that row alone, without the axis of rows. `columns` are numbers, counted from 0 or from the end, or names of
the header; a list keeps the axis of columns, a single one does not.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from collections.abc import Sequence as SequenceOf
from typing import Final

from msgspec import Struct

from backprop_engine.errors import ScenarioError, code
from backprop_engine.scenario.mistakes import described, mistake
from backprop_engine.scenario.nearest import did_you_mean
from backprop_engine.scenario.nodes import Node, Scalar, Sequence
from backprop_engine.text import clean, clip

__all__ = ["DATA_COLUMNS", "DATA_ROWS", "Choice", "choose_columns", "choose_rows", "cut_short"]

DATA_ROWS = code("data-rows", "`rows` chooses rows that a data file does not have, or is no choice of rows.")
DATA_COLUMNS = code(
    "data-columns", "`columns` names columns that a data file does not have, or is no choice of columns."
)

_SLICE: Final = re.compile(
    r"\s*([-+]?\d{1,18})?\s*:\s*([-+]?\d{1,18})?\s*(?::\s*([-+]?\d{1,18})?\s*)?", re.ASCII
)
_RANGE_OF_COLUMNS: Final = re.compile(r"\s*(\d{1,4})\s*:\s*(\d{1,4})\s*", re.ASCII)
_ROWS_FORMS: Final = 'write `rows: "0:32"`, `rows: [0, 2, 5]` or `rows: 7`'
_COLUMNS_FORMS: Final = "write `columns: 4`, `columns: [0, 1]`, or names of the header"


class Choice(Struct, frozen=True, eq=False):
    """The positions along an axis that are taken, all in range; a `single` one takes the axis away."""

    positions: SequenceOf[int]
    single: bool = False


def choose_rows(node: Node | None, count: int) -> Choice:
    """Which of `count` rows the value of `rows` takes; all of them without it."""
    if node is None:
        return Choice(range(count))
    if isinstance(node, Scalar):
        if type(node.value) is int:
            return Choice([_row(node, node.value, count)], single=True)
        if isinstance(node.value, str):
            return Choice(_slice(node, count))
    if not isinstance(node, Sequence):
        raise _no_rows(node)
    if not len(node):
        raise mistake(DATA_ROWS, node, "`rows` takes no row", _ROWS_FORMS)
    return Choice([_row(item, _whole(item, _no_rows), count) for item in node])


def _slice(node: Scalar, count: int) -> range:
    found = _SLICE.fullmatch(node.text)
    if not found:
        raise _no_rows(node)
    start, stop, step = (int(bound) if bound else None for bound in found.groups())
    if step == 0:
        raise mistake(DATA_ROWS, node, "the step of `rows` is 0", 'such as `rows: "0:32:2"`')
    rows = range(count)[start:stop:step]
    if not rows:
        raise mistake(
            DATA_ROWS, node, f"`rows: {clip(node.text, 40)}` takes no row", _there_are(count, "rows")
        )
    return rows


def _row(node: Node, given: int, count: int) -> int:
    if -count <= given < count:
        return given % count
    raise mistake(DATA_ROWS, node, f"there is no row {_short(given)}", _there_are(count, "rows"))


def _no_rows(node: Node) -> ScenarioError:
    message = f"expected rows, found {described(node)}"
    return mistake(DATA_ROWS, node, message, _ROWS_FORMS)


def choose_columns(node: Node | None, width: int, names: SequenceOf[str] | None, hint: str = "") -> Choice:
    """Which of `width` columns the value of `columns` takes; all of them without it.

    `names` are those of the header, if there is one; `hint` says why columns may be missing.
    """
    if node is None:
        return Choice(range(width))
    if isinstance(node, Scalar):
        return Choice([_column(node, width, names, hint)], single=True)
    if not isinstance(node, Sequence):
        raise _no_columns(node)
    if not len(node):
        raise mistake(DATA_COLUMNS, node, "`columns` takes no column", _COLUMNS_FORMS)
    return Choice([_column(item, width, names, hint) for item in node])


def _column(node: Node, width: int, names: SequenceOf[str] | None, hint: str) -> int:
    if isinstance(node, Scalar) and isinstance(node.value, str):
        return _named(node, width, names, hint)
    given = _whole(node, _no_columns)
    if -width <= given < width:
        return given % width
    message = f"there is no column {_short(given)}"
    raise mistake(DATA_COLUMNS, node, message, hint or _there_are(width, "columns", names))


def _named(node: Scalar, width: int, names: SequenceOf[str] | None, hint: str) -> int:
    name = unicodedata.normalize("NFC", node.text).strip()
    shown = clip(clean(name), 40)
    found = _RANGE_OF_COLUMNS.fullmatch(name)
    if found and not (names and name in names):
        listed = list(range(int(found[1]), int(found[2])))
        hint = f"write `columns: {listed}`" if 0 < len(listed) <= 12 else _COLUMNS_FORMS
        raise mistake(DATA_COLUMNS, node, "`columns` is no slice", hint)
    if names is None:
        hint = hint or _there_are(width, "columns")
        raise mistake(DATA_COLUMNS, node, f"there is no column `{shown}`: the columns have no names", hint)
    if name not in names:
        hint = hint or did_you_mean(name, names) or _there_are(width, "columns", names)
        raise mistake(DATA_COLUMNS, node, f"there is no column `{shown}`", hint)
    first = names.index(name)
    if name in names[first + 1 :]:
        second = names.index(name, first + 1)
        message = f"two columns are called `{shown}`"
        raise mistake(
            DATA_COLUMNS, node, message, f"they are the columns {first} and {second}: use the number"
        )
    return first


def _no_columns(node: Node) -> ScenarioError:
    message = f"expected a column, found {described(node)}"
    return mistake(DATA_COLUMNS, node, message, _COLUMNS_FORMS)


def _whole(node: Node, refused: Callable[[Node], ScenarioError]) -> int:
    if isinstance(node, Scalar) and type(node.value) is int:
        return node.value
    raise refused(node)


def _there_are(count: int, what: str, names: SequenceOf[str] | None = None) -> str:
    """How many there are, and how they are called."""
    if not count:
        return f"there are no {what}"
    if count == 1:
        return f"there is one, {what[:-1]} 0" + (f": {cut_short(names)}" if names else "")
    counted = f"there are {count} {what}, 0 to {count - 1}"
    return f"{counted}: {cut_short(names)}" if names else counted


def cut_short(texts: SequenceOf[str], most: int = 8) -> str:
    """Texts of a file for a sentence: harmless, the first `most` of them, and none very long."""
    shown = ", ".join(f"`{clip(clean(text), 24)}`" for text in texts[:most])
    return shown + (", …" if len(texts) > most else "")


def _short(number: int) -> str:
    return str(number) if abs(number) < 10**18 else "so large"
