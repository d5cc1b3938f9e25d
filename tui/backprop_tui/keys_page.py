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

_HEAD = msg("""# Keys and commands
<!-- Made by docs/build.py from the table of commands; change that. -->
[한국어](keys.ko.md)

Every command has a key, a name at the prompt, or both, and stands in the palette (`Ctrl+P`). The prompt opens
with `:`; Tab completes there, and the arrows go through what was typed before. The same names are understood
by `backprop-tui run SCENARIO -x "b op relu; c; p grad(W)"` and by `--commands FILE`, which print what each
shows; [sessions](sessions/README.md) has ten of them. The beginning of a name does where no other begins so,
and the names of gdb, PuDB and WinDbg work where they mean the same. They stand here by what
one wants to do, as in the help (`?`).""")

_COLUMNS = msg("""| key | typed | does |
|---|---|---|""")

_SIGNS = msg("""
## Signs

| sign | means |
|---|---|""")

_PLACES = msg("""
## Places
A breakpoint stops at the position after a step of its node, or one that sets its gradient. `break`, `tbreak`,
`go` and `find` take the same places:

| place | is |
|---|---|
| `q` | the steps about a node; `states[2].h`, `states[-1].h` for one in a cell |
| `op relu` | the steps about nodes with this operator |
| `group states[2]` | where the run enters an instance of a cell, forward and backward |""")

_TROUBLES = msg("""
A trouble is found where it arises, forward or backward, not where it is first seen:

| trouble | what a hit means | what people do about it |
|---|---|---|""")

_VIEWER = msg("""
## Tensors
`Enter` opens the tensors of the chosen node, or, from the step panel, the product of the step; there:

| key | does |
|---|---|""")
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
            """
After a place, or alone, `if` gives a condition in the language of scenarios: `q if norm(grad) < 1e-6`,
`if max(abs(product)) > 100`. It is about {subjects}
of the step, and about nodes and `grad(NODE)` by name, and holds where it is true in any entry.""",
            subjects=subjects,
        ).in_language(language)
    )
    lines += [_VIEWER.in_language(language), *_viewer(language)]
    names = ", ".join(f"`{row.name}`" for row in COMMANDS)
    lines.append(
        msg(
            """
## Settings
The app reads one file, `backprop-tui/settings.toml`, in the platform's folder for such files:
`$XDG_CONFIG_HOME` or `~/.config` on Linux, `~/Library/Application Support` on macOS, `%APPDATA%` on Windows.
Language and theme are written there when they are chosen in the palette. With `animation = "no"`, as with
`--no-animation` or `TEXTUAL_ANIMATIONS=none` in the environment, no pulse runs along the wires of a step.
Under `[keys]`, a command gets other keys, which take the place of all that it has:

```toml
language = "ko"
theme = "backprop-light"
animation = "no"

[keys]
step = ["j", "right"]
back = ["k", "left"]
```

The commands are called {names}.""",
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
