"""`practice` on the command line: piped answers, reports, progress, an end that is polite."""

from __future__ import annotations

import csv
import io
import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from backprop_engine.practice.bugs import drawn_bug
from backprop_tui.files.progress import progress_name, progress_path, read_progress
from command_line import GOOD, Commands, Outcome, file
from programs import environment, program
from scenes import scenario


@pytest.fixture(autouse=True)
def _own_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "settings"))


class Practised:
    """Runs `practice` with answers on standard input."""

    def __init__(self, commands: Commands, monkeypatch: pytest.MonkeyPatch) -> None:
        self.commands, self.monkeypatch = commands, monkeypatch

    def __call__(self, *arguments: str, typed: str = "") -> Outcome:
        self.monkeypatch.setattr("sys.stdin", io.StringIO(typed))
        return self.commands("practice", *arguments)


@pytest.fixture
def practised(commands: Commands, monkeypatch: pytest.MonkeyPatch) -> Practised:
    return Practised(commands, monkeypatch)


def test_answers_are_graded(practised: Practised) -> None:
    outcome = practised(
        "add_multiply", "--seed", "1", "--only", "product", typed="z\n1\nhint\nupstream * q\n"
    )
    assert (outcome.code, outcome.err) == (0, "")
    lines = outcome.out.splitlines()
    assert lines[0] == "Add, then multiply: 4 questions, seed 1"
    assert "f passes ∂L/∂f back to q. What is ∂L/∂q?" in lines
    assert "∂L/∂q > z" in lines
    assert "Right, because ∂L/∂f is 1 here; otherwise it would be a factor." in lines
    assert "Not right: the local gradient is forgotten." in outcome.out
    assert "Hint: it is ∂L/∂f times the local gradient q" in lines
    assert "Right, with a hint: half the credit." in lines
    assert "2 of 2 answered questions right, credit 1.5 of 4" in lines
    assert lines[-1] == "The same questions again: backprop-tui practice add_multiply --seed 1 --only product"


@pytest.mark.thorough
def test_a_seed_repeats_it(practised: Practised) -> None:
    first, again = (practised("rnn_cell", "--seed", "3", typed="1\n1\n1\n") for _ in range(2))
    assert first == again
    assert practised("rnn_cell", "--seed", "4", typed="1\n1\n1\n").out != first.out


def test_in_korean(practised: Practised) -> None:
    outcome = practised("add_multiply", "--seed", "1", "--lang", "ko", "--only", "product", typed="1\nskip\n")
    assert outcome.code == 0
    assert "틀렸습니다" in outcome.out
    assert "Not right" not in outcome.out


def test_reports(practised: Practised, tmp_path: Path) -> None:
    report, table = tmp_path / "results.json", tmp_path / "scores.csv"
    arguments = (
        "add_multiply",
        "--seed",
        "1",
        "--only",
        "product",
        "--report",
        str(report),
        "--csv",
        str(table),
    )
    assert practised(*arguments, typed="upstream * z\n1\n").code == 0
    told = json.loads(report.read_text(encoding="utf-8"))
    assert told["score"] == 1.0
    assert [test["score"] for test in told["tests"]] == [1.0, 0.0, 0.0, 0.0]
    assert {test["max_score"] for test in told["tests"]} == {1.0}
    assert [test["status"] for test in told["tests"]][:2] == ["passed", "failed"]
    assert "local_forgotten" in told["tests"][1]["tags"]
    rows = list(csv.DictReader(table.read_text(encoding="utf-8").splitlines()))
    assert [row["credit"] for row in rows] == ["1.0", "0.0", "0.0", "0.0"]
    assert [row["tries"] for row in rows] == ["1", "1", "0", "0"]
    assert rows[1]["mistakes"] == "local_forgotten"


def test_a_report_that_cannot_be_written(practised: Practised, tmp_path: Path) -> None:
    outcome = practised("add_multiply", "--seed", "1", "--report", str(tmp_path / "no" / "where.json"))
    assert outcome.code == 2
    assert "No such file or directory" in outcome.err
    assert "Traceback" not in outcome.err


def test_progress_is_kept(practised: Practised) -> None:
    assert read_progress() == {}
    practised("add_multiply", "--seed", "1", "--only", "product", typed="g * z\n1\n")
    practised("add_multiply", "--seed", "1", "--only", "product", typed="g * z\n")
    kept = read_progress()["add_multiply"]
    assert (kept.sessions, kept.questions, kept.credit, kept.best) == (2, 3, 2.0, 1.0)
    assert kept.mistakes == {"local_forgotten": 1}
    assert kept.last
    practised("add_multiply", "--seed", "1", typed="")
    assert read_progress()["add_multiply"] == kept


def test_a_file_of_ones_own_goes_by_its_path(practised: Practised, tmp_path: Path) -> None:
    path = file(tmp_path, GOOD)
    practised(path, "--seed", "1", "--only", "product", typed="g * y\n")
    assert list(read_progress()) == [path]
    assert progress_name(scenario("add_multiply")) == "add_multiply"


def test_progress_that_cannot_be_kept_is_told(practised: Practised, tmp_path: Path) -> None:
    (tmp_path / "settings").write_text("a file", encoding="utf-8")
    outcome = practised("add_multiply", "--seed", "1", "--only", "product", typed="g * z\n")
    assert outcome.code == 0
    assert "progress.json was not changed" in outcome.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--seed", "-1"), "is not a seed"),
        (("--seed", "x"), "is not a seed"),
        (("--count", "0"), "is not a number of questions"),
        (("--only", "nothing"), "invalid choice"),
        (("--bug", "--only", "shape"), "--only is for questions"),
        (("--only", "update"), "has no such question"),
    ],
)
def test_what_is_wrong_with_arguments(commands: Commands, arguments: tuple[str, ...], said: str) -> None:
    assert said in commands.refused("practice", "add_multiply", *arguments)


