"""Every case asserts something, or fails: one that ends early, or loops over nothing, proves nothing.

What counts is an `assert` that was reached in a module of the tests, `pytest.raises`, and a comparison by
`numpy.testing`. It takes `enable_assertion_pass_hook`, with which pytest compiles modules so that one hears
of an assertion that holds. `conftest.py` takes the hook from here.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any

import numpy as np
import pytest
from _pytest.assertion import rewrite, util

# Modules that were compiled before assertions could be heard of are not mixed in.
rewrite.PYC_TAIL = "-asserting" + rewrite.PYC_TAIL
_reached = False


@contextmanager
def asserts(part: str) -> Iterator[None]:
    """A part of a case, which must assert something itself; what fails in it tells which part it was."""
    global _reached
    _reached, util._assertion_pass = False, _held
    try:
        yield
        assert _reached, "nothing is asserted here"
    except BaseException as error:
        error.add_note(f"in {part}")
        raise
    finally:
        util._assertion_pass = None


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> Iterator[Any]:
    """Run a case, which fails where it has asserted nothing."""
    with asserts(pyfuncitem.name):
        return (yield)


def _held(line: int, original: str, explanation: str) -> None:
    """An `assert` held, in a module of the tests or of a plugin of pytest's."""
    if "site-packages" not in sys._getframe(2).f_code.co_filename:
        _reach()


def _reach() -> None:
    global _reached  # noqa: PLW0603
    _reached = True
    util._assertion_pass = None  # what an assertion says of itself takes long: one is enough


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
