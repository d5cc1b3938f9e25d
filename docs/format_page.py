"""The reference of the format of scenario files: every key, from the tables that the loader reads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from bilingual import MADE, Text, cell

from backprop_engine.messages.message import Message, in_language
from backprop_engine.optim import OPTIMIZERS, SCHEDULES, Setting
from backprop_engine.scenario.format import (
    ASK,
    ASKED_BEFORE,
    BATCH,
    CARRIED,
    CELL,
    DATA_DTYPES,
    DTYPES,
    EXPECT,
    EXPRESSION,
    FANS,
    FILE,
    FILE_IN_ARCHIVE,
    FILLED,
    INIT_NAMES,
    INIT_SETTINGS,
    INSTANCE,
    NOTE,
    OPERATOR,
    OWN_OPERATOR,
    PHASES,
    RANDOM,
    RUNNING,
    SCAN,
    SCENARIO,
    SCHEDULE,
    TRAIN,
    Form,
    FormatKey,
)
from backprop_engine.scenario.leaves.initializers import INITS

_HEAD = Text(
    f"""# The format of a file
{MADE}
[한국어](format.ko.md) · [Writing scenarios](scenarios.md) · [Operators](operators.md) · [Errors](errors.md)

Every key that a scenario file can have. [Writing scenarios](scenarios.md) explains them with examples;
`backprop-tui schema` gives the same as a JSON Schema, with which an editor completes and checks. A key in
**bold** must be there.""",
    f"""# 파일 형식
{MADE}
[English](format.md) · [시나리오 쓰기](scenarios.ko.md) · [연산자](operators.ko.md) · [오류](errors.ko.md)

시나리오 파일에 쓸 수 있는 모든 키입니다. 예제와 함께 하는 설명은 [시나리오 쓰기](scenarios.ko.md)에 있습니다.
`backprop-tui schema --lang ko`는 같은 것을 JSON Schema로 주며, 편집기는 이것으로 자동 완성하고 검사합니다.
**굵은** 키는 꼭 있어야 합니다.""",
)
_KEYS = Text("| key | |", "| 키 | |")
_NAMES = Text("| name | |", "| 이름 | |")
_SETTINGS = Text("| name | settings | |", "| 이름 | 설정 | |")
_REQUIRED = Text("required", "필수")

FORMS: Mapping[Text, tuple[Form, ...]] = {
    Text("The file", "파일"): (SCENARIO,),
    Text("Leaves: filled by a rule", "리프 노드: 규칙으로 채우기"): (FILLED, RANDOM, FANS),
    Text("Leaves: from a file", "리프 노드: 파일에서"): (FILE, FILE_IN_ARCHIVE),
    Text("Nodes: an expression", "노드: 수식"): (EXPRESSION,),
    Text("Nodes: an operator", "노드: 연산자"): (OPERATOR,),
    Text("Nodes: an instance of a cell", "노드: 셀의 인스턴스"): (INSTANCE,),
    Text("Nodes: a cell over time", "노드: 시간을 따라 펼친 셀"): (SCAN, CARRIED),
    Text("Cells", "셀"): (CELL,),
    Text("Operators of the file", "파일의 연산자"): (OWN_OPERATOR,),
    Text("Expectations", "기대하는 수치"): (EXPECT,),
    Text("Training", "학습"): (TRAIN, BATCH, SCHEDULE, RUNNING),
    Text("Notes", "노트"): (NOTE,),
    Text("Questions", "질문"): (ASK,),
}
"""The maps of a file, by the heading that each stands under."""

_CHOICES: Mapping[Text, Mapping[str, Message]] = {
    Text("`dtype`", "`dtype`"): DTYPES,
    Text("`dtype` of data", "데이터의 `dtype`"): DATA_DTYPES,
    Text("`phase` of a note", "노트의 `phase`"): PHASES,
    Text("`when` of a question", "질문의 `when`"): ASKED_BEFORE,
}


def file_format(language: str) -> str:
    """The page."""
    return "\n".join(_lines(language)) + "\n"


def _lines(language: str) -> Iterator[str]:
    yield _HEAD.in_language(language)
    for heading, forms in FORMS.items():
        yield from ("", f"## {heading.in_language(language)}")
        for form in forms:
            yield from ("", in_language(form.meaning, language), "", _KEYS.in_language(language), "|---|---|")
            yield from (_row(key, language) for key in form.keys)
    yield from ("", f"## {Text('Names to choose from', '고를 수 있는 이름').in_language(language)}")
    for title, choices in _CHOICES.items():
        yield from ("", f"### {title.in_language(language)}", "", _NAMES.in_language(language), "|---|---|")
        yield from (f"| `{name}` | {cell(in_language(said, language))} |" for name, said in choices.items())
    yield from ("", "### `init`", "", _SETTINGS.in_language(language), "|---|---|---|")
    for name, said in INIT_NAMES.items():
        init = INITS[name]
        keys = [*init.settings, *(RANDOM.names if init.random else ()), *(FANS.names if init.fans else ())]
        yield _choice(name, ", ".join(f"`{key}`" for key in keys), in_language(said, language))
    yield from ("", _NAMES.in_language(language), "|---|---|")
    yield from (_row(key, language) for key in INIT_SETTINGS.values())
    yield from ("", "### `optimizer`", "", _SETTINGS.in_language(language), "|---|---|---|")
    for name, optimizer in OPTIMIZERS.items():
        yield _choice(name, _settings(optimizer.settings, language), optimizer.lesson.in_language(language))
    yield from ("", "### `kind`", "", _SETTINGS.in_language(language), "|---|---|---|")
    for name, kind in SCHEDULES.items():
        yield _choice(name, _settings(kind.settings, language), kind.lesson.in_language(language))


def _row(key: FormatKey, language: str) -> str:
    name = f"**`{key.name}`**" if key.needed else f"`{key.name}`"
    return f"| {name} | {cell(in_language(key.meaning, language))} |"


def _choice(name: str, settings: str, said: str) -> str:
    return f"| `{name}` | {settings} | {cell(said)} |"


def _settings(settings: tuple[Setting, ...], language: str) -> str:
    """The settings with their defaults."""
    required = _REQUIRED.in_language(language)
    return ", ".join(
        f"`{one.name}`" + (f" ({required})" if one.default is None else f" = {_default(one.default)}")
        for one in settings
    )


def _default(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
