"""The page `docs/keys.md`, made from the table of commands."""

from __future__ import annotations

from collections.abc import Iterator

from backprop_engine.debugger.breakpoints import PHASES
from backprop_engine.debugger.conditions import SUBJECTS
from backprop_engine.debugger.troubles import TROUBLES
from backprop_tui.commands import COMMANDS, Command, key_text

__all__ = ["keys_page"]

_HEAD = """# Keys and commands
<!-- Made by docs/build.py from the table of commands; change that. -->

Every command has a key, a name at the prompt, or both, and stands in the palette (`Ctrl+P`). The prompt opens
with `:`; Tab completes there, and the arrows go through what was typed before. The same names are understood
by `backprop-tui run SCENARIO -x "b op relu; c; p grad(W)"` and by `--commands FILE`, which print what each
shows; [sessions](sessions/README.md) has ten of them. The beginning of a name does where no other begins so,
and the names of gdb, PuDB and WinDbg work where they mean the same.

| key | typed | does |
|---|---|---|
"""

_PLACES = """
## Places
A breakpoint stops at the position after a step of its node, or one that sets its gradient. `break`, `tbreak`,
`go` and `find` take the same places:

| place | is |
|---|---|
| `q` | the steps about a node; `states[2].h`, `states[-1].h` for one in a cell |
| `op relu` | the steps about nodes with this operator |
| `group states[2]` | where the run enters an instance of a cell, forward and backward |
"""

_TROUBLES = """
A trouble is found where it arises, forward or backward, not where it is first seen:

| trouble | what a hit means | what people do about it |
|---|---|---|
"""

_CONDITIONS = """
Behind a place, or alone, `if` gives a condition in the language of scenarios: `q if norm(grad) < 1e-6`,
`if max(abs(product)) > 100`. It is about {subjects}
of the step, and about nodes and `grad(NODE)` by name, and holds where it is true in any cell.

## Settings
The app reads one file, `backprop-tui/settings.toml`, in the platform's folder for such files:
`$XDG_CONFIG_HOME` or `~/.config` on Linux, `~/Library/Application Support` on macOS, `%APPDATA%` on Windows.
Language and theme are written there when they are chosen in the palette. Under `[keys]`, a command gets other
keys, which take the place of all that it has:

```toml
language = "ko"
theme = "backprop-light"

[keys]
step = ["j", "right"]
back = ["k", "left"]
```

The commands are called {names}.
"""


def keys_page() -> str:
    """The whole page."""
    lines = [_HEAD.rstrip("\n"), *map(_row, COMMANDS), _PLACES.rstrip("\n"), *_phases()]
    lines += [_TROUBLES.rstrip("\n"), *_troubles()]
    subjects = ", ".join(f"`{one}`" for one in SUBJECTS)
    names = ", ".join(f"`{one.name}`" for one in COMMANDS)
    lines.append(_CONDITIONS.format(subjects=subjects, names=names).rstrip("\n"))
    return "\n".join(lines) + "\n"


def _row(command: Command) -> str:
    keys = " ".join(_code(key_text(key)) for key in command.keys)
    typed = ", ".join([_code(command.usage), *map(_code, command.prompt[1:])]) if command.prompt else ""
    return f"| {keys} | {typed} | {_cell(command.help('en'))} |"


def _phases() -> Iterator[str]:
    yield f"| {', '.join(_code(f'phase {one}') for one in PHASES)} | where a pass begins |"


def _troubles() -> Iterator[str]:
    for name, trouble in TROUBLES.items():
        typed = _code(f"{name} BOUND" if trouble.bound else name)
        yield f"| {typed} | {_cell(trouble.meaning.en)} | {_cell(trouble.advice.en)} |"


def _code(text: str) -> str:
    return f"`{_cell(text)}`"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
