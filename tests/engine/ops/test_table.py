"""The table of operators: a look-up loads no more files than it needs, and a name stands for one operator."""

from __future__ import annotations

import pytest

from backprop_engine.ops import OPS
from backprop_engine.ops.definition import OpTable


def empty() -> OpTable:
    """A table whose file fills the table of all operators, not this one."""
    return OpTable("backprop_engine.ops", ("arithmetic",))


def test_what_no_file_defines_is_not_there() -> None:
    assert "nonsense" not in empty()
    assert (len(empty()), list(empty())) == (0, [])
    with pytest.raises(KeyError):
        empty().by_symbol("+")
    with pytest.raises(KeyError):
        empty()["add"]


def test_an_operator_is_found_by_name_and_by_symbol() -> None:
    table = empty()
    table.add(OPS["matmul"])
    assert table["matmul"] is table.by_symbol("@") is OPS["matmul"]
    assert list(table) == ["matmul"]


def test_a_name_stands_for_one_operator() -> None:
    table = empty()
    table.add(OPS["exp"])
    with pytest.raises(ValueError, match="exp is defined twice"):
        table.add(OPS["exp"])
