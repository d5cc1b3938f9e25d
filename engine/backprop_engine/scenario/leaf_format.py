"""The keys of leaves that are maps: those that a rule fills, and those whose numbers are in a file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from backprop_engine.messages.words import Words
from backprop_engine.scenario.form import Key, form, key

__all__ = [
    "DATA_DTYPES", "FANS", "FILE", "FILE_IN_ARCHIVE", "FILLED", "INIT_NAMES", "INIT_SETTINGS", "RANDOM",
    "filled_keys",
]  # fmt: skip

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

INIT_SETTINGS: Final[Mapping[str, Key]] = {
    one.name: one
    for one in (
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
