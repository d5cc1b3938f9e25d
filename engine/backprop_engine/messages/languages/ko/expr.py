"""Korean for what is said of expressions."""

from __future__ import annotations

__all__ = ["TEMPLATES"]

TEMPLATES: dict[str, str] = {
    # What is expected, and what stands there
    "expected {what}, found {found}": "{what}{이/가} 필요한데 {found}{이/가} 있습니다",
    "the expression ends where {what} was expected": "{what}{이/가} 필요한데 식이 끝납니다",
    "expected an operand, found `+`": "피연산자가 필요한데 `+`가 있습니다",
    "an operand": "피연산자",
    "an operator": "연산자",
    "an operator or `{closing}`": "`{closing}` 또는 연산자",
    "an operator or the end": "연산자 또는 식의 끝",
    "a name after the dot": "점 뒤의 이름",
    "a number": "수",
    "a whole number": "정수",
    "a whole number or `:`": "`:` 또는 정수",
    "write `{text}`": "이렇게 쓰세요: `{text}`",
    "did you mean `{text}`?": "혹시 `{text}`입니까?",
    "add `{text}`": "이것을 넣으세요: `{text}`",
    # Brackets
    "the expression is empty": "식이 비어 있습니다",
    "an expression has at most {count:,} characters": "식은 {count:,}자까지 쓸 수 있습니다",
    "this nests more than {depth} deep": "{depth}단계보다 깊게 중첩되어 있습니다",
    "give parts a node of their own": "일부를 별도의 노드로 나누세요",
    "nothing opens this `{bracket}`": "이 `{bracket}`에 짝이 되는 여는 괄호가 없습니다",
    "this `{bracket}` is never closed": "이 `{bracket}`에 짝이 되는 닫는 괄호가 없습니다",
    "a list stands in square brackets: `[…]`": "목록은 대괄호로 묶습니다: `[…]`",
    # Operands and operators
    "`{text}` is no operand": "`{text}`{은/는} 피연산자가 아닙니다",
    "text is no operand": "텍스트는 피연산자가 아닙니다",
    "a list is no operand": "목록은 피연산자가 아닙니다",
    "an attribute's text has a name: `name={text}`": "설정에 주는 텍스트에는 이름을 붙입니다: `name={text}`",
    "an attribute's value has a name: `keepdims=true`": "설정에 주는 값에는 이름을 붙입니다: `keepdims=true`",
    "a list of numbers goes under `constants`; an attribute's list has a name: `shape=[2, 3]`": (
        "수의 목록은 `constants`에 쓰고, 설정에 주는 목록에는 이름을 붙입니다: `shape=[2, 3]`"
    ),
    "a plus before an operand is left out": "피연산자 앞의 덧셈 기호는 쓰지 않습니다",
    "`{name}` is a word of Python and no name": "`{name}`{은/는} 파이썬의 예약어여서 이름이 될 수 없습니다",
    "a node has one value: give the new one its own node": (
        "노드의 값은 하나입니다. 새 값은 별도의 노드로 만드세요"
    ),
    "compare with `==`": "비교는 `==`로 합니다",
    "compare with `==`; `name=` is for the arguments of a call": (
        "비교는 `==`로 합니다. `name=`은 함수를 부를 때 인수에 씁니다"
    ),
    "comparisons do not chain": "비교는 이어 쓸 수 없습니다",
    "compare two at a time: `{text}`": "둘씩 비교하세요: `{text}`",
    # Calls
    "`{name}` is given twice": "`{name}`{이/가} 두 번 주어졌습니다",
    "put it before `{name}=`, or give its name too": "`{name}=` 앞에 두거나, 이것에도 이름을 붙이세요",
    "an operand without a name comes before those with one": (
        "이름 없는 피연산자는 이름이 있는 것보다 앞에 옵니다"
    ),
    "`.T` is not called": "`.T`는 괄호를 붙여 부르지 않습니다",
    "write `.T` without the brackets": "괄호 없이 `.T`만 쓰세요",
    "operators are called by their plain names": "연산자는 앞에 아무것도 붙이지 않고 이름만으로 부릅니다",
    "only a name can be followed by a path, `.T` by nothing more: found `{text}`": (
        "경로는 이름 뒤에만 올 수 있고 `.T` 뒤에는 아무것도 올 수 없는데 `{text}`{이/가} 있습니다"
    ),
    # Numbers, text and subscripts
    "a list holds numbers, text, `true`, `false` and lists": (
        "목록에는 수, 텍스트, `true`, `false`, 목록을 쓸 수 있습니다"
    ),
    "a number has no axes and no parts": "수에는 축도 부분도 없습니다",
    "a whole number has no zeros before it": "정수 앞에는 0을 붙이지 않습니다",
    "this number is too large for 64-bit floating point": "64비트 부동소수점으로 나타내기에 너무 큰 수입니다",
    "a subscript needs an index": "대괄호 안에 인덱스가 필요합니다",
    "a subscript holds whole numbers and `:` only": "대괄호 안에는 정수와 `:`만 쓸 수 있습니다",
    "`x[0]` or `x[:, 1:]`": "`x[0]` 또는 `x[:, 1:]`처럼 씁니다",
    "an index is a whole number": "인덱스는 정수입니다",
    "the step of a slice cannot be 0": "슬라이스의 간격은 0일 수 없습니다",
    "quoted text holds no backslash": "따옴표 안에는 역슬래시를 쓸 수 없습니다",
    "quoted text stays on one line": "따옴표로 묶은 텍스트는 한 줄에 씁니다",
    "this quotation mark is never closed": "이 따옴표가 닫히지 않았습니다",
    "close it with {quote}": "{quote} 기호로 닫으세요",
    # Characters
    "`{symbol}` is not part of expressions": "식에는 `{symbol}` 기호를 쓸 수 없습니다",
    "the character `{character}` (U+{number}) is not part of expressions": (
        "식에는 문자 `{character}` (U+{number})를 쓸 수 없습니다"
    ),
    "`{quote}` is not part of names": "이름에는 `{quote}` 기호를 쓸 수 없습니다",
    "nobody sees this character: take it out": "눈에 보이지 않는 문자입니다. 지우세요",
    "a name has no prime: write `x_prime`": "이름에는 프라임을 붙이지 않습니다. `x_prime`처럼 쓰세요",
    "a name has no prime: write `x_prime`, or `.T` for a transpose": (
        "이름에는 프라임을 붙이지 않습니다. `x_prime`처럼 쓰고, 전치는 `.T`로 쓰세요"
    ),
    "write `*`, or `@` for the product of matrices and vectors": (
        "`*`를 쓰세요. 행렬과 벡터의 곱은 `@`입니다"
    ),
    "write the forward pass alone: the gradients are computed from it": (
        "순전파만 쓰세요. 그래디언트는 그것으로 계산합니다"
    ),
    "an infinity goes under `constants`, as `.inf`": "무한대는 `constants`에 `.inf`로 씁니다",
    "write one expression with `+`, and another with `-`": "`+`를 쓴 식과 `-`를 쓴 식으로 나누세요",
    # Habits from other languages
    "there is no remainder here": "나머지 연산자는 없습니다",
    "there is no whole division here; `/` divides": "몫만 구하는 나눗셈은 없습니다. `/`로 나눕니다",
    "multiply two conditions to have both: `(a > 0) * (b > 0)`": (
        "두 조건을 모두 만족하게 하려면 곱하세요: `(a > 0) * (b > 0)`"
    ),
    "`maximum` of two conditions has either: `maximum(a > 0, b > 0)`": (
        "두 조건 가운데 하나라도 만족하게 하려면 `maximum`을 쓰세요: `maximum(a > 0, b > 0)`"
    ),
    "`1 - condition` turns a condition round": "조건을 뒤집으려면 `1 - condition`처럼 쓰세요",
    "multiply by a power of two instead": "대신 2의 거듭제곱을 곱하세요",
    "divide by a power of two instead": "대신 2의 거듭제곱으로 나누세요",
    "give the part a node of its own instead": "대신 그 부분을 별도의 노드로 만드세요",
    "write a `:` for each axis that is taken whole": "전체를 가져올 축마다 `:`을 쓰세요",
    "one dot leads into an instance: `one.h`": "인스턴스 안의 것은 점 하나로 가리킵니다: `one.h`",
    "one node holds one expression": "노드 하나에는 식을 하나만 씁니다",
    "group with parentheses: `( )`": "소괄호로 묶으세요: `( )`",
    "a comment needs a space before its `#`, and ends the value": (
        "주석은 `#` 앞에 빈칸이 필요하며, 거기서 값이 끝납니다"
    ),
    "names are written as they are, without a `$`": "이름은 `$` 없이 그대로 씁니다",
    "names are written as they are, without quotes": "이름은 따옴표 없이 그대로 씁니다",
    "choose with `where(condition, a, b)`": "`where(condition, a, b)`로 고르세요",
    "no backslash is needed: a long expression may go on in the next line, indented": (
        "역슬래시는 필요 없습니다. 긴 식은 다음 줄에 들여 써서 이어 가면 됩니다"
    ),
    "write a cell for a formula that is used several times": "여러 번 쓰는 식은 셀로 만드세요",
    "a `scan` repeats a cell over time": "`scan`이 시간을 따라 셀을 반복합니다",
    "a graph has no loops; a `scan` repeats a cell over time": (
        "계산그래프에는 반복문이 없습니다. `scan`이 시간을 따라 셀을 반복합니다"
    ),
    "the expression itself is the node's value": "식 자체가 노드의 값입니다",
    "operators are there without being imported": "연산자는 불러오지 않아도 쓸 수 있습니다",
    "leave the attribute out instead": "대신 그 설정을 쓰지 마세요",
}
