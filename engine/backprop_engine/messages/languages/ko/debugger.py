"""Korean for what `debugger` says."""

from __future__ import annotations

__all__ = ["TEMPLATES"]

TEMPLATES: dict[str, str] = {
    "{text}: {problem}": "{text}: {problem}",
    "there are {names}": "있는 것은 {names}입니다",
    "there is no node {name}": "{name} 노드가 없습니다",
    "there is no operator {name}": "{name} 연산자가 없습니다",
    "there is no group {name}": "{name} 그룹이 없습니다",
    "there is no phase {name}": "{name} 단계가 없습니다",
    "the graph has none": "이 그래프에는 그룹이 없습니다",
    "`op {name}` is on the operator": "연산자에는 `op {name}`{으로/로} 둡니다",
    # Breakpoints and conditions
    "A breakpoint is on something that there is not.": "없는 것에 중단점을 두었습니다.",
    "A watch is no expression over nodes and gradients of the graph.": (
        "지켜보는 식이 그래프의 노드와 그래디언트로 된 식이 아닙니다."
    ),
    "{words}: a condition stands behind `if`": "{words}: `if` 뒤에 조건을 쓰세요",
    "a breakpoint is on a node, or on `op NAME`, `group NAME`, `phase NAME`, a trouble, or `if …`": (
        "중단점은 노드, `op 이름`, `group 이름`, `phase 이름`, 문제, `if …`에 둡니다"
    ),
    "`if {words}` is a condition": "조건이라면 `if {words}`입니다",
    "{words} is no breakpoint": "{words}에는 중단점을 둘 수 없습니다",
    "`{words}` needs a bound, such as `{words} 1e-6`": "`{words}`에는 `{words} 1e-6`처럼 한계값이 필요합니다",
    "{text} is no bound: write `{name} 1e-6`": "{text}{은/는} 한계값이 아닙니다: `{name} 1e-6`처럼 쓰세요",
    "{name} is no node": "{name}{은/는} 노드가 아닙니다",
    "a condition is about {subjects}, or nodes by name": "조건에는 {subjects} 또는 노드의 이름을 씁니다",
    "{text} says nothing about a step: use {subjects}": (
        "{text}에는 스텝에 대한 말이 없습니다: {subjects} 가운데 하나를 쓰세요"
    ),
    "`grad` takes the name of one node: write `grad(x)`": (
        "`grad`에는 노드 이름 하나를 넣습니다: `grad(x)`처럼 쓰세요"
    ),
    "{name} has no gradient": "{name}에는 그래디언트가 없습니다",
    "`{name}` is not defined": "`{name}`{이/가} 정의되어 있지 않습니다",
    "there is no breakpoint {number}": "{number}번 중단점이 없습니다",
    "there is {numbers}": "있는 것은 {numbers}번입니다",
    "there is none": "중단점이 하나도 없습니다",
    "there is no watch {number}": "{number}번 지켜보는 식이 없습니다",
    "there are {count}": "모두 {count}개입니다",
    # Moving and searching
    "no step is about {name}": "{name}에 대한 스텝이 없습니다",
    "there is no node number {number}: they count from 0 to {last}": (
        "{number}번 노드가 없습니다: 0부터 {last}까지입니다"
    ),
    "search for a part of a name, `op NAME`, `group NAME`, or `if …`": (
        "이름의 일부, `op 이름`, `group 이름`, `if …`{을/를} 찾을 수 있습니다"
    ),
    # What if
    "{name} has no gradient to override": "{name}에는 바꿀 그래디언트가 없습니다",
    "{name} is a comparison: its truth values cannot be overridden": (
        "{name}{은/는} 비교 연산이라 참과 거짓을 바꿀 수 없습니다"
    ),
    "{name} has no gradient here: iteration {iteration} is a forward pass alone": (
        "여기서 {name}에는 그래디언트가 없습니다: 반복 {iteration}{은/는} 순전파뿐입니다"
    ),
    "{name} is {shape}, the numbers are {given}": "{name}의 형상은 {shape}인데 쓴 수의 형상은 {given}입니다",
    "{what} = {numbers}": "{what} = {numbers}",
    "{count} numbers": "수 {count}개",
    "{change} from the first iteration on": "{change} (첫 반복부터)",
    "{name} cannot be nudged: only inputs and params can": (
        "{name}{은/는} 조금 바꾸어 볼 수 없습니다: 입력과 파라미터만 됩니다"
    ),
    "{name} has no cell {cell}: it has the axes {axes}": (
        "{name}에는 원소 {cell}{이/가} 없습니다: 축의 크기는 {axes}입니다"
    ),
    "a nudge is a positive number": "흔드는 크기는 양수입니다",
    "a nudge says nothing while a computed value is overridden: it would not pass it": (
        "계산된 값을 바꾸어 놓으면 입력을 조금 바꾸어도 그 너머로 전해지지 않아 알 수 있는 것이 없습니다"
    ),
    # Branches
    "there is no room for another branch: the changes hold too many numbers already": (
        "갈래를 더 만들 자리가 없습니다: 바꾼 값에 든 수가 이미 너무 많습니다"
    ),
    "there is nothing to undo: this is the baseline": "취소할 것이 없습니다: 여기가 기준입니다",
    "there is nothing to redo": "다시 할 것이 없습니다",
    "there is no branch {name}": "{name} 갈래가 없습니다",
    "{name} is no name: letters, digits and _": "{name}{은/는} 이름이 아닙니다: 글자, 숫자, _만 씁니다",
    "the baseline keeps its name": "기준의 이름은 바꿀 수 없습니다",
    "there is a branch {name} already": "{name} 갈래가 이미 있습니다",
}
