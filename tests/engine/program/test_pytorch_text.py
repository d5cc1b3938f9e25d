"""The text of a PyTorch program, where no PyTorch is: what it calls is there, and has one name."""

from __future__ import annotations

import ast
import builtins

import pytest

from backprop_engine import define, load_scenario, make_graph, pytorch_program, record, undefine
from backprop_engine.ops import OPS
from backprop_engine.program.pytorch_calls import CALLS, HELPERS, TIED
from backprop_tui.files.bundled import bundled
from effort import tried
from graphs import CASES, trace_of

BUNDLED = bundled()
EVERY = tried(
    [*BUNDLED], ["add_multiply", "wrong_softmax", "max_pool", "indexing", "lstm", "nan_from_log_zero"]
)


def free_names(program: str) -> set[str]:
    """The names that a program reads and never binds."""
    tree = ast.parse(program)
    bound = {*dir(builtins)}
    for part in ast.walk(tree):
        match part:
            case ast.Name(id=name, ctx=ast.Store()) | ast.arg(arg=name):
                bound.add(name)
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
                bound.add(name)
            case ast.alias(name=name, asname=other):
                bound.add(other or name)
    read = {part.id for part in ast.walk(tree) if isinstance(part, ast.Name)}
    return read - bound


@pytest.mark.parametrize("stem", EVERY)
def test_a_program_defines_all_that_it_calls(stem: str) -> None:
    program = pytorch_program(load_scenario(BUNDLED[stem]).record())
    assert free_names(program) == set()
    assert program.startswith("import torch\n")
    defined = [
        part.name for part in ast.parse(program).body if isinstance(part, ast.FunctionDef | ast.ClassDef)
    ]
    assert len(defined) == len(set(defined))


def test_every_operator_is_called_by_what_there_is() -> None:
    for op, sample in tried(CASES, [(op, op.samples[-1]) for op in OPS.values()]):
        assert free_names(pytorch_program(trace_of(op, sample))) == set(), op.name


def test_the_tables_name_operators_and_helpers() -> None:
    assert set(CALLS) <= set(OPS)
    assert set(TIED) <= set(CALLS)
    for name, source in HELPERS.items():
        (defined,) = ast.parse(source).body
        assert isinstance(defined, ast.FunctionDef | ast.ClassDef)
        assert defined.name == name
    texts = [*CALLS.values(), *TIED.values()]
    called = {
        name
        for name in HELPERS
        for text in (*texts, *(source for other, source in HELPERS.items() if other != name))
        if f"{name}(" in text
    }
    assert set(HELPERS) - called == {"Given", "indexed"}  # which the program calls by itself


def test_an_operator_of_python_is_left_to_be_filled_in() -> None:
    define("cubed", inputs="a", forward=lambda a: a**3, backward={"a": lambda g, out, a: 3 * g * a**2})
    try:
        program = pytorch_program(record(make_graph({"y": "cubed(x)"}, inputs={"x": 2})))
    finally:
        undefine("cubed")
    assert 'raise NotImplementedError("cubed was defined in Python: put its function here")' in program
    assert "y = cubed(x)" in program
