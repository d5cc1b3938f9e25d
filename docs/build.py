"""Write the pages of `docs/` that are made from tables: ``python docs/build.py``.

A test holds that they are fresh.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from backprop_engine.catalogue.conventions import KINKS
from backprop_engine.catalogue.entries import how_written
from backprop_engine.catalogue.pages import by_family, page
from backprop_engine.explain.lines import plain
from backprop_engine.explain.symbols import mathematical
from backprop_engine.explain.texts import say
from backprop_engine.ops import OPS, Op

FOLDER = Path(__file__).parent
_MADE = "<!-- Made by docs/build.py from the tables of the engine; change those. -->"


def operators() -> str:
    """The catalogue: a table by family, then every operator by itself."""
    families = by_family()
    lines = [
        "# Operators",
        _MADE,
        "",
        f"There are {len(OPS)}. `backprop-tui ops NAME` says the same of each, with a worked example and in "
        "Korean too;",
        "`backprop-tui ops --json` gives it as data. `g` is the gradient that flows in, `da` what the "
        "operand `a` gets,",
        "`out` the result.",
    ]
    for family, ops in families.items():
        lines += ["", f"## Family: {say(f'family {family}', 'en')}", ""]
        lines += ["| | operator | written | |", "|---|---|---|---|", *map(_row, ops)]
    for ops in families.values():
        for op in ops:
            lines += ["", f"### {op.name}", "```text", *_page(op), "```"]
    return "\n".join(lines) + "\n"


def _row(op: Op) -> str:
    link = f"[{op.name}](#{op.name})"
    written = f"`{_cell(mathematical(how_written(op)) if op.written else how_written(op))}`"
    return f"| {_cell(op.sign)} | {link} | {written} | {_cell(op.lesson.en)} |"


def _page(op: Op) -> Iterator[str]:
    yield from plain(page(op, "en", numbers=False)).splitlines()


def conventions() -> str:
    """What operators give at kinks and extremes."""
    lines = [
        "# Conventions at kinks and extremes",
        _MADE,
        "",
        "Arithmetic is IEEE: an infinity or a NaN is a value like any other, and nothing is masked. Where a "
        "derivative",
        "does not exist, one had to be chosen; `check` accepts it where it lies between the slopes on both "
        "sides. A test",
        "computes each of these rows. The gradient that flows in is 1 unless a row says otherwise.",
        "",
        "| call | value | gradient | |",
        "|---|---|---|---|",
    ]
    for kink in KINKS:
        seed = "" if kink.seed == 1 else f"; the gradient that flows in is {kink.seed}"
        gradient = kink.gradient_text or "none flows"
        lines.append(f"| `{_cell(kink.call)}` | {kink.value_text} | {gradient} | {_cell(kink.note)}{seed} |")
    return "\n".join(lines) + "\n"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


PAGES = {"operators.md": operators, "conventions.md": conventions}


def main() -> None:
    """Write every page."""
    for name, made in PAGES.items():
        (FOLDER / name).write_text(made(), encoding="utf-8")
        print(FOLDER / name)


if __name__ == "__main__":
    main()
