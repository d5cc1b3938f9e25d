"""Write the pages of `docs/` that are made from tables: ``python docs/build.py``.

A test holds that they are fresh.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterator
from contextlib import chdir
from functools import partial
from importlib import import_module
from pathlib import Path

from bilingual import MADE, Text, cell
from command_line_page import command_line
from format_page import file_format
from library_page import library

import backprop_engine
from backprop_engine.catalogue.conventions import every_convention
from backprop_engine.catalogue.entries import how_written
from backprop_engine.errors import CODES, Diagnostic, ScenarioError
from backprop_engine.explain.facts import step_facts
from backprop_engine.explain.symbols import mathematical
from backprop_engine.messages.message import in_language
from backprop_engine.ops import OPS, Op
from backprop_engine.program import numpy_program
from backprop_engine.scenario.loader import load_scenario, load_source
from backprop_engine.scenario.read.mistakes import GROUPS, severity
from backprop_engine.scenario.read.source import Source
from backprop_engine.scenario.verify import verify
from backprop_tui.cells.lines import plain
from backprop_tui.cli.manual_page import manual_page
from backprop_tui.keys_page import keys_page
from backprop_tui.render.formulas.page import formula_block
from backprop_tui.render.operator_pages import FAMILIES, by_family, page

FOLDER = Path(__file__).parent
CORPUS = FOLDER.parent / "tests" / "bad_scenarios"


_OPERATORS = Text(
    f"""# Operators
{MADE}
[한국어](operators.ko.md)

There are {{count}}. `backprop-tui ops NAME` says the same of each, with a worked example and in Korean too;
`backprop-tui ops --json` gives it as data. `g` is the gradient that flows in, `da` what the operand `a` gets,
`out` the result.""",
    f"""# 연산자
{MADE}
[English](operators.md)

모두 {{count}}개입니다. `backprop-tui ops NAME --lang ko`는 연산자마다 같은 설명을 계산한 예제와 함께 보여
주고, `backprop-tui ops --json`은 데이터로 줍니다. `g`는 흘러들어온 그래디언트, `da`는 피연산자 `a`가 받는
그래디언트, `out`은 결과입니다.""",
)
_FAMILY = Text("## Family: {family}", "## 계열: {family}")
_COLUMNS = Text("| | operator | written | |", "| | 연산자 | 쓰는 법 | |")


def operators(language: str) -> str:
    """The catalogue: a table by family, then every operator by itself."""
    families = by_family()
    lines = [_OPERATORS(count=len(OPS)).in_language(language)]
    for family, ops in families.items():
        heading = _FAMILY(family=FAMILIES[family]).in_language(language)
        lines += ["", heading, "", _COLUMNS.in_language(language), "|---|---|---|---|"]
        lines += [_row(op, language) for op in ops]
    for ops in families.values():
        for op in ops:
            text = plain(page(op, language, numbers=False)).splitlines()
            lines += ["", f"### {op.name}", "```text", *text, "```"]
    return "\n".join(lines) + "\n"


def _row(op: Op, language: str) -> str:
    link = f"[{op.name}](#{op.name})"
    written = f"`{cell(mathematical(how_written(op)) if op.written else how_written(op))}`"
    return f"| {cell(op.sign)} | {link} | {written} | {cell(op.lesson.in_language(language))} |"


_CONVENTIONS = Text(
    f"""# Conventions at kinks and extremes
{MADE}
[한국어](conventions.ko.md)

Arithmetic is IEEE: an infinity or a NaN is a value like any other, and nothing is masked. Where a derivative
does not exist, one had to be chosen; `check` accepts it where it lies between the slopes on both sides. A
test computes each of these rows. The gradient that flows in is 1 unless a row says otherwise.

| call | value | gradient | |""",
    f"""# 꺾이는 점과 극단의 규약
{MADE}
[English](conventions.md)

