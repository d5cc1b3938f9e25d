"""The prompt without a screen: lines are parsed, carried out, completed; nothing but `UsageError` escapes."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

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
    Over,
    RunTo,
    Session,
    Set,
    Step,
    Unwatch,
)
from backprop_engine.errors import UsageError
from backprop_engine.explain.lines import line_width, plain
from backprop_engine.scenario.loader import load_scenario
from backprop_engine.scenario.model import Scenario
from backprop_engine.text import cell_width
from backprop_tui import prompt
from backprop_tui.commands import COMMANDS, PROMPT_NAMES, Command
from backprop_tui.prompt.complete import complete
from backprop_tui.prompt.execute import Outcome, execute
from backprop_tui.prompt.hint import hint
from backprop_tui.prompt.history import History
from backprop_tui.prompt.keeping import ENDING, kept_in, session_of
from backprop_tui.prompt.parse import PARSERS, command_named, parse
from backprop_tui.prompt.prefill import assignment
from backprop_tui.prompt.queries import Compare, Export, Find, Help, Info, NudgeLeaf, Print, Who
from backprop_tui.prompt.script import scripted
from backprop_tui.prompt.values import parse_position, parse_target, parse_value
from backprop_tui.texts import text
from programs import environment
from scenes import LANGUAGES, scenario, written

EVERYTHING = """
title: A little of everything
inputs: {x: [1, -2]}
params: {W: [[1, 2], [3, 4]], b: [0, 1]}
constants: {t: 1}
cells:
  layer:
    inputs: [v]
    nodes: {a: W @ v + b, h: tanh(a)}
    outputs: [h]
nodes:
  one: {cell: layer, inputs: {v: x}}
  two: {cell: layer, inputs: {v: one.h}}
  L: softmax_with_loss(two.h, target=t)
