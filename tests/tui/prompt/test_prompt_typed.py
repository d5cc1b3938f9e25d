"""The prompt completes, remembers and begins lines; nothing but `UsageError` escapes from any."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backprop_engine.debugger import (
    Session,
)
from backprop_engine.errors import UsageError
from backprop_engine.messages.message import msg
from backprop_engine.scenario.model import Scenario
from backprop_tui import prompt
from backprop_tui.cells.lines import plain
from backprop_tui.commands.row import CommandRow
from backprop_tui.commands.table import COMMANDS, PROMPT_NAMES
from backprop_tui.prompt.complete import complete
from backprop_tui.prompt.debug_file import session_of
from backprop_tui.prompt.execute import execute
from backprop_tui.prompt.usage import hint
from backprop_tui.prompt.values import assignment
from backprop_tui.screens.prompt import History
from programs import environment
from scenes import LANGUAGES, scenario, written
from typist import EVERYTHING, Typist


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
        ("p W @ on", 6, ("one.a#1", "one.a", "one.h", "one.v", "one_hot(")),
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
@pytest.mark.parametrize("command", [one for one in COMMANDS if one.prompt], ids=lambda one: one.name)
def test_how_a_command_is_written_stands_above_while_it_is_typed(command: CommandRow, language: str) -> None:
    told = f"{command.usage.in_language(language)}   {command.help.in_language(language)}"
    for name in command.prompt:
        assert hint(name, language) == hint(f":{name} x y", language) == told


@pytest.mark.parametrize("language", LANGUAGES)
def test_where_no_command_is_typed_there_is_nothing_to_say_of_it(language: str) -> None:
    assert (
        hint("", language)
        == hint("  ", language)
        == msg("Tab completes, ↑ ↓ history, Enter runs, Esc closes; help lists the commands").in_language(
            language
        )
    )
    assert hint("nonsense", language) == hint("un", language) == hint("s" * 200_000, language) == ""


def test_every_main_name_is_offered(everything: Scenario) -> None:
    offered = complete("", session_of(everything)).candidates
    assert [name for command in COMMANDS for name in command.prompt if name not in offered] == []


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
