"""The keys of a scenario file: the maps of the format, their keys, what each means and what its value is.

The loader knows its keys from here, and the JSON Schema for editors is made from here. Which settings stand
beside the keys of a form that is `open` is said by the tables of operators, of optimisers and of inits.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final, Literal, TypeAlias

from msgspec import Struct

from backprop_engine.messages.words import Words

__all__ = [
    "CARRIED",
    "CELL",
    "DATA_DTYPES",
    "DTYPES",
    "EXPECT",
    "EXPRESSION",
    "FANS",
    "FILE",
    "FILE_IN_ARCHIVE",
    "FILLED",
    "INIT_NAMES",
    "INIT_SETTINGS",
    "INSTANCE",
    "LANGUAGE",
    "MAX_DIGITS",
    "NODE_FORMS",
    "OPERATOR",
    "RANDOM",
    "SCAN",
    "SCENARIO",
    "TRAIN",
    "Form",
    "FormatKey",
    "ValueKind",
    "filled_keys",
    "form",
    "key",
]

ValueKind: TypeAlias = Literal[
    "text", "texts", "dtype", "leaves", "nodes", "cells", "path", "numbers", "expect", "train", "lines",
    "notes", "shape", "init", "number", "natural", "fan", "file", "array", "rows", "columns", "data-dtype",
    "operator", "operands", "expression", "cell", "arguments", "over", "carry", "operand", "names", "values",
    "gradients", "tolerance", "digits", "flag", "optimizer", "updates",
]  # fmt: skip
"""What can stand behind a key."""


class FormatKey(Struct, frozen=True):
    """A key: the kind of its value, what it means in one sentence, and whether it must be there."""

    name: str
    kind: ValueKind
    meaning: Words
    needed: bool = False


class Form(Struct, frozen=True):
    """A map with keys of its own; where it is `open`, settings from another table stand beside them."""

    meaning: Words
    keys: tuple[FormatKey, ...]
    names: tuple[str, ...]
    open: bool = False


def form(en: str, ko: str, *keys: FormatKey, open: bool = False) -> Form:
    """A form that means `en`, in Korean `ko`."""
    return Form(Words(en, ko), keys, tuple(key.name for key in keys), open)


def key(name: str, kind: ValueKind, en: str, ko: str, *, needed: bool = False) -> FormatKey:
    """A key that means `en`, in Korean `ko`."""
    return FormatKey(name, kind, Words(en, ko), needed)


# The whole

SCENARIO: Final = form(
    "A computational graph with its numbers.",
    "계산그래프와 그 수치입니다.",
    key(
        "title",
        "texts",
        "The title: a text, or a map from language to text.",
        "제목입니다. 텍스트 하나, 또는 언어별 텍스트를 씁니다.",
    ),
    key(
        "description",
        "texts",
        "What the scenario shows: a text, or a map from language to text.",
        "시나리오가 보여 주는 것입니다. 텍스트 하나, 또는 언어별 텍스트를 씁니다.",
    ),
    key("source", "text", "Where the example comes from.", "예제의 출처입니다."),
    key(
        "dtype",
        "dtype",
        "The floating type that the whole graph computes in; float64 unless given.",
        "계산그래프 전체를 계산하는 부동소수점 형식입니다. 생략하면 float64입니다.",
    ),
    key(
        "inputs",
        "leaves",
        "Leaves that are data; they get gradients.",
        "데이터인 리프 노드입니다. 그래디언트를 받습니다.",
    ),
    key(
        "params",
        "leaves",
        "Leaves that an optimiser updates; they get gradients.",
        "옵티마이저가 갱신하는 리프 노드입니다. 그래디언트를 받습니다.",
    ),
    key(
        "constants",
        "leaves",
        "Leaves that get no gradient: targets, masks, lists of indices.",
        "그래디언트를 받지 않는 리프 노드입니다. 정답, 마스크, 인덱스 목록 등입니다.",
    ),
    key(
        "nodes",
        "nodes",
        "Everything computed, in any order.",
        "계산하는 모든 노드입니다. 순서는 상관없습니다.",
        needed=True,
    ),
    key(
        "cells",
        "cells",
        "Reusable subgraphs, which nodes make instances of with `cell` or `scan`.",
        "다시 쓸 수 있는 부분 그래프입니다. 노드에서 `cell`이나 `scan`으로 인스턴스를 만듭니다.",
    ),
    key(
        "output",
        "path",
        "The node that the backward pass starts from; needed if more than one node feeds no other.",
        "역전파가 시작되는 노드입니다. 다른 노드로 이어지지 않는 노드가 둘 이상이면 꼭 씁니다.",
    ),
    key(
        "seed",
        "numbers",
        "The gradient that the backward pass starts with: 1 for a scalar output, required for any other.",
        "역전파를 시작할 때의 그래디언트입니다. 출력이 스칼라이면 1이고, 아니면 꼭 씁니다.",
    ),
    key(
        "expect",
        "expect",
        "Values and gradients that must come out: a block, or a list of blocks.",
        "나와야 하는 값과 그래디언트입니다. 블록 하나, 또는 블록의 목록입니다.",
    ),
    key(
        "train",
        "train",
        "How the parameters are updated, and how often.",
        "파라미터를 어떻게, 몇 번 갱신할지입니다.",
    ),
    key(
        "breakpoints",
        "lines",
        "Where the debugger stops, as typed at its prompt: `q`, `op relu`, `phase backward`.",
        "디버거가 멈출 곳입니다. 디버거의 프롬프트에 쓰는 대로 씁니다: `q`, `op relu`, `phase backward`.",
    ),
    key("watch", "lines", "Expressions that the debugger keeps in view.", "디버거가 계속 보여 줄 식입니다."),
    key(
        "notes",
        "notes",
        "Sentences shown when a node is reached, by the node's name.",
        "노드에 도달하면 보여 줄 문장입니다. 노드 이름별로 씁니다.",
    ),
)

DTYPES: Final[Mapping[str, Words]] = {
    "float64": Words("Double precision.", "배정밀도입니다."),
    "float32": Words("Single precision.", "단정밀도입니다."),
    "float16": Words("Half precision.", "반정밀도입니다."),
}

LANGUAGE: Final = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8})*")
"""A key of a text in several languages."""

# Nodes

_NOTE: Final = key(
    "note", "texts", "A sentence shown when the node is reached.", "노드에 도달하면 보여 줄 문장입니다."
)

OPERATOR: Final = form(
    "An operator, its operands by name, and its settings beside them.",
    "연산자 하나와 피연산자의 이름, 그 옆에 쓰는 설정입니다.",
    key("op", "operator", "The operator.", "연산자입니다.", needed=True),
    key(
        "inputs",
        "operands",
        "The operands in order: names of leaves and nodes, or numbers.",
        "피연산자를 순서대로 씁니다. 리프 노드나 노드의 이름, 또는 수입니다.",
    ),
    _NOTE,
    open=True,
)

EXPRESSION: Final = form(
    "An expression with a note.",
    "노트가 붙은 식입니다.",
    key(
        "expr",
        "expression",
        "What the node computes: `tanh(W @ x + b)`.",
        "노드가 계산하는 식입니다: `tanh(W @ x + b)`.",
        needed=True,
    ),
    _NOTE,
)

INSTANCE: Final = form(
    "An instance of a cell.",
    "셀의 인스턴스입니다.",
    key("cell", "cell", "The cell that this is an instance of.", "인스턴스로 만들 셀입니다.", needed=True),
    key(
        "inputs",
        "arguments",
        "What each input of the cell is given: a name, a number, or an expression.",
        "셀의 입력마다 줄 것입니다. 이름, 수, 또는 식입니다.",
    ),
    _NOTE,
)

SCAN: Final = form(
    "A cell unrolled over time: one instance for each entry along the first axis.",
    "시간을 따라 펼친 셀입니다. 첫째 축의 원소마다 인스턴스가 하나씩 생깁니다.",
    key("scan", "cell", "The cell that is unrolled.", "펼칠 셀입니다.", needed=True),
    key(
        "over",
        "over",
        "The cell's inputs that change with time, and the tensors whose first axis is time.",
        "시간에 따라 바뀌는 셀의 입력과, 첫째 축이 시간인 텐서입니다.",
        needed=True,
    ),
    key(
        "carry",
        "carry",
        "The cell's inputs that come from the instance before: `{h_prev: {init: h0, next: h}}`.",
        "이전 인스턴스에서 이어받는 셀의 입력입니다: `{h_prev: {init: h0, next: h}}`.",
    ),
    key(
        "inputs",
        "arguments",
        "The cell's inputs that are the same at all times.",
        "모든 시점에서 같은 셀의 입력입니다.",
    ),
    _NOTE,
)

NODE_FORMS: Final[Mapping[str, Form]] = {
    "op": OPERATOR,
    "expr": EXPRESSION,
    "cell": INSTANCE,
    "scan": SCAN,
}
"""The maps that can be a node, by the key that tells them apart."""

CARRIED: Final = form(
    "How an input is carried from instance to instance.",
    "입력을 인스턴스에서 다음 인스턴스로 이어 주는 방법입니다.",
    key("init", "operand", "What the first instance is given.", "첫 인스턴스에 줄 것입니다.", needed=True),
    key(
        "next",
        "path",
        "The node of the cell that the next instance is given.",
        "다음 인스턴스에 줄 셀의 노드입니다.",
        needed=True,
    ),
)

CELL: Final = form(
    "A subgraph: what it takes in, what it computes, and what others may use of it.",
    "부분 그래프입니다. 받는 것, 계산하는 것, 밖에서 쓸 수 있는 것을 씁니다.",
    key("inputs", "names", "The names of what an instance is given.", "인스턴스가 받는 것의 이름입니다."),
    key(
        "nodes",
        "nodes",
        "What an instance computes; other names are those of the top level, so weights are shared.",
        "인스턴스가 계산하는 것입니다. 그 밖의 이름은 최상위의 이름이므로 가중치를 공유합니다.",
        needed=True,
    ),
    key(
        "outputs",
        "names",
        "The nodes that others may use, as `NAME.h`.",
        "밖에서 `NAME.h`로 쓸 수 있는 노드입니다.",
        needed=True,
    ),
)

# Expectations

EXPECT: Final = form(
    "Figures that must come out, and how close.",
    "나와야 하는 수치와 허용 오차입니다.",
    key(
        "iteration",
        "natural",
        "With `train`: the iteration that the figures are from; 0 unless given.",
        "`train`이 있을 때, 수치가 나오는 반복입니다. 생략하면 0입니다.",
    ),
    key("values", "values", "Values that must come out, by name.", "나와야 하는 값을 이름별로 씁니다."),
    key(
        "grads",
        "gradients",
        "Gradients that must come out, by name: numbers, or a formula with `grad(NAME)`.",
        "나와야 하는 그래디언트를 이름별로 씁니다. 수, 또는 `grad(NAME)`을 쓴 식입니다.",
    ),
    key(
        "rtol",
        "tolerance",
        "How far off a figure may be, as a part of itself; 1e-9 unless given.",
        "허용하는 상대 오차입니다. 생략하면 1e-9입니다.",
    ),
    key(
        "atol",
        "tolerance",
        "How far off a figure may be in any case; 1e-12 unless given.",
        "허용하는 절대 오차입니다. 생략하면 1e-12입니다.",
    ),
    key(
        "digits",
        "digits",
        "How many digits behind the point the figures are rounded to; in place of `rtol` and `atol`.",
        "소수점 아래 몇 자리로 반올림한 수치인지입니다. `rtol`과 `atol` 대신 씁니다.",
    ),
    key(
        "wrong",
        "flag",
        "Whether this is a known mistake: at least one of the figures must not come out.",
        "알려진 실수인지입니다. `true`이면 수치 가운데 적어도 하나는 나오지 않아야 합니다.",
    ),
)

MAX_DIGITS: Final = 300

# Training

TRAIN: Final = form(
    "An optimiser, its settings, and how many updates it makes.",
    "옵티마이저와 그 설정, 갱신 횟수입니다.",
    key("optimizer", "optimizer", "The optimiser.", "옵티마이저입니다.", needed=True),
    key(
        "steps",
        "updates",
        "How many updates there are; one last forward pass follows.",
        "갱신 횟수입니다. 마지막에 순전파를 한 번 더 합니다.",
        needed=True,
    ),
    open=True,
)


FILLED: Final = form(
    "A tensor filled by a rule, such as `{shape: [2, 3], init: zeros}`.",
    "규칙으로 채운 텐서입니다. 예: `{shape: [2, 3], init: zeros}`.",
    key(
        "shape",
        "shape",
        "The sizes of the axes: `[2, 3]`, `[3]` for a vector, `[]` for a scalar.",
        "축의 크기입니다. `[2, 3]`처럼 쓰고, 벡터는 `[3]`, 스칼라는 `[]`입니다.",
        needed=True,
    ),
    key("init", "init", "How the tensor is filled.", "텐서를 채우는 방법입니다.", needed=True),
    open=True,
)

INIT_NAMES: Final[Mapping[str, Words]] = {
    "zeros": Words("Zeros.", "0으로 채웁니다."),
    "ones": Words("Ones.", "1로 채웁니다."),
    "eye": Words("A matrix with ones on its diagonal.", "대각선이 1인 행렬입니다."),
    "arange": Words("0, 1, 2, … row by row.", "0, 1, 2, …를 행을 따라 채웁니다."),
    "constant": Words("One number everywhere: `value`.", "같은 수 `value`로 채웁니다."),
    "normal": Words(
        "Normally distributed, with `mean` and `std`.", "`mean`과 `std`를 따르는 정규분포입니다."
    ),
    "uniform": Words(
        "Uniformly distributed from `low` up to `high`.", "`low`부터 `high`까지의 균등분포입니다."
    ),
    "xavier_uniform": Words(
        "Uniform in ±√(6 / (fan_in + fan_out)).", "±√(6 / (fan_in + fan_out)) 안의 균등분포입니다."
    ),
    "xavier_normal": Words(
        "Normal, with the standard deviation √(2 / (fan_in + fan_out)).",
        "표준편차가 √(2 / (fan_in + fan_out))인 정규분포입니다.",
    ),
    "he_uniform": Words("Uniform in ±√(6 / fan_in).", "±√(6 / fan_in) 안의 균등분포입니다."),
    "he_normal": Words(
        "Normal, with the standard deviation √(2 / fan_in).", "표준편차가 √(2 / fan_in)인 정규분포입니다."
    ),
}

INIT_SETTINGS: Final[Mapping[str, FormatKey]] = {
    key.name: key
    for key in (
        key("value", "number", "The number that fills the tensor.", "텐서를 채울 수입니다."),
        key("mean", "number", "The mean of the distribution.", "분포의 평균입니다."),
        key("std", "number", "The standard deviation of the distribution.", "분포의 표준편차입니다."),
        key("low", "number", "The lower bound of the distribution.", "분포의 하한입니다."),
        key("high", "number", "The upper bound of the distribution.", "분포의 상한입니다."),
    )
}

RANDOM: Final = form(
    "What random inits take besides.",
    "무작위로 채울 때 함께 쓰는 키입니다.",
    key(
        "seed",
        "natural",
        "The seed of the random numbers, so that every run draws the same.",
        "난수의 시드입니다. 실행할 때마다 같은 수가 나옵니다.",
        needed=True,
    ),
)

FANS: Final = form(
    "What inits take that count a unit's connections.",
    "유닛의 연결 수를 세는 초기화에 쓰는 키입니다.",
    key(
        "fan",
        "fan",
        "`transposed` for a weight that stands on the right of a product: fan_in and fan_out change places.",
        "곱의 오른쪽에 놓이는 가중치에는 `transposed`라고 씁니다. fan_in과 fan_out이 서로 바뀝니다.",
    ),
)

_FILE_KEYS: Final = (
    key(
        "file",
        "file",
        "A `.csv`, `.npy` or `.npz` file in the scenario's folder or below it.",
        "시나리오의 폴더나 그 아래에 있는 `.csv`, `.npy`, `.npz` 파일입니다.",
        needed=True,
    ),
    key(
        "rows",
        "rows",
        'Which rows, counted from 0: a slice such as `"0:32"`, a list, or one number.',
        '몇째 행인지 0부터 세어 씁니다. `"0:32"` 같은 슬라이스, 목록, 또는 수 하나입니다.',
    ),
    key(
        "columns",
        "columns",
        "Which columns, by number from 0 or by name; a single one gives a vector.",
        "어느 열인지 0부터 센 번호나 이름으로 씁니다. 하나만 쓰면 벡터가 됩니다.",
    ),
    key(
        "dtype",
        "data-dtype",
        "`int` where the file must hold whole numbers.",
        "파일에 정수만 있어야 하면 `int`라고 씁니다.",
    ),
)
FILE: Final = form(
    "Numbers from a file, such as `{file: data/iris.csv, columns: [0, 1]}`.",
    "파일에서 읽는 수입니다. 예: `{file: data/iris.csv, columns: [0, 1]}`.",
    *_FILE_KEYS,
)
FILE_IN_ARCHIVE: Final = form(
    "Numbers from an `.npz` file, such as `{file: data/points.npz, key: X}`.",
    "`.npz` 파일에서 읽는 수입니다. 예: `{file: data/points.npz, key: X}`.",
    _FILE_KEYS[0],
    key(
        "key",
        "array",
        "Which array of the `.npz` file.",
        "`.npz` 파일에 있는 배열의 이름입니다.",
        needed=True,
    ),
    *_FILE_KEYS[1:],
)

DATA_DTYPES: Final[Mapping[str, Words]] = {
    "int": Words("Whole numbers; anything else is refused.", "정수만 읽고, 아니면 거부합니다."),
    "float": Words("Numbers as they are.", "수를 그대로 읽습니다."),
}


def filled_keys(settings: Iterable[str], *, random: bool, fans: bool) -> tuple[str, ...]:
    """The keys of a leaf whose init has these `settings`, is `random`, and counts connections (`fans`)."""
    return (*FILLED.names, *settings, *(RANDOM.names if random else ()), *(FANS.names if fans else ()))
