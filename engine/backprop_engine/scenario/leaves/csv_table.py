"""CSV tables: commas, UTF-8, quotes as usual, and a header if the first row is not numeric.

Where the first row is text and numbers mixed, the row below it decides: it is a header if text is above
a number. If only empty cells do, it is neither a header nor data for certain, and the file is refused. Lines
count from 1, as in an editor, and end with a line feed; columns count from 0, as under `columns`.
"""

from __future__ import annotations

import codecs
import csv
import unicodedata
from array import array
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from math import inf
from typing import Final, NamedTuple

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from backprop_engine.errors import ScenarioError, code
from backprop_engine.messages.message import Hint, Message, joined, msg
from backprop_engine.messages.plain_text import clean, shortened
from backprop_engine.scenario.leaves.data_files import DataFile
from backprop_engine.scenario.leaves.numbers import NUMBER_RANGE
from backprop_engine.scenario.leaves.selection import cut_short

__all__ = ["DATA_CELL", "read_table"]


class CsvRow(NamedTuple):
    """The cells of a row, and the line of the file that it begins in."""

    line: int
    cells: list[str]


class _Lines:
    """The lines of a text one by one, and the one that was given last."""

    def __init__(self, text: str) -> None:
        self.text, self.last = text, ""

    def __iter__(self) -> Iterator[str]:
        start = 0
        while start < len(self.text):
            end = self.text.find("\n", start) + 1 or len(self.text)
            self.last = self.text[start:end]
            yield self.last
            start = end


def csv_rows(file: DataFile, text: str) -> Iterator[CsvRow]:
    """All rows, the header too; empty lines do not count."""
    lines = _Lines(text)
    reader = csv.reader(lines, strict=True, skipinitialspace=True)
    line = 1
    try:
        for cells in reader:
            # A quoted empty cell may be all that a row has; that is not an empty line.
            if len(cells) > 1 or (cells and lines.last.strip()):
                yield CsvRow(line, cells)
            line = reader.line_num + 1
    except csv.Error as problem:
        message = msg(
            "line {line} of `{file}` is not a row of a table: {problem}",
            line=line,
            file=file.shown,
            problem=problem,
        )
        hint = msg("end lines with a line feed, and double a quotation mark inside quotes")
        raise file.wrong(message, hint) from None


def csv_text(file: DataFile) -> str:
    """The text of `file` without a byte order mark."""
    data = file.data.removeprefix(codecs.BOM_UTF8)
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as problem:
        line = data.count(b"\n", 0, problem.start) + 1
        message = msg(
            "`{file}` is not UTF-8 text: byte 0x{byte:02x} in line {line}",
            file=file.shown,
            byte=data[problem.start],
            line=line,
        )
    hint = msg("save it as UTF-8")
    if data.startswith(b"PK"):
        hint = msg("this looks like a workbook: save it as CSV, in UTF-8")
    elif data.startswith(b"\x93NUMPY"):
        hint = msg("this is a NumPy array: rename it to `.npy`")
    raise file.wrong(message, hint)


def divider_hint(text: str) -> Hint:
    """A hint for a table that seems to be divided by something else than commas."""
    line = text[:10_000].lstrip().partition("\n")[0]
    for mark, called in ((";", msg("semicolons")), ("\t", msg("tabs"))):
        if line.count(mark) > line.count(","):
            return msg("cells are separated by commas, but this file has {signs}", signs=called)
    return ""


DATA_CELL = code(
    "data-cell", msg("A cell of a data file is not a number, or not a whole number under `dtype: int`.")
)

_MAX_CLASSES: Final = 6


