"""Korean for what `ops` says."""

from __future__ import annotations

__all__ = ["TEMPLATES"]

TEMPLATES: dict[str, str] = {
    # Of any operands
    " and ": ", ",
    "{operand} is {shape}": "{operand}의 형상은 {shape}",
    "{operands}: {problem}": "{operands}: {problem}",
    "{0} is {shape}: {problem}": "{0}의 형상은 {shape}: {problem}",
    "{operands}: these shapes do not broadcast": "{operands}: 브로드캐스트할 수 없는 형상입니다",
    "{operands}: both must have one shape": "{operands}: 두 형상이 같아야 합니다",
    "{0} is {shape} and has no axis {axis}": "{0}의 형상은 {shape}이며 {axis}번 축이 없습니다",
    "a scalar has no axes": "스칼라에는 축이 없습니다",
    "its axes are {first} to {last}": "축은 {first}번부터 {last}번까지 있습니다",
    "{one} has {axes}, {other} has {wanted}": "{one}의 축은 {axes}, {other}의 축은 {wanted}입니다",
    "{0} has {axes}": "{0}의 축은 {axes}입니다",
    "{1} has {axes}": "{1}의 축은 {axes}입니다",
    "it has {axes}": "축은 {axes}입니다",
    "1 axis": "1개",
    "{count} axes": "{count}개",
    "no axes": "0개",
    "axis {axis} is {size} in {one} and {wanted} in {other}": (
        "{axis}번 축의 크기가 {one}에서는 {size}, {other}에서는 {wanted}입니다"
    ),
    "{sizes}: equal sizes or 1 would fit": "{sizes}: 같거나 한쪽이 1이면 맞습니다",
    "axis 1 of {1} must be {size}": "{1}의 1번 축이 {size}{이어야/여야} 합니다",
    "did you mean {text}?": "혹시 {text}입니까?",
    "{form} would fit": "{form}{이면/면} 맞습니다",
    "for a scalar use {0} * {1}": "스칼라이면 {0} * {1}{을/를} 쓰세요",
    "for matrices write {product}": "행렬이면 {product}{으로/로} 쓰세요",
    "for the matrix product write {product}": "행렬곱이면 {product}{으로/로} 쓰세요",
    # Settings
    "from {least:g} to {most:g}": "{least:g} 이상 {most:g} 이하",
    "at least {bound:g}": "{bound:g} 이상",
    "more than {bound:g}": "{bound:g} 초과",
    "at most {bound:g}": "{bound:g} 이하",
    "less than {bound:g}": "{bound:g} 미만",
    "min is {min:g}, more than max, {max:g}": "min이 {min:g}이고 max인 {max:g}보다 큽니다",
    # Products
    "{operands}: @ takes vectors and matrices": "{operands}: @는 벡터와 행렬을 곱합니다",
    "{operands}: the last axis of {0} ({size}) must equal {which} axis of {1} ({inner})": (
        "{operands}: {0}의 마지막 축({size})과 {1}의 {which} 축({inner})의 크기가 같아야 합니다"
    ),
    "the only": "하나뿐인",
    "the first": "첫째",
    "the last but one": "끝에서 둘째",
    "{operands}: the batch axes {one} and {other} do not broadcast": (
        "{operands}: 배치 축 {one}{과/와} {other}{은/는} 브로드캐스트할 수 없습니다"
    ),
    "{operands}: outer takes two vectors": "{operands}: outer에는 벡터 둘을 넣습니다",
    "{operands}: dot takes two vectors of one length": "{operands}: dot에는 길이가 같은 벡터 둘을 넣습니다",
    "{operands}: linear takes a vector or rows, and a matrix of shape out×in": (
        "{operands}: linear에는 벡터나 여러 행, 그리고 출력×입력 행렬을 넣습니다"
    ),
    "{0} is a scalar": "{0}{은/는} 스칼라입니다",
    "{operands}: the last axis of {0} ({size}) must equal that of {1} ({other}), which is out×in": (
        "{operands}: {0}의 마지막 축({size})과 출력×입력인 {1}의 마지막 축({other})의 크기가 같아야 합니다"
    ),
    "for a weight of in×out write {0} @ {1}": "가중치가 입력×출력이면 {0} @ {1}{으로/로} 쓰세요",
    "{operands}: the bias must be {size}, one for each row of {1}": (
        "{operands}: 편향의 형상은 {1}의 행마다 하나씩 {size}{이어야/여야} 합니다"
    ),
    'subscripts "{subscripts}" need two operands and a result': (
        'subscripts "{subscripts}"에는 피연산자 둘과 결과가 있어야 합니다'
    ),
    'subscripts "{subscripts}" hold something that is no letter': (
        'subscripts "{subscripts}"에 글자가 아닌 것이 있습니다'
    ),
    'it is written like "ij,jk->ik": a letter for each axis': '"ij,jk->ik"처럼 축마다 글자 하나를 씁니다',
    "the letter {letter} stands twice in {part}": "글자 {letter}{이/가} {part}에 두 번 나옵니다",
    "a diagonal is not taken here": "여기서는 대각선을 뽑지 않습니다",
    "the letter {letter} of the result is in neither operand": (
        "결과의 글자 {letter}{이/가} 어느 피연산자에도 없습니다"
    ),
    "{operand} is {shape} and has {axes}, its letters {letters} are {count}": (
        "{operand}의 형상은 {shape}이고 축은 {axes}인데, 그 글자 {letters}{은/는} {count}개입니다"
    ),
    "(none)": "(없음)",
    "a letter for each axis": "축마다 글자 하나를 씁니다",
    "{operands}: the letter {letter} is {size} in {0} and {other} in {1}": (
        "{operands}: 글자 {letter}의 크기가 {0}에서는 {size}, {1}에서는 {other}입니다"
    ),
    "axis {axis} of {0} and axis {other} of {1} must be equal": (
        "{0}의 {axis}번 축과 {1}의 {other}번 축의 크기가 같아야 합니다"
    ),
    # Reductions
    "{0} is {shape}: axis {axes} names an axis twice": (
        "{0}의 형상은 {shape}: axis {axes}에 같은 축이 두 번 나옵니다"
    ),
    "nothing has no largest cell": "원소가 없으면 가장 큰 원소도 없습니다",
    "nothing has no smallest cell": "원소가 없으면 가장 작은 원소도 없습니다",
    "{0} is {shape}: axis {axis} is empty": "{0}의 형상은 {shape}: {axis}번 축이 비어 있습니다",
    # Shapes
    "{0} is {shape} and cannot take {indices}": "{0}의 형상은 {shape}이며 {indices}{을/를} 쓸 수 없습니다",
    "1 index": "인덱스 1개",
    "{count} indices": "인덱스 {count}개",
    "{0} is {shape}: the index {index} is outside axis {axis}, which has {size}": (
        "{0}의 형상은 {shape}: 인덱스 {index}{이/가} 크기가 {size}인 {axis}번 축을 벗어납니다"
    ),
    "its indices are {first} to {last}": "인덱스는 {first}부터 {last}까지입니다",
    "the axis is empty": "축이 비어 있습니다",
    "{0} is {shape}: axis {axis} ({size}) cannot be split into {parts} equal parts": (
        "{0}의 형상은 {shape}: {axis}번 축({size})을 똑같은 {parts}부분으로 나눌 수 없습니다"
    ),
    "{divisors} parts would fit": "{divisors}부분이면 맞습니다",
    "{0} is {shape}, split into {parts} parts: there is no part {index}": (
        "{0}의 형상은 {shape}, {parts}부분으로 나눔: 인덱스가 {index}인 부분이 없습니다"
    ),
    "the parts are 0 to {last}": "부분은 0부터 {last}까지입니다",
    "{operands}: gather takes as many axes, which may differ only along axis {axis}": (
        "{operands}: gather에는 축 수가 같고 {axis}번 축의 크기만 다른 것을 넣습니다"
    ),
    "{0} is {shape}: embedding takes a matrix, a row for each index": (
        "{0}의 형상은 {shape}: embedding에는 인덱스마다 한 행인 행렬을 넣습니다"
    ),
    "the indices are the second operand": "인덱스는 둘째 피연산자입니다",
    "an index must be a whole number": "인덱스는 정수여야 합니다",
    "the index {index} is out of range: {there}, counted from 0": (
        "인덱스 {index}{이/가} 범위를 벗어납니다. {there} (0부터 셈)"
    ),
    "there are {size} places along axis {axis}": "{axis}번 축에는 자리가 {size}개 있습니다",
    "there are {size} rows": "행이 {size}개 있습니다",
    "{0} is {shape}: the result would have no axis {axis}": (
        "{0}의 형상은 {shape}: 결과에 {axis}번 축이 생길 수 없습니다"
    ),
    "its axes would be {first} to {last}": "결과의 축은 {first}번부터 {last}번까지입니다",
    "stack takes one shape": "stack에는 형상이 같은 것을 넣습니다",
    "only their sizes along axis {axis} may differ": "{axis}번 축의 크기만 다를 수 있습니다",
    "{0} is {shape}: width takes a pair for each of its {count} axes, not {width}": (
        "{0}의 형상은 {shape}: width는 축 {count}개마다 한 쌍씩이어야 하는데 {width}입니다"
    ),
    "[before, after] for each axis: width=[[1, 1], [0, 2]]": "축마다 [앞, 뒤]: width=[[1, 1], [0, 2]]",
    "{0} is {shape}: only one size of shape {sizes} may be -1, which is what is left": (
        "{0}의 형상은 {shape}: shape {sizes}에서 나머지를 뜻하는 -1은 하나만 쓸 수 있습니다"
    ),
    "{0} is {shape} and has {cells} cells: shape {sizes} needs {wanted}": (
        "{0}의 형상은 {shape}이고 원소는 {cells}개: shape {sizes}에는 {wanted}개가 있어야 합니다"
    ),
    "a multiple of {cells}": "{cells}의 배수",
    "one size may be -1: what is left": "한 크기는 나머지를 뜻하는 -1로 쓸 수 있습니다",
    "{0} is {shape}: axis {axis} has the size {size}, and only 1 can be squeezed out": (
        "{0}의 형상은 {shape}: {axis}번 축의 크기가 {size}인데, 크기가 1인 축만 없앨 수 있습니다"
    ),
    "axis {axis} has the size 1": "크기가 1인 축은 {axis}번입니다",
    "none of its axes has the size 1": "크기가 1인 축이 없습니다",
    "{0} is {shape}: its new axes are among {first} to {last}, each once, not {axes}": (
        "{0}의 형상은 {shape}: 새 축은 {first}부터 {last}까지에서 한 번씩만 쓸 수 있는데 {axes}입니다"
    ),
    "{0} is {shape}: permute takes its {count} axes in another order, not {axes}": (
        "{0}의 형상은 {shape}: permute에는 축 {count}개를 다른 순서로 적어야 하는데 {axes}입니다"
    ),
    "{0} is {shape} and does not broadcast to {sizes}": (
        "{0}의 형상은 {shape}이며 {sizes}{으로/로} 브로드캐스트할 수 없습니다"
    ),
    "counted from the last axis, each size is the same or 1": (
        "마지막 축부터 맞추어 크기가 같거나 1이어야 합니다"
    ),
    # Networks
    "attention takes matrices, a row for each position, or equal batches": (
        "attention에는 위치마다 한 행인 행렬이나 같은 배치를 넣습니다"
    ),
    "the batch axes must be equal": "배치 축이 같아야 합니다",
    "a query has {q} numbers and a key {k}; they must be as many": (
        "쿼리 하나의 수는 {q}개, 키 하나의 수는 {k}개인데 서로 같아야 합니다"
    ),
    "there are {k} keys and {v} values; they must be as many": (
        "키는 {k}개, 값은 {v}개인데 서로 같아야 합니다"
    ),
    "attention needs at least one key, and a number in it": (
        "attention에는 키가 하나 이상 있고 그 안에 수가 있어야 합니다"
    ),
    "{0} is {shape}: batch_norm takes a batch of rows, channels on axis 1": (
        "{0}의 형상은 {shape}: batch_norm에는 1번 축이 채널인, 행의 배치를 넣습니다"
    ),
    "{0} is {shape}: there is nothing to take the mean of": (
        "{0}의 형상은 {shape}: 평균을 구할 원소가 없습니다"
    ),
    "it needs one number for each of the {channels} channels on axis 1": (
        "1번 축의 채널 {channels}개마다 수가 하나씩 있어야 합니다"
    ),
    "the normalised axes of {0} are {shape}": "{0}에서 정규화하는 축의 크기는 {shape}입니다",
    "{0} is {shape}: there is nothing along the normalised axes": (
        "{0}의 형상은 {shape}: 정규화하는 축에 원소가 없습니다"
    ),
    "a mask holds 0 where a cell is dropped and 1 elsewhere": (
        "마스크는 원소를 버릴 곳에서 0, 나머지에서 1이어야 합니다"
    ),
    "{operands}: conv{axes}d takes channels×{window}, or a batch of them, and a weight of out×in×{window}": (
        "{operands}: conv{axes}d에는 채널×{window}나 그 배치, 그리고 출력×입력×{window} 가중치를 넣습니다"
    ),
    "{0} has {channels} channels, {1} takes {taken}": (
        "{0}의 채널은 {channels}개인데 {1}{은/는} {taken}개를 받습니다"
    ),
    "{0} has {channels} channels, {1} takes {taken} in each of {groups} groups": (
        "{0}의 채널은 {channels}개인데 {1}{은/는} 묶음 {groups}개에서 {taken}개씩 받습니다"
    ),
    "{channels} channels of the result do not divide into {groups} groups": (
        "결과의 채널 {channels}개를 묶음 {groups}개로 나눌 수 없습니다"
    ),
    "{operands}: the bias must be {size}, one for each channel it gives": (
        "{operands}: 편향의 형상은 나오는 채널마다 하나씩 {size}{이어야/여야} 합니다"
    ),
    "{0} is {shape}: a kernel of {kernel} has no cells": (
        "{0}의 형상은 {shape}: {kernel} 커널에는 원소가 없습니다"
    ),
    "{0} is {shape}: its last axes with padding ({padded}) are smaller than the kernel's reach ({reach})": (
        "{0}의 형상은 {shape}: 패딩을 더한 마지막 축들({padded})이 커널이 미치는 크기({reach})보다 작습니다"
    ),
    "a smaller kernel, or more padding": "커널을 줄이거나 패딩을 늘리세요",
    "{0} is {shape}: pooling takes channels×H×W, or a batch of them": (
        "{0}의 형상은 {shape}: 풀링에는 채널×H×W나 그 배치를 넣습니다"
    ),
    "{0} is {shape}, its padding {padding}: at most half of the window ({window}) fits": (
        "{0}의 형상은 {shape}, 패딩은 {padding}: 패딩은 창({window})의 절반까지입니다"
    ),
    # Targets
    "{0} is (), a scalar: it needs an axis of classes": "{0}{은/는} 스칼라 (): 클래스의 축이 있어야 합니다",
    "{0} is {shape}: it has no classes": "{0}의 형상은 {shape}: 클래스가 없습니다",
    "{operands}: a target is {indices} or {shape} probabilities": (
        "{operands}: 정답은 {indices} 또는 확률 {shape}입니다"
    ),
    "{operands}: a target is {indices}": "{operands}: 정답은 {indices}입니다",
    "{shape} class indices": "클래스 인덱스 {shape}",
    "one class index": "클래스 인덱스 하나",
    "ignore_index takes class indices: {1} is {shape} probabilities": (
        "ignore_index는 클래스 인덱스에 씁니다: {1}{은/는} 확률 {shape}입니다"
    ),
    "write {1} without the brackets around each number": "{1}의 수마다 두른 대괄호를 빼고 쓰세요",
    "the probabilities of each target must not be negative and must sum to 1": (
        "정답마다 확률은 음수가 아니고 합이 1이어야 합니다"
    ),
    "a class index must be a whole number": "클래스 인덱스는 정수여야 합니다",
    "the class index {index} is out of range: there are {classes} classes, counted from 0": (
        "클래스 인덱스 {index}{이/가} 범위를 벗어납니다. 클래스는 {classes}개 있습니다 (0부터 셈)"
    ),
    "a target of hinge is 1 or -1": "hinge의 정답은 1 또는 -1입니다",
}
