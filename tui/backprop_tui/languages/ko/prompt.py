"""Korean for what `prompt` says."""

from __future__ import annotations

__all__ = ["TEMPLATES"]

TEMPLATES: dict[str, str] = {
    # Commands
    "`help` lists them": "`help`로 볼 수 있습니다",
    "type a command": "명령을 입력하세요",
    "there is no command {name}": "{name} 명령이 없습니다",
    "{name} could be {commands}": "{name}{으로/로} 시작하는 명령은 {commands}입니다",
    "{name} is a node: `print {name}` shows it": (
        "{name}{은/는} 노드입니다: `print {name}`{으로/로} 볼 수 있습니다"
    ),
    "{command} is for the screen, and there is none here": (
        "{command}{은/는} 화면에서 쓰는 명령이라 여기에는 없습니다"
    ),
    "{command} takes nothing behind it, not {text}": (
        "{command} 뒤에는 아무것도 쓰지 않는데 {text}{이/가} 있습니다"
    ),
    "write: {usage}": "쓰는 법: {usage}",
    "a line has at most {most:,} characters": "한 줄은 {most:,}자까지입니다",
    "a file's name has no zero byte in it": "파일 이름에 널 문자를 쓸 수 없습니다",
    "there is no information on {text}": "{text}에 대한 정보가 없습니다",
    "there is {topics}": "있는 것은 {topics}입니다",
    # Positions and nodes
    "no node is chosen": "고른 노드가 없습니다",
    "there is no node without a name": "이름 없는 노드는 없습니다",
    "`op {name}` is the operator": "연산자는 `op {name}`{으로/로} 씁니다",
    "{name} gets no gradient": "{name}{은/는} 그래디언트를 받지 않습니다",
    "there is no position {position}: there are positions 0 to {last}, 0% to 100%": (
        "위치 {position}{은/는} 없습니다: 위치는 0부터 {last}까지, 0%부터 100%까지입니다"
    ),
    "no step of this iteration is about {text}": "이번 반복에 {text}에 대한 스텝이 없습니다",
    # Numbers
    "there is no plot {name}": "{name} 도표는 없습니다",
    "{text} is no whole number": "{text}{은/는} 정수가 아닙니다",
    "{text} is no number: write 0.5, [1, 2], [[1, 2], [3, 4]], nan or inf": (
        "{text}{은/는} 수가 아닙니다: 0.5, [1, 2], [[1, 2], [3, 4]], nan, inf처럼 쓰세요"
    ),
    "{text}: commas stand between numbers, and brackets around them": (
        "{text}: 쉼표는 수와 수 사이에, 대괄호는 그 둘레에 씁니다"
    ),
    "lists nest at most {most} deep": "목록은 {most}겹까지 쓸 수 있습니다",
    "{text}: a value is one number, or one list that is closed": (
        "{text}: 값은 수 하나이거나 닫힌 목록 하나입니다"
    ),
    "{text}: the rows differ in length or depth": "{text}: 행의 길이나 깊이가 서로 다릅니다",
    "{text} is too large a number": "{text}{은/는} 너무 큰 수입니다",
    "write inf for infinity": "무한대는 inf로 쓰세요",
    "{text}: a cell has whole numbers with commas between them, such as W[1,2]": (
        "{text}: 원소는 W[1,2]처럼 정수를 쉼표로 나누어 씁니다"
    ),
    "{cell} is one cell: write one number": "{cell}{은/는} 원소 하나입니다: 수 하나를 쓰세요",
    "a gradient cannot be nudged, only a leaf": "그래디언트는 조금 바꾸어 볼 수 없습니다: 리프 노드만 됩니다",
    # Files
    "{path}: {problem}": "{path}: {problem}",
    "this scenario has no folder of yours to keep them in: name a file, `save mine.debug`": (
        "이 시나리오 옆에는 저장할 수 없습니다: `save mine.debug`처럼 파일 이름을 쓰세요"
    ),
    "{path}: nothing is written, since it would not load: {problem}": (
        "{path}: 다시 불러올 수 없는 내용이라 쓰지 않았습니다: {problem}"
    ),
    "{path} is there already: nothing is written": "{path} 파일이 이미 있어 쓰지 않았습니다",
    "{path}: a saved file has the lists `breakpoints` and `watch`, and nothing else": (
        "{path}: 저장한 파일에는 `breakpoints`와 `watch` 목록만 있어야 합니다"
    ),
    "{path} is no regular file: nothing is written": "{path}{은/는} 보통 파일이 아니어서 쓰지 않았습니다",
    "{path} is there and holds something else: nothing is written": (
        "{path} 파일에 다른 내용이 있어 쓰지 않았습니다"
    ),
    "the breakpoint `{text}` is left out: {problem}": "중단점 `{text}`{을/를} 뺐습니다: {problem}",
    "the watch `{text}` is left out: {problem}": "지켜보는 식 `{text}`{을/를} 뺐습니다: {problem}",
}