train: {optimizer: sgd, lr: 0.5, steps: 3}
notes: {L: The loss.}
"""


@pytest.fixture
def everything(tmp_path: Path) -> Scenario:
    return written(tmp_path, EVERYTHING)


class Typist:
    """Types lines into a debugger of its own."""

    def __init__(self, read: Scenario, at: int = 0, language: str = "en") -> None:
        self.scenario, self.language = read, language
        self.session = session_of(read, at)
        self.outcome = Outcome(self.session)

    def __call__(self, *lines: str) -> str:
        """What the last line shows."""
        for line in lines:
            self.outcome = execute(self.session, line, self.scenario, self.language)
            self.session = self.outcome.session
        return plain(self.outcome.lines)

    def refused(self, line: str) -> str:
        """What is said of a line that cannot be carried out; nothing is changed by it."""
        before = self.session
        with pytest.raises(UsageError) as error:
            self(line)
        assert self.session is before
        return str(error.value)


@pytest.fixture
def add() -> Typist:
    return Typist(scenario("add_multiply"))


# The table


def test_every_name_at_the_prompt_is_one_commands_alone() -> None:
    names = [name for command in COMMANDS for name in command.prompt]
    assert len(names) == len(set(names))
    assert [PROMPT_NAMES[name].name for name in names] == [
        command.name for command in COMMANDS for _ in command.prompt
    ]


def test_whatever_has_a_name_can_be_parsed_and_what_acts_on_a_screen_needs_one(add: Typist) -> None:
    assert [name for name in PARSERS if not PROMPT[name]] == []
    acting = [command for command in COMMANDS if command.prompt and command.name not in PARSERS]
    assert acting
    for command in acting:
        assert command.does == "acts"
        assert (
            add.refused(command.prompt[0]) == f"{command.prompt[0]} is for the screen, and there is none here"
        )
        assert add.refused(f"{command.prompt[0]} x").startswith(
            f"{command.prompt[0]} takes nothing behind it"
        )


PROMPT = {command.name: command.prompt for command in COMMANDS}


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


# Parsing

REQUESTS = {
    "s": Step(1),
    "step 3": Step(3),
    ":s": Step(1),
    "  s   2 ": Step(2),
    "rs 2": Step(-2),
    "S": Step(-1),
    "n": Over(1),
    "rn 4": Over(-4),
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
    ("line", "node", "cell", "gradient", "value"),
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
    everything: Scenario, line: str, node: str, cell: object, gradient: bool, value: object
) -> None:
    asked = parse(line, session_of(everything)).request
    assert isinstance(asked, Set)
    assert (asked.node, asked.cell, asked.gradient) == (node, cell, gradient)
    np.testing.assert_array_equal(asked.tensor, np.asarray(value, dtype=np.float64))


REFUSED = {
    "": "",
    "xx": "there is no command xx; `help` lists them",
    "breka q": "did you mean `break`?",
    "re": "re could be",
    "q 3": "quit takes nothing behind it",
    "s three": "three is no whole number; write: step [COUNT]",
    "n 1.5": "1.5 is no whole number",
    "g": "write: go POSITION | PERCENT% | PLACE",
    "g 99": "there is no position 99: there are positions 0 to 7, 0% to 100%",
    "g 101%": "there is no position 101%",
    "g nowhere": "there is no node nowhere",
    "g first nan": "no step of this iteration is about first nan",
    "until zz": "there is no node zz",
    "until": "no node is chosen",
    "who qq": "there is no node qq; did you mean `q`?",
    "who mul": "there is no node mul; `op mul` is the operator",
    "it": "only 0 without `train`",
    "it 1": "only 0 without `train`",
    "rit": "only 0 without `train`",
    "b": "no node is chosen",
    "b nothing": "there is no node nothing",
    "b op nothing": "there is no operator nothing",
    "b if": "a condition stands behind `if`",
    "delete x": "x is no whole number",
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
    "set q": "write: set NODE[CELL] = VALUE",
    "set = 3": "write: set NODE[CELL] = VALUE",
    "set q =": "write: set NODE[CELL] = VALUE",
    "set q == 3": "write: set NODE[CELL] = VALUE",
    "set qq = 3": "there is no node qq; did you mean `q`?",
    "set q = three": "three is no number",
    "set q = [1, 2": "a value is one number, or one list that is closed",
    "set q = 1 2": "commas stand between numbers",
    "set q = 1, 2": "commas stand between numbers",
    "set q = ]": "commas stand between numbers",
    "set q = [[1], [2, 3]]": "the rows differ in length or depth",
    "set q = 1e999": "too large a number",
    "set q = [1, 2]": "q is (), the numbers are 2",
    "set q[0] = 1": "has no cell",
    "set q[a] = 1": "there is no node q[a]",
    "set q[] = 1": "a cell has whole numbers",
    "undo": "there is nothing to undo",
    "redo": "there is nothing to redo",
    "branch": "write: branch NAME",
    "branch b7": "there is no branch b7; there are baseline",
    "name other": "the baseline keeps its name",
    "compare one two": "there is no branch one",
    "compare a b c": "write: compare [BRANCH] [BRANCH]",
    "nudge q": "q cannot be nudged",
    "nudge": "write: nudge LEAF[CELL] [SIZE]",
    "nudge x 0": "a nudge is a positive number",
    "nudge grad(x)": "a gradient cannot be nudged",
    "save": "this scenario has no folder of yours",
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


def test_a_name_comes_before_a_cell() -> None:
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


# Scripts


@pytest.mark.parametrize(
    ("text", "commands"),
    [
        ("s; n", ["s", "n"]),
        ("s\n\n  n  \n", ["s", "n"]),
        ("# all\ns # one\nn", ["s", "n"]),
        ("p f#1; p x # f#2", ["p f#1", "p x"]),
        ('p sum(x, axis=0); find "a;b"', ["p sum(x, axis=0)", 'find "a;b"']),
        ("set W = [[1; 2]; 3]; s", ["set W = [[1; 2]; 3]", "s"]),
        ("[; ]; s", ["[", "]", "s"]),
        ("{ 2; s", ["{ 2", "s"]),
        ("s;;; ;n", ["s", "n"]),
        ("", []),
        ("find 'a; s\nn", ["find 'a; s", "n"]),
    ],
)
def test_the_commands_of_a_script(text: str, commands: list[str]) -> None:
    assert [one.text for one in scripted(text)] == commands


def test_a_command_knows_its_line() -> None:
    assert [tuple(one) for one in scripted("s; n\n# no\nc")] == [(1, "s"), (1, "n"), (3, "c")]


# What is shown


def test_moves_show_the_step(add: Typist) -> None:
    assert add("s").splitlines()[0] == "1/7  forward  q = x + y = -2 + 5 = 3"
    assert add("m").startswith("3/7  seed  The forward pass is done.")
    assert add("s").splitlines()[0] == "4/7  backward  f → q  ∂f/∂q = ∂f/∂f · z = 1 · (-4) = -4"
    assert "every gradient has arrived" in add("end")


def test_an_authors_note_is_shown_when_its_node_is_reached(add: Typist) -> None:
    notes = ["»" in add("s") for _ in range(7)]
    assert notes == [True, True, False, False, False, True, False]


def test_a_hit_says_what_it_means() -> None:
    typist = Typist(scenario("nan_from_log_zero"))
    assert typist("b first infinity") == (
        "breakpoint 1: first infinity  it stops once in this iteration, at 2"
    )
    shown = typist("c")
    assert shown.startswith("Stopped at breakpoint 1 (first infinity).\n  An infinity arises here")
    assert "Look at what was divided by" in shown
    assert "\n2/8  forward  logs = log(x) = [1.39 0 -inf]" in shown
    assert "No breakpoint was hit" in typist("c")
    assert "Look at what was divided by" in typist("rc")


def test_advice_is_not_said_twice_in_a_row() -> None:
    typist = Typist(scenario("vanishing_sigmoids"))
    typist("b below 1e-3")
    assert ["Gradients vanish" in typist("c") for _ in range(3)] == [True, False, False]


def test_a_search_goes_through_all_iterations(everything: Scenario) -> None:
    typist = Typist(everything)
    assert typist("b phase update", "c", "c").splitlines()[1].split("  ")[1] == "iteration 1 of 3"
    assert typist.session.pending is None
    assert typist("it 0").split("  ")[1] == "iteration 0 of 3"
    left = execute(typist.session, "rc", everything, finish=None).session
    assert left.pending is None  # what is in this iteration is found at once
    typist("b first nan", "disable 1")
    assert execute(typist.session, "c", everything, finish=None).session.pending is not None


def test_printing(everything: Scenario) -> None:
    typist = Typist(everything)
    assert typist("p W") == "W = ⎡1  2⎤\n    ⎣3  4⎦"
    assert typist("p one.a") == "one.a = ·"
    assert typist("p W @ x") == "W @ x = [-3  -5]"
    assert typist("p W[0]") == "W[0] = [1  2]"
    assert typist("p one.a#1[1]") == "one.a#1[1] = ·"
    assert typist("go L", "p one.a#1[1]") == "one.a#1[1] = -5"
    assert "one.a#1 is 2 and has no cell [7]" in typist.refused("p one.a#1[7]")
    assert typist("m", "p grad(L)") == "∂L/∂L = 1"
    assert typist("p grad(W)") == "∂L/∂W = ·"
    typist("until W")
    assert " ∑ 1/2" in typist("p grad(W)")
    assert "t gets no gradient" in typist.refused("p grad(t)")


def test_printing_inside_of_an_operator(everything: Scenario) -> None:
    typist = Typist(everything)
    typist("go op softmax_with_loss", "into", "s")
    assert typist("bt") == "  L  1/" + str(typist.session.trace.schedule.last)
    name = typist.session.frame.node.name  # type: ignore[union-attr]
    assert name.startswith("L/")
    assert typist(f"p {name}").startswith(f"{name} = ")
    assert name in typist("nodes")
    assert typist("out", "bt").strip() == "inside of nothing"


def test_out_of_a_group_says_where_it_ends() -> None:
    typist = Typist(scenario("bptt"))
    typist("s", "out")
    typist("out")
    assert typist.session.notice is not None
    assert typist.session.notice.in_language("en").startswith("This is the end of s[0]: ")


def test_the_table_of_nodes(add: Typist) -> None:
    assert add("end", "nodes").splitlines() == [
        "  x  input    -2   -4",
        "  y  input    5    -4",
        "  z  input    -4   3",
        "  q  = x + y  3    -4",
        "  f  = q · z  -12  1",
    ]


def test_a_long_name_leaves_room_for_the_rest_of_a_table(tmp_path: Path) -> None:
    long = "a" * 64
    typist = Typist(written(tmp_path, f"inputs: {{{long}: 1}}\nnodes: {{p: {long} + {long} * 2}}\n"))
    typist("end")
    rows = typist("nodes").splitlines()
    assert all(cell_width(row) <= 100 for row in rows)
    assert re.fullmatch(r"  a+…  input +1  3", rows[0])
    assert re.fullmatch(r"  p  +=.+  3  1", rows[-1])


def test_a_note_of_several_lines_stays_indented(tmp_path: Path) -> None:
    text = 'inputs: {x: 1}\nnodes: {y: x * 2}\nnotes: {y: "first\\nsecond"}\n'
    assert Typist(written(tmp_path, text))("s").splitlines()[-2:] == ["  » first", "    second"]


def test_who_and_why() -> None:
    typist = Typist(scenario("value_used_twice"))
    who = typist("who a").splitlines()
    assert who[0] == "∂f/∂a is the sum of 3 contributions"
    assert [line.split("  ")[1] for line in who[1:]] == ["at 6", "at 8", "at 10"]
    why = typist("why a").splitlines()
    assert why[0] == "3 paths from f to a"
    assert len(why) == 1 + 2 * 3 + 1
    assert why[-1].strip().startswith("their sum is")
    assert typist("who f").startswith("f is the output: its gradient is the seed")
    assert typist("why W" if "W" in typist.session.graph else "why f").startswith("one path")


def test_a_step_backward_is_asked_about_the_gradient_that_it_brings() -> None:
    typist = Typist(scenario("exploding_over_time"))
    assert "s[11].r → s[10].h" in typist("b above 100", "c")
    assert typist("who").splitlines()[0] == "∂L/∂s[10].h is one contribution"
    why = typist("why").splitlines()
    assert why[0] == "one path from L to s[10].h"
    assert why[-1].strip() == "[2 110]"
    assert typist("N", "who s[11].r").startswith("∂L/∂s[11].r ")


def test_a_file_in_the_readers_own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    typist = Typist(scenario("add_multiply"))
    typist("b q", "save ~/mine.debug")
    assert kept_in(tmp_path / "mine.debug").breakpoints == ("q",)


def test_why_where_no_backward_pass_runs() -> None:
    typist = Typist(scenario("wrong_learning_rate"))
    typist("end")
    assert typist("why w") == "w gets no gradient"


def test_of_a_long_path_both_ends_are_shown() -> None:
    shown = Typist(scenario("exploding_over_time"))("why s[0].r").splitlines()
    assert shown[0] == "one path from L to s[0].r"
    assert " … 81 nodes … " in shown[1]
    assert shown[1].strip().startswith("L → s[49].h → ")
    assert shown[1].endswith(" → s[0].h → s[0].r")


def test_very_many_paths_are_counted_by_their_size(tmp_path: Path) -> None:
    nodes = "".join(f"  d{k}: d{k - 1} + d{k - 1}\n" for k in range(1, 15_001))
    typist = Typist(written(tmp_path, f"inputs: {{x: 1}}\nnodes:\n  d0: x * 1\n{nodes}"))
    assert typist("why x").splitlines()[0] == "2.82e4515 paths from d15000 to x"
    assert typist("why d14980").splitlines()[0] == f"{2**20} paths from d15000 to d14980"


def test_one_difference_is_one(add: Typist) -> None:
    assert add("set f = 5").splitlines()[1] == "one node differs from baseline, from position 2 on"
    korean = Typist(scenario("add_multiply"), language="ko")
    assert korean("set f = 5").splitlines()[1] == "baseline과 다른 노드 한 개, 위치 2부터 다릅니다"


def test_what_if(add: Typist) -> None:
    shown = add("end", "set q = 5")
    assert shown.splitlines() == [
        "on branch b1: q = 5  (from baseline)",
        "3 nodes differ from baseline, from position 1 on",
        "  z  -4         ∂f/∂z 3 → 5",
        "  q  3 → 5      ∂f/∂q -4",
        "  f  -12 → -20  ∂f/∂f 1",
    ]
    assert add("name five", "info branches") == "    baseline\n  *   five    q = 5"
    assert add("compare") == add("compare baseline five")
    assert add("undo").splitlines()[0] == "on branch baseline"
    assert add("p q") == "q = 3"
    assert add("redo").splitlines()[0] == "on branch five: q = 5  (from baseline)"
    assert add("branch baseline", "compare five") != ""
    assert add("set q = 3").splitlines()[1] == "nothing differs from baseline"


def test_a_nudge_beside_its_prediction(add: Typist) -> None:
    assert add("nudge x 0.5").splitlines() == [
        "  x        output -12",
        "  x + 0.5  output -14  predicted -14",
        "  x - 0.5  output -10  predicted -10",
        "  slope -4  gradient -4",
        "  q  3    + 3.5 Δ+0.5  - 2.5 Δ-0.5",
        "  f  -12  + -14 Δ-2    - -10 Δ+2",
    ]


def test_searching(add: Typist) -> None:
    assert add("/q") == "  q  = x + y  ()"
    assert add("find op mul").splitlines()[0] == "4 steps"
    assert add("find first nan") == "nothing is found"


def test_breakpoints_are_listed_with_their_hits(add: Typist) -> None:
    add("b op mul", "tb q", "b first nan", "disable 3", "ignore 1 2")
    assert add("info b").splitlines() == [
        "  1  op mul     passes 2, it stops 2 times in this iteration, first at 4",
        "  2  q          one-shot, it stops 4 times in this iteration, first at 1",
        "  3  first nan  off",
    ]
    assert add("delete 2") == "breakpoint 2 is gone: q"
    assert add("delete") == "all breakpoints are gone"
    assert add("delete") == "no breakpoints"


def test_watches_show_what_they_come_to_and_their_course(add: Typist) -> None:
    assert add("watch q * z", "watch grad(q)").splitlines() == [
        "  1  q * z    ·   ▅▅▅▅▅▅▅",
        "  2  grad(q)  ·      ▅▅▅▅",
    ]
    assert add("end", "info w").splitlines() == [
        "  1  q * z    -12   ▅▅▅▅▅▅▅",
        "  2  grad(q)  -4       ▅▅▅▅",
    ]
    assert add("unwatch 1") == "  1  grad(q)  -4      ▅▅▅▅"


def test_expectations(add: Typist) -> None:
    assert add("end", "expect q == 3") == "as expected: q == 3"
    assert not add.outcome.failed
    assert add("expect q == 4") == "not as expected: q == 4"
    assert add.outcome.failed
    assert add("start", "expect q == 3") == "not known at this position: q == 3"
    assert add.outcome.failed


def test_quitting_ends(add: Typist) -> None:
    add("q")
    assert add.outcome.ends


def test_help_lists_what_can_be_typed(add: Typist) -> None:
    shown = " ".join(add("help").split())
    for command in COMMANDS:
        explained = f"{command.usage.in_language('en')} {command.help('en')}"
        assert (" ".join(explained.split()) in shown) is bool(command.prompt)
    assert add("help tb").splitlines()[0] == "tbreak [PLACE] [if CONDITION]"


@pytest.mark.parametrize(
    "line", ["c", "info", "help", "nodes", "who x", "set q = 5", "b first nan", "expect 1"]
)
def test_answers_are_in_the_readers_language(line: str) -> None:
    typist = Typist(scenario("add_multiply"), at=7, language="ko")
    shown = typist(line)
    assert any("가" <= character <= "힣" for character in shown)


@pytest.mark.parametrize("stem", ["bptt", "softmax_classifier", "digits_mlp"])
def test_answers_are_no_wider_than_a_line(stem: str) -> None:
    from backprop_tui.prompt.showing import WIDTH, fitted

    typist = Typist(scenario(stem))
    for line in ("nodes", "end", "info", "find W", "c", "s", "help", "watch 1 + 1"):
        typist(line)
        assert all(line_width(one) <= WIDTH for one in fitted(typist.outcome.lines))


# Files


def test_saving_and_reading_again(tmp_path: Path, everything: Scenario) -> None:
    typist = Typist(everything)
    shown = typist("b op tanh", "b L if norm(grad) > 1", "tb x", "watch W @ x", "disable 1", "save")
    path = tmp_path / f"case{ENDING}"
    assert shown.startswith(f"kept in {path} (breakpoints: 2, watches: 1)")
    assert "not kept: that breakpoints are off" in shown
    assert kept_in(path) == (("op tanh", "L if norm(grad) > 1"), ("W @ x",))
    again = session_of(everything)
    assert [one.text for one in again.breakpoints] == ["op tanh", "L if norm(grad) > 1"]
    assert again.watches == ("W @ x",)
    assert all(one.enabled for one in again.breakpoints)
    typist("delete", "unwatch", "save")
    assert kept_in(path) == ((), ())


def test_the_saved_file_stands_in_place_of_the_scenarios_own_lists(tmp_path: Path) -> None:
    text = EVERYTHING + "breakpoints: [op tanh, two.h if norm(grad) > 1]\nwatch: [norm(W)]\n"
    read = written(tmp_path, text)
    assert [one.text for one in session_of(read).breakpoints] == ["op tanh", "two.h if norm(grad) > 1"]
    assert session_of(read).watches == ("norm(W)",)
    (tmp_path / "case.debug").write_text("breakpoints: [L]\n", "utf-8")
    assert [one.text for one in session_of(read).breakpoints] == ["L"]
    assert session_of(read).watches == ()


def test_what_cannot_be_set_is_told_and_left_out(tmp_path: Path) -> None:
    read = written(tmp_path, EVERYTHING + "breakpoints: [L, nothing, op nothing]\nwatch: [zz, x]\n")
    told: list[str] = []
    session = session_of(read, warn=told.append)
    assert [one.text for one in session.breakpoints] == ["L"]
    assert session.watches == ("x",)
    assert [one.split(":")[0] for one in told] == [
        "the breakpoint `nothing` is left out",
        "the breakpoint `op nothing` is left out",
        "the watch `zz` is left out",
    ]


@pytest.mark.parametrize(
    "content", ["", "x: 1\n", "breakpoints: q\n", "[1, 2]\n", "\0", "breakpoints: [[1]]\n"]
)
def test_nothing_foreign_is_overwritten(tmp_path: Path, everything: Scenario, content: str) -> None:
    path = tmp_path / "case.debug"
    path.write_text(content, "utf-8")
    told: list[str] = []
    session_of(everything, warn=told.append)
    assert len(told) == 1
    assert "nothing is written" in Typist(everything).refused("save")
    assert path.read_text("utf-8") == content


def test_a_link_or_a_folder_is_not_written_to(tmp_path: Path, everything: Scenario) -> None:
    (tmp_path / "target").write_text("breakpoints: []\n", "utf-8")
    (tmp_path / "case.debug").symlink_to(tmp_path / "target")
    assert "is no regular file" in Typist(everything).refused("save")
    (tmp_path / "folder.debug").mkdir()
    assert "is no regular file" in Typist(everything).refused(f"save {tmp_path / 'folder.debug'}")
    assert "No such file" in Typist(everything).refused(f"save {tmp_path / 'no' / 'x.debug'}")
    assert sorted(one.name for one in tmp_path.iterdir()) == [
        "case.debug",
        "case.yaml",
        "folder.debug",
        "target",
    ]


def test_loading_adds_what_is_not_set(tmp_path: Path, add: Typist) -> None:
    path = tmp_path / "mine.debug"
    path.write_text("breakpoints:\n  - q\n  - nothing\nwatch:\n  - 'x + y'\n", "utf-8")
    add("b q")
    shown = add(f"load {path}").splitlines()
    assert shown[0] == f"taken from {path} (breakpoints: 0, watches: 1)"
    assert "the breakpoint `nothing` is left out" in shown[1]
    assert [one.text for one in add.session.breakpoints] == ["q"]
    assert add.session.watches == ("x + y",)


ODD = [
    "- q",
    "q: 1",
    "#1",
    "'",
    '"',
    "[x]",
    "true",
    "null",
    "~",
    "1e3",
    "if x > 0",
    "a'b",
    "&a",
    "*b",
    "한글",
]


def test_odd_texts_read_back_as_they_are(tmp_path: Path) -> None:
    from backprop_tui.prompt.keeping import Kept, keep

    kept = Kept(tuple(ODD), tuple(ODD[::-1]))
    keep(tmp_path / "odd.debug", kept)
    assert kept_in(tmp_path / "odd.debug") == kept
    assert [one.name for one in tmp_path.iterdir()] == ["odd.debug"]


def test_exporting_a_branch(tmp_path: Path, everything: Scenario) -> None:
    typist = Typist(everything)
    path = tmp_path / "new.yaml"
    typist("set W[0,1] = 0.1", "set b = [nan, 1e-300]", "set one.h = 0", "set grad(x) = 1")
    shown = typist(f"export {path}")
    assert shown.splitlines()[1].endswith("cannot say it: one.h, grad(x)")
    again = load_scenario(path)
    for name in ("W", "b", "x"):
        np.testing.assert_array_equal(
            again.bindings.leaves[again.graph.position(name)],
            typist.session.run.bindings.leaves[everything.graph.position(name)],
        )
    assert "is there already: nothing is written" in typist.refused(f"export {path}")
    assert "No such file" in typist.refused(f"export {tmp_path / 'no' / 'x.yaml'}")


# Completion


@pytest.mark.parametrize(
    ("line", "start", "candidates"),
    [
        ("", 0, None),
        ("con", 0, ("continue",)),
        (":con", 1, ("continue",)),
        ("un", 0, ("until", "unwatch", "undo", "undisplay")),
        ("who t", 4, ("t", "two.a#1", "two.a", "two.h", "two.v")),
        ("b two.", 2, ("two.a#1", "two.a", "two.h", "two.v")),
        ("b op ", 2, ("op matmul", "op add", "op tanh", "op softmax_with_loss")),
        ("b phase b", 2, ("phase backward",)),
        ("b group ", 2, ("group one", "group two")),
        ("tb first", 3, ("first infinity", "first nan")),
        ("b bel", 2, ("below ",)),
        ("b L if nor", 7, ("norm(",)),
        ("b if pro", 5, ("product", "prod(")),
        ("p W @ on", 6, ("one.a#1", "one.a", "one.h", "one.v")),
        ("p grad(b", 7, None),
        ("/two.h", 1, ("two.h",)),
        ("fold t", 5, ("two",)),
        ("info s", 5, ("stack",)),
        ("branch b", 7, ("baseline",)),
        ("compare baseline b", 17, ("baseline",)),
        ("nudge ", 6, ("x", "W", "b")),
        ("help expe", 5, ("expect",)),
        ("enable ", 7, ("1",)),
        ("unwatch ", 8, ("1", "2")),
        ("s ", 2, ()),
        ("nonsense x", 10, ()),
    ],
)
def test_completing(everything: Scenario, line: str, start: int, candidates: tuple[str, ...] | None) -> None:
    typist = Typist(everything)
    typist("b L", "watch x", "watch W")
    found = complete(line, typist.session)
    assert found.start == start
    if candidates is not None:
        assert found.candidates == candidates
    for candidate in found.candidates:
        assert candidate.startswith(line[start:])
        assert candidate.startswith(found.common)


def test_files_are_completed(tmp_path: Path, everything: Scenario) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / ".hidden").touch()
    session = session_of(everything)
    assert complete(f"export {tmp_path}/", session).candidates == (
        f"{tmp_path}/case.yaml",
        f"{tmp_path}/folder/",
    )
    assert complete(f"load {tmp_path}/.h", session).candidates == (f"{tmp_path}/.hidden",)
    assert complete("load /no/such/folder/", session).candidates == ()


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("command", COMMANDS, ids=lambda one: one.name)
def test_how_a_command_is_written_stands_above_while_it_is_typed(command: Command, language: str) -> None:
    told = f"{command.usage.in_language(language)}   {command.help(language)}"
    for name in command.prompt:
        assert hint(name, language) == hint(f":{name} x y", language) == told


@pytest.mark.parametrize("language", LANGUAGES)
def test_where_no_command_is_typed_there_is_nothing_to_say_of_it(language: str) -> None:
    assert hint("", language) == hint("  ", language) == text("prompt.hint", language)
    assert hint("nonsense", language) == hint("un", language) == hint("s" * 200_000, language) == ""


def test_every_main_name_is_offered(everything: Scenario) -> None:
    offered = complete("", session_of(everything)).candidates
    assert [name for command in COMMANDS for name in command.prompt if name not in offered] == []


# History and what a key prefills


def test_history() -> None:
    history = History()
    assert history.older("begun") == "begun"
    for line in ("s", "n", "n", " ", "c"):
        history.add(line)
    assert [history.older("begun") for _ in range(4)] == ["c", "n", "s", "s"]
    assert [history.newer("s") for _ in range(4)] == ["n", "c", "begun", "s"]


def test_a_prefilled_line_changes_nothing(everything: Scenario) -> None:
    for stem in ("add_multiply", "softmax_classifier", "sigmoid_neuron"):
        typist = Typist(scenario(stem))
        for node in typist.session.run.graph.nodes:
            if not node.name or (node.op is not None and node.op.boolean):
                continue
            selected = replace(typist.session, selection=node.position)
            shown = execute(selected, assignment(selected), scenario(stem)).lines
            assert "nothing differs" in plain(shown)


def test_the_prompt_knows_no_screen() -> None:
    modules = sorted(path.stem for path in Path(prompt.__file__ or "").parent.glob("*.py"))
    imports = "; ".join(f"import backprop_tui.prompt.{one}" for one in modules if one != "__init__")
    code = (
        f"import sys; import backprop_tui.cli.script, backprop_tui.keys_page; {imports}; print(*sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment(), capture_output=True, text=True, check=True
    )
    assert {name.partition(".")[0] for name in done.stdout.split()} & {"textual", "rich"} == set()


# Any line at all

WORDS = [
    *PROMPT_NAMES,
    *(
        "x",
        "W",
        "b",
        "t",
        "one.h",
        "two.a",
        "one.a#1",
        "L",
        "one",
        "two",
        "W[0,1]",
        "W[9]",
        "grad(W)",
        "grad(t)",
    ),
    *(
        "op tanh",
        "group two",
        "phase update",
        "first nan",
        "below 1e-3",
        "if",
        "if norm(grad) < 1",
        "=",
        "= 3",
    ),
    *(
        "1",
        "-1",
        "0",
        "99",
        "50%",
        "1e9",
        "nan",
        "[1, 2]",
        "[[1, 2], [3, 4]]",
        "baseline",
        "b1",
        "b2",
        "norm(W)",
    ),
    *("x + y", "W @ x", ")", "(", "[", "]", "'", '"', "#", ";", "\0", "\x1b[31m", "한", "é", "..", "/", "*"),
]
LINES = st.one_of(
    st.lists(st.sampled_from(WORDS), max_size=5).map(" ".join),
    st.text(max_size=40),
    st.tuples(st.sampled_from(list(PROMPT_NAMES)), st.text(max_size=30)).map(" ".join),
)


@contextmanager
def elsewhere(folder: Path) -> Iterator[None]:
    """In a folder where files may be written."""
    before = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)


@pytest.fixture(scope="module")
def playground(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Scenario]:
    folder = tmp_path_factory.mktemp("playground")
    return folder, written(folder, EVERYTHING)


@given(lines=st.lists(LINES, max_size=8), language=st.sampled_from(["en", "ko"]))
def test_no_line_ever_raises_anything_but_a_usage_error(
    playground: tuple[Path, Scenario], lines: list[str], language: str
) -> None:
    folder, read = playground
    session: Session = Session(read.run())
    with elsewhere(folder):
        for line in lines:
            found = complete(line, session)
            assert 0 <= found.start <= len(line)
            try:
                outcome = execute(session, line, read, language)
            except UsageError as error:
                said = str(error)
            else:
                said = plain(outcome.lines)
                session = outcome.session
            assert "\x1b" not in said
