"""The pages `docs/keys.md` and `docs/keys.ko.md`, made from the tables of commands and keys."""

from __future__ import annotations

from collections.abc import Iterator

from backprop_engine.debugger.anomalies import ANOMALIES
from backprop_engine.debugger.breakpoints import PHASES
from backprop_engine.debugger.conditions import SUBJECTS
from backprop_engine.messages.words import Words
from backprop_tui.commands import COMMANDS, CommandRow, key_text
from backprop_tui.panels.tensor_keys import KEYS
from backprop_tui.signs import SIGNS
from backprop_tui.texts import text

__all__ = ["keys_page"]

_HEAD = Words(
    """# Keys and commands
<!-- Made by docs/build.py from the table of commands; change that. -->
[한국어](keys.ko.md)

Every command has a key, a name at the prompt, or both, and stands in the palette (`Ctrl+P`). The prompt opens
with `:`; Tab completes there, and the arrows go through what was typed before. The same names are understood
by `backprop-tui run SCENARIO -x "b op relu; c; p grad(W)"` and by `--commands FILE`, which print what each
shows; [sessions](sessions/README.md) has ten of them. The beginning of a name does where no other begins so,
and the names of gdb, PuDB and WinDbg work where they mean the same.

| key | typed | does |
|---|---|---|""",
    """# 키와 명령
<!-- Made by docs/build.py from the table of commands; change that. -->
[English](keys.md)

명령마다 키나 명령줄의 이름, 또는 둘 다 있고 모두 팔레트(`Ctrl+P`)에 있습니다. 명령줄은 `:`로 엽니다. 거기서
Tab은 이름을 완성하고 화살표는 지난 명령을 찾습니다. 같은 이름을 화면 없이도 쓸 수 있습니다.
`backprop-tui run SCENARIO -x "b op relu; c; p grad(W)"`나 `--commands FILE`은 각 명령이 보여 주는 것을
출력하며, [세션](sessions/README.md)에 예가 열 개 있습니다. 다른 이름과 겹치지 않으면 이름의 앞부분만 써도
되고, gdb, PuDB, WinDbg의 이름도 뜻이 같으면 통합니다.

| 키 | 명령줄 | 하는 일 |
|---|---|---|""",
)

_SIGNS = Words(
    """
## Signs

| sign | means |
|---|---|""",
    """
## 기호

| 기호 | 뜻 |
|---|---|""",
)

_PLACES = Words(
    """
## Places
A breakpoint stops at the position after a step of its node, or one that sets its gradient. `break`, `tbreak`,
`go` and `find` take the same places:

| place | is |
|---|---|
| `q` | the steps about a node; `states[2].h`, `states[-1].h` for one in a cell |
| `op relu` | the steps about nodes with this operator |
| `group states[2]` | where the run enters an instance of a cell, forward and backward |""",
    """
## 곳
중단점은 그 노드의 스텝 뒤, 또는 그 그래디언트가 정해진 뒤의 위치에서 멈춥니다. `break`, `tbreak`, `go`,
`find`에는 같은 곳을 씁니다.

| 곳 | 뜻 |
|---|---|
| `q` | 노드에 대한 스텝. 셀 안의 노드는 `states[2].h`, `states[-1].h` |
| `op relu` | 이 연산자를 쓰는 노드에 대한 스텝 |
| `group states[2]` | 순전파와 역전파에서 이 인스턴스로 들어가는 곳 |""",
)

_TROUBLES = Words(
    """
A trouble is found where it arises, forward or backward, not where it is first seen:

| trouble | what a hit means | what people do about it |
|---|---|---|""",
    """
문제는 처음 보이는 곳이 아니라 순전파나 역전파에서 생기는 곳에서 찾습니다.

| 문제 | 멈췄을 때의 뜻 | 흔히 하는 일 |
|---|---|---|""",
)

_CONDITIONS = Words(
    """
Behind a place, or alone, `if` gives a condition in the language of scenarios: `q if norm(grad) < 1e-6`,
`if max(abs(product)) > 100`. It is about {subjects}
of the step, and about nodes and `grad(NODE)` by name, and holds where it is true in any cell.""",
    """
곳의 뒤에, 또는 홀로 `if`를 쓰면 조건이 됩니다. 시나리오의 식으로 `q if norm(grad) < 1e-6`,
`if max(abs(product)) > 100`처럼 씁니다. 스텝의 {subjects}와,
이름으로 쓴 노드와 `grad(노드)`에 대한 식이며, 어느 원소에서든 참이면 걸립니다.""",
)

