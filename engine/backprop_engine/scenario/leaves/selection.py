"""`rows` and `columns` of a leaf from a file: which part of a table or an array it takes.

`rows` counts as Python does, without the header: `"0:32"` or `"0:32:2"` is a slice (cut at the end of the
file, as in Python), a list of whole numbers takes those rows in that order, and a single whole number gives
that row alone, without the axis of rows. `columns` are numbers, counted from 0 or from the end, or names of
the header; a list keeps the axis of columns, a single one does not.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from typing import Final

from msgspec import Struct

from backprop_engine.errors import ScenarioError, code
from backprop_engine.messages.message import Hint, Message, msg
from backprop_engine.messages.plain_text import clean, shortened
from backprop_engine.messages.suggestions import did_you_mean
from backprop_engine.scenario.read.mistakes import described, mistake
from backprop_engine.scenario.read.yaml_nodes import YamlNode, YamlScalar, YamlSequence

__all__ = ["DATA_COLUMNS", "DATA_ROWS", "Selection", "cut_short", "select_columns", "select_rows"]

DATA_ROWS = code(
    "data-rows", msg("`rows` selects rows that the data file does not have, or is not a selection of rows.")
)
DATA_COLUMNS = code(
    "data-columns",
    msg("`columns` selects columns that the data file does not have, or is not a selection of columns."),
)

_SLICE: Final = re.compile(
    r"\s*([-+]?\d{1,18})?\s*:\s*([-+]?\d{1,18})?\s*(?::\s*([-+]?\d{1,18})?\s*)?", re.ASCII
)
_RANGE_OF_COLUMNS: Final = re.compile(r"\s*(\d{1,4})\s*:\s*(\d{1,4})\s*", re.ASCII)
_ROWS_FORMS: Final = msg('write `rows: "0:32"`, `rows: [0, 2, 5]` or `rows: 7`')
_COLUMNS_FORMS: Final = msg("write `columns: 4`, `columns: [0, 1]`, or names of the header")


class Selection(Struct, frozen=True, eq=False):
    """The positions along an axis that are taken, all in range; a `single` one takes the axis away."""

    positions: Sequence[int]
    single: bool = False


def select_rows(node: YamlNode | None, count: int) -> Selection:
    """Which of `count` rows the value of `rows` takes; all of them without it."""
    if node is None:
        return Selection(range(count))
    if isinstance(node, YamlScalar):
        if type(node.value) is int:
            return Selection([_row(node, node.value, count)], single=True)
        if isinstance(node.value, str):
            return Selection(_slice(node, count))
    if not isinstance(node, YamlSequence):
        raise _no_rows(node)
    if not len(node):
        raise mistake(DATA_ROWS, node, msg("`rows` selects no rows"), _ROWS_FORMS)
    return Selection([_row(item, _whole(item, _no_rows), count) for item in node])


def _slice(node: YamlScalar, count: int) -> range:
    found = _SLICE.fullmatch(node.text)
    if not found:
        raise _no_rows(node)
    start, stop, step = (int(bound) if bound else None for bound in found.groups())
    if step == 0:
        raise mistake(DATA_ROWS, node, msg("the step of `rows` is 0"), msg('such as `rows: "0:32:2"`'))
    rows = range(count)[start:stop:step]
    if not rows:
        raise mistake(
            DATA_ROWS,
            node,
            msg("`{text}` selects no rows", text=f"rows: {shortened(node.text, 40)}"),
            _rows_there(count),
        )
    return rows


def _row(node: YamlNode, given: int, count: int) -> int:
    if -count <= given < count:
        return given % count
    raise mistake(DATA_ROWS, node, _no_row(given), _rows_there(count))


def _no_rows(node: YamlNode) -> ScenarioError:
    message = msg("expected rows, found {found}", found=described(node))
    return mistake(DATA_ROWS, node, message, _ROWS_FORMS)


def select_columns(
    node: YamlNode | None, width: int, names: Sequence[str] | None, hint: Hint = ""
) -> Selection:
    """Which of `width` columns the value of `columns` takes; all of them without it.

    `names` are those of the header, if there is one; `hint` says why columns may be missing.
    """
    if node is None:
        return Selection(range(width))
    if isinstance(node, YamlScalar):
        return Selection([_column(node, width, names, hint)], single=True)
    if not isinstance(node, YamlSequence):
        raise _no_columns(node)
    if not len(node):
        raise mistake(DATA_COLUMNS, node, msg("`columns` selects no columns"), _COLUMNS_FORMS)
    return Selection([_column(item, width, names, hint) for item in node])


def _column(node: YamlNode, width: int, names: Sequence[str] | None, hint: Hint) -> int:
    if isinstance(node, YamlScalar) and isinstance(node.value, str):
        return _named(node, width, names, hint)
    given = _whole(node, _no_columns)
    if -width <= given < width:
        return given % width
    raise mistake(DATA_COLUMNS, node, _no_column(given), hint or _columns_there(width, names))


def _named(node: YamlScalar, width: int, names: Sequence[str] | None, hint: Hint) -> int:
    name = unicodedata.normalize("NFC", node.text).strip()
    shown = shortened(clean(name), 40)
    found = _RANGE_OF_COLUMNS.fullmatch(name)
    if found and not (names and name in names):
        listed = list(range(int(found[1]), int(found[2])))
        few = 0 < len(listed) <= 12
        hint = msg("write `{text}`", text=f"columns: {listed}") if few else _COLUMNS_FORMS
        raise mistake(DATA_COLUMNS, node, msg("`columns` is not a slice"), hint)
    if names is None:
        hint = hint or _columns_there(width)
        raise mistake(
            DATA_COLUMNS,
            node,
            msg("there is no column `{name}`: the columns have no names", name=shown),
            hint,
        )
    if name not in names:
        hint = hint or did_you_mean(name, names) or _columns_there(width, names)
        raise mistake(DATA_COLUMNS, node, msg("there is no column `{name}`", name=shown), hint)
    first = names.index(name)
    if name in names[first + 1 :]:
        second = names.index(name, first + 1)
        message = msg("two columns are called `{name}`", name=shown)
        raise mistake(
            DATA_COLUMNS,
            node,
            message,
            msg("they are columns {first} and {second}: use the number", first=first, second=second),
        )
    return first


def _no_columns(node: YamlNode) -> ScenarioError:
    message = msg("expected a column, found {found}", found=described(node))
    return mistake(DATA_COLUMNS, node, message, _COLUMNS_FORMS)


def _whole(node: YamlNode, refused: Callable[[YamlNode], ScenarioError]) -> int:
    if isinstance(node, YamlScalar) and type(node.value) is int:
        return node.value
    raise refused(node)


def _rows_there(count: int) -> Message:
    """How many rows there are."""
    if not count:
        return msg("there are no rows")
    if count == 1:
        return msg("there is one, row 0")
    return msg("there are {count} rows, 0 to {last}", count=count, last=count - 1)


def _columns_there(count: int, names: Sequence[str] | None = None) -> Message:
    """How many columns there are, and how they are called."""
    if not count:
        return msg("there are no columns")
    there = (
        msg("there is one, column 0")
        if count == 1
        else msg("there are {count} columns, 0 to {last}", count=count, last=count - 1)
    )
    return msg("{there}: {names}", there=there, names=cut_short(names)) if names else there


def _no_row(number: int) -> Message:
    if _is_short(number):
        return msg("there is no row {number}", number=number)
    return msg("there is no row with so large a number")


def _no_column(number: int) -> Message:
    if _is_short(number):
        return msg("there is no column {number}", number=number)
    return msg("there is no column with so large a number")


def _is_short(number: int) -> bool:
    return abs(number) < 10**18


def cut_short(texts: Sequence[str], most: int = 8) -> str:
    """Texts of a file for a sentence: harmless, the first `most` of them, and none very long."""
    shown = ", ".join(f"`{shortened(clean(text), 24)}`" for text in texts[:most])
    return shown + (", …" if len(texts) > most else "")
