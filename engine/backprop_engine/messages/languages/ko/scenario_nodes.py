"""Korean for what is said of nodes: operators and what they are given, cells, names, shapes and memory."""

from __future__ import annotations

__all__ = ["TEMPLATES"]

TEMPLATES: dict[str, str] = {
    # Forms of nodes
    "such as `{text}`": "`{text}`처럼 쓰세요",
    "keep one of them": "하나만 남기세요",
    "a map from names to expressions": "이름과 식을 짝지은 맵",
    "a node is an expression, `{{op: …, inputs: […]}}`, `{{expr: …}}`, `{{cell: …}}` or `{{scan: …}}`": (
        "노드는 식, `{{op: …, inputs: […]}}`, `{{expr: …}}`, `{{cell: …}}`, `{{scan: …}}` 가운데 하나입니다"
    ),
    "`{name}` has no expression": "`{name}`에 식이 없습니다",
    "`{name}` is a list and no expression": "`{name}`{은/는} 식이 아니라 목록입니다",
    "`{name}` is {found} and nothing to compute": "`{name}`{은/는} {found}{이어서/여서} 계산할 것이 없습니다",
    "`{name}` is a number and nothing to compute": "`{name}`{은/는} 수여서 계산할 것이 없습니다",
    "put it under `constants`: `{text}`": "`constants` 아래에 쓰세요: `{text}`",
    "put `{name}` under `constants`": "`{name}`{을/를} `constants` 아래에 쓰세요",
    "leave the brackets out: `{text}`": "괄호 없이 쓰세요: `{text}`",
    "`{name}` has both `{first}` and `{second}`": (
        "`{name}`에 `{first}`{과/와} `{second}`{이/가} 모두 있습니다"
    ),
    "`{name}` is a map without `op` or `expr`": "`{name}`{은/는} `op`도 `expr`도 없는 맵입니다",
    "a node with `expr`": "`expr`로 쓴 노드",
    "a node with `cell`": "`cell`로 쓴 노드",
    "a node with `scan`": "`scan`으로 쓴 노드",
    "`expr` is an expression, found {found}": "`expr`에는 식이 필요한데 {found}{이/가} 있습니다",
    "an operator's name": "연산자의 이름",
    "a list of names": "이름의 목록",
    "a name": "이름",
    "the name of a node": "노드의 이름",
    "the name of a leaf or node": "리프 노드나 노드의 이름",
    "expected the name of a leaf or node, found {found}": (
        "리프 노드나 노드의 이름이 필요한데 {found}{이/가} 있습니다"
    ),
    "expected the name of a tensor, found {found}": "텐서의 이름이 필요한데 {found}{이/가} 있습니다",
    "give the expression a node of its own": "식을 별도의 노드로 만드세요",
    "the long form takes operands by name, not expressions": (
        "`op`로 쓴 노드의 피연산자에는 식이 아니라 이름을 씁니다"
    ),
    "give it a node of its own, or write the whole node as an expression": (
        "별도의 노드로 만들거나, 노드 전체를 식으로 쓰세요"
    ),
    "up to here the expressions have more than {most:,} parts": "여기까지 식의 부분이 {most:,}개를 넘습니다",
    "a tensor takes the place of many numbers": "수가 많으면 텐서 하나로 쓰세요",
    # Operators
    "there is no operator `{name}`": "연산자 `{name}`{이/가} 없습니다",
    "`{name}` is a node, not an operator": "`{name}`{은/는} 연산자가 아니라 노드입니다",
    "`{name}` is an operator, not a node": "`{name}`{은/는} 노드가 아니라 연산자입니다",
    "multiply with `{name} * (…)`": "곱하려면 `{name} * (…)`로 쓰세요",
    "call it: `{text}`": "함수처럼 부르세요: `{text}`",
    "write `a * b`, or `hadamard(a, b)`": "`a * b`나 `hadamard(a, b)`로 쓰세요",
    "write `nll(a, target=t)`, or `softmax_with_loss(a, target=t)` for logits": (
        "`nll(a, target=t)`로, 로짓이면 `softmax_with_loss(a, target=t)`로 쓰세요"
    ),
    "`grad` is for expectations and watches": "`grad`는 기대한 수치와 지켜보는 식에 씁니다",
    "`grad` takes the name of one node": "`grad`에는 노드 하나의 이름을 줍니다",
    "a tensor of zeros goes under `constants`: `{{shape: [2, 3], init: zeros}}`": (
        "0으로 채운 텐서는 `constants` 아래에 씁니다: `{{shape: [2, 3], init: zeros}}`"
    ),
    "a tensor of ones goes under `constants`: `{{shape: [2, 3], init: ones}}`": (
        "1로 채운 텐서는 `constants` 아래에 씁니다: `{{shape: [2, 3], init: ones}}`"
    ),
    "a list of numbers goes under `constants`": "수의 목록은 `constants` 아래에 씁니다",
    "numbers need no `float`": "수에는 `float`이 필요 없습니다",
    "the operator is {op}": "연산자의 형식: {op}",
    "`{op}` takes {wanted} operands, {given}": "`{op}`의 피연산자는 {wanted}개인데 {given}",
    "`{op}` takes 1 operand, {given}": "`{op}`의 피연산자는 1개인데 {given}",
    "{least} to {most}": "{least}개에서 {most}",
    "{count} or more": "최소 {count}",
    "1 is given": "1개가 주어졌습니다",
    "{count} are given": "{count}개가 주어졌습니다",
    "`{name}` is missing: {op}": "`{name}`{이/가} 빠졌습니다: {op}",
    "`{name}` is an operand of `{op}` and takes a node, not {value}": (
        "`{name}`{은/는} `{op}`의 피연산자이므로 {value}{이/가} 아니라 노드를 줍니다"
    ),
    "an attribute has its name before it: `{name}=…`; the operator is {op}": (
        "설정에는 이름을 붙입니다: `{name}=…`. 연산자의 형식: {op}"
    ),
    "`{op}` has no `{name}`": "`{op}`에는 `{name}`{이/가} 없습니다",
    "`{op}` needs `{name}`: {meaning}": "`{op}`에는 `{name}`{이/가} 필요합니다: {meaning}",
    "the settings of `{op}` do not go together: {reason}": "`{op}`의 설정이 서로 맞지 않습니다: {reason}",
    "`{name}` is a setting: it takes a number, quoted text, `true`, `false` or a list": (
        "`{name}`{은/는} 설정이므로 수, 따옴표로 묶은 텍스트, `true`, `false`, 목록 가운데 하나를 줍니다"
    ),
    "`{name}` of `{op}` is {expected}, not {value}": (
        "`{op}`의 `{name}`{은/는} {expected}{이어야/여야} 하는데 {value}{이/가} 주어졌습니다"
    ),
    "`{name}` of `{op}` is {limits}, not {value}": (
        "`{op}`의 `{name}`{은/는} {limits}{이어야/여야} 하는데 {value}{이/가} 주어졌습니다"
    ),
    "a finite number": "유한한 수",
    "slices are written in brackets: `x[:, 1:]`": "슬라이스는 대괄호로 씁니다: `x[:, 1:]`",
    "quoted text": "따옴표로 묶은 텍스트",
    "a list of {several}": "{several}의 목록",
    "lists of {several}": "{several}의 목록",
    "whole numbers": "정수",
    "numbers": "수",
    " or ": " 또는 ",
    # Constants and shapes
    "`{operand}` of `{op}` must be a constant, `{name}` is computed": (
        "`{op}`의 `{operand}`{은/는} 상수여야 하는데 `{name}`{은/는} 계산되는 노드입니다"
    ),
    "`{operand}` of `{op}` must be a constant, `{name}` is under `{section}`": (
        "`{op}`의 `{operand}`{은/는} 상수여야 하는데 `{name}`{은/는} `{section}` 아래에 있습니다"
    ),
    "write its numbers under `constants`": "그 수를 `constants` 아래에 쓰세요",
    "move `{name}` from `{section}` to `constants`": "`{name}`{을/를} `{section}`에서 `constants`로 옮기세요",
    "the result is {shape}, more than a formula may take": (
        "결과의 형상이 {shape}{이어서/여서} 식 하나에 쓰기에는 너무 큽니다"
    ),
    "{what} needs {need}, at most {most} are allowed": (
        "{what}에 {need}{이/가} 필요한데 {most}까지 쓸 수 있습니다"
    ),
    "a run of this graph": "이 계산그래프의 실행",
    "a training of this graph": "이 계산그래프의 학습",
    "the largest is {name}; {hint}": "가장 큰 것은 {name}입니다. {hint}",
    "`--max-memory` allows more": "`--max-memory`로 늘릴 수 있습니다",
    "{count} bytes": "{count}바이트",
    "more than a million {unit}": "백만 {unit} 이상",
    # Cells and their instances
    "a map from names to cells": "이름과 셀을 짝지은 맵",
    "a cell as a map": "셀을 적은 맵",
    "the cell `{cell}`": "셀 `{cell}`",
    "such as `rnn: {{inputs: [x, h_prev], nodes: {{h: tanh(W @ x + U @ h_prev)}}, outputs: [h]}}`": (
        "`rnn: {{inputs: [x, h_prev], nodes: {{h: tanh(W @ x + U @ h_prev)}}, outputs: [h]}}`처럼 쓰세요"
    ),
    "the cell's inputs as a list of names": "셀의 입력 이름의 목록",
    "the cell's outputs as a list of names": "셀의 출력 이름의 목록",
    "the cell `{cell}` has no `nodes`": "셀 `{cell}`에 `nodes`가 없습니다",
    "the cell `{cell}` gives nothing out": "셀 `{cell}`에 출력이 없습니다",
    "name what others may use: `{text}`": "밖에서 쓸 것의 이름을 쓰세요: `{text}`",
    "the cell `{cell}` has no node `{name}` to give out": (
        "셀 `{cell}`에는 출력할 노드 `{name}`{이/가} 없습니다"
    ),
    "its nodes are {names}": "셀의 노드: {names}",
    "`{name}` is an instance of a cell, not a tensor": "`{name}`{은/는} 텐서가 아니라 셀의 인스턴스입니다",
    "give what it gives out a node of its own: `h: {name}.h`, `outputs: [h]`": (
        "그 출력을 별도의 노드로 만드세요: `h: {name}.h`, `outputs: [h]`"
    ),
    "give it a node of its own: `h: {name}`, `outputs: [h]`": (
        "별도의 노드로 만드세요: `h: {name}`, `outputs: [h]`"
    ),
    "the cell `{cell}` uses itself": "셀 `{cell}`{이/가} 자기 자신을 씁니다",
    "the cell `{cell}` uses itself through `{other}`": (
        "셀 `{cell}`{이/가} `{other}`{을/를} 거쳐 자기 자신을 씁니다"
    ),
    "a `scan` repeats a cell; a graph is finite": "셀을 반복하려면 `scan`을 쓰세요. 계산그래프는 유한합니다",
    "there is no cell `{cell}`": "셀 `{cell}`{이/가} 없습니다",
    "cells are defined under `cells`": "셀은 `cells` 아래에 정의합니다",
    "the name of a cell": "셀의 이름",
    "the cell `{cell}` needs `{name}`, which it is not given": (
        "셀 `{cell}`에는 `{name}`{이/가} 필요한데 주어지지 않았습니다"
    ),
    "its inputs are {names}": "셀의 입력: {names}",
    "its inputs are none": "이 셀에는 입력이 없습니다",
    "the cell `{cell}` has no `{name}`": "셀 `{cell}`에는 `{name}`{이/가} 없습니다",
    "the cell `{cell}` has no input `{name}`": "셀 `{cell}`에는 입력 `{name}`{이/가} 없습니다",
    "such as `inputs: {{x: x0, h_prev: h0}}`": "`inputs: {{x: x0, h_prev: h0}}`처럼 쓰세요",
    "such as `over: {{x: xs}}`, where `xs` has the time steps along its first axis": (
        "`over: {{x: xs}}`처럼 쓰세요. `xs`의 첫째 축이 시점입니다"
    ),
    "such as `carry: {{h_prev: {{init: h0, next: h}}}}`": (
        "`carry: {{h_prev: {{init: h0, next: h}}}}`처럼 쓰세요"
    ),
    "`{name}` scans over nothing": "`{name}`의 `scan`이 따라갈 텐서가 없습니다",
    "`{section}` as a map from the cell's inputs to names": "셀의 입력과 이름을 짝지은 `{section}` 맵",
    "`carry` as a map from the cell's inputs to `{{init: …, next: …}}`": (
        "셀의 입력과 `{{init: …, next: …}}`를 짝지은 `carry` 맵"
    ),
    "a map with `init` and `next`": "`init`과 `next`가 있는 맵",
    "the carried input `{name}`": "이어받는 입력 `{name}`",
    "the carried input `{name}` has no `{key}`": "이어받는 입력 `{name}`에 `{key}`{이/가} 없습니다",
    "the name of a node of the cell": "셀에 있는 노드의 이름",
    "`next` is the name of a node of the cell": "`next`는 셀에 있는 노드의 이름입니다",
    "here instances of cells nest more than {depth} deep": (
        "여기서 셀의 인스턴스가 {depth}단계보다 깊게 중첩됩니다"
    ),
    "with `{name}` the instances of cells come to more than {most:,} nodes": (
        "`{name}`까지 합치면 셀의 인스턴스에 든 노드가 {most:,}개를 넘습니다"
    ),
    "a shorter sequence, or smaller cells": "시점을 줄이거나 셀을 작게 만드세요",
    "`{name}` is a single number: a scan goes along the first axis": (
        "`{name}`{은/는} 수 하나인데 `scan`은 첫째 축을 따라갑니다"
    ),
    "give it one entry for every time step": "시점마다 항목을 하나씩 주세요",
    "`{name}` is {shape}: there is no time step in it": (
        "`{name}`의 형상이 {shape}{이어서/여서} 시점이 없습니다"
    ),
    "`{name}` has {count} time steps, `{other}` has {wanted}": (
        "`{name}`의 시점은 {count}개인데 `{other}`의 시점은 {wanted}개입니다"
    ),
    "their first axes must be as long": "첫째 축의 길이가 같아야 합니다",
    "`{name}` begins as {shape}, and `{next}` is {next_shape}": (
        "`{name}`의 처음 형상은 {shape}인데 `{next}`의 형상은 {next_shape}입니다"
    ),
    "what is carried keeps its shape": "이어받는 것의 형상은 바뀌지 않습니다",
    # Names of nodes, and paths into instances
    "`{name}` is no instance of a cell and has no `{part}`": (
        "`{name}`{은/는} 셀의 인스턴스가 아니어서 `{part}`{이/가} 없습니다"
    ),
    "instances of a cell": "셀의 인스턴스들",
    "an instance of a cell": "셀의 인스턴스",
    "`{name}` is {what}, not a tensor": "`{name}`{은/는} 텐서가 아니라 {what}입니다",
    "use what it gives out: {names}": "그 출력을 쓰세요: {names}",
    "the cell `{cell}` does not give `{name}` out": "셀 `{cell}`{은/는} `{name}`{을/를} 출력하지 않습니다",
    "add it to the cell's outputs: `{text}`": "셀의 출력에 더하세요: `{text}`",
    "it gives out {names}": "셀의 출력: {names}",
    "`{name}` is out of range: `{scan}` has {count} instances": (
        "`{name}`{은/는} 범위를 벗어났습니다. `{scan}`의 인스턴스는 {count}개입니다"
    ),
    "`{name}[0]` to `{name}[{last}]`, or `{name}[-1]` for the last": (
        "`{name}[0]`부터 `{name}[{last}]`까지 있고, 마지막은 `{name}[-1]`입니다"
    ),
    "`{name}` stands for instances of a cell, not for a tensor": (
        "`{name}`{은/는} 텐서가 아니라 셀의 인스턴스들을 가리킵니다"
    ),
    "`{name}` is there only where a node uses it": "`{name}`{은/는} 쓰는 노드가 있을 때만 만들어집니다",
    "one instance is `{name}`": "인스턴스 하나의 것은 `{name}`입니다",
    "there is {names}": "있는 것: {names}",
    "`{unit}` has no part `{name}`": "`{unit}`에는 `{name}`{이라는/라는} 부분이 없습니다",
    "`{name}` is computed from itself": "`{name}`{을/를} 계산하는 데 자기 자신이 필요합니다",
    "these nodes need each other: {names}": "이 노드들은 서로를 필요로 합니다: {names}",
    "a graph has no loops": "계산그래프에는 순환이 없습니다",
    "`{name}` cannot be computed: something that it uses is missing": (
        "`{name}`{을/를} 계산할 수 없습니다. 쓰는 것 가운데 없는 것이 있습니다"
    ),
    # Graphs that a program has built
    "the cells of a graph's instances cannot be told from the graph alone": (
        "계산그래프만으로는 인스턴스가 어떤 셀의 것인지 알 수 없습니다"
    ),
    "no scenario says this graph: {message}": "이 계산그래프를 시나리오로 쓸 수 없습니다: {message}",
    "{what} would be another": "{what}{이/가} 달라집니다",
    "the dtype": "dtype 설정",
    "the output": "출력",
    "the seed": "시작 그래디언트",
    "the order of the {section}": "{section}의 순서",
    "the order of computing": "계산하는 순서",
    "the number of nodes": "노드의 수",
    "{name} is the part of an expression: it has one use": (
        "{name}{은/는} 식의 한 부분이므로 한 번만 쓰입니다"
    ),
    "{name} is the part of an expression that no expression says": (
        "{name}{은/는} 식의 한 부분인데 식으로 쓸 수 없습니다"
    ),
}
