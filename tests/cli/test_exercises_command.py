"""`check --exercise`: what it prints, its exit codes, and what it writes for graders."""

from __future__ import annotations

import csv
import json
import os
import re
from io import StringIO
from pathlib import Path

import pytest

from command_line import Commands

LESSON = """\
title: A lesson
inputs: {x: -2, y: 5, z: -4}
nodes: {q: x + y, f: q * z}
notes: {q: it is -4}
expect: {values: {f: -12}, grads: {x: -4, q: -4, z: 3}}
ask:
  q: {question: {en: Which way?, ko: 어느 쪽?}, answer: back, choices: [back, {en: forth, ko: 앞으로}]}
"""


@pytest.fixture
def lesson(tmp_path: Path) -> str:
    path = tmp_path / "lesson.yaml"
    path.write_text(LESSON, encoding="utf-8")
    return str(path)


def returned(commands: Commands, lesson: str, tmp_path: Path, *answers: str) -> str:
    path = tmp_path / "returned.yaml"
    assert commands("export", lesson, "--to", "exercise", "-o", str(path)).code == 0
    text = path.read_text(encoding="utf-8")
    assert text.count("?,") + text.count("?\n") == 5
    given = iter((*answers, *"?????"))
    path.write_text(re.sub(r"(?<=: )\?", lambda _: next(given), text), encoding="utf-8")
    return str(path)


def test_all_right(commands: Commands, lesson: str, tmp_path: Path) -> None:
    path = returned(commands, lesson, tmp_path, "-12", "z", "-4.0", "q", "back")
    outcome = commands("check", "--exercise", path, "--solution", lesson)
    assert (outcome.code, outcome.err) == (0, "")
    assert outcome.out.splitlines()[0] == f"{path}: 5 of 5 right"


def test_a_wrong_answer_is_named_in_both_languages(commands: Commands, lesson: str, tmp_path: Path) -> None:
    path = returned(commands, lesson, tmp_path, "-12", "1", "?", "3", "2")
    outcome = commands("check", "--exercise", path, "--solution", lesson)
    assert outcome.code == 1
    lines = outcome.out.splitlines()
    assert lines[0] == f"{path}: 2 of 5 right"
    assert lines[2].startswith("  wrong ∂L/∂x  Not right: the upstream gradient is forgotten.")
    assert lines[3] == "  wrong ∂L/∂q  Not answered."
    assert lines[5] == "  wrong Which way?  Not right."
    korean = commands("check", "--exercise", path, "--solution", lesson, "--lang", "ko").out.splitlines()
    assert korean[0] == f"{path}: 5개 중 2개 정답"
    assert "그래디언트를 빠뜨렸습니다" in korean[2]
    assert korean[5].startswith("  오답  어느 쪽?")


def test_reports_for_graders(commands: Commands, lesson: str, tmp_path: Path) -> None:
    path = returned(commands, lesson, tmp_path, "-12", "1", "-4", "3", "back")
    report, table = tmp_path / "results.json", tmp_path / "results.csv"
    words = ("--solution", lesson, "--report", str(report), "--csv", str(table))
    assert commands("check", "--exercise", path, *words).code == 1
    data = json.loads(report.read_text(encoding="utf-8"))
    assert data["score"] == 4.0
    assert [test["score"] for test in data["tests"]] == [1.0, 0.0, 1.0, 1.0, 1.0]
    assert data["tests"][1]["tags"] == ["gradient", "upstream_forgotten"]
    rows = [*csv.DictReader(StringIO(table.read_text(encoding="utf-8")))]
    assert [row["credit"] for row in rows] == ["1.0", "0.0", "1.0", "1.0", "1.0"]
    assert rows[1]["question"] == f"{path} ∂L/∂x"
    assert rows[1]["mistakes"] == "upstream_forgotten"


def test_a_file_that_cannot_be_used_does_not_keep_the_others(
    commands: Commands, lesson: str, tmp_path: Path
) -> None:
    good = returned(commands, lesson, tmp_path, "-12", "-4", "-4", "3", "back")
    bad = tmp_path / "bad.yaml"
    bad.write_text("nodes: {f: x}\nexpect: {values: {f: ?}}\n", encoding="utf-8")
    outcome = commands("check", "--exercise", str(bad), good, "--solution", lesson)
    assert outcome.code == 2
    assert "bad.yaml:1:12: error[" in outcome.err
    assert f"{good}: 5 of 5 right" in outcome.out


def test_what_does_not_go_together(commands: Commands, lesson: str, tmp_path: Path) -> None:
    assert "--watch cannot grade" in commands.refused("check", "--exercise", lesson, "--watch")
    for option in ("--solution", "--report", "--csv"):
        assert f"{option} needs --exercise" in commands.refused("check", lesson, option, str(tmp_path / "x"))
    plain = tmp_path / "plain.yaml"
    plain.write_text("inputs: {x: 1}\nnodes: {y: x + 1}\n", encoding="utf-8")
    outcome = commands("check", "--exercise", str(plain))
    assert (outcome.code, outcome.out) == (2, f"{plain}: cannot be graded\n")
    assert "has no blanks to fill in" in outcome.err
    assert "has no blanks to fill in" in commands.refused("export", str(plain), "--to", "exercise")


