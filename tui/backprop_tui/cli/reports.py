"""Scores, one row for each question: as Gradescope's results.json, and as CSV."""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from io import StringIO

from msgspec import Struct

from backprop_engine.errors import UsageError, reason
from backprop_engine.messages.message import msg
from backprop_engine.messages.plain_text import clean
from backprop_engine.whole_files import write_whole

__all__ = ["Scored", "csv_report", "gradescope_report", "write_report"]


_FORMULA = tuple("=+-@")
"""What a spreadsheet takes for the beginning of a formula."""


class Scored(Struct, frozen=True):
    """What a question is worth, 0 to `most`, and what to say about it."""

    name: str
    kind: str
    credit: float
    tries: int = 1
    hinted: bool = False
    mistakes: tuple[str, ...] = ()
    text: str = ""
    most: float = 1.0


def gradescope_report(rows: Sequence[Scored]) -> str:
    """JSON as Gradescope's autograders write it: one test for each question, and the total score."""
    tests = [
        {
            "name": row.name,
            "number": str(number),
            "score": row.credit,
            "max_score": row.most,
            "status": "passed" if row.credit >= row.most else "failed",
            "output": row.text,
            "output_format": "text",
            "tags": [row.kind, *row.mistakes],
            "visibility": "visible",
        }
        for number, row in enumerate(rows, 1)
    ]
    score = sum(row.credit for row in rows)
    return json.dumps({"score": score, "tests": tests}, ensure_ascii=False, indent=1) + "\n"


def csv_report(rows: Sequence[Scored]) -> str:
    """One line for each question, with a heading."""
    text = StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("question", "kind", "credit", "max", "tries", "hint", "mistakes"))
    for row in rows:
        mistakes = " ".join(row.mistakes)
        name = f"'{row.name}" if row.name[:1] in _FORMULA else row.name
        writer.writerow((name, row.kind, row.credit, row.most, row.tries, int(row.hinted), mistakes))
    return text.getvalue()


def write_report(path: str, text: str) -> None:
    """Write a report, all of it or nothing; `UsageError` where that cannot be done.

    Links are followed, and a device or a pipe is written to, not replaced.
    """
    try:
        write_whole(path, text)
    except (OSError, ValueError) as error:
        problem = reason(error) if isinstance(error, OSError) else str(error)
        raise UsageError(msg("{path}: {problem}", path=clean(path), problem=problem)) from None
