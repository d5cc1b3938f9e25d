"""The text of a CSV file, row by row: commas, UTF-8, quotes as usual; lines end with a line feed."""

from __future__ import annotations

import codecs
import csv
from collections.abc import Iterator
from typing import NamedTuple

from backprop_engine.messages.message import Hint, msg
from backprop_engine.scenario.data_files import DataFile

__all__ = ["Row", "csv_rows", "csv_text", "divider_hint"]


class Row(NamedTuple):
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


def csv_rows(file: DataFile, text: str) -> Iterator[Row]:
    """All rows, the header too; empty lines are none."""
    lines = _Lines(text)
    reader = csv.reader(lines, strict=True, skipinitialspace=True)
    line = 1
    try:
        for cells in reader:
            # A quoted empty cell may be all that a row has; that is no empty line.
            if len(cells) > 1 or (cells and lines.last.strip()):
                yield Row(line, cells)
            line = reader.line_num + 1
    except csv.Error as problem:
        message = msg(
            "line {line} of `{file}` is no row of a table: {problem}",
            line=line,
            file=file.shown,
            problem=problem,
        )
        hint = msg("lines end with a line feed; a quotation mark inside quotes is doubled")
        raise file.wrong(message, hint) from None


def csv_text(file: DataFile) -> str:
    """The text of `file` without a byte order mark."""
    data = file.data.removeprefix(codecs.BOM_UTF8)
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as problem:
        line = data.count(b"\n", 0, problem.start) + 1
        message = msg(
            "`{file}` is no UTF-8 text: byte 0x{byte:02x} in line {line}",
            file=file.shown,
            byte=data[problem.start],
            line=line,
        )
    hint = msg("save it as UTF-8")
    if data.startswith(b"PK"):
        hint = msg("this looks like a workbook: save it as CSV, in UTF-8")
    elif data.startswith(b"\x93NUMPY"):
        hint = msg("this is an array of NumPy's: name it `.npy`")
    raise file.wrong(message, hint)


def divider_hint(text: str) -> Hint:
    """A hint for a table that seems to be divided by something else than commas."""
    line = text[:10_000].lstrip().partition("\n")[0]
    for mark, called in ((";", msg("semicolons")), ("\t", msg("tabs"))):
        if line.count(mark) > line.count(","):
            return msg("cells are divided by commas; in this file there are {signs}", signs=called)
    return ""
