"""The pages `docs/keys.md` and `docs/keys.ko.md`, made from the tables of commands and keys."""

from __future__ import annotations

from collections.abc import Iterator

from backprop_engine.debugger.anomalies import ANOMALIES
from backprop_engine.debugger.breakpoints import PHASES
from backprop_engine.debugger.conditions import SUBJECTS
from backprop_engine.messages.message import msg
from backprop_tui.commands.keys import key_text
from backprop_tui.commands.row import CommandRow
from backprop_tui.commands.table import COMMANDS, GROUPS
from backprop_tui.panels.tensor.keys import KEYS
from backprop_tui.signs import SCROLLING, SIGNS

__all__ = ["keys_page"]

_HEAD = msg(
    "# Keys and commands\n<!-- Made by docs/build.py from the table of commands; change that. "
    "-->\n[한국어](keys.ko.md)\n\nEvery command has a key, a name at the prompt, or both, and is "
    "listed in the palette (`Ctrl+P`). The prompt opens\nwith `:`; there, Tab completes names, "
    "and the arrows recall earlier commands. The same names work in\n`backprop-tui run SCENARIO "
    '-x "b op relu; c; p grad(W)"` and in a file given with `--commands FILE`; both print\nthe '
    "output of each command ([ten such sessions](sessions/README.md)). A name can be shortened "
    "as long as it is\nunambiguous, and the names of gdb, PuDB and WinDbg work where they mean "
    "the same. Here, commands are grouped\nby what you want to do, as in the help (`?`)."
)

_COLUMNS = msg("""| key | typed | does |
|---|---|---|""")

_SIGNS = msg("""
## Signs

| sign | means |
|---|---|""")

_PLACES = msg(
    "\n## Places\nA breakpoint stops right after a step that computes its node or sets the "
    "node's gradient. `break`, `tbreak`, `go`\nand `find` accept the same places:\n\n| place | "
    "meaning |\n|---|---|\n| `q` | the steps of a node; `states[2].h`, `states[-1].h` for one "
    "in a cell |\n| `op relu` | the steps of nodes with this operator |\n| `group states[2]` | "
    "where the run enters an instance of a cell, forward and backward |"
)

_TROUBLES = msg(
    "\nA trouble is found where it arises, forward or backward, not where it first becomes "
    "visible:\n\n| trouble | what a hit means | common remedies |\n|---|---|---|"
)

_VIEWER = msg(
    "\n## Tensors\n`Enter` opens the tensors of the chosen node or, from the step panel, the "
    "product of the step. The keys there:\n\n| key | does |\n|---|---|"
)
_PASS = msg("where a pass begins")
_BOUND = msg("BOUND")


def keys_page(language: str) -> str:
    """The whole page."""
    lines = [_HEAD.in_language(language), "", f"{SCROLLING.in_language(language)}."]
    for title, rows in GROUPS:
        lines += ["", f"## {title.in_language(language)}", "", _COLUMNS.in_language(language)]
        lines += [_row(row, language) for row in rows]
    lines += _signs(language)
    lines += [_PLACES.in_language(language), *_phases(language)]
    lines += [_TROUBLES.in_language(language), *_troubles(language)]
    subjects = ", ".join(f"`{subject}`" for subject in SUBJECTS)
    lines.append(
        msg(
            "\nAfter a place, or on its own, `if` adds a condition, written like an expression in a "
            "scenario:\n`q if norm(grad) < 1e-6`, `if max(abs(product)) > 100`. It can use {subjects}\n"
            "of the step, and nodes and `grad(NODE)` by name. It holds if it is true in any entry.",
            subjects=subjects,
        ).in_language(language)
    )
    lines += [_VIEWER.in_language(language), *_viewer(language)]
    names = ", ".join(f"`{row.name}`" for row in COMMANDS)
    lines.append(
        msg(
            "\n## Settings\nThe app reads one file, `backprop-tui/settings.toml`, in the platform's "
            "folder for such files:\n`$XDG_CONFIG_HOME` or `~/.config` on Linux, `~/Library/Application "
            "Support` on macOS, `%APPDATA%` on Windows.\nChoosing a language or a theme in the palette "
            'saves it there. `animation = "no"` turns off the pulse that runs\nalong the wires of a '
            "step, as does `--no-animation` or `TEXTUAL_ANIMATIONS=none` in the environment.\nUnder "
            "`[keys]`, you can give a command other keys, which replace all of its own:\n\n```toml\n"
            'language = "ko"\ntheme = "backprop-light"\nanimation = "no"\n\n[keys]\nstep = ["j", '
            '"right"]\nback = ["k", "left"]\n```\n\nThe names of the commands are {names}.',
            names=names,
        ).in_language(language)
    )
    return "\n".join(lines) + "\n"


def _signs(language: str) -> Iterator[str]:
    """What the signs on the screen mean."""
    yield _SIGNS.in_language(language)
    for sign, _, meaning in SIGNS:
        yield f"| {_code(sign)} | {_cell(meaning.in_language(language))} |"


def _viewer(language: str) -> Iterator[str]:
    """The keys of the viewer of tensors."""
    for key in KEYS:
        keys = " ".join(map(_code, key.shown.split()))
        yield f"| {keys} | {key.help.in_language(language)} |"


def _row(command: CommandRow, language: str) -> str:
    keys = " ".join(_code(key_text(key)) for key in command.keys)
    usage = command.usage.in_language(language)
    typed = ", ".join([_code(usage), *map(_code, command.prompt[1:])]) if command.prompt else ""
    return f"| {keys} | {typed} | {_cell(command.help.in_language(language))} |"


def _phases(language: str) -> Iterator[str]:
    yield f"| {', '.join(_code(f'phase {phase}') for phase in PHASES)} | {_PASS.in_language(language)} |"


def _troubles(language: str) -> Iterator[str]:
    for name, trouble in ANOMALIES.items():
        typed = _code(f"{name} {_BOUND.in_language(language)}" if trouble.bound else name)
        meaning, advice = (
            _cell(message.in_language(language)) for message in (trouble.meaning, trouble.advice)
        )
        yield f"| {typed} | {meaning} | {advice} |"


def _code(text: str) -> str:
    return f"`{_cell(text)}`"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
