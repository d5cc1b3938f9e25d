"""Write the pages of `docs/` that are made from tables: ``python docs/build.py``.

A test holds that they are fresh.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import chdir
from importlib import import_module
from pathlib import Path

import backprop_engine
from backprop_engine.catalogue.conventions import KINKS
from backprop_engine.catalogue.entries import how_written
from backprop_engine.catalogue.pages import by_family, page
from backprop_engine.errors import CODES, Diagnostic, ScenarioError
from backprop_engine.explain.lines import plain
from backprop_engine.explain.symbols import mathematical
from backprop_engine.explain.texts import say
from backprop_engine.ops import OPS, Op
from backprop_engine.scenario import mistakes
from backprop_engine.scenario.loader import load_scenario, load_source
from backprop_engine.scenario.mistakes import gravity
from backprop_engine.scenario.source import Source
from backprop_engine.scenario.verify import verify
from backprop_tui.keys_page import keys_page

FOLDER = Path(__file__).parent
CORPUS = FOLDER.parent / "tests" / "bad_scenarios"
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


def errors() -> str:
    """Every error code, the worst first, each with the shortest broken file."""
    lines = [
        "# Errors",
        _MADE,
        "",
        "Every mistake in a scenario file has a stable code, a place, the line quoted with carets under the "
        "place, and a",
        "hint where one can be told. All independent mistakes of a file are shown in one go, at most twenty, "
        "the worst first:",
        "those that hide most of the file. What is wrong with an argument of the command line has no code; "
        "both end with exit",
        "code 2, and an expectation that is not met (`expect-differs` and its like) with 1.",
    ]
    rooms = _rooms()
    examples = _examples()
    for number, group in enumerate(re.findall(r"^\d\. (.+)", mistakes.__doc__ or "", re.MULTILINE)):
        codes = [name for name in rooms if gravity(name) == number]
        links = ", ".join(f"[{name}](#{name})" for name in codes)
        lines += ["", f"## {re.split('[:,.]', group)[0]}", "", group, "", links + "."]
        for name in codes:
            declared = f"(Declared in `{rooms[name]}`.)"
            lines += ["", f"### {name}", f"{CODES[name].meaning} {declared}", *_shown(examples.get(name))]
    return "\n".join(lines) + "\n"


def _rooms() -> dict[str, str]:
    """Every code, and the file that declares it."""
    engine = Path(backprop_engine.__file__).parent
    found: dict[str, str] = {}
    for path in sorted(engine.rglob("*.py")):
        names = re.findall(r'(?<![\w.])code\(\s*"([a-z-]+)"', path.read_text(encoding="utf-8"))
        if names:
            inside = path.relative_to(engine)
            import_module(".".join((engine.name, *inside.with_suffix("").parts)))
            found |= dict.fromkeys(names, inside.as_posix())
    return found


def _examples() -> dict[str, tuple[str, Diagnostic]]:
    """For each code a broken file and the first message about it: of all files that have few mistakes the
    shortest one.
    """
    best: dict[str, tuple[tuple[int, int, str], str, Diagnostic]] = {}
    with chdir(CORPUS):  # paths of data files count from the scenario's folder
        for path in sorted(Path().glob("*.yaml")):
            if path.stem != "expected":
                text, found = _mistakes(path.name, path.read_bytes())
                for one in reversed(found):
                    rank = (len(found), len(text), path.stem)
                    if one.code.name not in best or rank <= best[one.code.name][0]:
                        best[one.code.name] = (rank, text, one)
        for name, data in _UNMET.items():
            text, found = _mistakes("unmet.yaml", data)
            best[name] = ((0, 0, name), text, found[0])
        for name, wrong in _NO_FILE.items():
            try:
                load_scenario(wrong)
            except ScenarioError as error:
                best[name] = ((0, 0, name), "", error.diagnostics[0])
    return {name: (text, one) for name, (_, text, one) in best.items()}


_UNMET = {
    "expect-differs": b"inputs: {x: 3}\nnodes: {f: x * x}\nexpect: {grads: {x: 9}}\n",
    "expect-shape": b"inputs: {x: [1, 2]}\nnodes: {f: sum(x)}\nexpect: {grads: {x: 1}}\n",
    "expect-wrong": b"inputs: {x: 3}\nnodes: {f: x * x}\nexpect: {wrong: true, grads: {x: 6}}\n",
}
"""Files that load, and whose run is not what they expect."""
_NO_FILE = {"file-not-found": "one_wrod.yaml", "file-not-regular": "data"}
"""Paths of no file in the corpus."""


def _mistakes(name: str, data: bytes) -> tuple[str, list[Diagnostic]]:
    """The text of a broken file as a terminal may show it, and what is wrong with it."""
    text = Source(name, data.decode("utf-8", errors="replace").removeprefix("\ufeff"))
    shown = "\n".join(text.quoted(number + 1) for number in range(len(text.line_starts))).rstrip("\n")
    try:
        failures = verify(load_source(Source.from_bytes(name, data))).failures
    except ScenarioError as error:
        return shown, list(error.diagnostics)
    return shown, [failure.diagnostic for failure in failures]


def _shown(example: tuple[str, Diagnostic] | None) -> Iterator[str]:
    """A broken file and the message about it."""
    if example:
        text, diagnostic = example
        yield ""
        if text:
            yield from ("```yaml", *(_clipped(line) for line in text.split("\n")), "```")
        yield from ("```text", *str(diagnostic).split("\n"), "```")


def _clipped(line: str) -> str:
    return line if len(line) <= 110 else f"{line[:109]}…"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


PAGES = {"operators.md": operators, "conventions.md": conventions, "errors.md": errors, "keys.md": keys_page}


def main() -> None:
    """Write every page."""
    for name, made in PAGES.items():
        (FOLDER / name).write_text(made(), encoding="utf-8")
        print(FOLDER / name)


if __name__ == "__main__":
    main()
