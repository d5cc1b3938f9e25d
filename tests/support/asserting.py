"""Every case asserts something, or fails: one that ends early, or loops over nothing, proves nothing.

What counts is an `assert` that held in a module of the tests, `pytest.raises`, and a comparison by
`numpy.testing`. An `assert` is heard of because it is compiled here with a call after it: pytest's own hook
for this would describe each assertion, and keep alive what it describes. `conftest.py` takes from here what
runs a case.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any

import numpy as np
import pytest
from _pytest.assertion import rewrite, util

_visit_assert = rewrite.AssertionRewriter.visit_Assert
_reached = False


def _heard_of(rewriter: rewrite.AssertionRewriter, assert_: ast.Assert) -> list[ast.stmt]:
    """The statements of an `assert`, and a call that is reached where it holds."""
    nothing = ast.Constant("")
    call = ast.Expr(rewriter.helper("_call_assertion_pass", ast.Constant(assert_.lineno), nothing, nothing))
    return [*_visit_assert(rewriter, assert_), ast.fix_missing_locations(ast.copy_location(call, assert_))]


rewrite.AssertionRewriter.visit_Assert = _heard_of  # type: ignore[method-assign]
rewrite.PYC_TAIL = f"-asserting{rewrite.PYC_TAIL}"  # modules that were compiled without are not mixed in


@contextmanager
def asserts(part: str) -> Iterator[None]:
    """A part of a case, which must assert something itself; what fails in it tells which part it was."""
    global _reached
    around = _reached, util._assertion_pass
    _reached, util._assertion_pass = False, _held
    try:
        yield
        assert _reached, "nothing is asserted here"
    except BaseException as error:
        _reached, util._assertion_pass = around
        error.add_note(f"in {part}")
        raise
    _reach()


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> Iterator[Any]:
    """Run a case, which fails where it has asserted nothing."""
    with asserts(pyfuncitem.name):
        return (yield)


def _held(*_: Any) -> None:
    """An `assert` held, in a module of the tests or of a plugin of pytest's."""
    if "site-packages" not in sys._getframe(2).f_code.co_filename:
        _reach()


def _reach() -> None:
    global _reached  # noqa: PLW0603
    _reached = True
    util._assertion_pass = None  # one is enough


def _counted(function: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(function)
    def counted(*arguments: Any, **options: Any) -> Any:
        _reach()
        return function(*arguments, **options)

    return counted


for _module, _name in (
    (pytest, "raises"),
    (np.testing, "assert_array_equal"),
    (np.testing, "assert_allclose"),
):
    setattr(_module, _name, _counted(getattr(_module, _name)))
