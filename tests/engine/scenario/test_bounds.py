"""Every limit of a file at its bound and one beyond, and how much of an author's text is quoted."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from asserting import asserts
from backprop_engine.errors import ScenarioError, UsageError
from backprop_engine.scenario.leaves.assignment import parse_setting
from backprop_engine.scenario.loader import load_source
from backprop_engine.scenario.memory import size_message
from backprop_engine.scenario.read.foreign_numbers import number_hint, tensor_hint
from backprop_engine.scenario.read.source import Source, read_source

BASE = "inputs: {x: [[1, 2, 3], [4, 5, 6]]}\nparams: {w: 2}\nnodes: {f: sum(x) * w}\n"


def refused(text: str) -> list[tuple[str, str]]:
    """The kind of each mistake in a file, and what is said of it."""
    try:
        load_source(Source.from_bytes("s.yaml", text.encode()))
    except ScenarioError as error:
        return [(found.code.name, str(found.message)) for found in error.diagnostics]
    return []


def listed(count: int, prefix: str = "c") -> str:
    return ", ".join(f"{prefix}{number}" for number in range(count))


def choices(count: int) -> str:
    return f"{BASE}ask: {{f: {{question: Q, choices: [{listed(count)}], answer: c0}}}}\n"


def operator_inputs(count: int) -> str:
    names = listed(count, "a")
    forward = names.replace(", ", " + ") or "1"
    return f"operators: {{mine: {{inputs: [{names}], forward: {forward}}}}}\n{BASE}"


def sign(count: int) -> str:
    return f"operators: {{mine: {{inputs: [a], forward: a * a, sign: '{'s' * count}'}}}}\n{BASE}"


def formula(count: int) -> str:
    forward = " + ".join(["a"] * (count + 1))
    return f"operators: {{mine: {{inputs: [a], forward: {forward}}}}}\n{BASE}"


def operators(count: int) -> str:
    lines = "".join(f"  o{number}: {{inputs: [a], forward: a}}\n" for number in range(count))
    return f"operators:\n{lines}{BASE}"


def steps(count: int) -> str:
    return f"{BASE}train: {{optimizer: sgd, lr: 0.1, steps: {count}}}\n"


def digits(count: int) -> str:
    return f"{BASE}expect: {{digits: {count}, values: {{f: 42}}}}\n"


def name(count: int) -> str:
    return f"inputs: {{{'x' * count}: 2}}\nnodes: {{f: {'x' * count} * 2}}\n"


def axes(count: int) -> str:
    return f"inputs: {{x: {{shape: [{', '.join('1' * count)}], init: ones}}}}\nnodes: {{f: sum(x)}}\n"


def depth(count: int) -> str:
    cells = "  c0: {inputs: [u], nodes: {h: u * u}, outputs: [h]}\n" + "".join(
        f"  c{at}: {{inputs: [u], nodes: {{i: {{cell: c{at - 1}, inputs: {{u: u}}}}, h: i.h}}, "
        "outputs: [h]}\n"
        for at in range(1, count)
    )
    return (
        f"inputs: {{x: 1}}\ncells:\n{cells}nodes: {{a: {{cell: c{count - 1}, inputs: {{u: x}}}}, f: a.h}}\n"
    )


class Limit(NamedTuple):
    text: Callable[[int], str]
    least: int
    most: int
    code: str
    said: str


LIMITS = (
    Limit(choices, 2, 9, "ask", "a question has 2 to 9 choices"),
    Limit(operator_inputs, 1, 32, "operator-form", "an operator has 1 to 32 inputs, but this one has "),
    Limit(sign, 1, 12, "operator-form", "a sign has 1 to 12 characters"),
    Limit(formula, 0, 200, "operator-form", "a formula can apply at most 200 operators, but"),
    Limit(operators, 0, 1000, "operator-form", "a file can define at most 1,000 operators"),
    Limit(steps, 0, 100_000, "train", "`steps` must be a whole number from 0 to 100,000"),
    Limit(digits, 0, 300, "expect-tolerance", "`digits` must be a whole number from 0 to 300"),
    Limit(name, 1, 64, "bad-name", "a name has at most 64 characters, but this one has 65"),
    Limit(axes, 0, 32, "leaf-shape", "`x` has 33 axes; at most 32 are allowed"),
    Limit(depth, 1, 64, "too-many-nodes", "instances of cells are nested more than 64 levels deep here"),
)  # fmt: skip


@pytest.mark.parametrize("limit", LIMITS, ids=lambda limit: limit.text.__name__)
def test_a_limit_is_kept_at_its_bound(limit: Limit) -> None:
    for count in (limit.least, limit.most):
        assert refused(limit.text(count)) == []
    for count in (limit.least - 1, limit.most + 1):
        if count > 0 or limit.least == 1:
            with asserts(f"{count} {limit.text.__name__}"):
                code, said = refused(limit.text(count))[0]
                assert code == limit.code or count == 0
                assert said.startswith(limit.said) or count == 0


@pytest.mark.parametrize("columns", ["-3", "2", "[-3, 2]"])
def test_columns_count_from_either_end(tmp_path: Path, columns: str) -> None:
    (tmp_path / "t.csv").write_text("1,2,3\n4,5,6\n", "utf-8")
    (tmp_path / "s.yaml").write_text(
        BASE.replace("[[1, 2, 3], [4, 5, 6]]", f"{{file: t.csv, columns: {columns}}}")
    )
    scenario = load_source(read_source(tmp_path / "s.yaml"))
    wanted = {"-3": [1, 4], "2": [3, 6], "[-3, 2]": [[1, 3], [4, 6]]}
    assert scenario.record().value("x").tolist() == wanted[columns]
    for beyond in ("-4", "3"):
        text = (tmp_path / "s.yaml").read_text().replace(f"columns: {columns}", f"columns: {beyond}")
        (tmp_path / "beyond.yaml").write_text(text)
        with pytest.raises(ScenarioError, match=f"there is no column {beyond}"):
            load_source(read_source(tmp_path / "beyond.yaml"))


# What is quoted


def test_a_setting_is_quoted_up_to_sixty_characters() -> None:
    for count, whole in ((60, True), (61, False)):
        text = "x" * count
        with pytest.raises(UsageError) as caught:
            parse_setting(text)
        assert (f"{text}: write" in str(caught.value)) is whole


def test_of_a_long_circle_the_first_six_and_the_last_are_named() -> None:
    for count, shown in (
        (8, "n0 → n1 → n2 → n3 → n4 → n5 → n6 → n7 → n0"),
        (9, "n0 → n1 → n2 → n3 → n4 → n5 → … → n8 → n0"),
    ):
        nodes = ", ".join(f"n{at}: n{(at + 1) % count} * 2" for at in range(count))
        ((code, said),) = refused(f"inputs: {{x: 1}}\nnodes: {{{nodes}}}\n")
        assert (code, said) == ("cycle", f"these nodes depend on each other: {shown}")


@pytest.mark.parametrize(
    ("need", "said"),
    [
        (1023, "1023 bytes"),
        (1024, "1 KiB"),
        (2**20 - 1, "1.02e+03 KiB"),
        (2**20, "1 MiB"),
        (3 * 2**29, "1.5 GiB"),
        (2**30 * (10**6 - 1), "1e+06 GiB"),
        (2**30 * 10**6, "more than a million GiB"),
        (2**80, "more than a million GiB"),
    ],
)
def test_how_much_memory_is_said(need: int, said: str) -> None:
    assert size_message("x", need, 5) == f"x needs {said}; at most 5 bytes are allowed"


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("50%", "0.5"), ("2.5 %", "0.025"), ("%", ""), ("x%", ""), ("1/4", "0.25"), ("1/0", ""),
        ("2.0f", "2.0"), ("1_000", "1000"), ("3,5", "3.5"), ("1,000,000", "1000000"), ("f", ""),
    ],
)  # fmt: skip
def test_numbers_of_other_languages(text: str, meant: str) -> None:
    hint = number_hint(text)
    assert (f"`{meant}`" in hint) if meant else hint == ""


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("np.zeros(3)", "such as `{shape: [3], init: zeros}`"),
        ("np.zeros((12, 3))", "such as `{shape: [12, 3], init: zeros}`"),
        ("np.eye(4)", "such as `{shape: [4, 4], init: eye}`"),
    ],
)
def test_arrays_of_other_languages(text: str, said: str) -> None:
    assert tensor_hint(text) == said


# Files


def test_what_is_no_regular_file_is_called_what_it_is(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(tmp_path / "socket"))
        for path, kind in (
            (tmp_path / "folder", "a directory"),
            (tmp_path / "pipe", "a pipe"),
            (tmp_path / "socket", "a socket"),
            (Path(os.devnull), "a device"),
        ):
            with pytest.raises(ScenarioError, match=f"{kind} is not a scenario file"):
                read_source(path)


def test_a_zero_at_the_very_beginning_makes_a_file_binary() -> None:
    for data in (b"\0\xff", b"a\0\xff", b"a\xff\0"):
        with pytest.raises(ScenarioError) as caught:
            Source.from_bytes("s.yaml", data)
        assert caught.value.diagnostics[0].code.name == "file-binary"


def test_where_no_folder_can_be_listed_no_other_file_is_proposed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "data.csv").write_text("1\n", "utf-8")
    path = tmp_path / "s.yaml"
    path.write_text(BASE.replace("[[1, 2, 3], [4, 5, 6]]", "{file: dta.csv}"), "utf-8")
    hints = []
    for refuse in (False, True):
        if refuse:
            monkeypatch.setattr(os, "scandir", _forbidden)
        with pytest.raises(ScenarioError) as caught:
            load_source(read_source(path))
        hints.append(caught.value.diagnostics[0].hint)
    assert hints == ["did you mean `data.csv`?", "paths are relative to the scenario's folder"]


def _forbidden(*_: Any) -> Any:
    raise PermissionError("not yours")


def test_lines_end_where_they_end() -> None:
    for text in ("a\nb\nc", "a\r\nb\r\nc", "a\rb\rc\r"):
        source = Source("s.yaml", text)
        assert [source.line(number) for number in (1, 2, 3)] == ["a", "b", "c"]
