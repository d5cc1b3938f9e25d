"""What lines at the prompt show."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from backprop_engine.scenario.model import Scenario
from backprop_tui.cells.lines import line_width
from backprop_tui.cells.text import cell_width
from backprop_tui.commands.table import COMMANDS
from backprop_tui.prompt.debug_file import kept_in
from backprop_tui.prompt.execute import execute
from scenes import scenario, written
from typist import Typist


def test_moves_show_the_step(add: Typist) -> None:
    assert add("s").splitlines()[0] == "1/7  forward  q = x + y = -2 + 5 = 3"
    assert add("m").startswith("3/7  seed  The forward pass is done.")
    assert add("s").splitlines()[0] == "4/7  backward  f → q  ∂L/∂q = ∂L/∂f · z = 1 · (-4) = -4"
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
    assert "Look at the divisor" in shown
    assert "\n2/8  forward  logs = log(x) = [1.39 0 -inf]" in shown
    assert "No breakpoint was hit" in typist("c")
    assert "Look at the divisor" in typist("rc")


def test_advice_is_not_said_twice_in_a_row() -> None:
    typist = Typist(scenario("vanishing_sigmoids"))
    typist("b below 1e-3")
    assert ["makes gradients vanish" in typist("c") for _ in range(3)] == [True, False, False]


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
    assert typist("p one.a") == "one.a = ◌"
    assert typist("p W @ x") == "W @ x = [-3  -5]"
    assert typist("p W[0]") == "W[0] = [1  2]"
    assert typist("p one.a#1[1]") == "one.a#1[1] = ◌"
    assert typist("go L", "p one.a#1[1]") == "one.a#1[1] = -5"
    assert "one.a#1 is 2 and has no entry [7]" in typist.refused("p one.a#1[7]")
    assert typist("m", "p grad(L)") == "∂L/∂L = 1"
    assert typist("p grad(W)") == "∂L/∂W = ◌"
    typist("until W")
    assert " ∑ 1/2" in typist("p grad(W)")
    assert "t gets no gradient" in typist.refused("p grad(t)")


def test_printing_inside_of_an_operator(everything: Scenario) -> None:
    typist = Typist(everything)
    typist("go op softmax_with_loss", "into", "s")
    assert typist("bt") == "  L  1/" + str(typist.session.trace.schedule.last)
    name = typist.session.frame.node.name  # type: ignore[union-attr]
    assert name.startswith("L.")
    assert typist(f"p {name}").startswith(f"{name} = ")
    assert name in typist("nodes")
    assert typist("out", "bt").strip() == "not inside anything"


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
    assert who[0] == "∂L/∂a is the sum of 3 contributions"
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
    assert typist("who").splitlines()[0] == "∂L/∂s[10].h has one contribution"
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


@pytest.mark.thorough
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
        "  z  -4         ∂L/∂z 3 → 5",
        "  q  3 → 5      ∂L/∂q -4",
        "  f  -12 → -20  ∂L/∂f 1",
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
        "  x − 0.5  output -10  predicted -10",
        "  slope -4  gradient -4",
        "  q  3    + 3.5 Δ+0.5  − 2.5 Δ-0.5",
        "  f  -12  + -14 Δ-2    − -10 Δ+2",
    ]


def test_searching(add: Typist) -> None:
    assert add("/q") == "  q  = x + y  ()"
    assert add("find op mul").splitlines()[0] == "4 steps"
    assert add("find first nan") == "nothing found"


def test_breakpoints_are_listed_with_their_hits(add: Typist) -> None:
    add("b op mul", "tb q", "b first nan", "disable 3", "ignore 1 2")
    assert add("info b").splitlines() == [
        "  1  op mul     skips 2, it stops 2 times in this iteration, first at 4",
        "  2  q          one-shot, it stops 4 times in this iteration, first at 1",
        "  3  first nan  off",
    ]
    assert add("delete 2") == "breakpoint 2 removed: q"
    assert add("delete") == "all breakpoints removed"
    assert add("delete") == "no breakpoints"


def test_watches_show_what_they_come_to_and_their_course(add: Typist) -> None:
    assert add("watch q * z", "watch grad(q)").splitlines() == [
        "  1  q * z    ◌  ◌▅▅▅▅▅▅▅",
        "  2  grad(q)  ◌  ◌◌◌◌▅▅▅▅",
    ]
    assert add("end", "info w").splitlines() == [
        "  1  q * z    -12  ◌▅▅▅▅▅▅▅",
        "  2  grad(q)  -4   ◌◌◌◌▅▅▅▅",
    ]
    assert add("unwatch 1") == "  1  grad(q)  -4  ◌◌◌◌▅▅▅▅"


def test_expectations(add: Typist) -> None:
    assert add("end", "expect q == 3") == "as expected: q == 3"
    assert not add.outcome.failed
    assert add("expect q == 4") == "not as expected: q == 4"
    assert add.outcome.failed
    closer = "`==` compares every digit; this holds: `abs(q / z - (-0.751)) < 0.01`"
    assert add("expect q / z == -0.751").splitlines() == ["not as expected: q / z == -0.751", f"  {closer}"]
    assert add.outcome.failed
    assert add("expect abs(q / z - (-0.751)) < 0.01").startswith("as expected")
    assert len(add("expect q / z == -0.76").splitlines()) == 1
    assert add("start", "expect q == 3") == "not yet known at this position: q == 3"
    assert add.outcome.failed


def test_quitting_ends(add: Typist) -> None:
    add("q")
    assert add.outcome.ends


def test_help_lists_what_can_be_typed(add: Typist) -> None:
    shown = " ".join(add("help").split())
    for command in COMMANDS:
        explained = f"{command.usage.in_language('en')} {command.help.in_language('en')}"
        assert (" ".join(explained.split()) in shown) is bool(command.prompt)
    assert add("help tb").splitlines()[0] == "tbreak [PLACE] [if CONDITION]"


@pytest.mark.parametrize("width", [77, 90])
@pytest.mark.parametrize("line", ["help", "p W1"])
def test_columns_stay_columns_where_the_screen_is_narrow(line: str, width: int) -> None:
    from backprop_tui.prompt.outcome import fitted

    read = scenario("digits_mlp")
    typist = Typist(read)
    lines = execute(typist.session, line, read, width=width).lines
    assert fitted(lines, width) == list(lines)


@pytest.mark.parametrize(
    "line", ["c", "info", "help", "nodes", "who x", "set q = 5", "b first nan", "expect 1"]
)
def test_answers_are_in_the_readers_language(line: str) -> None:
    typist = Typist(scenario("add_multiply"), at=7, language="ko")
    shown = typist(line)
    assert any("가" <= character <= "힣" for character in shown)


@pytest.mark.parametrize("stem", ["bptt", "softmax_classifier", "digits_mlp"])
def test_answers_are_no_wider_than_a_line(stem: str) -> None:
    from backprop_tui.prompt.outcome import WIDTH, fitted

    typist = Typist(scenario(stem))
    for line in ("nodes", "end", "info", "find W", "c", "s", "help", "watch 1 + 1"):
        typist(line)
        assert all(line_width(one) <= WIDTH for one in fitted(typist.outcome.lines))
