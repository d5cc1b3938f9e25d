"""Commands that change values, go from branch to branch, and read and write files."""

from __future__ import annotations

from typing import Final

from backprop_engine.debugger import (
    NameBranch,
    Redo,
    Set,
    SwitchBranch,
    Undo,
)
from backprop_engine.messages.message import msg
from backprop_tui.commands.row import CommandRow
from backprop_tui.queries import (
    Compare,
    Expect,
    Export,
    Load,
    NudgeLeaf,
    Save,
)

__all__ = ["CHANGES"]


CHANGES: Final = (
    CommandRow(
        "set",
        msg("set"),
        msg("what if: change a leaf, a value or `grad(NODE)`, in one entry or as a whole, on a new branch"),
        ("e",),
        "e",
        runs=Set,
        typed="set edit e",
        arguments="NODE[ENTRY] = VALUE",
        completes="node",
        footer_in={"chosen": 4, "nodes": 5},
    ),
    CommandRow(
        "undo",
        msg("undo"),
        msg("back to the branch that this one was made from"),
        ("u",),
        "u",
        runs=Undo(),
        typed="undo u",
        footer_in={"branch": 3},
    ),
    CommandRow(
        "redo",
        msg("redo"),
        msg("back to the branch that undo left"),
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
        msg("rename this branch"),
        runs=NameBranch,
        asks=True,
        typed="name",
        arguments="NAME",
    ),
    CommandRow(
        "compare",
        msg("compare"),
        msg(
            "what differs between two branches, and from which step on (by default, the baseline and "
            "this branch)"
        ),
        runs=Compare,
        typed="compare diff",
        arguments="[BRANCH] [BRANCH]",
        completes="branch branch",
    ),
    CommandRow(
        "beside",
        msg("side by side"),
        msg("step through two branches side by side (by default, the baseline and this branch)"),
        ("D",),
        "D",
        typed="beside sbs D",
        arguments="[BRANCH] [BRANCH]",
        completes="branch branch",
        footer_in={"branch": 3},
    ),
    CommandRow(
        "nudge",
        msg("nudge"),
        msg(
            "move one entry of a leaf by ±SIZE (0.01) and compare the output with what its gradient predicts"
        ),
        ("w",),
        "w",
        runs=NudgeLeaf,
        typed="nudge w",
        arguments="LEAF[ENTRY] [SIZE]",
        completes="leaf",
    ),
    CommandRow(
        "save",
        msg("save"),
        msg("save breakpoints and watches to a file beside the scenario, or to another file"),
        runs=Save,
        typed="save",
        arguments="[FILE]",
        completes="file",
    ),
    CommandRow(
        "load",
        msg("load"),
        msg("load breakpoints and watches from the file beside the scenario, or from another file"),
        runs=Load,
        typed="load",
        arguments="[FILE]",
        completes="file",
    ),
    CommandRow(
        "export",
        msg("export"),
        msg("write the scenario to a new file, with this branch's values for the leaves"),
        runs=Export,
        asks=True,
        typed="export",
        arguments="FILE",
        completes="file",
    ),
    CommandRow(
        "expect",
        msg("expect"),
        msg("check that an expression is true; a script fails if it is not"),
        runs=Expect,
        asks=True,
        typed="expect assert",
        arguments="EXPRESSION",
        completes="expression",
    ),
)