def test_answers_are_on_standard_input(commands: Commands) -> None:
    assert "name a scenario or a file" in commands.refused("practice", "-")


def test_what_is_typed_about_a_bug_reaches_the_terminal_without_control_characters(
    practised: Practised,
) -> None:
    typed = "bug \x1b[31m -> x, sign\nbug \x9b2J -> \x07, sign\n"
    outcome = practised("add_multiply", "--bug", "--seed", "2", typed=typed)
    assert "the graph has no node called" in outcome.out
    assert all(line.isprintable() for line in outcome.out.split("\n"))


def test_a_bug_is_found(practised: Practised, tmp_path: Path) -> None:
    right = scenario("sigmoid_neuron")
    bug = drawn_bug(right, 2)
    edge = right.graph.edge_name(bug.edge)
    at = right.graph.schedule.starts[bug.edge.index]
    report = tmp_path / "results.json"
    typed = f"list\ngoto {at}\np upstream\np product\nbug nothing\nbug {edge}, {bug.mutant.name}\n"
    outcome = practised("sigmoid_neuron", "--bug", "--seed", "2", "--report", str(report), typed=typed)
    assert (outcome.code, outcome.err) == (0, "")
    assert "upstream_forgotten" in outcome.out
    assert "! write the edge and the mistake" in outcome.out
    assert "The edge is right. The mistake is right" in outcome.out
    assert json.loads(report.read_text(encoding="utf-8"))["score"] == 1.0
    assert read_progress()["sigmoid_neuron"].bugs == 1


def test_guesses_are_few(practised: Practised) -> None:
    outcome = practised("add_multiply", "--bug", "--seed", "1", typed="bug f -> q, wrong_axes\n" * 9)
    assert outcome.out.count("> bug") == 3
    assert "It was " in outcome.out


def test_the_search_shows_no_check(practised: Practised) -> None:
    outcome = practised("sigmoid_neuron", "--bug", "--seed", "2", typed="end\n" + "S\n" * 20)
    assert outcome.code == 0
    assert "differs" not in outcome.out
    assert "It was " in outcome.out


@pytest.mark.thorough
def test_an_interrupt_ends_it_politely(tmp_path: Path) -> None:
    with subprocess.Popen(
        [
            sys.executable,
            "-m",
            "backprop_tui",
            "practice",
            "add_multiply",
            "--seed",
            "1",
            "--only",
            "product",
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment() | {"XDG_CONFIG_HOME": str(tmp_path / "settings")},
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(b"g * z\n")
        process.stdin.flush()
        seen = b""
        while b"z. What is" not in seen:
            seen += process.stdout.readline()
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)
    assert process.returncode == 128 + signal.SIGINT
    assert "1 of 1 answered questions right" in out.decode()
    assert b"Traceback" not in err
    assert progress_path().exists() or (tmp_path / "settings" / "backprop-tui" / "progress.json").exists()


@pytest.mark.thorough
def test_through_a_pipe() -> None:
    done = program(
        "practice", "add_multiply", "--seed", "1", "--only", "product", stdin=None, input=b"g * z\n"
    )
    assert done.returncode == 0
    assert "∂L/∂q > g * z\nRight.\n" in done.stdout.decode()


@pytest.mark.parametrize(
    "arguments",
    [
        ("--only", "product", "--count", "2"),
        ("--set", "x=-7", "--lang", "en"),
        ("--bug",),
    ],
)
def test_the_last_line_is_the_command_that_asks_the_same_again(
    practised: Practised, arguments: tuple[str, ...]
) -> None:
    typed = "bug f -> q, sign\n" if "--bug" in arguments else "1\n"
    first = practised("add_multiply", *arguments, "--seed", "5", typed=typed)
    command = first.out.splitlines()[-1].partition(": backprop-tui practice ")[2]
    assert set(arguments) <= set(command.split())
    assert practised(*command.split(), typed=typed) == first


def test_a_question_mark_asks_for_the_hint_as_in_the_app(practised: Practised) -> None:
    outcome = practised("add_multiply", "--seed", "1", "--only", "product", typed="?\ng * z\n")
    assert "Hint: it is ∂L/∂f times the local gradient z" in outcome.out
    assert "Right, with a hint: half the credit." in outcome.out


def test_a_search_that_was_given_up_is_kept(practised: Practised) -> None:
    practised("add_multiply", "--bug", "--seed", "1", typed="")
    assert read_progress() == {}
    practised("add_multiply", "--bug", "--seed", "1", typed="bug f -> q, wrong_axes\n")
    kept = read_progress()["add_multiply"]
    assert (kept.sessions, kept.bugs, sum(kept.mistakes.values())) == (1, 0, 1)


def test_a_name_of_the_graph_is_an_answer_and_no_abbreviation(practised: Practised) -> None:
    outcome = practised("add_multiply", "--seed", "1", "--only", "product", typed="z\nq\nh\ns\nquit\n")
    assert "∂L/∂z > q\nRight" in outcome.out
    assert "\nHint: " in outcome.out
    assert "\nThe answer is " in outcome.out