산술은 IEEE를 따릅니다. 무한대와 NaN도 값이며 아무것도 가리지 않습니다. 미분이 없는 곳에서는 하나를 골라야
했고, `check`는 그 값이 양쪽 기울기 사이에 있으면 받아들입니다. 아래의 줄은 모두 테스트가 계산해 비교합니다.
따로 적지 않으면 흘러들어오는 그래디언트는 1입니다.

| 호출 | 값 | 그래디언트 | |""",
)
_NONE_FLOWS = Text("none flows", "흐르지 않음")
_FLOWS_IN = Text("{note}; the gradient that flows in is {seed}", "{note}. 흘러들어오는 그래디언트는 {seed}")


def conventions(language: str) -> str:
    """What operators give at kinks and extremes."""
    lines = [_CONVENTIONS.in_language(language), "|---|---|---|---|"]
    for kink in every_convention():
        gradient = kink.gradient_text or _NONE_FLOWS.in_language(language)
        note = cell(kink.kink.note.in_language(language))
        if kink.kink.seed != 1:
            note = _FLOWS_IN(note=note, seed=kink.kink.seed).in_language(language)
        lines.append(f"| `{cell(kink.call)}` | {kink.value_text} | {gradient} | {note} |")
    return "\n".join(lines) + "\n"


_ERRORS = Text(
    f"""# Errors
{MADE}
[한국어](errors.ko.md)

Every mistake in a scenario file has a stable code, a place, the line quoted with carets under the place,
and a hint where one can be told. All independent mistakes of a file are shown in one go, at most twenty,
the worst first: those that hide most of the file. What is wrong with an argument of the command line has
no code; both end with exit code 2, and an expectation that is not met (`expect-differs` and its like) with
1.""",
    f"""# 오류
{MADE}
[English](errors.md)

