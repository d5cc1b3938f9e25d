"""Every command of the debugger, once: what it runs, its keys, and how it is typed.

Key bindings, footer, palette, prompt, help and the page on keys are derived from this table.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Final

from msgspec import Struct, structs

from backprop_engine.debugger import (
    Ahead,
    Back,
    Break,
    Continue,
    Delete,
    Enable,
    Fold,
    Go,
    Ignore,
    Iterate,
    NameBranch,
    Redo,
    RunTo,
    Set,
    StepBy,
    StepInto,
    StepOut,
    StepOver,
    SwitchBranch,
    ToBackward,
    ToEnd,
    ToStart,
    Undo,
    Unwatch,
    Watch,
)
from backprop_engine.messages.message import Message, joined, msg
from backprop_tui.panel_slots import PANEL_SLOTS, PLOTS
from backprop_tui.queries import (
    Compare,
    Expect,
    Export,
    Find,
    Help,
    Info,
    ListNodes,
    Load,
    NudgeLeaf,
    Print,
    Quit,
    Request,
    Save,
    Who,
    Why,
)
from backprop_tui.texts import text

__all__ = ["COMMANDS", "GALLERY_COMMANDS", "KEY_NAMES", "PROMPT_NAMES", "CommandRow", "key_text", "remapped"]


_PLACE: Final = re.compile(r"\b([A-Z]{2,})\b")
_PLACES: Final = {
    "BRANCH": msg("BRANCH"),
    "CELL": msg("CELL"),
    "COMMAND": msg("COMMAND"),
    "CONDITION": msg("CONDITION"),
    "COUNT": msg("COUNT"),
    "EXPRESSION": msg("EXPRESSION"),
    "FILE": msg("FILE"),
    "GROUP": msg("GROUP"),
    "LEAF": msg("LEAF"),
    "NAME": msg("NAME"),
    "NODE": msg("NODE"),
    "NUMBER": msg("NUMBER"),
    "PERCENT": msg("PERCENT"),
    "PLACE": msg("PLACE"),
    "POSITION": msg("POSITION"),
    "SIZE": msg("SIZE"),
    "TEXT": msg("TEXT"),
    "VALUE": msg("VALUE"),
}
"""What stands in the usage of a command for what is to be typed there."""


class CommandRow(Struct, frozen=True):
    """A command: what it runs, its keys, and its names at the prompt, of which the first is the main one.

    `runs` is a request, or what makes one from the arguments that are typed; a command without it is for the
    screen alone. Given by a key or from the palette, a command is run, unless the screen handles its name in
    its own way, or it `asks`: then the prompt opens and leaves the arguments to the reader.

    Its label and help are the texts ``command.<name>`` and ``command.<name>.help``. `shown` are the keys as
    people read them; `footer` is its rank at the bottom of the screen, where the last give way first, and 0
    for those that never stand there. `completes` says what the words after its name can be.
    """

    name: str
    keys: tuple[str, ...] = ()
    shown: str = ""
    footer: int = 0
    runs: Request | Callable[..., Request] | None = None
    asks: bool = False
    typed: str = ""
    arguments: str = ""
    completes: str = ""
    panel: str = ""
    """The panel that it brings to the front."""

    @property
    def prompt(self) -> tuple[str, ...]:
        """Its names at the prompt."""
        return tuple(self.typed.split())

    def label(self, language: str) -> str:
        """Its name in the footer and the palette."""
        if self.panel:
            return text("panel.named", language, panel=self._panel_title(language))
        return text(f"command.{self.name}", language)

    def help(self, language: str) -> str:
        """What it does."""
        if self.panel:
            return text("panel.show", language, panel=self._panel_title(language))
        return text(f"command.{self.name}.help", language)

    def _panel_title(self, language: str) -> str:
        return next(place.title(language) for place in PANEL_SLOTS if place.name == self.panel)

    @property
    def action(self) -> str:
        """The action of the screen that its keys are bound to."""
        return f"command({self.name!r})"

    @property
    def called(self) -> str:
        """Its keys, or how it is typed where it has none."""
        return self.shown or f":{self.prompt[0]}"

    @property
    def usage(self) -> Message:
        """How it is typed, such as ``break [PLACE] [if CONDITION]``."""
        typed = f"{self.prompt[0]} {self.arguments}".rstrip() if self.prompt else ""
        return joined("", (_PLACES.get(part, part) for part in _PLACE.split(typed)))


_PANELS: Final = tuple(
    CommandRow(
        f"show_{place.name}", (str(number),), str(number), typed=f"show-{place.name}", panel=place.name
    )
    for number, place in enumerate(PANEL_SLOTS, 1)
)

COMMANDS: tuple[CommandRow, ...] = (
    CommandRow("step", ("s", "right"), "s →", 1, runs=StepBy(), typed="step s", arguments="[COUNT]"),
    CommandRow(
        "back", ("S", "left"), "S ←", 2, runs=StepBy(-1), typed="reverse-step rs S t-", arguments="[COUNT]"
    ),
    CommandRow("over", ("n",), "n", 3, runs=StepOver(), typed="next n", arguments="[COUNT]"),
    CommandRow(
        "over_back", ("N",), "N", 8, runs=StepOver(-1), typed="reverse-next rn N p-", arguments="[COUNT]"
    ),
    CommandRow("into", ("i",), "i", runs=StepInto(), typed="into i si"),
    CommandRow("out", ("o",), "o", runs=StepOut(), typed="out o fin finish gu"),
    CommandRow("continue", ("c",), "c", 6, runs=Continue(), typed="continue c"),
    CommandRow("continue_back", ("C",), "C", runs=Continue(back=True), typed="reverse-continue rc C g-"),
    CommandRow(
        "until", ("T",), "T", runs=RunTo, typed="until T run advance", arguments="[NODE]", completes="node"
    ),
    CommandRow("backward", ("m",), "m", 4, runs=ToBackward(), typed="backward m"),
    CommandRow(
        "iteration",
        ("right_curly_bracket",),
        "}",
        runs=Iterate,
        typed="iteration it }",
        arguments="[+N | -N | N]",
    ),
    CommandRow(
        "iteration_back",
        ("left_curly_bracket",),
        "{",
        runs=Iterate,
        typed="reverse-iteration rit {",
        arguments="[COUNT]",
    ),
    CommandRow("start", ("home",), "Home", 11, runs=ToStart(), typed="start"),
    CommandRow("end", ("end",), "End", 10, runs=ToEnd(), typed="end"),
    CommandRow(
        "go",
        ("g",),
        "g",
        7,
        runs=Go,
        typed="go g goto !tt",
        arguments="POSITION | PERCENT% | PLACE",
        completes="place",
    ),
    CommandRow("history_back", ("left_square_bracket",), "[", runs=Back(), typed="["),
    CommandRow("history_ahead", ("right_square_bracket",), "]", runs=Ahead(), typed="]"),
    CommandRow("fold", ("z",), "z", runs=Fold, typed="fold z", arguments="[GROUP]", completes="group"),
    CommandRow(
        "break",
        ("b",),
        "b",
        8,
        runs=Break,
        typed="break b bp",
        arguments="[PLACE] [if CONDITION]",
        completes="place",
    ),
    CommandRow(
        "break_once",
        runs=partial(Break, once=True),
        asks=True,
        typed="tbreak tb",
        arguments="[PLACE] [if CONDITION]",
        completes="place",
    ),
    CommandRow(
        "delete",
        runs=Delete,
        asks=True,
        typed="delete d clear bc",
        arguments="[NUMBER]",
        completes="breakpoint",
    ),
    CommandRow(
        "enable", runs=Enable, asks=True, typed="enable be", arguments="NUMBER", completes="breakpoint"
    ),
    CommandRow(
        "disable",
        runs=partial(Enable, on=False),
        asks=True,
        typed="disable bd",
        arguments="NUMBER",
        completes="breakpoint",
    ),
    CommandRow(
        "ignore", runs=Ignore, asks=True, typed="ignore", arguments="NUMBER COUNT", completes="breakpoint"
    ),
    CommandRow("prompt", ("colon",), ":", 6),
    CommandRow(
        "find",
        ("slash",),
        "/",
        runs=Find,
        asks=True,
        typed="find / search",
        arguments="TEXT | PLACE",
        completes="place",
    ),
    CommandRow(
        "print", runs=Print, asks=True, typed="print p", arguments="EXPRESSION", completes="expression"
    ),
    CommandRow("nodes", runs=ListNodes(), typed="nodes list l"),
    CommandRow("who", runs=Who, typed="who", arguments="[NODE]", completes="node"),
    CommandRow("why", runs=Why, typed="why paths", arguments="[NODE]", completes="node"),
    CommandRow(
        "watch", runs=Watch, asks=True, typed="watch display", arguments="EXPRESSION", completes="expression"
    ),
    CommandRow(
        "unwatch",
        runs=Unwatch,
        asks=True,
        typed="unwatch undisplay",
        arguments="[NUMBER]",
        completes="watch",
    ),
    CommandRow(
        "info",
        runs=Info,
        asks=True,
        typed="info",
        arguments="b | w | stack | branches | groups",
        completes="topic",
    ),
    CommandRow("stack", runs=Info("stack"), typed="backtrace bt where stack k"),
    CommandRow(
        "set", ("e",), "e", runs=Set, typed="set edit e", arguments="NODE[CELL] = VALUE", completes="node"
    ),
    CommandRow("undo", ("u",), "u", runs=Undo(), typed="undo u"),
    CommandRow("redo", ("U",), "U", runs=Redo(), typed="redo U"),
    CommandRow("branch", runs=SwitchBranch, asks=True, typed="branch", arguments="NAME", completes="branch"),
    CommandRow("name", runs=NameBranch, asks=True, typed="name", arguments="NAME"),
    CommandRow(
        "compare",
        runs=Compare,
        typed="compare diff",
        arguments="[BRANCH] [BRANCH]",
        completes="branch branch",
    ),
    CommandRow(
        "beside",
        ("D",),
        "D",
        typed="beside sbs D",
        arguments="[BRANCH] [BRANCH]",
        completes="branch branch",
    ),
    CommandRow(
        "nudge", runs=NudgeLeaf, asks=True, typed="nudge", arguments="LEAF[CELL] [SIZE]", completes="leaf"
    ),
    CommandRow("save", runs=Save, typed="save", arguments="[FILE]", completes="file"),
    CommandRow("load", runs=Load, typed="load", arguments="[FILE]", completes="file"),
    CommandRow("export", runs=Export, asks=True, typed="export", arguments="FILE", completes="file"),
    CommandRow(
        "expect",
        runs=Expect,
        asks=True,
        typed="expect assert",
        arguments="EXPRESSION",
        completes="expression",
    ),
    CommandRow("zoom_in", ("plus", "equals_sign"), "+ =", typed="zoom-in"),
    CommandRow("zoom_out", ("minus",), "-", typed="zoom-out"),
    CommandRow("fit", ("f",), "f", typed="fit"),
    CommandRow("look", ("full_stop",), ".", typed="look"),
    CommandRow("minimap", ("M",), "M", typed="minimap"),
    CommandRow("hit", ("x",), "x", typed="next-hit"),
    CommandRow("hit_back", ("X",), "X", typed="previous-hit"),
    CommandRow("play", ("a",), "a", typed="play"),
    CommandRow("plot", ("v",), "v", typed="plot plots", arguments=f"[{' | '.join(PLOTS)}]", completes="plot"),
    CommandRow("plot_back", ("V",), "V", typed="reverse-plot"),
    CommandRow("faster", ("greater_than_sign",), ">", typed="faster"),
    CommandRow("slower", ("less_than_sign",), "<", typed="slower"),
    CommandRow("next_panel", ("tab",), "Tab", 9, typed="next-panel"),
    CommandRow("previous_panel", ("shift+tab",), "Shift+Tab", typed="previous-panel"),
    *_PANELS,
    CommandRow("transcript", ("t",), "t", typed="transcript t"),
    CommandRow("inspect", ("enter",), "Enter", 6, typed="inspect"),
    CommandRow("copy", ("y",), "y", 12, typed="copy"),
    CommandRow("edit_file", ("E",), "E", 13, typed="edit-file"),
    CommandRow(
        "help",
        ("question_mark", "f1"),
        "?",
        5,
        runs=Help,
        typed="help ? h",
        arguments="[COMMAND]",
        completes="command",
    ),
    CommandRow("tour", typed="tour"),
    CommandRow("palette", ("ctrl+p",), "Ctrl+P", typed="palette"),
    CommandRow("gallery", ("escape",), "Esc", typed="gallery close"),
    CommandRow("quit", ("q",), "q", 1, runs=Quit(), typed="quit q exit"),
)

GALLERY_COMMANDS = tuple(command for command in COMMANDS if command.name in {"help", "palette", "quit"})

PROMPT_NAMES: Final[Mapping[str, CommandRow]] = {
    name: command for command in COMMANDS for name in command.prompt
}
"""Every name at the prompt, and what it means."""

_SHOWN: Final[Mapping[str, str]] = {
    "left": "←",
    "right": "→",
    "up": "↑",
    "down": "↓",
    "space": "Space",
    "enter": "Enter",
    "escape": "Esc",
    "pageup": "PgUp",
    "pagedown": "PgDn",
    "slash": "/",
    "colon": ":",
    "question_mark": "?",
    "greater_than_sign": ">",
    "less_than_sign": "<",
    "plus": "+",
    "minus": "-",
    "full_stop": ".",
    "equals_sign": "=",
    "left_square_bracket": "[",
    "right_square_bracket": "]",
    "left_curly_bracket": "{",
    "right_curly_bracket": "}",
}

KEY_NAMES: Final[Mapping[str, str]] = {shown: key for key, shown in _SHOWN.items()}
"""What Textual calls a key that people write as a sign."""


def key_text(key: str) -> str:
    """A key, as Textual names it, as people read it: ``Ctrl+P`` for ``ctrl+p``."""
    *held, last = key.split("+")
    shown = _SHOWN.get(last, last if len(last) == 1 else last.replace("_", " ").title())
    return "+".join(
        [*(modifier.title() for modifier in held), shown.upper() if held and len(shown) == 1 else shown]
    )


def remapped(commands: Iterable[CommandRow], keys: Mapping[str, tuple[str, ...]]) -> tuple[CommandRow, ...]:
    """The table with other keys for the commands that `keys` names."""
    return tuple(
        structs.replace(row, keys=keys[row.name], shown=" ".join(map(key_text, keys[row.name])))
        if row.name in keys
        else row
        for row in commands
    )
