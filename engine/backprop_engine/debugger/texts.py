"""What the debugger says about commands, in every language."""

from __future__ import annotations

from typing import Final

from backprop_engine.messages.words import Words

__all__ = ["NOTICES"]

NOTICES: Final[dict[str, Words]] = {
    "nothing inside": Words(
        "There is nothing to step into here: the operator is elementary.",
        "여기서는 들어갈 곳이 없습니다. 더 나눌 수 없는 연산자입니다.",
    ),
    "nothing outside": Words("You are inside of nothing.", "어느 것의 안에도 있지 않습니다."),
    "group done": Words(
        "This is the end of {group}: the next step leads out of it.",
        "{group}의 마지막 스텝입니다. 한 스텝 더 가면 밖으로 나갑니다.",
    ),
    "no history": Words("There is no jump to go back to.", "돌아갈 이동 기록이 없습니다."),
    "no groups": Words("The graph has no groups to fold.", "이 그래프에는 접을 그룹이 없습니다."),
    "no breakpoints": Words(
        "No breakpoint is set; this is the end of the run.", "중단점이 없어 실행의 끝으로 왔습니다."
    ),
    "no breakpoints back": Words(
        "No breakpoint is set; this is the start of the run.", "중단점이 없어 실행의 처음으로 왔습니다."
    ),
    "no hit": Words(
        "No breakpoint was hit; this is the end of the run.", "중단점에 걸리지 않아 실행의 끝으로 왔습니다."
    ),
    "no hit back": Words(
        "No breakpoint was hit; this is the start of the run.",
        "중단점에 걸리지 않아 실행의 처음으로 왔습니다.",
    ),
    "hit": Words("Stopped at breakpoint {breakpoints}.", "중단점 {breakpoints}에서 멈췄습니다."),
    "halted": Words(
        "Stopped in iteration {iteration}, on the way to iteration {goal}.",
        "반복 {goal}까지 가던 중 반복 {iteration}에서 멈췄습니다.",
    ),
    "halted search": Words(
        "Stopped searching at iteration {iteration}; continue to search on.",
        "반복 {iteration}에서 탐색을 멈췄습니다. 계속하면 이어서 찾습니다.",
    ),
}