시나리오 파일의 실수는 저마다 종류의 이름과 자리를 알려 줍니다. 이름은 바뀌지 않습니다. 그 줄을 보여 주고
자리를 아래에 표시하며, 알아낼 수 있으면 힌트도 줍니다. 서로 무관한 실수는 한꺼번에 스무 개까지, 심한 것부터
보여 줍니다. 파일을 많이 가리는 것일수록 심한 것입니다. 명령줄의 인수가 잘못되었을 때는 이름이 없습니다. 둘 다
종료 코드 2로 끝나고, 기대한 수치가 나오지 않으면(`expect-differs` 등) 1로 끝납니다. `--lang ko`를 붙이면
오류가 한국어로 나옵니다.""",
)
_DECLARED = Text("(Declared in `{file}`.)", "(`{file}`에 있습니다.)")


def errors(language: str) -> str:
    """Every error code, the worst first, each with the shortest broken file."""
    lines = [_ERRORS.in_language(language)]
    rooms = _rooms()
    examples = _examples()
    for number, group in enumerate(in_language(one, language) for one in GROUPS):
        codes = [name for name in rooms if severity(name) == number]
        links = ", ".join(f"[{name}](#{name})" for name in codes)
        lines += ["", f"## {re.split('[:,.]', group)[0]}", "", group, "", links + "."]
        for name in codes:
            declared = _DECLARED(file=rooms[name]).in_language(language)
            meaning = in_language(CODES[name].meaning, language)
            lines += ["", f"### {name}", f"{meaning} {declared}", *_shown(examples.get(name), language)]
    return "\n".join(lines) + "\n"


def _rooms() -> dict[str, str]:
    """Every code, and the file that declares it."""
    engine = Path(backprop_engine.__file__).parent
    found: dict[str, str] = {}
    for path in sorted(engine.rglob("*.py")):
        names = re.findall(r'(?<![\w.])code\(\s*"([a-z-]+)"', path.read_text(encoding="utf-8"))
        if names:
            inside = path.relative_to(engine)
            import_module(".".join((engine.name, *inside.with_suffix("").parts)))
            found |= dict.fromkeys(names, inside.as_posix())
    return found


def _examples() -> dict[str, tuple[str, Diagnostic]]:
    """For each code a broken file and the first message about it: of all files that have few mistakes the
    shortest one.
    """
    best: dict[str, tuple[tuple[int, int, str], str, Diagnostic]] = {}
    with chdir(CORPUS):  # paths of data files count from the scenario's folder
        for path in sorted(Path().glob("*.yaml")):
            if path.stem != "expected":
                text, found = _mistakes(path.name, path.read_bytes())
                for one in reversed(found):
                    rank = (len(found), len(text), path.stem)
                    if one.code.name not in best or rank <= best[one.code.name][0]:
                        best[one.code.name] = (rank, text, one)
        for name, data in _UNMET.items():
            text, found = _mistakes("unmet.yaml", data)
            best[name] = ((0, 0, name), text, found[0])
        for name, wrong in _NO_FILE.items():
            try:
                load_scenario(wrong)
            except ScenarioError as error:
                best[name] = ((0, 0, name), "", error.diagnostics[0])
    return {name: (text, one) for name, (_, text, one) in best.items()}


_UNMET = {
    "expect-differs": b"inputs: {x: 3}\nnodes: {f: x * x}\nexpect: {grads: {x: 9}}\n",
    "expect-shape": b"inputs: {x: [1, 2]}\nnodes: {f: sum(x)}\nexpect: {grads: {x: 1}}\n",
    "expect-wrong": b"inputs: {x: 3}\nnodes: {f: x * x}\nexpect: {wrong: true, grads: {x: 6}}\n",
}
"""Files that load, and whose run is not what they expect."""
_NO_FILE = {"file-not-found": "one_wrod.yaml", "file-not-regular": "data"}
"""Paths of no file in the corpus."""


def _mistakes(name: str, data: bytes) -> tuple[str, list[Diagnostic]]:
    """The text of a broken file as a terminal may show it, and what is wrong with it."""
    text = Source(name, data.decode("utf-8", errors="replace").removeprefix("\ufeff"))
    shown = "\n".join(text.quoted(number + 1) for number in range(len(text.line_starts))).rstrip("\n")
    try:
        failures = verify(load_source(Source.from_bytes(name, data))).failures
    except ScenarioError as error:
        return shown, list(error.diagnostics)
    return shown, [failure.diagnostic for failure in failures]


def _shown(example: tuple[str, Diagnostic] | None, language: str) -> Iterator[str]:
    """A broken file and the message about it."""
    if example:
        text, diagnostic = example
        yield ""
        if text:
            yield from ("```yaml", *(_clipped(line) for line in text.split("\n")), "```")
        yield from ("```text", *diagnostic.in_language(language).split("\n"), "```")


def _clipped(line: str) -> str:
    return line if len(line) <= 110 else f"{line[:109]}…"


_NUMPY = Text(
    f"""# A run as a NumPy program
{MADE}
[한국어](numpy.ko.md)

The panel *Step* shows the equations of a step with its numbers; of step 28 of `rnn_cell`:

```text
{{formulas}}
```

It also shows the line of NumPy that does the same. All those lines in their order are a program that
computes what the run computes, and needs nothing but NumPy:

```python
from backprop_engine import load_scenario, numpy_program

print(numpy_program(load_scenario("scenarios/recurrent/shared_weights.yaml").record()))
```
```python
{{program}}
```

`dW` is the gradient of `W`. One that comes from a single place is set with `=`; one that is a sum begins at 0
and is added to with `+=`. Names are as short as they can be and still differ: `left_a` for `left.a` beside
`right.a`, `h_2` for `states[2].h`. What NumPy has no function for is defined at the top.

A training is a loop:

```python
print(numpy_program(load_scenario("scenarios/training/momentum.yaml").run()))
```
```python
{{training}}
```
""",
    f"""# NumPy 프로그램으로 옮긴 실행
{MADE}
[English](numpy.md)

*스텝* 패널은 스텝의 식을 숫자와 함께 보여 줍니다. `rnn_cell`의 28번째 스텝은 이렇습니다.

```text
{{formulas}}
```