_SETTINGS = Words(
    """
## Settings
The app reads one file, `backprop-tui/settings.toml`, in the platform's folder for such files:
`$XDG_CONFIG_HOME` or `~/.config` on Linux, `~/Library/Application Support` on macOS, `%APPDATA%` on Windows.
Language and theme are written there when they are chosen in the palette. Under `[keys]`, a command gets other
keys, which take the place of all that it has:

```toml
language = "ko"
theme = "backprop-light"

[keys]
step = ["j", "right"]
back = ["k", "left"]
```

The commands are called {names}.""",
    """
## 설정
앱은 플랫폼의 설정 폴더에 있는 `backprop-tui/settings.toml` 하나를 읽습니다. Linux에서는
`$XDG_CONFIG_HOME`이나 `~/.config`, macOS에서는 `~/Library/Application Support`, Windows에서는
`%APPDATA%`입니다. 팔레트에서 고른 언어와 테마가 여기에 저장됩니다. `[keys]` 아래에는 명령의 키를 바꾸어
적으며, 그 명령의 원래 키를 모두 대신합니다.

```toml
language = "ko"
theme = "backprop-light"

[keys]
step = ["j", "right"]
back = ["k", "left"]
```

명령의 이름은 {names}입니다.""",
)


_VIEWER = Words(
    """
## Tensors
`Enter` opens the tensors of the chosen node, or, from the chain rule, the product of the step; there:

| key | does |
|---|---|""",
    """
## 텐서
`Enter`는 고른 노드의 텐서를, 연쇄법칙 패널에서는 이 스텝의 곱을 엽니다. 그 화면의 키는 다음과 같습니다.

| 키 | 하는 일 |
|---|---|""",
)
_PASS = Words("where a pass begins", "순전파, 역전파, 갱신이 시작되는 곳")
_BOUND = Words("BOUND", "한계값")


def keys_page(language: str) -> str:
    """The whole page."""
    lines = [_HEAD.in_language(language), *(_row(one, language) for one in COMMANDS)]
    lines += ["", f"{text('help.scroll', language)}.", *_signs(language)]
    lines += [_PLACES.in_language(language), *_phases(language)]
    lines += [_TROUBLES.in_language(language), *_troubles(language)]
    subjects = ", ".join(f"`{one}`" for one in SUBJECTS)
    lines.append(_CONDITIONS.in_language(language).format(subjects=subjects))
    lines += [_VIEWER.in_language(language), *_viewer(language)]
    names = ", ".join(f"`{one.name}`" for one in COMMANDS)
    lines.append(_SETTINGS.in_language(language).format(names=names))
    return "\n".join(lines) + "\n"


def _signs(language: str) -> Iterator[str]:
    """What the signs on the screen mean."""
    yield _SIGNS.in_language(language)
    for sign, _, key in SIGNS:
        yield f"| {_code(sign)} | {_cell(text(key, language))} |"


def _viewer(language: str) -> Iterator[str]:
    """The keys of the viewer of tensors."""
    for key in KEYS:
        keys = " ".join(map(_code, key.shown.split()))
        yield f"| {keys} | {text(f'tensor.key.{key.name}.help', language)} |"


def _row(command: CommandRow, language: str) -> str:
    keys = " ".join(_code(key_text(key)) for key in command.keys)
    usage = command.usage.in_language(language)
    typed = ", ".join([_code(usage), *map(_code, command.prompt[1:])]) if command.prompt else ""
    return f"| {keys} | {typed} | {_cell(command.help(language))} |"


def _phases(language: str) -> Iterator[str]:
    yield f"| {', '.join(_code(f'phase {one}') for one in PHASES)} | {_PASS.in_language(language)} |"


def _troubles(language: str) -> Iterator[str]:
    for name, trouble in ANOMALIES.items():
        typed = _code(f"{name} {_BOUND.in_language(language)}" if trouble.bound else name)
        meaning, advice = (_cell(one.in_language(language)) for one in (trouble.meaning, trouble.advice))
        yield f"| {typed} | {meaning} | {advice} |"


def _code(text: str) -> str:
    return f"`{_cell(text)}`"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
