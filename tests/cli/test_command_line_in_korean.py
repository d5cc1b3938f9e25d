"""The command line with ``--lang ko``: its help, its reports and its refusals, none of them in English."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from backprop_engine.messages.translations import translations
from backprop_engine.practice.score import Score
from backprop_engine.scenario.verify import CheckInterrupted, Verification
from backprop_tui.cells.text import cell_width
from backprop_tui.cli.check import summary, watch
from backprop_tui.cli.main import SUBCOMMANDS
from backprop_tui.files.practised import practised_in_words
from backprop_tui.files.progress import note_practice
from command_line import BROKEN, FAILING, GOOD, Commands, file
from recorded import recorded_mlp
from rooms import room

HANGUL = re.compile("[가-힣]")
ENGLISH = re.compile(r"(?<![-\w])[A-Za-z]{2,} [A-Za-z]{2,}(?![-\w])")
NAMES = re.compile(r"JSON Schema|backprop-tui \w+ \w+|-x \".*?\"|pip install.*|\w+ --help --lang")

NOT_FINITE = "inputs: {x: 0}\nnodes: {f: 1 / x}\n"
ENDLESS = "inputs: {x: 0}\nconstants: {c: .inf}\nnodes: {f: x + c}\n"
SPIKE = "inputs: {x: 0}\nnodes: {f: sqrt(x) * 2}\n"
KINK = "inputs: {x: 0}\nnodes: {f: abs(x)}\n"
LARGE = "params: {W: {shape: [200, 200], init: normal, mean: 0, std: 1, seed: 1}}\nnodes: {f: sum(W * W)}\n"

LINES = (
    *("check rule.yaml", "run case.yaml --ops nowhere.py", "run case.yaml --ops raising.py"),
    *("run", "run --zz x", "run x y", "run case.yaml --at x", "run case.yaml --at 99", "run case.yaml --at"),
    *(
        "run --json=3 case.yaml",
        "run case.yaml --max 3",
        "run case.yaml --max-memory q",
        "run case.yaml --max-work q",
        "run '' ",
        "run zzz",
    ),
    *(
        "run case.yaml --threads 0",
        "run case.yaml --iteration 4",
        "run case.yaml --json -x s",
        "run - --commands -",
    ),
    *(
        "run train.yaml --iteration 1 --at 1",
        "run train.yaml",
        "run case.yaml -x zzz",
        "run case.yaml -x zzz -x zzz",
    ),
    *(
        "run case.yaml --set",
        "run case.yaml --set x=a",
        "run case.yaml --set q=1",
        "run folder",
        "serve case.yaml --port q",
    ),
    *(
        "serve case.yaml --sessions 0",
        "serve case.yaml --at 99",
        "snapshot case.yaml",
        "snapshot case.yaml -o x.png",
    ),
    *(
        "snapshot case.yaml -o - --size 1x1",
        "snapshot case.yaml -o - --keys wait:3",
        "snapshot case.yaml -o no/x.txt",
    ),
    *(
        "snapshot case.yaml -o - --theme zzz",
        "new case.yaml",
        "new folder",
        "new no/x.yaml",
        "new",
        "new x.yaml",
    ),
    *(
        "ops zzz",
        "ops softmx",
        "ops abs",
        "schema --lang ko",
        "check",
        "check - -",
        "check folder",
        "check - --watch",
    ),
    *(
        "check case.yaml",
        "check failing.yaml",
        "check single.yaml",
        "check broken.yaml two.yaml",
        "check nan.yaml",
        "check kink.yaml",
    ),
    *(
        "check large.yaml",
        "check endless.yaml",
        "check spike.yaml",
        "case.yaml",
        "-",
        "--theme zzz case.yaml",
        "--lang zz",
    ),
    *("run case.yaml -x", "check --watch", "run case.yaml --s x", "new a\0b", "new ''"),
    *("folder", ". --at 3"),
    *("run case.yaml --md --step-into", "export case.yaml --to svg -o -"),
    *("check case.yaml --csv x.csv", "check case.yaml --exercise --watch"),
)

UNHEARD = {
    "there is not enough memory for this",
    "this is an error of backprop-tui itself: please report it, with the lines above",
    "your breakpoints and watches are in {path}; at the prompt, `load` reads them",
    "what you had set is in {path}",
    "some of what you had set could not be saved: {problem}",
    "standard output: {problem}",
    "standard input is closed",
    "this terminal cannot place a cursor (TERM=dumb); instead: backprop-tui run {scenario}",
    "expected at least one argument",
    "serving; Ctrl+C stops",
    "… and {count} more gradients",
    "gradient {done} of {count}",
    "checked {checked} of {entries} entries and a random projection of each gradient",
}
"""What only other processes and terminals are told, what only faults lead to, and a check of much."""


@pytest.fixture
def heard() -> Iterator[set[str]]:
    """The templates that are said in Korean."""
    found: set[str] = set()

    class Heard(dict[str, str]):
        def get(self, key: str, default: object = None) -> object:  # type: ignore[override]
            found.add(key)
            return super().get(key, default)

    known = Heard(translations("ko"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("backprop_engine.messages.message.translations", lambda language: known)
        yield found


def english_in(text: str) -> list[str]:
    lines = [line for line in text.splitlines() if not re.match(r" *\d* *\|", line)]  # a file's own line
    return ENGLISH.findall(NAMES.sub("", re.sub(r"`[^`]*`", "", "\n".join(lines))))


def test_an_argument_that_is_missing_is_told_in_korean(commands: Commands) -> None:
    assert "다음 인자가 필요합니다: SCENARIO" in commands.refused("run", "--lang", "ko")


@pytest.mark.parametrize("name", ["", *SUBCOMMANDS])
def test_help_is_in_korean(commands: Commands, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    outcome = commands(*([name] if name else []), "--help", "--lang", "ko")
    assert (outcome.code, outcome.err) == (0, "")
    assert outcome.out.startswith("사용법: ")
    assert english_in(re.sub(r"(?s)\A.*?\n\n", "", outcome.out, count=1)) == []
    assert max(map(cell_width, outcome.out.splitlines())) <= 80


@pytest.mark.thorough
def test_nothing_is_told_in_english(
    commands: Commands, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, heard: set[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    texts = {"case": GOOD, "failing": FAILING, "broken": BROKEN, "two": "inputs: {x: y}\nnodes: {f: z}\n"}
    texts |= {"nan": NOT_FINITE, "spike": SPIKE, "kink": KINK, "large": LARGE, "endless": ENDLESS}
    texts["single"] = "params: {w: 1}\nnodes: {L: -w}\nexpect: {values: {L: -1}}\n"
    texts["train"] = "params: {w: 1}\nnodes: {L: w * w}\ntrain: {optimizer: sgd, lr: 0.1, steps: 3}\n"
    texts["rule"] = (
        "operators: {f: {inputs: [a], forward: a * a, backward: {a: g * a}}}\n"
        "inputs: {x: [1, 2]}\nnodes: {L: sum(f(x))}\n"
    )
    for name, text in texts.items():
        file(tmp_path, text, f"{name}.yaml")
    file(tmp_path, "raise KeyError(3)\n", "raising.py")
    (tmp_path / "folder").mkdir()
    wrong = []
    for line in LINES:
        words = [word.strip("'") for word in line.split()]
        *_, out, err = commands(*words, "--lang", "ko")
        told = err if words[0] in ("run", "new", "schema") else out + err
        told = re.sub(r"(?ms)^(?:사용법|usage): .*?\n(?=\S)", "", told)
        if told and (english_in(told) or not HANGUL.search(told)):
            wrong.append((line, told))
    assert wrong == []
    with socket.create_server(("127.0.0.1", 0)) as taken:
        refused = commands.refused(
            "serve", "case.yaml", "--port", str(taken.getsockname()[1]), "--lang", "ko"
        )
    monkeypatch.setattr("backprop_tui.cli.serve.find_spec", lambda name: None)
    refused += commands.refused("serve", "case.yaml", "--lang", "ko")
    monkeypatch.setattr("backprop_tui.cli.completion.find_spec", lambda name: None)
    refused += commands.refused("completion", "bash", "--lang", "ko")
    monkeypatch.setattr("backprop_tui.headless.pictures.find_spec", lambda name: None)
    refused += commands.refused("export", "case.yaml", "--to", "png", "-o", "pictures", "--lang", "ko")
    assert english_in(refused) == []
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    assert HANGUL.search(practised_in_words(None).in_language("ko")), "the gallery says it"
    for day in (1, 2):
        note_practice("one_node", Score((1.0,), {}), today=lambda day=day: date(2026, 3, day))  # type: ignore[misc]
        assert "연습함" in commands("list", "--track", "article", "--lang", "ko").out
    recorded_mlp(tmp_path / "recording", cells=0)
    assert "계산할 수 없는" in commands("check", str(tmp_path / "recording"), "--lang", "ko").out
    (tmp_path / "list").mkdir()
    assert "폴더 list를" in commands.refused("list", "x.yaml", "--lang", "ko")
    graded(commands, tmp_path)
    watched(commands, tmp_path)
    interrupted(commands, monkeypatch)
    commands("list", "--lang", "ko")
    for name in ("", *SUBCOMMANDS):
        commands(*([name] if name else []), "--help", "--lang", "ko")
    assert room("cli").keys() - heard == UNHEARD


def interrupted(commands: Commands, monkeypatch: pytest.MonkeyPatch) -> None:
    """An interrupt while the first of the files is checked."""

    def stop(*_: object) -> Verification:
        raise CheckInterrupted(Verification(0, [], [], []), 3)

    monkeypatch.setattr("backprop_tui.cli.check.verify", stop)
    outcome = commands("check", "case.yaml", "--lang", "ko")
    assert outcome.code == 130
    assert HANGUL.search(outcome.out)
    assert english_in(outcome.out) == []


def graded(commands: Commands, folder: Path) -> None:
    """An exercise with a wrong answer."""
    path = folder / "exercise.yaml"
    assert commands("export", "case.yaml", "--to", "exercise", "-o", str(path)).code == 0
    path.write_text(path.read_text("utf-8").replace(": ?", ": 1"), "utf-8")
    outcome = commands("check", "--exercise", str(path), "--lang", "ko")
    assert outcome.code == 1
    told = outcome.out
    text = path.read_text("utf-8")
    for name in ("one", "two", "more/two"):
        (folder / "solutions" / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / "solutions" / f"{name}.yaml").write_text(text.replace("title", "# title"), "utf-8")
    more = str(folder / "solutions" / "more")
    for solutions in (("-",), (str(folder / "solutions"),), (more, str(folder / "solutions" / "one.yaml"))):
        words = [word for solution in solutions for word in ("--solution", solution)]
        outcome = commands("check", "--exercise", str(path), *words, "--lang", "ko")
        assert outcome.code == 2
        told += outcome.out + outcome.err
    told = told.replace(str(folder), "")
    assert english_in(re.sub(r"(one|two|kim_\w+|exercise)\b(\.yaml)?", "", told)) == []


def watched(commands: Commands, folder: Path) -> None:
    """Two rounds of ``check --watch``, in the second of which a file is gone."""
    rounds = iter([{"a": folder / "case.yaml", "b": folder / "kink.yaml"}, {"a": folder / "case.yaml"}])

    def find() -> dict[str, Path]:
        try:
            return next(rounds)
        except StopIteration:
            raise KeyboardInterrupt from None

    commands.capsys.readouterr()
    watch(find, lambda name, path: 0, summary, "ko", wait=lambda: None)
    told = "".join(commands.capsys.readouterr())
    assert HANGUL.search(told)
    assert english_in(told) == []