이 패널은 같은 일을 하는 NumPy 코드 한 줄을 보여 줍니다. 그 줄들을 차례로 모으면 실행과 같은 값을 계산하는
프로그램이 되며, NumPy만 있으면 됩니다.

```python
from backprop_engine import load_scenario, numpy_program

print(numpy_program(load_scenario("scenarios/recurrent/shared_weights.yaml").record()))
```
```python
{{program}}
```

`dW`는 `W`의 그래디언트입니다. 한 곳에서만 오는 그래디언트는 `=`로 정하고, 여러 기여의 합인 그래디언트는 0에서
시작해 `+=`로 더합니다. 이름은 서로 구별되는 한 짧게 짓습니다. `right.a`도 있으면 `left.a`는 `left_a`가 되고,
`states[2].h`는 `h_2`가 됩니다. NumPy에 없는 함수는 맨 위에서 정의합니다.

학습은 반복문이 됩니다.

```python
print(numpy_program(load_scenario("scenarios/training/momentum.yaml").run()))
```
```python
{{training}}
```
""",
)


def numpy_page(language: str) -> str:
    """A step as formulas, a run as a program, and a training as a loop."""
    recurrent, shared, training = (
        load_scenario(FOLDER.parent / "scenarios" / f"{name}.yaml")
        for name in ("recurrent/rnn_cell", "recurrent/shared_weights", "training/momentum")
    )
    formulas = plain(formula_block(step_facts(recurrent.record().frame(28)), language, 90).lines)
    program, loop = numpy_program(shared.record()), numpy_program(training.run())
    return _NUMPY(formulas=formulas, program=program.rstrip(), training=loop.rstrip()).in_language(language)


_GLOSSARY = f"""# Glossary · 용어집
{MADE.replace("the tables of the engine", "docs/glossary.toml")}
The terms that the program uses in English and in Korean, always the same ones, and what each means here.

| English | 한국어 | meaning |
|---|---|---|"""
_NOT_THESE = """
In equations the upstream gradient is labelled 업스트림, for short, and the product 곱.

## Not these
A test looks for these words in everything that the program says.

| not | but |
|---|---|"""


def glossary() -> str:
    """The terms, and the words that are not used for them."""
    table = tomllib.loads((FOLDER / "glossary.toml").read_text(encoding="utf-8"))
    terms = [f"| {term['en']} | {term['ko']} | {term['meaning']} |" for term in table["term"]]
    instead = [
        f"| {', '.join(word.strip() for word in entry[key])} | {entry.get('say') or entry[key[4:]]} |"
        for entry in table["term"] + table["phrase"]
        for key in ("not_en", "not_ko")
        if key in entry
    ]
    return "\n".join([_GLOSSARY, *terms, _NOT_THESE, *instead]) + "\n"


PAGES: dict[str, Callable[[], str]] = {
    "glossary.md": glossary,
    "operators.md": partial(operators, "en"),
    "operators.ko.md": partial(operators, "ko"),
    "conventions.md": partial(conventions, "en"),
    "conventions.ko.md": partial(conventions, "ko"),
    "errors.md": partial(errors, "en"),
    "errors.ko.md": partial(errors, "ko"),
    "keys.md": partial(keys_page, "en"),
    "keys.ko.md": partial(keys_page, "ko"),
    "format.md": partial(file_format, "en"),
    "format.ko.md": partial(file_format, "ko"),
    "library.md": partial(library, "en"),
    "library.ko.md": partial(library, "ko"),
    "command-line.md": partial(command_line, "en"),
    "command-line.ko.md": partial(command_line, "ko"),
    "numpy.md": partial(numpy_page, "en"),
    "numpy.ko.md": partial(numpy_page, "ko"),
    "backprop-tui.1": partial(manual_page, "en"),
    "backprop-tui.ko.1": partial(manual_page, "ko"),
}


def main() -> None:
    """Write every page."""
    for name, made in PAGES.items():
        (FOLDER / name).write_text(made(), encoding="utf-8")
        print(FOLDER / name)


if __name__ == "__main__":
    main()
