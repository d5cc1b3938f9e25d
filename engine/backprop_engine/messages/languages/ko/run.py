"""Korean for what is said of graphs, their numbers, and runs."""

from __future__ import annotations

__all__ = ["TEMPLATES"]

TEMPLATES: dict[str, str] = {
    # Graphs
    "the graph has no node called {name}": "그래프에 {name} 노드가 없습니다",
    "the graph has two nodes called {name}": "그래프에 {name} 노드가 둘 있습니다",
    "the graph has no computed node": "그래프에 계산하는 노드가 없습니다",
    "name the output: {count} nodes feed no other ({names})": (
        "출력의 이름을 밝히세요: 다른 노드로 이어지지 않는 노드가 {count}개입니다 ({names})"
    ),
    "{name} has no inside: {what} is elementary": "{name}의 안은 없습니다: {what}{은/는} 더 나눌 수 없습니다",
    "a leaf": "리프 노드",
    # Numbers
    "{name} is computed, not a leaf": "{name}{은/는} 계산하는 노드이고 리프 노드가 아닙니다",
    "the leaf {name} has no value": "리프 노드 {name}의 값이 없습니다",
    "{name} is {shape}, its value is {given}": "{name}의 형상은 {shape}인데 값의 형상은 {given}입니다",
    "{name} is {shape}, the edit {given}": "{name}의 형상은 {shape}인데 바꿀 값의 형상은 {given}입니다",
    "{name} is {shape} and has no cell {cell}": "{name}의 형상은 {shape}이며 원소 {cell}{이/가} 없습니다",
    "{name} does not fit {node}: {reason}": "{name}{은/는} {node}에 맞지 않습니다: {reason}",
    "the output is {shape}: a seed gradient must be given": (
        "출력의 형상이 {shape}이므로 시작 그래디언트를 주어야 합니다"
    ),
    "the seed is {given}, the output is {shape}": (
        "시작 그래디언트의 형상은 {given}인데 출력의 형상은 {shape}입니다"
    ),
    # Runs
    "there is no position {position}: the run has positions 0 to {last}": (
        "위치 {position}{은/는} 없습니다: 이 실행의 위치는 0부터 {last}까지입니다"
    ),
    "there is no iteration {iteration}: {there}": "반복 {iteration}{은/는} 없습니다: {there}",
    "there is 0 to {last}": "반복은 0부터 {last}까지입니다",
    "there is only 0 without `train`": "`train`이 없으면 0뿐입니다",
    "{name} has no gradient: {reason}": "{name}에는 그래디언트가 없습니다: {reason}",
    "it is a constant": "상수입니다",
    "no gradient flows from the output to it": "출력에서 그래디언트가 흘러오지 않습니다",
    "{name} has no gradient: iteration {iteration} is a forward pass alone": (
        "{name}에는 그래디언트가 없습니다: 반복 {iteration}{은/는} 순전파뿐입니다"
    ),
    "the output does not depend on {name}: its gradient is zero": (
        "출력이 {name}에 따라 달라지지 않으므로 그래디언트는 0입니다"
    ),
    "{name} is not finite: {op} gave it from finite operands": (
        "{name}의 값이 유한하지 않습니다: 유한한 입력에서 {op}{이/가} 만들었습니다"
    ),
    "the gradient of {name} is not finite: it arises behind {behind}": (
        "{name}의 그래디언트가 유한하지 않습니다: {behind} 뒤에서 생겼습니다"
    ),
    "there is no {what} {number}: the Jacobian has {size} {what}s": (
        "{what} {number}{은/는} 없습니다: 야코비안의 {what}{은/는} {size}개입니다"
    ),
    "row": "행",
    "column": "열",
    "the Jacobian of {name} ({shape}) has too many rows: its rule gives no single cells, and whole rows are "
    "computed for at most {most}": (
        "{name}의 야코비안({shape})은 행이 너무 많습니다: 원소를 하나씩 구하는 규칙이 없고, 행 전체를 "
        "계산하는 것은 {most}개까지입니다"
    ),
}
