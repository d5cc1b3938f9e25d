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

    Its `label` stands in the footer and the palette, `help` says what it does. `shown` are the keys as people
    read them; `footer` is its rank at the bottom of the screen, where the last give way first, and 0
    for those that never stand there. `completes` says what the words after its name can be.
    """

    name: str
    label: Message
    help: Message
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
        f"show_{place.name}",
        msg("panel {panel}", panel=place.title),
        msg("show the panel “{panel}”", panel=place.title),
        (str(number),),
        str(number),
        typed=f"show-{place.name}",
        panel=place.name,
    )
    for number, place in enumerate(PANEL_SLOTS, 1)
)

COMMANDS: tuple[CommandRow, ...] = (
    CommandRow(
        "step",
        msg("step"),
        msg("one step forward"),
        ("s", "right"),
        "s →",
        1,
        runs=StepBy(),
        typed="step s",
        arguments="[COUNT]",
    ),
    CommandRow(
        "back",
        msg("back"),
        msg("one step back"),
        ("S", "left"),
        "S ←",
        2,
        runs=StepBy(-1),
        typed="reverse-step rs S t-",
        arguments="[COUNT]",
    ),
    CommandRow(
        "over",
        msg("node"),
        msg("over a node, with all its edges"),
        ("n",),
        "n",
        3,
        runs=StepOver(),
        typed="next n",
        arguments="[COUNT]",
    ),
    CommandRow(
        "over_back",
        msg("node back"),
        msg("back over a node"),
        ("N",),
        "N",
        8,
        runs=StepOver(-1),
        typed="reverse-next rn N p-",
        arguments="[COUNT]",
    ),
    CommandRow(
        "into",
        msg("into"),
        msg("into the operator of this step, where it is made of others, or into a folded group"),
        ("i",),
        "i",
        runs=StepInto(),
        typed="into i si",
    ),
    CommandRow(
        "out",
        msg("out"),
        msg("out of the operator one has stepped into, or to the end of the group"),
        ("o",),
        "o",
        runs=StepOut(),
        typed="out o fin finish gu",
    ),
    CommandRow(
        "continue",
        msg("continue"),
        msg("on to the next breakpoint, else to the end"),
        ("c",),
        "c",
        6,
        runs=Continue(),
        typed="continue c",
    ),
    CommandRow(
        "continue_back",
        msg("continue back"),
        msg("back to the breakpoint before, else to the start"),
        ("C",),
        "C",
        runs=Continue(back=True),
        typed="reverse-continue rc C g-",
    ),
    CommandRow(
        "until",
        msg("run to"),
        msg("to the next step of a node: the chosen one where none is named"),
        ("T",),
        "T",
        runs=RunTo,
        typed="until T run advance",
        arguments="[NODE]",
        completes="node",
    ),
    CommandRow(
        "backward",
        msg("backward"),
        msg("to where the backward pass begins"),
        ("m",),
        "m",
        4,
        runs=ToBackward(),
        typed="backward m",
    ),
    CommandRow(
        "iteration",
        msg("next iteration"),
        msg("to the same place in another iteration, the next one where none is named"),
        ("right_curly_bracket",),
        "}",
        runs=Iterate,
        typed="iteration it }",
        arguments="[+N | -N | N]",
    ),
    CommandRow(
        "iteration_back",
        msg("iteration back"),
        msg("to the same place in the iteration before"),
        ("left_curly_bracket",),
        "{",
        runs=Iterate,
        typed="reverse-iteration rit {",
        arguments="[COUNT]",
    ),
    CommandRow(
        "start",
        msg("start", "command"),
        msg("to the start of the run"),
        ("home",),
        "Home",
        11,
        runs=ToStart(),
        typed="start",
    ),
    CommandRow(
        "end", msg("end"), msg("to the end of the run"), ("end",), "End", 10, runs=ToEnd(), typed="end"
    ),
    CommandRow(
        "go",
        msg("go to"),
        msg(
            "go to a position, a percentage such as 50%, or the next step that a "
            "breakpoint there would stop at"
        ),
        ("g",),
        "g",
        7,
        runs=Go,
        typed="go g goto !tt",
        arguments="POSITION | PERCENT% | PLACE",
        completes="place",
    ),
    CommandRow(
        "history_back",
        msg("jump back"),
        msg("to where one was before the last jump"),
        ("left_square_bracket",),
        "[",
        runs=Back(),
        typed="[",
    ),
    CommandRow(
        "history_ahead",
        msg("jump again"),
        msg("again to where one came back from"),
        ("right_square_bracket",),
        "]",
        runs=Ahead(),
        typed="]",
    ),
    CommandRow(
        "fold",
        msg("fold"),
        msg(
            "fold a group, or all instances of a scan, so that n goes over it as one, or "
            "unfold it; all groups where none is named"
        ),
        ("z",),
        "z",
        runs=Fold,
        typed="fold z",
        arguments="[GROUP]",
        completes="group",
    ),
    CommandRow(
        "break",
        msg("break"),
        msg(
            "a breakpoint on a node, `op NAME`, `group NAME`, `phase NAME`, a trouble "
            "such as `first nan`, or a condition; the key sets and removes that of the "
            "chosen node, or the step's own"
        ),
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
        msg("break once"),
        msg("a breakpoint that goes away when it has stopped"),
        runs=partial(Break, once=True),
        asks=True,
        typed="tbreak tb",
        arguments="[PLACE] [if CONDITION]",
        completes="place",
    ),
    CommandRow(
        "delete",
        msg("delete"),
        msg("remove a breakpoint by its number, or all of them"),
        runs=Delete,
        asks=True,
        typed="delete d clear bc",
        arguments="[NUMBER]",
        completes="breakpoint",
    ),
    CommandRow(
        "enable",
        msg("enable"),
        msg("switch a breakpoint on"),
        runs=Enable,
        asks=True,
        typed="enable be",
        arguments="NUMBER",
        completes="breakpoint",
    ),
    CommandRow(
        "disable",
        msg("disable"),
        msg("switch a breakpoint off"),
        runs=partial(Enable, on=False),
        asks=True,
        typed="disable bd",
        arguments="NUMBER",
        completes="breakpoint",
    ),
    CommandRow(
        "ignore",
        msg("ignore"),
        msg("let the first hits of a breakpoint in each iteration pass"),
        runs=Ignore,
        asks=True,
        typed="ignore",
        arguments="NUMBER COUNT",
        completes="breakpoint",
    ),
    CommandRow("prompt", msg("prompt"), msg("type a command", "command"), ("colon",), ":", 6),
    CommandRow(
        "find",
        msg("find"),
        msg(
            "find nodes by a part of their name, or steps by `op NAME`, `group NAME`, a "
            "trouble, `if CONDITION`"
        ),
        ("slash",),
        "/",
        runs=Find,
        asks=True,
        typed="find / search",
        arguments="TEXT | PLACE",
        completes="place",
    ),
    CommandRow(
        "print",
        msg("print"),
        msg("the value of a node, of `grad(NODE)`, or of any expression over them, at this position"),
        runs=Print,
        asks=True,
        typed="print p",
        arguments="EXPRESSION",
        completes="expression",
    ),
    CommandRow(
        "nodes",
        msg("all nodes"),
        msg("every node with its value and its gradient"),
        runs=ListNodes(),
        typed="nodes list l",
    ),
    CommandRow(
        "who",
        msg("who"),
        msg("who changed this gradient: every contribution to it, and the position of each"),
        runs=Who,
        typed="who",
        arguments="[NODE]",
        completes="node",
    ),
    CommandRow(
        "why",
        msg("why"),
        msg(
            "where a gradient comes from: the paths from the output, and the product of "
            "local gradients on each"
        ),
        runs=Why,
        typed="why paths",
        arguments="[NODE]",
        completes="node",
    ),
    CommandRow(
        "watch",
        msg("watch"),
        msg("follow an expression over nodes and gradients"),
        runs=Watch,
        asks=True,
        typed="watch display",
        arguments="EXPRESSION",
        completes="expression",
    ),
    CommandRow(
        "unwatch",
        msg("unwatch"),
        msg("stop following an expression, by its number, or all of them"),
        runs=Unwatch,
        asks=True,
        typed="unwatch undisplay",
        arguments="[NUMBER]",
        completes="watch",
    ),
    CommandRow(
        "info",
        msg("info"),
        msg("the breakpoints and how often they hit, the watches, the stack, the branches, the groups"),
        runs=Info,
        asks=True,
        typed="info",
        arguments="b | w | stack | branches | groups",
        completes="topic",
    ),
    CommandRow(
        "stack",
        msg("stack"),
        msg("what one is inside of"),
        runs=Info("stack"),
        typed="backtrace bt where stack k",
    ),
    CommandRow(
        "set",
        msg("set"),
        msg(
            "what if: another number for a leaf, a value or `grad(NODE)`, one cell or "
            "all of it, on a new branch"
        ),
        ("e",),
        "e",
        runs=Set,
        typed="set edit e",
        arguments="NODE[CELL] = VALUE",
        completes="node",
    ),
    CommandRow(
        "undo",
        msg("undo"),
        msg("to the branch that this one grew from"),
        ("u",),
        "u",
        runs=Undo(),
        typed="undo u",
    ),
    CommandRow(
        "redo",
        msg("redo"),
        msg("again to the branch that undo left"),
        ("U",),
        "U",
        runs=Redo(),
        typed="redo U",
    ),
    CommandRow(
        "branch",
        msg("branch"),
        msg("go to a branch by its name"),
        runs=SwitchBranch,
        asks=True,
        typed="branch",
        arguments="NAME",
        completes="branch",
    ),
    CommandRow(
        "name",
        msg("name"),
        msg("give the branch one is on another name"),
        runs=NameBranch,
        asks=True,
        typed="name",
        arguments="NAME",
    ),
    CommandRow(
        "compare",
        msg("compare"),
        msg(
            "what differs between two branches, and from which step on; else between the "
            "baseline and this one"
        ),
        runs=Compare,
        typed="compare diff",
        arguments="[BRANCH] [BRANCH]",
        completes="branch branch",
    ),
    CommandRow(
        "beside",
        msg("side by side"),
        msg(
            "step through two branches side by side, the baseline and the one that one "
            "is on where none is named"
        ),
        ("D",),
        "D",
        typed="beside sbs D",
        arguments="[BRANCH] [BRANCH]",
        completes="branch branch",
    ),
    CommandRow(
        "nudge",
        msg("nudge"),
        msg("move one cell of a leaf by ±SIZE (0.01) and compare the output with what its gradient predicts"),
        runs=NudgeLeaf,
        asks=True,
        typed="nudge",
        arguments="LEAF[CELL] [SIZE]",
        completes="leaf",
    ),
    CommandRow(
        "save",
        msg("save"),
        msg("keep breakpoints and watches in a file beside the scenario, or in another"),
        runs=Save,
        typed="save",
        arguments="[FILE]",
        completes="file",
    ),
    CommandRow(
        "load",
        msg("load"),
        msg("breakpoints and watches from the file beside the scenario, or from another"),
        runs=Load,
        typed="load",
        arguments="[FILE]",
        completes="file",
    ),
    CommandRow(
        "export",
        msg("export"),
        msg("write the scenario, with the leaves as this branch has them, to a new file"),
        runs=Export,
        asks=True,
        typed="export",
        arguments="FILE",
        completes="file",
    ),
    CommandRow(
        "expect",
        msg("expect"),
        msg("say whether an expression is true; a script fails where it is not"),
        runs=Expect,
        asks=True,
        typed="expect assert",
        arguments="EXPRESSION",
        completes="expression",
    ),
    CommandRow(
        "zoom_in",
        msg("zoom in"),
        msg("the graph from nearer: from dots to one line a node, to boxes with their numbers"),
        ("plus", "equals_sign"),
        "+ =",
        typed="zoom-in",
    ),
    CommandRow(
        "zoom_out",
        msg("zoom out"),
        msg("the graph from farther away: one line a node, then dots"),
        ("minus",),
        "-",
        typed="zoom-out",
    ),
    CommandRow(
        "fit",
        msg("fit"),
        msg("the graph from as near as it fits the panel; where it never does, the dots around the step"),
        ("f",),
        "f",
        typed="fit",
    ),
    CommandRow(
        "look",
        msg("look at step"),
        msg("the step in the middle of the graph's panel"),
        ("full_stop",),
        ".",
        typed="look",
    ),
    CommandRow(
        "minimap",
        msg("minimap"),
        msg("the small overview of a graph larger than its panel, or none; a click there goes there"),
        ("M",),
        "M",
        typed="minimap",
    ),
    CommandRow(
        "hit",
        msg("next hit"),
        msg("choose the next of the nodes that the last search found, which are marked until Esc"),
        ("x",),
        "x",
        typed="next-hit",
    ),
    CommandRow(
        "hit_back", msg("hit before"), msg("choose the one before"), ("X",), "X", typed="previous-hit"
    ),
    CommandRow(
        "play",
        msg("play"),
        msg("step on by itself, until the end, a breakpoint, or the same key again"),
        ("a",),
        "a",
        typed="play",
    ),
    CommandRow(
        "plot",
        msg("plots"),
        msg("show the plots; once they are there, the next of them, or the one that is named"),
        ("v",),
        "v",
        typed="plot plots",
        arguments=f"[{' | '.join(PLOTS)}]",
        completes="plot",
    ),
    CommandRow(
        "plot_back",
        msg("plot before"),
        msg("show the plots; once they are there, the one before"),
        ("V",),
        "V",
        typed="reverse-plot",
    ),
    CommandRow(
        "faster", msg("faster"), msg("play more steps a second"), ("greater_than_sign",), ">", typed="faster"
    ),
    CommandRow(
        "slower", msg("slower"), msg("play fewer steps a second"), ("less_than_sign",), "<", typed="slower"
    ),
    CommandRow("next_panel", msg("panel"), msg("to the next panel"), ("tab",), "Tab", 9, typed="next-panel"),
    CommandRow(
        "previous_panel",
        msg("previous panel"),
        msg("to the previous panel"),
        ("shift+tab",),
        "Shift+Tab",
        typed="previous-panel",
    ),
    *_PANELS,
    CommandRow(
        "transcript",
        msg("transcript"),
        msg("read the run as plain text from top to bottom, for screen readers; again for the panels"),
        ("t",),
        "t",
        typed="transcript t",
    ),
    CommandRow(
        "inspect",
        msg("inspect"),
        msg("show everything about a node"),
        ("enter",),
        "Enter",
        6,
        typed="inspect",
    ),
    CommandRow(
        "copy",
        msg("copy"),
        msg("copy what is marked, else the chosen node, else the step"),
        ("y",),
        "y",
        12,
        typed="copy",
    ),
    CommandRow(
        "edit_file",
        msg("edit"),
        msg("open the file in your editor (VISUAL or EDITOR), at the node; what you save is loaded at once"),
        ("E",),
        "E",
        13,
        typed="edit-file",
    ),
    CommandRow(
        "help",
        msg("help"),
        msg("this page"),
        ("question_mark", "f1"),
        "?",
        5,
        runs=Help,
        typed="help ? h",
        arguments="[COMMAND]",
        completes="command",
    ),
    CommandRow("tour", msg("tour"), msg("a tour of one minute"), typed="tour"),
    CommandRow(
        "palette", msg("commands"), msg("find a command by its name"), ("ctrl+p",), "Ctrl+P", typed="palette"
    ),
    CommandRow(
        "gallery",
        msg("gallery"),
        msg("stop what takes long, let go of what is chosen, or back to the gallery of scenarios"),
        ("escape",),
        "Esc",
        typed="gallery close",
    ),
    CommandRow(
        "quit", msg("quit"), msg("leave the debugger"), ("q",), "q", 1, runs=Quit(), typed="quit q exit"
    ),
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
