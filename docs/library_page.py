"""The reference of the library: every public name, as its signature and docstring say it."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterator
from functools import cached_property
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from bilingual import MADE, Text, cell

import backprop_engine

_MADE = MADE.replace("the tables of the engine", "docstrings")
_HEAD = Text(
    f"""# The library
{_MADE}
[한국어](library.ko.md) · [Cookbook](cookbook.md) · [How it works inside](inside.md)

The public interface, which stays the same from version to version. `backprop_engine` needs NumPy and no
terminal; every example below is run by a test. Every mistake of a caller is a `BackpropError`.""",
    f"""# 라이브러리
{_MADE}
[English](library.md) · [쿡북](cookbook.ko.md) · [안에서 일어나는 일](inside.ko.md)

직접 짠 프로그램에서 쓸 수 있는 모든 것이며, 버전이 바뀌어도 그대로입니다. `backprop_engine`에는 NumPy만
있으면 되고 터미널은 없어도 됩니다. 아래 예제는 모두 테스트가 실행합니다. 호출하는 쪽의 실수는 모두
`BackpropError`입니다. 자세한 설명은 [영어 문서](library.md)에 있습니다.""",
)

GROUPS: dict[Text, dict[str, str]] = {
    Text("Graphs and runs", "그래프와 실행"): {
        "backprop_engine.load_scenario": "파일이나 글, 또는 dict에서 시나리오를 읽습니다.",
        "backprop_engine.make_graph": "수식의 dict로 그래프를 만듭니다.",
        "backprop_engine.record": "그래프의 순전파와 역전파를 계산해 기록합니다.",
        "backprop_engine.explanation": "스텝 하나를 몇 문장으로 설명합니다.",
        "backprop_engine.Scenario": "시나리오: 그래프와 그 수, 노트, 기대하는 수치.",
        "backprop_engine.Graph": "노드와 간선, 그리고 역전파가 시작되는 출력.",
        "backprop_engine.Node": "리프 노드나 수, 또는 연산의 결과.",
        "backprop_engine.Kind": "노드의 종류.",
        "backprop_engine.Bindings": "실행의 입력: 리프 노드마다 텐서 하나, 그리고 시드.",
        "backprop_engine.Run": "학습의 반복들. 학습이 없으면 하나입니다.",
        "backprop_engine.Trace": "기록된 실행: 모든 값과 기여분.",
        "backprop_engine.Frame": "스텝 k 뒤의 상태. 아직 없는 것은 `None`입니다.",
        "backprop_engine.ValueEdit": "노드의 값을 다른 값으로 바꿉니다.",
        "backprop_engine.GradientEdit": "완성된 그래디언트를 다른 것으로 바꿉니다.",
        "backprop_engine.GraphBuilder": "노드를 하나씩 더해 그래프를 만듭니다.",
    },
    Text("Checking gradients", "그래디언트 검사"): {
        "backprop_engine.check": "실행의 모든 그래디언트를 수치 미분과 비교합니다.",
        "backprop_engine.check_function": "직접 쓴 역전파 함수를 검사합니다.",
        "backprop_engine.check_operator": "연산자의 규칙을 모두 검사합니다.",
        "backprop_engine.CheckReport": "`check`의 결과. 모두 맞으면 참입니다.",
        "backprop_engine.GradientReport": "`check_function`과 `check_operator`의 결과.",
        "backprop_engine.testing.assertions.assert_gradients": "테스트에서 그래디언트를 비교합니다.",
    },
    Text("Operators", "연산자"): {
        "backprop_engine.OPS": "모든 연산자를 이름으로.",
        "backprop_engine.define": "연산자를 직접 정의합니다.",
        "backprop_engine.undefine": "직접 정의한 연산자를 없앱니다.",
    },
    Text("Programs", "프로그램"): {
        "backprop_engine.numpy_program": "실행을 NumPy 프로그램으로 옮깁니다.",
        "backprop_engine.pytorch_program": "반복 하나를 PyTorch 프로그램으로 옮깁니다.",
    },
    Text("The debugger, PyTorch and JAX", "디버거, PyTorch와 JAX"): {
        "backprop_tui.debug": "그래프나 실행을 디버거에서 엽니다.",
        "backprop_tui.torch.record": "PyTorch 실행을 기록합니다.",
        "backprop_tui.torch.from_torch": "PyTorch 모델을 시나리오로 씁니다.",
        "backprop_tui.jax.record": "JAX 실행을 기록합니다.",
    },
    Text("Errors", "오류"): {
        "backprop_engine.BackpropError": "사용자가 일으킬 수 있는 모든 오류의 기반 클래스.",
        "backprop_engine.ScenarioError": "쓸 수 없는 시나리오. 찾은 실수를 담고 있습니다.",
        "backprop_engine.ShapeError": "연산자가 받을 수 없는 형상.",
        "backprop_engine.UsageError": "없는 이름이나 맞지 않는 인수.",
    },
}
"""Every public name in its group, and what it is in Korean; English is said by its docstring."""


class _Public:
    """A public name, and the syntax tree of its definition: nothing is imported for it but our own."""

    def __init__(self, path: str) -> None:
        self.module, _, self.name = path.rpartition(".")
        self.tree = self._found()

    def _found(self) -> ast.FunctionDef | ast.ClassDef | None:
        spec = find_spec(self._home)
        assert spec is not None
        assert spec.origin is not None
        tree = ast.parse(Path(spec.origin).read_text("utf-8"))
        for node in _Spelled(tree).visit(tree).body:
            if isinstance(node, ast.FunctionDef | ast.ClassDef) and node.name == self.name:
                return node
        return None

    @property
    def _home(self) -> str:
        """The module that defines it."""
        if self.module in ("backprop_tui.torch", "backprop_tui.jax"):  # neither is there where pages are made
            return f"{self.module}.{import_module(self.module).HOMES[self.name]}"
        return str(getattr(self._value, "__module__", self.module))

    @property
    def _value(self) -> Any:
        return getattr(import_module(self.module), self.name)

    @cached_property
    def documentation(self) -> str:
        """Its docstring."""
        if self.tree is None:
            return inspect.getdoc(type(self._value)) or ""
        return ast.get_docstring(self.tree) or ""

    @property
    def signature(self) -> str:
        """How it is called; of a class, nothing."""
        return f"{self.name}{_arguments(self.tree)}" if isinstance(self.tree, ast.FunctionDef) else ""

    def members(self) -> Iterator[tuple[str, str]]:
        """The public methods and properties of a class, and the first sentence on each."""
        for node in self.tree.body if isinstance(self.tree, ast.ClassDef) else ():
            if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
                said = (ast.get_docstring(node) or "").partition("\n\n")[0]
                words = {word.id for word in node.decorator_list if isinstance(word, ast.Name)}
                is_property = bool(words & {"property", "cached_property"})
                yield node.name + ("" if is_property else _arguments(node, short=True)), said


class _Spelled(ast.NodeTransformer):
    """Puts what a module's private types and its constants stand for in the place of their names."""

    def __init__(self, module: ast.Module) -> None:
        self.meanings = {
            node.target.id: node.value
            for node in module.body
            if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value
            if node.target.id.startswith("_") or node.target.id.isupper()
        }

    def visit_Name(self, node: ast.Name) -> ast.expr:
        meaning = self.meanings.get(node.id)
        return node if meaning is None or not isinstance(node.ctx, ast.Load) else meaning