class Table(Struct, frozen=True, eq=False):
    """A table whose rows all have `width` cells: `count` rows of data, and a header's names."""

    file: DataFile
    text: str
    width: int
    count: int
    names: tuple[str, ...] | None

    def rows(self) -> Iterator[CsvRow]:
        """The rows of data."""
        return islice(csv_rows(self.file, self.text), 0 if self.names is None else 1, None)

    def numbers(self, rows: Sequence[int], columns: Sequence[int], whole: bool) -> NDArray[np.float64]:
        """The chosen cells as numbers; `whole` is for the hint alone. Other cells are not read."""
        ascending = _ascending(rows)
        found = array("d")
        for row in self._rows_at(ascending):
            cells = [row.cells[column] for column in columns]
            values = _all_numbers(cells)
            if values is None:
                raise self._refused(row, columns, whole)
            found.extend(values)
        result = np.array(found, dtype=np.float64).reshape(len(ascending), len(columns))
        return result if rows is ascending else result[np.searchsorted(ascending, rows)]

    def _rows_at(self, ascending: Iterable[int]) -> Iterator[CsvRow]:
        """The rows with these numbers; what comes after the last of them is not read."""
        rows, following = self.rows(), 0
        for number in ascending:
            yield next(islice(rows, number - following, None))
            following = number + 1

    def cell(self, number: int, column: int) -> tuple[str, str]:
        """What is in a cell of the data, and where that is, in words."""
        row = next(islice(self.rows(), number, None))
        return shortened(clean(row.cells[column].strip()), 24), self._where(row.line, column)

    def divider_hint(self) -> Hint:
        """A hint for a file that seems to be divided by something else than commas."""
        return divider_hint(self.text)

    def _where(self, line: int, column: int) -> Message:
        named = f"`{shortened(clean(self.names[column]), 24)}`" if self.names else msg("counted from 0")
        return msg(
            "line {line}, column {column} ({name}) of `{file}`",
            line=line,
            column=column,
            name=named,
            file=self.file.shown,
        )

    def _refused(self, row: CsvRow, columns: Sequence[int], whole: bool) -> ScenarioError:
        """What is wrong with the first cell of `row` that is not a number in double precision."""
        bad = next(column for column in columns if _all_numbers([row.cells[column]]) is None)
        if _number(row.cells[bad]) is None:
            return self._no_number(row, bad, whole)
        return self._too_large(row, bad)

    def _too_large(self, row: CsvRow, column: int) -> ScenarioError:
        number = shortened(row.cells[column].strip(), 24)
        message = msg(
            "{where} is {number}, which is too large for double precision",
            where=self._where(row.line, column),
            number=number,
        )
        return self.file.wrong(message, msg("infinity is written `inf`"), NUMBER_RANGE)

    def _no_number(self, row: CsvRow, column: int, whole: bool) -> ScenarioError:
        cell = row.cells[column].strip()
        where = self._where(row.line, column)
        if not cell:
            hint = msg("write `nan` for an unknown number, or leave such rows out with `rows`")
            return self.file.wrong(msg("{where} is empty", where=where), hint, DATA_CELL)
        message = msg(
            "{where} is the text `{text}`, not a number", where=where, text=shortened(clean(cell), 24)
        )
        return self.file.wrong(message, self._hint(cell, column, whole), DATA_CELL)

    def _hint(self, cell: str, column: int, whole: bool) -> Message:
        if hint := self.divider_hint():
            return hint
        if _number(cell.replace(",", ".", 1)) is not None:
            return msg("write decimal numbers with a point, not a comma")
        if cell.casefold() in ("true", "false"):
            return msg("write 1 and 0")
        if whole:
            classes = self._classes(column)
            numbered = joined(
                ", ",
                (
                    msg("{number} for {text}", number=number, text=cut_short([text]))
                    for number, text in enumerate(classes[:_MAX_CLASSES])
                ),
            )
            rest = ", …" if len(classes) > _MAX_CLASSES else ""
            return msg(
                "classes are numbers: write them in the file, such as {numbered}{rest}",
                numbered=numbered,
                rest=rest,
            )
        first = next(self.rows()).cells
        numeric = [i for i, cell in enumerate(first) if _number(cell) is not None]
        if column in numeric:
            return msg("correct the cell, or leave such rows out with `rows`")
        if 0 < len(numeric) <= 12:
            return msg("`columns: {numbers}` selects the columns of numbers", numbers=numeric)
        return msg("select the columns of numbers with `columns`")

    def _classes(self, column: int) -> list[str]:
        """The texts of a column in order of their first appearance, one more than will be shown."""
        seen: dict[str, None] = {}
        for row in self.rows():
            seen.setdefault(row.cells[column].strip())
            if len(seen) > _MAX_CLASSES:
                break
        return list(seen)


def read_table(file: DataFile) -> Table:
    """The table in `file`; `ScenarioError` if there is none."""
    text = csv_text(file)
    start: list[CsvRow] = []
    count = 0
    for row in csv_rows(file, text):
        count += 1
        if len(start) < 2:
            start.append(row)
        if len(row.cells) != len(start[0].cells):
            where = msg("line {line} of `{file}`", line=row.line, file=file.shown)
            message = msg(
                "{where} has {cells}, but line {line} has {first}",
                where=where,
                cells=_cells(row),
                line=start[0].line,
                first=_cells(start[0]),
            )
            raise file.wrong(
                message, divider_hint(text) or msg("every row must have as many cells as the first")
            )
    if not start:
        raise file.wrong(
            msg("`{file}` is empty", file=file.shown), msg("a table needs at least one row of numbers")
        )
    names = _header(file, start)
    count -= names is not None
    if not count:
        raise file.wrong(msg("`{file}` has no row below its header", file=file.shown))
    return Table(file, text, len(start[0].cells), count, names)


def _cells(row: CsvRow) -> Message:
    return msg("1 cell") if len(row.cells) == 1 else msg("{count} cells", count=len(row.cells))


def _header(file: DataFile, start: list[CsvRow]) -> tuple[str, ...] | None:
    """The names in the first row, if it is a header."""
    first = start[0].cells
    below = start[-1].cells
    numeric = [_number(cell) is not None for cell in first]
    if all(numeric):
        return None
    odd = [
        cell.strip()
        for cell, is_number, under in zip(first, numeric, below, strict=True)
        if not is_number and _number(under) is not None
    ]
    if any(numeric) and not any(odd):
        if not odd:
            return None
        message = msg(
            "line {line} of `{file}` has numbers and empty cells", line=start[0].line, file=file.shown
        )
        raise file.wrong(message, msg("give every column a name in the first row, or every cell a number"))
    return tuple(unicodedata.normalize("NFC", cell.strip()) for cell in first)


def _number(cell: str) -> float | None:
    """The number in a cell, perhaps with spaces around it; no underscores, no digits of other scripts."""
    try:
        value = float(cell)
    except ValueError:
        return None
    return value if cell.isascii() and "_" not in cell else None


def _all_numbers(cells: list[str]) -> list[float] | None:
    """The numbers in `cells`, or none if one of them is not a number or too large."""
    joined = "".join(cells)
    if "_" in joined or not joined.isascii():
        return None
    try:
        values = list(map(float, cells))
    except ValueError:
        return None
    if (inf in values or -inf in values) and any(map(_overflows, values, cells)):
        return None
    return values


def _overflows(value: float, cell: str) -> bool:
    """Whether an infinity is written as a number."""
    return abs(value) == inf and any(map(str.isdigit, cell))


def _ascending(rows: Sequence[int]) -> Sequence[int]:
    """`rows` in the order of the file, each once; the same object if they are."""
    if isinstance(rows, range) and (rows.step > 0 or len(rows) < 2):
        return rows
    return rows[::-1] if isinstance(rows, range) else sorted({*rows})
