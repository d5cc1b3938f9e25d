"""What a program imports: every public name says what it is, with an example that runs."""

from __future__ import annotations

import doctest
import inspect
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

import backprop_engine
import backprop_tui

PUBLIC = [(backprop_engine, name) for name in ("", *backprop_engine.__all__)] + [(backprop_tui, "debug")]


@pytest.mark.parametrize(("module", "name"), PUBLIC, ids=[name or module.__name__ for module, name in PUBLIC])
def test_a_public_name_has_an_example_that_runs(module: ModuleType, name: str) -> None:
    thing = getattr(module, name) if name else module
    text = inspect.getdoc(thing)
    assert text
    examples = doctest.DocTestParser().get_doctest(text, {}, name, None, 0)
    assert examples.examples
    failed = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(examples)
    assert failed.failed == 0


@pytest.mark.parametrize(
    ("kind", "method"),
    [
        (kind, method)
        for kind in (backprop_engine.Trace, backprop_engine.Bindings, backprop_engine.GraphBuilder)
        for method in ("value", "gradient", "of", "apply")
        if hasattr(kind, method)
    ],
)
def test_the_examples_of_methods_run(kind: type, method: str) -> None:
    text = inspect.getdoc(getattr(kind, method)) or ""
    examples = doctest.DocTestParser().get_doctest(text, {}, method, None, 0)
    assert examples.examples
    assert doctest.DocTestRunner().run(examples).failed == 0


def test_the_readme_shows_what_it_gives(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    text = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    program = text.partition("## As a library\n```python\n")[2].partition("```")[0]
    opened: list[object] = []
    monkeypatch.setattr("backprop_tui.from_python.debug", opened.append)
    exec(program, names := {})
    assert capsys.readouterr().out == (
        "-12.0 -4.0 The gradient flows from f to q: ∂L/∂q = -4. Multiplication gives each operand "
        "the upstream gradient times the other operand.\nf: 7 of 7 gradients agree with numeric ones\n"
    )
    assert opened == [names["trace"]]


def test_the_names_are_all_that_dir_lists_and_each_is_loaded_from_its_home() -> None:
    assert dir(backprop_engine) == sorted(backprop_engine.__all__)
    assert len({id(getattr(backprop_engine, name)) for name in backprop_engine.__all__}) == len(
        backprop_engine.__all__
    )
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        backprop_engine.nothing  # noqa: B018


def test_the_library_loads_no_screen() -> None:
    """Neither a name of the engine, nor that of the terminal's package by itself."""
    program = (
        "import sys, backprop_engine, backprop_tui\n"
        "for name in backprop_engine.__all__: getattr(backprop_engine, name)\n"
        "sys.exit('textual' in sys.modules or 'rich' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