def _arguments(node: ast.FunctionDef, *, short: bool = False) -> str:
    """The arguments of a function, without `self`; in `short` without their types and its result."""
    arguments = ast.parse(ast.unparse(node)).body[0]
    assert isinstance(arguments, ast.FunctionDef)
    given = arguments.args
    given.args = [one for one in given.args if one.arg not in ("self", "cls")]
    if short:
        for one in (*given.posonlyargs, *given.args, *given.kwonlyargs, given.vararg, given.kwarg):
            if one is not None:
                one.annotation = None
        return f"({ast.unparse(given)})"
    whole = f"({ast.unparse(given)})"
    result = f" -> {ast.unparse(node.returns)}" if node.returns else ""
    if len(node.name + whole + result) <= 100:
        return whole + result
    lines = ast.unparse(given).replace(", *, ", ",\n    *,\n    ")
    return f"(\n    {_broken(lines)}\n){result}"


def _broken(arguments: str) -> str:
    """An argument a line; commas within brackets belong to types."""
    depth, lines = 0, [""]
    for character in arguments:
        depth += (character in "([{") - (character in ")]}")
        if character == "," and depth == 0:
            lines.append("")
        else:
            lines[-1] += character
    return ",\n    ".join(re.sub(r"^(\w+: .*?)=(?=[^=]*$)", r"\1 = ", line.strip()) for line in lines)


def _prose(documentation: str) -> Iterator[tuple[bool, str]]:
    """The paragraphs of a docstring as Markdown, and whether each is an example."""
    for part in re.split(r"\n\s*\n(?=\S)", documentation):
        if part.startswith(">>> "):
            shown = re.sub(r"  # doctest: .*|^<BLANKLINE>$", "", part, flags=re.M)
            yield True, f"```pycon\n{shown}\n```"
        else:
            text = re.sub(r"``(.+?)``", r"`\1`", part, flags=re.S)
            yield False, re.sub(r"::(?=\n|$)", ":", text)


def library(language: str) -> str:
    """The page."""
    lines = [_HEAD.in_language(language)]
    for group, names in GROUPS.items():
        lines += ["", f"## {group.in_language(language)}"]
        for path, korean in names.items():
            lines += ["", *_entry(_Public(path), korean if language == "ko" else "")]
    return "\n".join(lines) + "\n"


def _entry(public: _Public, said: str) -> Iterator[str]:
    yield f"### {public.name}"
    yield f"`from {public.module} import {public.name}`"
    if public.signature:
        yield from ("", "```python", public.signature, "```")
    if said:
        yield from ("", said)
    for is_example, paragraph in _prose(public.documentation):
        if is_example or not said:
            yield from ("", paragraph)
    members = list(public.members())
    if members and not said:
        yield from ("", "| | |", "|---|---|")
        yield from (f"| `{cell(name)}` | {cell(re.sub(r'``', '`', text))} |" for name, text in members)
    elif members:
        yield from ("", ", ".join(f"`{name}`" for name, _ in members))


def public_names() -> list[str]:
    """The names on the page."""
    return [path for names in GROUPS.values() for path in names]


ALL = tuple(f"backprop_engine.{name}" for name in backprop_engine.__all__)