def test_a_file_that_asks_for_nothing_does_not_keep_the_others_from_being_graded(
    commands: Commands, lesson: str, tmp_path: Path
) -> None:
    nothing = tmp_path / "nothing.yaml"
    nothing.write_text("inputs: {x: 1}\nnodes: {f: 2 * x}\n", encoding="utf-8")
    path = returned(commands, lesson, tmp_path, "-12", "z", "-4", "3", "back")
    outcome = commands("check", "--exercise", str(nothing), path)
    assert outcome.code == 2
    assert "nothing.yaml: this exercise has no blanks to fill in" in outcome.err
    assert f"{path}: 4 of 4 right" in outcome.out


def test_a_report_goes_through_a_link_and_replaces_it_with_nothing(
    commands: Commands, lesson: str, tmp_path: Path
) -> None:
    path = returned(commands, lesson, tmp_path, "-12", "z", "-4", "3", "back")
    link = tmp_path / "link.csv"
    link.symlink_to(tmp_path / "scores.csv")
    assert commands("check", "--exercise", path, "--solution", lesson, "--csv", str(link)).code == 0
    assert link.is_symlink()
    assert (tmp_path / "scores.csv").read_text(encoding="utf-8").startswith("question,kind,credit")


def test_a_report_is_written_into_a_pipe_and_does_not_replace_it(
    commands: Commands, lesson: str, tmp_path: Path
) -> None:
    path = returned(commands, lesson, tmp_path, "-12", "z", "-4", "3", "back")
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reading = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        assert commands("check", "--exercise", path, "--solution", lesson, "--csv", str(pipe)).code == 0
        assert os.read(reading, 9) == b"question,"
    finally:
        os.close(reading)
    assert pipe.is_fifo()


def test_a_file_that_cannot_be_used_is_in_the_reports_with_its_mistake(
    commands: Commands, lesson: str, tmp_path: Path
) -> None:
    good = returned(commands, lesson, tmp_path, "-12", "-4", "-4", "3", "back")
    bad = tmp_path / "bad.yaml"
    bad.write_text("nodes: {f: x}\nexpect: {values: {f: ?}}\n", encoding="utf-8")
    report, table = tmp_path / "results.json", tmp_path / "results.csv"
    words = ("--solution", lesson, "--report", str(report), "--csv", str(table))
    outcome = commands("check", "--exercise", str(bad), good, str(tmp_path / "absent.yaml"), *words)
    assert outcome.code == 2
    assert outcome.out.splitlines()[0] == f"{bad}: cannot be graded"
    tests = json.loads(report.read_text(encoding="utf-8"))["tests"]
    first, *_, last = tests
    assert (len(tests), first["name"], first["score"], first["max_score"]) == (7, str(bad), 0.0, 5.0)
    assert first["status"] == "failed"
    assert first["tags"] == ["file", "unknown-name"]
    assert "bad.yaml:1:12: error[unknown-name]" in first["output"]
    assert last["tags"] == ["file", "file-not-found"]
    rows = [*csv.DictReader(StringIO(table.read_text(encoding="utf-8")))]
    assert (rows[0]["question"], rows[0]["kind"], rows[0]["credit"], rows[0]["max"]) == (
        str(bad),
        "file",
        "0.0",
        "5.0",
    )
    assert rows[0]["mistakes"] == "unknown-name"


OTHER = "title: Another\ninputs: {x: 3}\nnodes: {f: x * x}\nexpect: {grads: {x: 6}}\n"


@pytest.fixture
def course(tmp_path: Path) -> Path:
    """A folder with two solutions."""
    folder = tmp_path / "course"
    folder.mkdir()
    (folder / "lesson.yaml").write_text(LESSON, encoding="utf-8")
    (folder / "other_lesson.yaml").write_text(OTHER, encoding="utf-8")
    return folder


def test_each_file_is_graded_by_the_solution_that_its_path_names(
    commands: Commands, course: Path, tmp_path: Path
) -> None:
    handed = tmp_path / "returned"
    (handed / "other_lesson").mkdir(parents=True)
    answer = OTHER.replace("x: 6}", "x: 6.0}")
    for name in ("kim_other_lesson.yaml", "other_lesson/lee.yaml", "park.yaml"):
        (handed / name).write_text(answer, encoding="utf-8")
    (handed / "lesson-choi.yaml").write_text(LESSON.replace("f: -12", "f: 12"), encoding="utf-8")
    (handed / "lessons.yaml").write_text(LESSON.replace("A lesson", "Nothing"), encoding="utf-8")
    for solutions in (
        ("--solution", str(course)),
        ("--solution", str(course / "lesson.yaml"), "--solution", str(course / "other_lesson.yaml")),
    ):
        outcome = commands("check", "--exercise", str(handed), *solutions)
        heads = [line for line in outcome.out.splitlines() if line.startswith(str(handed))]
        assert heads == [
            f"{handed}/kim_other_lesson.yaml: 1 of 1 right",
            f"{handed}/lesson-choi.yaml: 4 of 5 right",
            f"{handed}/lessons.yaml: cannot be graded",
            f"{handed}/other_lesson/lee.yaml: 1 of 1 right",
            f"{handed}/park.yaml: 1 of 1 right",
        ]
        assert outcome.code == 2
        assert "none of the solutions (lesson, other_lesson) is named in this path" in outcome.err


def test_two_solutions_of_one_name_are_refused(commands: Commands, course: Path, lesson: str) -> None:
    words = ("--solution", str(course), "--solution", lesson)
    assert "two solutions are called lesson" in commands.refused("check", "--exercise", lesson, *words)
    assert "not standard input" in commands.refused("check", "--exercise", lesson, "--solution", "-")
