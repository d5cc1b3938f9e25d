"""Lines at the prompt are parsed, by one table; what asks for nothing is refused with a reason."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Struct

from backprop_engine.debugger import (
    Back,
    Break,
    Continue,
    Delete,
    Enable,
    Fold,
    Go,
    Ignore,
    Iterate,
    RunTo,
    Set,
    StepBy,
    StepOver,
    Unwatch,
)
from backprop_engine.errors import UsageError
from backprop_engine.scenario.model import Scenario
from backprop_tui.commands.table import COMMANDS, PROMPT_NAMES
from backprop_tui.prompt.debug_file import session_of
from backprop_tui.prompt.parse import command_named, parse
from backprop_tui.prompt.values import parse_position, parse_target, parse_value
from backprop_tui.queries import Compare, Export, Find, Help, Info, NudgeLeaf, Print, Who
from scenes import scenario
from typist import Typist


def test_every_name_at_the_prompt_is_one_commands_alone() -> None:
    names = [name for command in COMMANDS for name in command.prompt]
    assert len(names) == len(set(names))
    assert [PROMPT_NAMES[name].name for name in names] == [
        command.name for command in COMMANDS for _ in command.prompt
    ]


def test_what_acts_on_a_screen_needs_one(add: Typist) -> None:
    acting = [row for row in COMMANDS if row.prompt and row.runs is None]
    assert acting
    for row in acting:
        assert add.refused(row.prompt[0]) == f"{row.prompt[0]} works only on screen"
        if not row.arguments:
            assert add.refused(f"{row.prompt[0]} x").startswith(f"{row.prompt[0]} takes no arguments")


def test_what_a_row_runs_as_it_stands_is_what_its_name_asks_for(everything: Scenario) -> None:
    session = session_of(everything)
    rows = [row for row in COMMANDS if isinstance(row.runs, Struct)]
    assert len(rows) > 10
    for row in rows:
        assert parse(row.prompt[0], session) == (row, row.runs)


def test_a_key_typed_as_a_name_means_the_same() -> None:
    for command in COMMANDS:
        for key in command.keys:
            if len(key) == 1 and key in PROMPT_NAMES:
                assert PROMPT_NAMES[key] is command


GDB = {
    "b": "break",
    "tb": "break_once",
    "c": "continue",
    "rc": "continue_back",
    "reverse-continue": "continue_back",
    "s": "step",
    "rs": "back",
    "reverse-step": "back",
    "n": "over",
    "rn": "over_back",
    "reverse-next": "over_back",
    "si": "into",
    "fin": "out",
    "finish": "out",
    "until": "until",
    "p": "print",
    "print": "print",
    "watch": "watch",
    "display": "watch",
    "info": "info",
    "delete": "delete",
    "clear": "delete",
    "ignore": "ignore",
    "bt": "stack",
    "where": "stack",
    "g-": "continue_back",
    "!tt": "go",
    "cont": "continue",
    "del": "delete",
}


@pytest.mark.parametrize("name", GDB)
def test_names_of_other_debuggers(name: str) -> None:
    assert command_named(name).name == GDB[name]


REQUESTS = {
    "s": StepBy(1),
    "step 3": StepBy(3),
    ":s": StepBy(1),
    "  s   2 ": StepBy(2),
    "rs 2": StepBy(-2),
    "S": StepBy(-1),
    "n": StepOver(1),
    "rn 4": StepOver(-4),
    "c": Continue(),
    "rc": Continue(back=True),
    "g 5": Go(5),
    "go 50%": Go(42),
    "T two.h": RunTo(9),
    "until L": RunTo(10),
    "[": Back(),
    "it": Iterate(1),
    "it +2": Iterate(2),
    "it 3": Iterate(3),
    "fold": Fold(),
    "fold one": Fold("one"),
    "b two.h": Break("two.h"),
    "b op tanh": Break("op tanh"),
    "tb L if norm(grad) > 1": Break("L if norm(grad) > 1", once=True),
    "b if norm(product) < 1e-6": Break("if norm(product) < 1e-6"),
    "delete": Delete(),
    "delete 2": Delete(2),
    "enable 1": Enable(1),
    "disable 1": Enable(1, on=False),
    "ignore 1 4": Ignore(1, 4),
    "unwatch 2": Unwatch(2),
    "p W @ x": Print("W @ x"),
    "p(W)": Print("(W)"),
    "who W": Who(1),
    "/tanh": Find("tanh"),
    "/ op tanh": Find("op tanh"),
    "? break": Help("break"),
    "info": Info(),
    "info b": Info("breakpoints"),
    "info w": Info("watches"),
    "info bra": Info("branches"),
    "bt": Info("stack"),
    "compare": Compare("baseline", "baseline"),
    "compare b1": Compare("b1", "baseline"),
    "compare b1 b2": Compare("b1", "b2"),
    "nudge W[1, 0] 0.5": NudgeLeaf("W", (1, 0), 0.5),
    "nudge b[0]": NudgeLeaf("b", (0,), 0.01),
    "export 'a b.yaml'": Export("a b.yaml"),
}


@pytest.mark.parametrize("line", REQUESTS)
def test_what_a_line_asks_for(everything: Scenario, line: str) -> None:
    asked = parse(line, session_of(everything)).request
    wanted = REQUESTS[line]
    assert (type(asked), asked) == (type(wanted), wanted)


@pytest.mark.parametrize(
    ("line", "node", "entry", "gradient", "value"),
    [
        ("set x = [1, 2]", "x", None, False, [1, 2]),
        ("set W[1,0]=-3", "W", (1, 0), False, -3),
        ("set W[-1, -1] = 1e3", "W", (-1, -1), False, 1000),
        ("set one.h = nan", "one.h", None, False, np.nan),
        ("set grad(one.h) = [0, -inf]", "one.h", None, True, [0, -np.inf]),
        ("set grad(W)[0,1] = .5", "W", (0, 1), True, 0.5),
        ("set grad(W[0,1]) = .5", "W", (0, 1), True, 0.5),
        ("set one.a#1 = [1, 2,]", "one.a#1", None, False, [1, 2]),
    ],
)
def test_what_is_set(
    everything: Scenario, line: str, node: str, entry: object, gradient: bool, value: object
) -> None:
    asked = parse(line, session_of(everything)).request
    assert isinstance(asked, Set)
    assert (asked.node, asked.entry, asked.gradient) == (node, entry, gradient)
    np.testing.assert_array_equal(asked.tensor, np.asarray(value, dtype=np.float64))


REFUSED = {
    "": "",
    "xx": "there is no command xx; `help` lists them",
    "breka q": "did you mean `break`?",
    "re": "re could be",
    "q 3": "quit takes no arguments",
    "s three": "three is not a whole number; write: step [COUNT]",
    "n 1.5": "1.5 is not a whole number",
    "g": "write: go POSITION | PERCENT% | PLACE",
    "g 99": "there is no position 99: positions run from 0 to 7, or from 0% to 100%",
    "g 101%": "there is no position 101%",
    "g nowhere": "there is no node nowhere",
    "g first nan": "this iteration has no step for first nan",
    "until zz": "there is no node zz",
    "until": "no node is chosen",
    "who qq": "there is no node qq; did you mean `q`?",
    "who mul": "there is no node mul; `op mul` is the operator",
    "it": "without `train` the only iteration is 0",
    "it 1": "without `train` the only iteration is 0",
    "rit": "without `train` the only iteration is 0",
    "b": "no node is chosen",
    "b nothing": "there is no node nothing",
    "b op nothing": "there is no operator nothing",
    "b if": "a condition follows `if`",
    "delete x": "x is not a whole number",
    "delete 4": "there is no breakpoint 4",
    "enable": "write: enable NUMBER",
    "ignore 1": "write: ignore NUMBER COUNT",
    "p": "write: print EXPRESSION",
    "p zzz": "there is no node zzz",
    "p x +": "",
    "p x[0]": "",
    "watch": "write: watch EXPRESSION",
    "watch zzz": "`zzz` is not defined",
    "unwatch 1": "there is no watch 1",
    "info everything": "there is no information on everything",
    "info wathces": "did you mean `watches`?",
    "set q": "write: set NODE[ENTRY] = VALUE",
    "set = 3": "write: set NODE[ENTRY] = VALUE",
    "set q =": "write: set NODE[ENTRY] = VALUE",
    "set q == 3": "write: set NODE[ENTRY] = VALUE",
    "set qq = 3": "there is no node qq; did you mean `q`?",
    "set q = three": "three is not a number",
    "set q = [1, 2": "a value is a single number or a single closed list",
    "set q = 1 2": "separate numbers by commas",
    "set q = 1, 2": "separate numbers by commas",
    "set q = ]": "separate numbers by commas",
    "set q = [[1], [2, 3]]": "the rows differ in length or depth",
    "set q = 1e999": "too large a number",
    "set q = [1, 2]": "q has shape (), but the numbers have shape 2",
    "set q[0] = 1": "has no entry",
    "set q[a] = 1": "there is no node q[a]",
    "set q[] = 1": "write an entry with whole numbers",
    "undo": "there is nothing to undo",
    "redo": "there is nothing to redo",
    "branch": "write: branch NAME",
    "branch b7": "there is no branch b7; available: baseline",
    "name other": "the baseline keeps its name",
    "compare one two": "there is no branch one",
    "compare a b c": "write: compare [BRANCH] [BRANCH]",
    "nudge q": "q cannot be nudged",
    "nudge": "write: nudge LEAF[ENTRY] [SIZE]",
    "nudge x 0": "the size of a nudge must be positive",
    "nudge grad(x)": "a gradient cannot be nudged",
    "save": "this scenario is not in a folder of yours",
    "load nowhere.debug": "there is no such file",
    "export": "write: export FILE",
    "help nothing": "there is no command nothing",
    "expect zz": "there is no node zz",
    "fold g": "",
}


@pytest.mark.parametrize("line", [line for line, said in REFUSED.items() if said])
def test_what_cannot_be_asked_is_answered(add: Typist, line: str) -> None:
    said = add.refused(line)
    assert REFUSED[line] in said
    assert "\n" not in said


def test_a_node_typed_alone_is_no_command(add: Typist) -> None:
    assert add.refused("y") == "y is a node: `print y` shows it"
    assert add.refused("f") == "f is a node: `print f` shows it"


@pytest.mark.parametrize("typed", ["1", "-2.5", "+.5", "1e-3", "nan", ".nan", "-inf", "Infinity"])
def test_a_number(typed: str) -> None:
    np.testing.assert_array_equal(parse_value(typed), float(typed.replace(".nan", "nan")))


@given(st.recursive(st.floats(), lambda inner: st.lists(inner, min_size=1, max_size=3), max_leaves=8))
def test_a_value_is_read_as_it_is_written(value: object) -> None:
    try:
        wanted = np.array(value, dtype=np.float64)
    except ValueError:  # ragged
        with pytest.raises(UsageError):
            parse_value(str(value))
        return
    np.testing.assert_array_equal(parse_value(str(value)), wanted)


def test_lists_nest_only_so_deep() -> None:
    with pytest.raises(UsageError, match="nest at most 32 deep"):
        parse_value("[" * 40 + "1" + "]" * 40)


def test_a_name_comes_before_an_entry() -> None:
    graph = scenario("bptt").graph
    named = next(node.name for node in graph.nodes if "[" in node.name)
    assert parse_target(named, graph).node.name == named
    assert parse_target(f"{named}[0]", graph) == (graph[named], (0,), False)
    assert parse_target(f"grad({named})", graph) == (graph[named], None, True)


@pytest.mark.parametrize(
    ("typed", "position"), [("7", 7), (" 50 % ", 4), ("100%", 7), ("8", None), ("-1", None)]
)
def test_a_position(typed: str, position: int | None) -> None:
    assert parse_position(typed, 7) == position
