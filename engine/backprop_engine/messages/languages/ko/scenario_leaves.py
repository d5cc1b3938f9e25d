"""Korean for what is said of names, and of leaves and their numbers."""

from __future__ import annotations

__all__ = ["TEMPLATES"]

TEMPLATES: dict[str, str] = {
    # Names
    "`{name}` is no name": "`{name}`{은/는} 이름이 될 수 없습니다",
    "`{name}` would be one": "`{name}`{은/는} 이름이 될 수 있습니다",
    "letters, digits and `_`": "글자와 숫자와 `_`를 쓸 수 있습니다",
    "a name is empty": "이름이 비어 있습니다",
    "a name has at most {most} characters, this one has {count}": (
        "이름은 {most}자까지 쓸 수 있는데 이것은 {count}자입니다"
    ),
    "a name has no invisible characters: here is U+{number:04X}, {called}": (
        "이름에는 보이지 않는 문자를 쓸 수 없는데 U+{number:04X}({called})가 있습니다"
    ),
    "a character": "문자",
    "`{name}` is a name under `{section}` already": "`{section}` 아래에 이미 `{name}`{이/가} 있습니다",
    "the first is in line {line}, column {column}": "처음 나온 곳은 {line}번째 줄 {column}번째 칸입니다",
    # Numbers
    "expected a number in {what}, found {found}": "{what}에는 수가 필요한데 {found}{이/가} 있습니다",
    "expected a number or list, found {found}": "수나 목록이 필요한데 {found}{이/가} 있습니다",
    "expected a whole number in {what}, found {found}": "{what}에는 정수가 필요한데 {found}{이/가} 있습니다",
    "{what} is a list of whole numbers, found {found}": (
        "{what}{은/는} 정수의 목록이어야 하는데 {found}{이/가} 있습니다"
    ),
    "a list stands here, but the first entry of {what} at this depth is a number": (
        "여기에는 목록이 있는데, 이 깊이에서 {what}의 첫 항목은 수입니다"
    ),
    "a number stands here, but the first entry of {what} at this depth is a list": (
        "여기에는 수가 있는데, 이 깊이에서 {what}의 첫 항목은 목록입니다"
    ),
    "expected a list of {count}": "항목이 {count}개인 목록이 필요합니다",
    "this row has 1 entry, the first one has {wanted}": "이 행의 항목은 1개인데 첫 행은 {wanted}개입니다",
    "this row has {count} entries, the first one has {wanted}": (
        "이 행의 항목은 {count}개인데 첫 행은 {wanted}개입니다"
    ),
    "every row of {what} at this depth needs {count}": (
        "이 깊이에서 {what}의 모든 행에는 항목이 {count}개 필요합니다"
    ),
    "numbers have no quotes": "수는 따옴표로 묶지 않습니다",
    "what is computed goes under `nodes`": "계산하는 것은 `nodes` 아래에 씁니다",
    "write `true` or `false`, or a number": "`true`나 `false`, 또는 수를 쓰세요",
    "write a number": "수를 쓰세요",
    "write each row in its own brackets: `[[1, 2], [3, 4]]`": "행마다 괄호로 묶으세요: `[[1, 2], [3, 4]]`",
    "{dtype} cannot hold {number}": "{dtype}{으로/로}는 {number}{을/를} 나타낼 수 없습니다",
    "{dtype} cannot hold {number}: its largest number is {largest:.4g}": (
        "{dtype}{으로/로}는 {number}{을/를} 나타낼 수 없습니다. 가장 큰 수는 {largest:.4g}입니다"
    ),
    "`dtype: float64` holds more": "`dtype: float64`는 더 큰 수도 나타냅니다",
    # Leaves
    "a leaf is a number, a list, or `{{shape: [2, 3], init: zeros}}`": (
        "리프 노드는 수, 목록, 또는 `{{shape: [2, 3], init: zeros}}`입니다"
    ),
    "a map from names to numbers": "이름과 수를 짝지은 맵",
    "`{name}` has no value": "`{name}`에 값이 없습니다",
    "`{name}` has {count} axes, at most {most} are allowed": (
        "`{name}`의 축이 {count}개입니다. {most}개까지 쓸 수 있습니다"
    ),
    "`{name}` is a map without `{missing}`": "`{name}`{은/는} `{missing}` 키가 없는 맵입니다",
    "a way to fill the tensor": "텐서를 채우는 방법",
    "there is no init `{name}`": "init `{name}`{은/는} 없습니다",
    "`{init}` needs two axes or more, `{name}` has {count}": (
        "`{init}`에는 축이 둘 이상 필요한데 `{name}`의 축은 {count}개입니다"
    ),
    "for a vector use `normal` or `zeros`": "벡터에는 `normal`이나 `zeros`를 쓰세요",
    "`eye` is a matrix with two axes, `{name}` has {count}": (
        "`eye`는 축이 둘인 행렬인데 `{name}`의 축은 {count}개입니다"
    ),
    "a shape": "형상",
    "write `shape: [2, 3]`, `[3]` for a vector, `[]` for a scalar": (
        "`shape: [2, 3]`처럼 쓰세요. 벡터는 `[3]`, 스칼라는 `[]`입니다"
    ),
    "the size {size} is negative": "크기 {size}{은/는} 음수입니다",
    "a leaf with `init: {init}`": "`init: {init}`{으로/로} 채우는 리프 노드",
    "a number for `{name}`": "`{name}`에 쓸 수",
    "a whole number for `seed`": "`seed`에 쓸 정수",
    "`init: {init}` needs `{setting}`": "`init: {init}`에는 `{setting}`{이/가} 필요합니다",
    "`init: {init}` needs a `seed`, so that every run draws the same numbers": (
        "`init: {init}`에는 `seed`가 필요합니다. 그래야 실행할 때마다 같은 수가 나옵니다"
    ),
    "a seed is not negative": "seed는 음수일 수 없습니다",
    "`fan` can only be `transposed`": "`fan`에는 `transposed`만 쓸 수 있습니다",
    "for a weight that stands on the right of a product": "곱의 오른쪽에 놓이는 가중치에 씁니다",
    "`low` and `high` are too far apart": "`low`와 `high`의 차이가 너무 큽니다",
    "`{name}` does not fit `{node}`: {reason}": "`{name}`{이/가} `{node}`에 맞지 않습니다: {reason}",
    # Other numbers for a leaf
    "{setting}: {problem}": "{setting}: {problem}",
    "{setting}: a setting is a name, `=` and a number or list, such as x=3": (
        "{setting}: x=3처럼 이름, `=`, 수나 목록을 차례로 씁니다"
    ),
    "{setting}: a number or list is missing behind the `=`, such as {name}=3": (
        "{setting}: {name}=3처럼 `=` 뒤에 수나 목록을 씁니다"
    ),
    "{name} is computed: only leaves can be set": (
        "{name}{은/는} 계산되는 노드입니다. 리프 노드의 값만 바꿀 수 있습니다"
    ),
    "there is no leaf {name}; {hint}": "리프 노드 {name}{이/가} 없습니다. {hint}",
    "the leaves are {names}": "리프 노드: {names}",
    "the value for {name} is no number and no list of one shape": (
        "{name}에 줄 값이 수도 아니고 형상이 고른 목록도 아닙니다"
    ),
    "a scalar": "스칼라",
    "{name} is {shape}, the value is {found}": "{name}의 형상은 {shape}인데 주어진 값은 {found}입니다",
    "{dtype} cannot hold the value for {name}": "{dtype}{으로/로}는 {name}에 줄 값을 나타낼 수 없습니다",
}
