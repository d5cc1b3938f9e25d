"""Korean for what is said of the output, of expected figures, of training and of texts."""

from __future__ import annotations

__all__ = ["TEMPLATES"]

TEMPLATES: dict[str, str] = {
    # The output and the seed
    "one node is the output: `output: f`": "출력은 노드 하나입니다: `output: f`",
    "`output` is the name of a node, no expression": "`output`에는 식이 아니라 노드의 이름을 씁니다",
    "give the expression a node of its own, and name that": "식을 별도의 노드로 만들고 그 이름을 쓰세요",
    "`{name}` is a leaf: the output is a node that is computed": (
        "`{name}`{은/는} 리프 노드입니다. 출력은 계산되는 노드입니다"
    ),
    "{count} nodes feed no other: {names}": "다른 노드로 이어지지 않는 노드가 {count}개입니다: {names}",
    "name the one to differentiate: `{text}`": "미분할 노드의 이름을 쓰세요: `{text}`",
    "`{name}` is a comparison: its truth values have no gradient": (
        "`{name}`{은/는} 비교이며, 참과 거짓에는 그래디언트가 없습니다"
    ),
    "name a node with numbers as `output`": "`output`에는 수로 된 노드의 이름을 쓰세요",
    "the output `{name}` is {shape}, so the backward pass needs a seed": (
        "출력 `{name}`의 형상이 {shape}{이어서/여서} 역전파에 시작 그래디언트가 필요합니다"
    ),
    "`seed: {seed}`, or end in a scalar: `sum({name})`": (
        "`seed: {seed}`{을/를} 쓰거나, `sum({name})`처럼 스칼라로 끝내세요"
    ),
    "the seed is {found}, the output `{name}` is {shape}": (
        "시작 그래디언트의 형상은 {found}인데 출력 `{name}`의 형상은 {shape}입니다"
    ),
    "a single number is taken for every cell": "수 하나를 쓰면 모든 원소에 쓰입니다",
    # What is expected
    "a block of expectations": "기대한 수치의 블록",
    "a block with `values` or `grads`": "`values`나 `grads`가 있는 블록",
    "this block expects nothing": "이 블록에는 기대한 수치가 없습니다",
    "it needs `values` or `grads`": "`values`나 `grads`가 필요합니다",
    "the figure for `{name}`": "`{name}`의 수치",
    "the iterations are 0 to {last}": "반복은 0부터 {last}까지 있습니다",
    "without `train` there is only iteration 0": "`train`이 없으면 반복은 0 하나뿐입니다",
    "iteration {last} is the last forward: it has no gradients": (
        "반복 {last}{은/는} 마지막 순전파여서 그래디언트가 없습니다"
    ),
    "they are in iteration {last}": "반복 {last}에 있습니다",
    "the number of digits behind the decimal point": "소수점 아래 자릿수",
    "`digits` is a whole number from 0 to {most}": "`digits`는 0부터 {most}까지의 정수입니다",
    "`digits` stands beside `rtol` or `atol`": "`digits`가 `rtol`이나 `atol`과 함께 있습니다",
    "`{name}` is a number from 0 up": "`{name}`{은/는} 0 이상의 수입니다",
    "expressions are for `grads`; what is computed goes under `nodes`": (
        "식은 `grads`에 씁니다. 계산하는 것은 `nodes` 아래에 씁니다"
    ),
    "`{unit}` has 1 numbered part, and none is `{name}`": (
        "`{unit}`의 번호 붙은 부분은 1개인데 `{name}`{은/는} 없습니다"
    ),
    "`{unit}` has {count} numbered parts, and none is `{name}`": (
        "`{unit}`의 번호 붙은 부분은 {count}개인데 `{name}`{은/는} 없습니다"
    ),
    "`{name}` has no gradient: {reason}": "`{name}`에는 그래디언트가 없습니다: {reason}",
    "the output `{name}` does not depend on it along a differentiable path": (
        "출력 `{name}`까지 미분할 수 있는 경로가 없습니다"
    ),
    "the gradient of `{name}`": "`{name}`의 그래디언트",
    "{what} is {shape}, expected {wanted}": "{what}의 형상이 {wanted}{이어야/여야} 하는데 {shape}입니다",
    "{what} is {found}, expected {wanted}": "{what}{이/가} {wanted}{이어야/여야} 하는데 {found}입니다",
    "{what} at {cell} is {found}, expected {wanted}": (
        "{what}의 {cell} 원소가 {wanted}{이어야/여야} 하는데 {found}입니다"
    ),
    "{message}; {count} of {size} cells differ": "{message}. 원소 {size}개 중 {count}개가 다릅니다",
    "the formula has no value: {message}": "식의 값을 구할 수 없습니다: {message}",
    "its transpose would fit: write the rows as columns, or look for a missing `.T`": (
        "전치하면 맞습니다. 행과 열을 바꾸어 쓰거나, 빠진 `.T`가 있는지 보세요"
    ),
    "its sum over axis {axis} would fit": "{axis}번 축으로 합하면 맞습니다",
    "of the expected figures the sum over axis {axis} would fit: a gradient that was broadcast is summed": (
        "기대한 수치를 {axis}번 축으로 합하면 맞습니다. 브로드캐스트된 것의 그래디언트는 합입니다"
    ),
    "this block is marked `wrong`, but every figure in it comes out": (
        "이 블록에는 `wrong`이라고 쓰여 있는데 모든 수치가 그대로 나옵니다"
    ),
    "take `wrong: true` out": "`wrong: true`를 지우세요",
    # Training
    "a map with `optimizer` and `steps`": "`optimizer`와 `steps`가 있는 맵",
    "`train` has no `{key}`": "`train`에 `{key}`{이/가} 없습니다",
    "the name of an optimiser": "옵티마이저의 이름",
    "there is no optimiser `{name}`": "옵티마이저 `{name}`{이/가} 없습니다",
    "the number of updates": "갱신 횟수",
    "`steps` is a whole number from 0 to {most:,}": "`steps`는 0부터 {most:,}까지의 정수입니다",
    # Texts
    "a title": "제목",
    "a description": "설명",
    "a source": "출처",
    "a note": "노트",
    "a breakpoint": "중단점",
    "a watch": "지켜보는 식",
    "{what} in `{language}`": "`{language}`로 쓴 {what}",
    "{what} is text, found {found}": "{what}에는 텍스트가 필요한데 {found}{이/가} 있습니다",
    "{what} as text": "텍스트로 쓴 {what}",
    "put the text in double quotes": "텍스트를 큰따옴표로 묶으세요",
    "put it in quotes": "따옴표로 묶으세요",
    "`{name}` is no language": "`{name}`{은/는} 언어가 아닙니다",
    "a map gives a text by language: `{{en: …, ko: …}}`; a text with `: ` in it needs quotes": (
        "맵은 언어별로 쓴 글입니다: `{{en: …, ko: …}}`. `: `가 든 텍스트는 따옴표로 묶으세요"
    ),
    "a list of text, each {what}": "{what}의 목록",
    "write `[…]`, with quotes around each text": "`[…]` 안에 하나하나 따옴표로 묶어 쓰세요",
    "a map from nodes to sentences": "노드와 문장을 짝지은 맵",
    "`{name}` has a note already": "`{name}`에는 이미 노트가 있습니다",
}
