"""Every word of the interface, each in every language; one place for all."""

from __future__ import annotations

from backprop_engine.text import Words

__all__ = ["TEXTS", "text"]

TEXTS: dict[str, Words] = {
    "panel.graph": Words("Graph", "계산그래프"),
    "panel.chain_rule": Words("Chain rule", "연쇄법칙"),
    "panel.accumulate": Words("Accumulate", "누적"),
    "panel.forward": Words("Forward", "순전파"),
    "panel.seed": Words("Seed", "시작"),
    "panel.update": Words("Update", "갱신"),
    "panel.why": Words("Why", "설명"),
    "panel.nodes": Words("Nodes", "노드"),
    "panel.timeline": Words("Timeline", "타임라인"),
    "phase.start": Words("START", "시작"),
    "phase.forward": Words("FORWARD", "순전파"),
    "phase.backward": Words("BACKWARD", "역전파"),
    "phase.update": Words("UPDATE", "갱신"),
    "phase.end": Words("DONE", "완료"),
    "step": Words("step {position} of {last}", "스텝 {position}/{last}"),
    "timeline.forward": Words("forward", "순전파"),
    "timeline.seed": Words("seed", "시작"),
    "timeline.backward": Words("backward", "역전파"),
    "timeline.update": Words("update", "갱신"),
    "iteration": Words("iteration {iteration} of {last}", "반복 {iteration}/{last}"),
    "column.node": Words("node", "노드"),
    "column.op": Words("is", "연산"),
    "column.shape": Words("shape", "차원"),
    "column.value": Words("value", "값"),
    "column.gradient": Words("gradient", "그래디언트"),
    "scalar": Words("scalar", "스칼라"),
    "kind.input": Words("input", "입력"),
    "kind.param": Words("parameter", "파라미터"),
    "kind.constant": Words("constant", "상수"),
    "command.step": Words("step", "한 스텝"),
    "command.step.help": Words("one step forward", "한 스텝 앞으로"),
    "command.back": Words("back", "뒤로"),
    "command.back.help": Words("one step back", "한 스텝 뒤로"),
    "command.over": Words("node", "노드"),
    "command.over.help": Words("over a node, with all its edges", "노드 하나와 그 간선을 모두 지나 앞으로"),
    "command.over_back": Words("node back", "노드 뒤로"),
    "command.over_back.help": Words("back over a node", "노드 하나를 지나 뒤로"),
    "command.iteration": Words("next iteration", "다음 반복"),
    "command.iteration.help": Words("to the same place in the next iteration", "다음 반복의 같은 곳으로"),
    "command.iteration_back": Words("iteration back", "이전 반복"),
    "command.iteration_back.help": Words(
        "to the same place in the iteration before", "이전 반복의 같은 곳으로"
    ),
    "command.backward": Words("backward", "역전파"),
    "command.backward.help": Words("to where the backward pass begins", "역전파가 시작되는 곳으로"),
    "command.start": Words("start", "처음"),
    "command.start.help": Words("to the start of the run", "맨 처음으로"),
    "command.end": Words("end", "끝"),
    "command.end.help": Words("to the end of the run", "맨 끝으로"),
    "command.go": Words("go to", "이동"),
    "command.go.help": Words(
        "go to a position, or a percentage such as 50%", "위치 번호 또는 50% 같은 비율로 이동"
    ),
    "command.next_panel": Words("panel", "패널"),
    "command.next_panel.help": Words("to the next panel", "다음 패널로"),
    "command.previous_panel": Words("previous panel", "이전 패널"),
    "command.previous_panel.help": Words("to the previous panel", "이전 패널로"),
    "command.inspect": Words("inspect", "자세히"),
    "command.inspect.help": Words("show everything about a node", "노드의 모든 정보 보기"),
    "command.copy": Words("copy", "복사"),
    "command.copy.help": Words(
        "copy what is marked, else the chosen node, else the step", "선택한 글, 고른 노드, 또는 스텝을 복사"
    ),
    "command.help": Words("help", "도움말"),
    "command.help.help": Words("this page", "이 화면"),
    "command.palette": Words("commands", "명령"),
    "command.palette.help": Words("find a command by its name", "이름으로 명령 찾기"),
    "command.gallery": Words("gallery", "목록"),
    "command.gallery.help": Words("back to the gallery of scenarios", "시나리오 목록으로"),
    "command.quit": Words("quit", "종료"),
    "command.quit.help": Words("leave the debugger", "디버거 종료"),
    "help.title": Words("Help", "도움말"),
    "help.keys": Words("Keys", "키"),
    "help.signs": Words("Signs", "기호"),
    "help.scroll": Words(
        "↑ ↓ PgUp PgDn scroll the panel that has the focus, with Shift sideways; click a node to choose it",
        "↑ ↓ PgUp PgDn: 초점이 있는 패널 스크롤, Shift와 함께 좌우로. 노드를 클릭하면 선택됩니다",
    ),
    "help.absent": Words("not reached yet; this is not zero", "아직 도달하지 않음. 0이 아닙니다"),
    "help.value": Words("green, above the wire: a value, going forward ▶", "초록, 선 위: 순전파되는 값 ▶"),
    "help.gradient": Words(
        "red, below the wire: a gradient, going backward ◀", "빨강, 선 아래: 역전파되는 그래디언트 ◀"
    ),
    "help.heavy": Words(
        "heavy lines: the node and the edge of this step", "굵은 선: 이번 스텝의 노드와 간선"
    ),
    "help.leaves": Words("an input, a parameter, a constant", "입력, 파라미터, 상수"),
    "help.norm": Words(
        "a tensor in short: its shape, and ‖its norm‖, the root of the sum of squares",
        "텐서 요약: 차원과 ‖노름‖(제곱합의 제곱근)",
    ),
    "help.close": Words("Esc closes", "Esc로 닫기"),
    "go.title": Words("Go to a position, 0 to {last}, or a percentage", "이동할 위치 0–{last} 또는 비율(%)"),
    "go.bad": Words(
        "a position is a number from 0 to {last}, or a percentage", "0–{last}의 수 또는 비율(%)이어야 합니다"
    ),
    "inspect.shape": Words("shape", "차원"),
    "inspect.value": Words("value", "값"),
    "inspect.gradient": Words("gradient", "그래디언트"),
    "inspect.partial": Words("{count} of {of} contributions so far", "{of}개 중 {count}개 도착"),
    "inspect.at": Words("written at", "정의된 위치"),
    "inspect.conventions": Words("conventions", "규약"),
    "inspect.none": Words("gets no gradient", "그래디언트를 받지 않습니다"),
    "copied": Words("copied: {what}", "복사함: {what}"),
    "gallery.title": Words(
        "backprop-tui ─ the debugger for backpropagation", "backprop-tui ─ 오차 역전파 디버거"
    ),
    "gallery.scenarios": Words("Scenarios", "시나리오"),
    "gallery.about": Words("About", "설명"),
    "gallery.open": Words("open", "열기"),
    "gallery.source": Words("source", "출처"),
    "graph.part": Words("nodes {part}", "노드 {part}"),
}


def text(key: str, language: str, **parts: object) -> str:
    """A text of the interface in `language` with `parts` put in."""
    return TEXTS[key].in_language(language).format(**parts)
