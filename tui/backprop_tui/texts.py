"""Every word of the interface, each in every language; one place for all."""

from __future__ import annotations

from typing import NamedTuple

from backprop_engine.messages import words as messages

__all__ = ["TEXTS", "text"]


class Words(NamedTuple):
    """A text in both languages."""

    en: str
    ko: str

    def in_language(self, language: str) -> str:
        """The text in `language`."""
        return self.ko if language == "ko" else self.en


TEXTS: dict[str, Words] = {
    "panel.graph": Words("Graph", "계산그래프"),
    "panel.chain_rule": Words("Chain rule", "연쇄법칙"),
    "panel.accumulate": Words("Accumulate", "누적"),
    "panel.forward": Words("Forward", "순전파"),
    "panel.seed": Words("Seed", "시작"),
    "panel.watches": Words("watches", "지켜보는 식"),
    "panel.update": Words("Update", "갱신"),
    "panel.why": Words("Why", "설명"),
    "panel.formula": Words("Formula", "수식"),
    "panel.nodes": Words("Nodes", "노드"),
    "panel.outline": Words("Outline", "구조"),
    "panel.calls": Words("Calls", "호출 스택"),
    "panel.graph.help": Words(
        "Values go right, in green above the wires; gradients come back, in red below them. The step's own "
        "node and wires are heavy, what is still ahead is dashed. + and - zoom, f fits, . looks at the step; "
        "↑ ↓, Shift with ← →, H J K L or the mouse scroll; ← → alone step. A click chooses a node, two "
        "clicks open it.",
        "값은 선 위에 녹색으로 오른쪽으로 가고, 그래디언트는 선 아래에 적색으로 되돌아옵니다. 이 스텝의 "
        "노드와 선은 굵고, 아직 오지 않은 것은 점선입니다. +와 -로 확대하고 축소하며, f는 전체를, .은 이번 "
        "스텝을 보여 줍니다. ↑ ↓, Shift+← →, H J K L이나 마우스로 움직입니다(← →만 누르면 스텝이 "
        "진행됩니다). 클릭으로 노드를 고르고, 두 번 클릭하면 자세히 봅니다.",
    ),
    "panel.chain.help": Words(
        "The step as an equation: the upstream gradient that has come to the node, times the local gradient "
        "of "
        "the node by this operand, gives what is handed on. A numeric check stands below it.",
        "이 스텝의 식입니다. 노드로 흘러들어온 그래디언트에 이 입력에 대한 로컬 그래디언트를 곱하면 넘겨줄 "
        "그래디언트가 됩니다. "
        "아래에는 수치 미분으로 확인한 결과가 있습니다.",
    ),
    "panel.nodes.help": Words(
        "Every node with its operation, its shape, its value and its gradient as far as they are known here. "
        "The arrows choose a node; behind Δ stands by how much a change has "
        "moved it, of a tensor the norm of the difference.",
        "모든 노드의 연산, 형상, 그리고 지금까지 알려진 값과 그래디언트입니다. 화살표로 노드를 고릅니다. "
        "Δ 뒤에는 바꾼 결과 달라진 만큼이 나옵니다. 텐서이면 차이의 노름입니다.",
    ),
    "panel.outline.help": Words(
        "The structure of the graph: leaves, scans, groups, and the nodes inside. The arrows choose a node; "
        "z or a click on ▾ folds a group to one box, in the picture too, and ▸ unfolds it.",
        "그래프의 구조입니다. 말단 노드, 스캔, 그룹, 그리고 그 안의 노드가 나옵니다. 화살표로 노드를 "
        "고릅니다. z나 ▾ 클릭으로 그룹을 상자 하나로 접고(그림에서도 접힙니다), ▸로 다시 폅니다.",
    ),
    "panel.calls.help": Words(
        "What one is inside of: the run, the iteration, groups, and composite operators that one has stepped "
        "into, the innermost last.",
        "지금 어디의 안에 있는지 보여 줍니다. 실행, 반복, 그룹, 그리고 들어온 복합 연산자가 바깥쪽부터 "
        "차례로 나옵니다.",
    ),
    "panel.why.help": Words(
        "The step in words: the rule, the same in numbers, why it is so, and the line of NumPy. The author's "
        "note and what is watched stand below.",
        "이 스텝을 말로 설명합니다. 규칙과 숫자, 이유, NumPy 코드가 나오고, 그 아래에 작성자의 메모와 "
        "지켜보는 식이 나옵니다.",
    ),
    "panel.formula.help": Words(
        "The equations of the step as on a blackboard: what the node is, its local gradient, and the chain "
        "rule, each with the numbers of this step below its symbols; of a large tensor, its shape. The line "
        "of NumPy stands below.",
        "이 스텝의 식을 칠판에 쓰듯 보여 줍니다. 노드의 식과 로컬 그래디언트, 연쇄법칙이 나오고, "
        "기호 아래에 이 스텝의 숫자가 나옵니다. 큰 텐서는 형상으로 나타내고, NumPy 코드는 "
        "맨 아래에 나옵니다.",
    ),
    "panel.transcript.help": Words(
        "The run so far as text to read from top to bottom; the step that one stands behind comes last.",
        "지금까지의 실행을 위에서 아래로 읽는 글입니다. 방금 지난 스텝이 맨 끝에 나옵니다.",
    ),
    "panel.gallery.help": Words(
        "The bundled scenarios by folder; more dots are harder. ↑ ↓ choose one, Enter opens it, / finds some "
        "by title, name or folder, t takes the tour. The keys below are for a scenario that is open.",
        "함께 들어 있는 시나리오를 폴더별로 늘어놓은 목록입니다. 점이 많을수록 어렵습니다. "
        "↑ ↓로 고르고 Enter로 엽니다. /로는 제목, 이름, 폴더를 찾고 t로는 둘러보기를 시작합니다. "
        "아래의 키는 시나리오를 연 뒤에 씁니다.",
    ),
    "panel.plots": Words("Plots", "도표"),
    "panel.plots.help": Words(
        "The run from afar: the loss, the sizes of gradients along time, depth and iterations, and the "
        "parameters. v goes to the next plot; a click goes to an iteration, or chooses a node. Iterations "
        "that are missing are computed while one looks.",
        "실행을 멀리서 본 모습입니다. 손실, 시간과 깊이와 반복에 따른 그래디언트의 크기, 파라미터를 보여 "
        "줍니다. v를 누르면 다음 도표로 넘어가고, 클릭하면 그 반복으로 가거나 노드를 고릅니다. 아직 계산하지 "
        "않은 반복은 보는 동안 계산합니다.",
    ),
    "plot.loss": Words("loss", "손실"),
    "plot.time": Words("gradients along time", "시간에 따른 그래디언트"),
    "plot.gradients": Words("gradients along depth", "깊이에 따른 그래디언트"),
    "plot.norms": Words("gradients over iterations", "반복에 따른 그래디언트"),
    "plot.parameters": Words("parameters over iterations", "반복에 따른 파라미터"),
    "plot.plane": Words("two parameters", "두 파라미터의 경로"),
    "plot.factor": Words("×{factor} a step back", "한 시점 거슬러 갈 때마다 ×{factor}"),
    "plot.computed": Words("{count} of {of} computed", "{of}개 중 {count}개 계산됨"),
    "plot.no_gradient": Words(
        "No gradients here: this iteration is a forward pass alone.",
        "이 반복은 순전파뿐이라 그래디언트가 없습니다.",
    ),
    "panel.named": Words("panel {panel}", "{panel} 패널"),
    "panel.show": Words("show the panel “{panel}”", "“{panel}” 패널 보기"),
    "panel.timeline": Words("Timeline", "타임라인"),
    "phase.start": Words("START", "시작"),
    "phase.forward": Words("FORWARD", "순전파"),
    "phase.backward": Words("BACKWARD", "역전파"),
    "phase.update": Words("UPDATE", "갱신"),
    "phase.end": Words("DONE", "완료"),
    "step": Words("step {position} of {last}", "스텝 {position}/{last}"),
    "step_short": Words("step {position}/{last}", "스텝 {position}/{last}"),
    "timeline.forward": Words("forward", "순전파"),
    "timeline.seed": Words("seed", "시작"),
    "timeline.backward": Words("backward", "역전파"),
    "timeline.update": Words("update", "갱신"),
    "halt": Words("stop", "중지"),
    "iteration": Words("iteration {iteration} of {last}", "반복 {iteration}/{last}"),
    "iteration_short": Words("iteration {iteration}/{last}", "반복 {iteration}/{last}"),
    "column.node": Words("node", "노드"),
    "column.op": Words("is", "연산"),
    "column.shape": Words("shape", "형상"),
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
    "command.iteration.help": Words(
        "to the same place in another iteration, the next one where none is named",
        "다른 반복(번호가 없으면 다음 반복)의 같은 곳으로",
    ),
    "command.iteration_back": Words("iteration back", "이전 반복"),
    "command.iteration_back.help": Words(
        "to the same place in the iteration before", "이전 반복의 같은 곳으로"
    ),
    "command.into": Words("into", "안으로"),
    "command.into.help": Words(
        "into the operator of this step, where it is made of others, or into a folded group",
        "이 스텝의 연산자가 다른 연산자로 이루어져 있으면 그 안으로, 또는 접은 그룹 안으로",
    ),
    "command.out": Words("out", "밖으로"),
    "command.out.help": Words(
        "out of the operator one has stepped into, or to the end of the group",
        "들어온 연산자의 밖으로, 또는 그룹의 마지막 스텝으로",
    ),
    "command.continue": Words("continue", "계속"),
    "command.continue.help": Words(
        "on to the next breakpoint, else to the end", "다음 중단점까지, 없으면 끝까지"
    ),
    "command.continue_back": Words("continue back", "거꾸로 계속"),
    "command.continue_back.help": Words(
        "back to the breakpoint before, else to the start", "이전 중단점까지 거꾸로, 없으면 처음까지"
    ),
    "command.until": Words("run to", "노드까지"),
    "command.until.help": Words(
        "to the next step of a node: the chosen one where none is named",
        "노드(이름이 없으면 고른 노드)의 다음 스텝까지",
    ),
    "command.history_back": Words("jump back", "이동 취소"),
    "command.history_back.help": Words("to where one was before the last jump", "마지막 이동 전의 위치로"),
    "command.history_ahead": Words("jump again", "다시 이동"),
    "command.history_ahead.help": Words("again to where one came back from", "되돌아오기 전의 위치로"),
    "command.fold": Words("fold", "접기"),
    "command.fold.help": Words(
        "fold a group, or all instances of a scan, so that n goes over it as one, or unfold it; all "
        "groups where none is named",
        "그룹이나 스캔의 모든 인스턴스를 접어 n으로 한 번에 지나가거나 다시 펴기. 이름이 없으면 모든 그룹",
    ),
    "command.zoom_in": Words("zoom in", "확대"),
    "command.zoom_in.help": Words(
        "the graph from nearer: from dots to one line a node, to boxes with their numbers",
        "그래프를 크게 보기: 점, 한 줄짜리 노드, 수가 있는 상자 순서",
    ),
    "command.zoom_out": Words("zoom out", "축소"),
    "command.zoom_out.help": Words(
        "the graph from farther away: one line a node, then dots",
        "그래프를 작게 보기: 한 줄짜리 노드, 그다음 점",
    ),
    "command.fit": Words("fit", "맞추기"),
    "command.fit.help": Words(
        "the graph from as near as it fits the panel; where it never does, the dots around the step",
        "그래프가 패널에 들어가는 가장 큰 크기로 보기. 들어가지 않으면 이번 스텝을 가운데에 둔 점으로",
    ),
    "command.look": Words("look at step", "스텝 보기"),
    "command.look.help": Words(
        "the step in the middle of the graph's panel", "이번 스텝을 그래프 패널 가운데로"
    ),
    "command.minimap": Words("minimap", "미니맵"),
    "command.minimap.help": Words(
        "the small overview of a graph larger than its panel, or none; a click there goes there",
        "패널보다 큰 그래프의 작은 지도를 보이거나 숨기기. 클릭한 곳으로 갑니다",
    ),
    "command.hit": Words("next hit", "다음 결과"),
    "command.hit.help": Words(
        "choose the next of the nodes that the last search found, which are marked until Esc",
        "찾은 노드 가운데 다음 것 선택. 찾은 노드는 Esc까지 표시됩니다",
    ),
    "command.hit_back": Words("hit before", "이전 결과"),
    "command.hit_back.help": Words("choose the one before", "찾은 노드 가운데 이전 것 선택"),
    "command.break": Words("break", "중단점"),
    "command.break.help": Words(
        "a breakpoint on a node, `op NAME`, `group NAME`, `phase NAME`, a trouble such as `first nan`, or a "
        "condition; the key sets and removes that of the chosen node, or the step's own",
        "노드, `op 이름`, `group 이름`, `phase 이름`, `first nan` 같은 문제, 또는 조건에 중단점 두기. "
        "키는 고른 노드나 이 스텝의 노드에 두고 없앱니다",
    ),
    "command.break_once": Words("break once", "한 번 중단"),
    "command.break_once.help": Words(
        "a breakpoint that goes away when it has stopped", "한 번 멈추면 없어지는 중단점"
    ),
    "command.delete": Words("delete", "삭제"),
    "command.delete.help": Words(
        "remove a breakpoint by its number, or all of them", "중단점을 번호로 삭제, 번호가 없으면 모두 삭제"
    ),
    "command.enable": Words("enable", "켜기"),
    "command.enable.help": Words("switch a breakpoint on", "중단점 켜기"),
    "command.disable": Words("disable", "끄기"),
    "command.disable.help": Words("switch a breakpoint off", "중단점 끄기"),
    "command.ignore": Words("ignore", "지나치기"),
    "command.ignore.help": Words(
        "let the first hits of a breakpoint in each iteration pass", "반복마다 중단점의 처음 몇 번을 지나치기"
    ),
    "command.prompt": Words("prompt", "명령줄"),
    "command.prompt.help": Words("type a command", "명령을 글로 입력"),
    "command.find": Words("find", "찾기"),
    "command.find.help": Words(
        "find nodes by a part of their name, or steps by `op NAME`, `group NAME`, a trouble, `if CONDITION`",
        "이름의 일부로 노드를, `op 이름`, `group 이름`, 문제, `if 조건`으로 스텝을 찾기",
    ),
    "command.print": Words("print", "출력"),
    "command.print.help": Words(
        "the value of a node, of `grad(NODE)`, or of any expression over them, at this position",
        "이 위치에서 노드, `grad(노드)`, 또는 이들로 된 식의 값",
    ),
    "command.nodes": Words("all nodes", "노드 목록"),
    "command.nodes.help": Words("every node with its value and its gradient", "모든 노드의 값과 그래디언트"),
    "command.who": Words("who", "누가"),
    "command.who.help": Words(
        "who changed this gradient: every contribution to it, and the position of each",
        "이 그래디언트를 바꾼 것: 모든 기여와 각각의 위치",
    ),
    "command.why": Words("why", "경로"),
    "command.why.help": Words(
        "where a gradient comes from: the paths from the output, and the product of local gradients on each",
        "그래디언트가 온 길: 출력에서 오는 경로와, 경로마다 로컬 그래디언트의 곱",
    ),
    "command.watch": Words("watch", "지켜보기"),
    "command.watch.help": Words(
        "follow an expression over nodes and gradients", "노드와 그래디언트로 된 식의 값을 따라가기"
    ),
    "command.unwatch": Words("unwatch", "그만 보기"),
    "command.unwatch.help": Words(
        "stop following an expression, by its number, or all of them",
        "번호로 지켜보기를 그만두기, 번호가 없으면 모두",
    ),
    "command.info": Words("info", "정보"),
    "command.info.help": Words(
        "the breakpoints and how often they hit, the watches, the stack, the branches, the groups",
        "중단점과 걸린 횟수, 지켜보는 식, 스택, 갈래, 그룹",
    ),
    "command.stack": Words("stack", "스택"),
    "command.stack.help": Words("what one is inside of", "지금 어느 것의 안에 있는지"),
    "command.set": Words("set", "값 바꾸기"),
    "command.set.help": Words(
        "what if: another number for a leaf, a value or `grad(NODE)`, one cell or all of it, on a new branch",
        "만약에: 입력, 계산된 값, `grad(노드)`의 한 원소나 전체를 새 갈래에서 바꾸기",
    ),
    "command.undo": Words("undo", "취소"),
    "command.undo.help": Words("to the branch that this one grew from", "이 갈래가 갈라져 나온 갈래로"),
    "command.redo": Words("redo", "다시"),
    "command.redo.help": Words("again to the branch that undo left", "취소하기 전의 갈래로"),
    "command.branch": Words("branch", "갈래"),
    "command.branch.help": Words("go to a branch by its name", "이름으로 다른 갈래로 이동"),
    "command.name": Words("name", "이름"),
    "command.name.help": Words("give the branch one is on another name", "지금 갈래에 다른 이름 붙이기"),
    "command.compare": Words("compare", "비교"),
    "command.compare.help": Words(
        "what differs between two branches, and from which step on; else between the baseline and this one",
        "두 갈래(없으면 기준과 지금 갈래)에서 다른 것과, 달라지기 시작하는 스텝",
    ),
    "command.beside": Words("side by side", "나란히"),
    "command.beside.help": Words(
        "step through two branches side by side, the baseline and the one that one is on where none is named",
        "두 갈래를 나란히 두고 함께 스텝 진행. 이름이 없으면 기준과 지금 갈래",
    ),
    "command.nudge": Words("nudge", "조금 바꾸기"),
    "command.nudge.help": Words(
        "move one cell of a leaf by ±SIZE (0.01) and compare the output with what its gradient predicts",
        "입력의 한 원소를 ±크기(0.01)만큼 바꾸어, 출력을 그래디언트의 예측과 비교",
    ),
    "command.save": Words("save", "저장"),
    "command.save.help": Words(
        "keep breakpoints and watches in a file beside the scenario, or in another",
        "중단점과 지켜보는 식을 시나리오 옆의 파일, 또는 다른 파일에 저장",
    ),
    "command.load": Words("load", "불러오기"),
    "command.load.help": Words(
        "breakpoints and watches from the file beside the scenario, or from another",
        "시나리오 옆의 파일, 또는 다른 파일에서 중단점과 지켜보는 식을 불러오기",
    ),
    "command.export": Words("export", "내보내기"),
    "command.export.help": Words(
        "write the scenario, with the leaves as this branch has them, to a new file",
        "이 갈래의 값으로 시나리오를 새 파일에 쓰기",
    ),
    "command.expect": Words("expect", "확인"),
    "command.expect.help": Words(
        "say whether an expression is true; a script fails where it is not",
        "식이 참인지 확인. 거짓이면 스크립트가 실패합니다",
    ),
    "command.play": Words("play", "자동 진행"),
    "command.play.help": Words(
        "step on by itself, until the end, a breakpoint, or the same key again",
        "끝이나 중단점에 이르거나 같은 키를 다시 누를 때까지 저절로 한 스텝씩",
    ),
    "command.plot": Words("plots", "도표"),
    "command.plot.help": Words(
        "show the plots; once they are there, the next of them, or the one that is named",
        "도표 보기, 이미 보이면 다음 도표나 이름을 쓴 도표로",
    ),
    "command.plot_back": Words("plot before", "이전 도표"),
    "command.plot_back.help": Words(
        "show the plots; once they are there, the one before", "도표 보기, 이미 보이면 이전 도표로"
    ),
    "command.faster": Words("faster", "더 빨리"),
    "command.faster.help": Words("play more steps a second", "자동 진행을 더 빨리"),
    "command.slower": Words("slower", "더 천천히"),
    "command.slower.help": Words("play fewer steps a second", "자동 진행을 더 천천히"),
    "playing": Words("playing, {speed} steps a second", "자동 진행: 1초에 {speed}스텝"),
    "paused": Words("paused", "멈춤"),
    "command.backward": Words("backward", "역전파"),
    "command.backward.help": Words("to where the backward pass begins", "역전파가 시작되는 곳으로"),
    "command.start": Words("start", "처음"),
    "command.start.help": Words("to the start of the run", "맨 처음으로"),
    "command.end": Words("end", "끝"),
    "command.end.help": Words("to the end of the run", "맨 끝으로"),
    "command.go": Words("go to", "이동"),
    "command.go.help": Words(
        "go to a position, a percentage such as 50%, or the next step that a breakpoint there would stop at",
        "위치 번호, 50% 같은 비율, 또는 중단점을 두면 걸릴 다음 스텝으로 이동",
    ),
    "command.next_panel": Words("panel", "패널"),
    "command.next_panel.help": Words("to the next panel", "다음 패널로"),
    "command.previous_panel": Words("previous panel", "이전 패널"),
    "command.previous_panel.help": Words("to the previous panel", "이전 패널로"),
    "command.transcript": Words("transcript", "글로 읽기"),
    "command.transcript.help": Words(
        "read the run as plain text from top to bottom, for screen readers; again for the panels",
        "화면 낭독기에 알맞게 실행을 위에서 아래로 글로 읽기. 다시 누르면 패널로",
    ),
    "transcript.before": Words("… {count} steps before", "… 앞의 스텝 {count}개"),
    "too small": Words("{size} is small: {least} is comfortable", "{size}: {least} 이상이 알맞습니다"),
    "command.inspect": Words("inspect", "자세히"),
    "command.inspect.help": Words("show everything about a node", "노드의 모든 정보 보기"),
    "command.copy": Words("copy", "복사"),
    "command.copy.help": Words(
        "copy what is marked, else the chosen node, else the step", "선택한 글, 고른 노드, 또는 스텝을 복사"
    ),
    "command.edit_file": Words("edit", "편집"),
    "command.edit_file.help": Words(
        "open the file in your editor (VISUAL or EDITOR), at the node; what you save is loaded at once",
        "시나리오 파일을 편집기(VISUAL 또는 EDITOR)로 노드의 줄에서 열기. 저장하면 바로 다시 불러옵니다",
    ),
    "command.help": Words("help", "도움말"),
    "command.help.help": Words("this page", "이 화면"),
    "command.palette": Words("commands", "명령"),
    "command.palette.help": Words("find a command by its name", "이름으로 명령 찾기"),
    "command.tour": Words("tour", "둘러보기"),
    "command.tour.help": Words("a tour of one minute", "1분 동안 둘러보기"),
    "tour.title": Words("tour", "둘러보기"),
    "tour.offer": Words(
        "Is this your first time here? A tour takes a minute: forward, backward, and what if.",
        "처음이신가요? 순전파와 역전파, 그리고 값 바꾸어 보기를 1분 동안 둘러볼 수 있습니다.",
    ),
    "tour.yes": Words("take the tour", "둘러보기"),
    "tour.no": Words("not now: `t` in the gallery, or `:tour`", "나중에: 목록에서 `t`, 또는 `:tour`"),
    "tour.leave": Words("Esc leaves the tour", "Esc를 누르면 끝냅니다"),
    "tour.first": Words(
        "This graph computes f = (x + y) · z. Press s to compute its first node.",
        "이 그래프는 f = (x + y) · z를 계산합니다. s를 눌러 첫 노드를 계산해 보세요.",
    ),
    "tour.forward": Words(
        "q = 3 stands above its wire, in green. Press s again to compute f.",
        "q = 3이 선 위에 녹색으로 나타났습니다. s를 한 번 더 눌러 f를 계산하세요.",
    ),
    "tour.seed": Words(
        "The forward pass is done. Press s: the backward pass starts at f.",
        "순전파가 끝났습니다. s를 누르면 f에서 역전파가 시작됩니다.",
    ),
    "tour.backward": Words(
        "The gradient of f by itself is 1, in red below its wire. Press s: the chain rule hands it on.",
        "f 자신에 대한 그래디언트는 1이며, 선 아래에 적색으로 나타납니다. s를 누르면 연쇄법칙에 따라 "
        "전해집니다.",
    ),
    "tour.back": Words(
        "product = upstream · local, as the equation says. Every step can be taken back: press S.",
        "식과 같이, 곱 = 흘러들어온 값 · 로컬 그래디언트입니다. 어느 스텝이든 되돌아갈 수 있습니다. S를 "
        "누르세요.",
    ),
    "tour.end": Words(
        "You stand where you stood before. Press End: all gradients are known.",
        "앞의 위치로 돌아왔습니다. End를 누르면 모든 그래디언트가 구해집니다.",
    ),
    "tour.change": Words(
        "What if x were 3? Type :set x = 3 and press Enter, then Esc.",
        "x가 3이라면 어떨까요? :set x = 3을 입력하고 Enter, 이어서 Esc를 누르세요.",
    ),
    "tour.undo": Words(
        "Behind Δ stands how much each number has changed. Press u to take the change back.",
        "Δ 뒤에 각 숫자가 얼마나 달라졌는지 나옵니다. u를 누르면 바꾼 것을 되돌립니다.",
    ),
    "tour.last": Words(
        "That is all: Tab and the digits go to other panels, Enter opens a node, ? shows every key.",
        "이것이 전부입니다. Tab과 숫자 키로 다른 패널에 가고, Enter로 노드를 자세히 보고, ?로 모든 키를 볼 "
        "수 있습니다.",
    ),
    "command.gallery": Words("gallery", "목록"),
    "command.gallery.help": Words(
        "stop what takes long, let go of what is chosen, or back to the gallery of scenarios",
        "오래 걸리는 일을 중지하거나, 고른 것을 놓거나, 시나리오 목록으로",
    ),
    "command.quit": Words("quit", "종료"),
    "command.quit.help": Words("leave the debugger", "디버거 종료"),
    # What the prompt says
    "prompt.inside": Words("inside {names}", "{names} 안"),
    "prompt.hits.none": Words("it stops nowhere in this iteration", "이번 반복에서는 걸리는 곳이 없습니다"),
    "prompt.hits.one": Words(
        "it stops once in this iteration, at {first}", "이번 반복에서 위치 {first}에서 한 번 걸립니다"
    ),
    "prompt.hits": Words(
        "it stops {count} times in this iteration, first at {first}",
        "이번 반복에서 {count}번 걸립니다. 처음은 위치 {first}입니다",
    ),
    "prompt.breakpoint": Words("breakpoint {number}: {text}", "중단점 {number}: {text}"),
    "prompt.breakpoint.gone": Words("breakpoint {number} is gone: {text}", "중단점 {number} 삭제: {text}"),
    "prompt.breakpoints.gone": Words("all breakpoints are gone", "중단점을 모두 삭제했습니다"),
    "prompt.breakpoints.none": Words("no breakpoints", "중단점이 없습니다"),
    "prompt.topic.breakpoints": Words("breakpoints", "중단점"),
    "prompt.topic.watches": Words("watches", "지켜보는 식"),
    "prompt.topic.stack": Words("stack", "스택"),
    "prompt.topic.branches": Words("branches", "갈래"),
    "prompt.topic.groups": Words("groups", "그룹"),
    "prompt.off": Words("off", "꺼짐"),
    "prompt.once": Words("one-shot", "한 번만"),
    "prompt.ignores": Words("passes {count}", "{count}번 지나침"),
    "prompt.watches.none": Words("no watches", "지켜보는 식이 없습니다"),
    "beside.title": Words("Side by side", "나란히 보기"),
    "beside.differences": Words("{count} steps differ here", "서로 다른 스텝 {count}개"),
    "beside.same": Words("nothing differs so far", "여기까지는 다른 것이 없습니다"),
    "beside.next": Words("next difference", "다음 차이"),
    "beside.none": Words(
        "there is no other difference in this iteration", "이 반복에는 다른 차이가 더 없습니다"
    ),
    "beside.close": Words("close", "닫기"),
    "beside.alone": Words(
        "there is only the baseline: change something first, with `e`",
        "기준 갈래뿐입니다. 먼저 `e`로 무언가를 바꾸어 보세요",
    ),
    "prompt.stack.none": Words("inside of nothing", "어느 것의 안에도 있지 않습니다"),
    "prompt.groups.none": Words("no groups", "그룹이 없습니다"),
    "prompt.folded": Words("folded", "접음"),
    "prompt.folded.none": Words("nothing is folded", "접은 그룹이 없습니다"),
    "prompt.branch": Words("on branch {name}", "지금 갈래: {name}"),
    "prompt.branch.from": Words("from {parent}", "{parent}에서"),
    "prompt.changed": Words(
        "{count} nodes differ from {name}, from position {first} on",
        "{name}{과/와} 다른 노드 {count}개, 위치 {first}부터 다릅니다",
    ),
    "prompt.changed.one": Words(
        "one node differs from {name}, from position {first} on",
        "{name}{과/와} 다른 노드 한 개, 위치 {first}부터 다릅니다",
    ),
    "prompt.same": Words("nothing differs from {name}", "{name}{과/와} 다른 것이 없습니다"),
    "prompt.more": Words("… and {count} more", "… 그 밖에 {count}개"),
    "prompt.no_gradient": Words("{name} gets no gradient", "{name}{은/는} 그래디언트를 받지 않습니다"),
    "prompt.seeded": Words(
        "{name} is the output: its gradient is the seed, set at {position}",
        "{name}{은/는} 출력입니다. 그래디언트는 시작값이며 위치 {position}에서 정해집니다",
    ),
    "prompt.contributions": Words(
        "{gradient} is the sum of {count} contributions", "{gradient}: 기여 {count}개의 합"
    ),
    "prompt.contribution": Words("{gradient} is one contribution", "{gradient}: 기여 한 개"),
    "prompt.at": Words("at {position}", "위치 {position}"),
    "prompt.path.between": Words("… {count} nodes …", "… 노드 {count}개 …"),
    "prompt.paths": Words(
        "{count} paths from {output} to {name}", "{output}에서 {name}까지의 경로 {count}개"
    ),
    "prompt.path": Words("one path from {output} to {name}", "{output}에서 {name}까지의 경로 한 개"),
    "prompt.paths.sum": Words("their sum is {sum}", "합은 {sum}입니다"),
    "prompt.found.none": Words("nothing is found", "찾은 것이 없습니다"),
    "prompt.found.keys": Words(
        "Esc closes this line; then x and X go through them",
        "Esc로 명령줄을 닫은 뒤 x와 X로 차례로 볼 수 있습니다",
    ),
    "prompt.found.steps": Words("{count} steps of this iteration", "이번 반복의 스텝 {count}개"),
    "prompt.found.steps.one": Words("one step of this iteration", "이번 반복의 스텝 한 개"),
    "prompt.found.all": Words("{count} steps", "스텝 {count}개"),
    "prompt.found.all.one": Words("one step", "스텝 한 개"),
    "prompt.nudge.output": Words("output", "출력"),
    "prompt.nudge.slope": Words("slope", "기울기"),
    "prompt.nudge.gradient": Words("gradient", "그래디언트"),
    "prompt.nudge.predicted": Words("predicted", "예측"),
    "prompt.saved": Words(
        "kept in {path} (breakpoints: {breakpoints}, watches: {watches})",
        "{path}에 저장했습니다 (중단점: {breakpoints}, 지켜보는 식: {watches})",
    ),
    "prompt.saved.without": Words(
        "not kept: that breakpoints are off or pass some hits, and those that stop once",
        "꺼진 상태, 지나칠 횟수, 한 번만 멈추는 중단점은 저장하지 않습니다",
    ),
    "prompt.loaded": Words(
        "taken from {path} (breakpoints: {breakpoints}, watches: {watches})",
        "{path}에서 불러왔습니다 (중단점: {breakpoints}, 지켜보는 식: {watches})",
    ),
    "prompt.exported": Words("the scenario is written to {path}", "시나리오를 {path}에 썼습니다"),
    "prompt.exported.without": Words(
        "not written, since a scenario cannot say it: {changes}",
        "시나리오로 나타낼 수 없어 쓰지 않은 것: {changes}",
    ),
    "prompt.true": Words("as expected: {text}", "예상대로입니다: {text}"),
    "prompt.false": Words("not as expected: {text}", "예상과 다릅니다: {text}"),
    "prompt.unknown": Words("not known at this position: {text}", "이 위치에서는 아직 모릅니다: {text}"),
    "prompt.first_matrix": Words("the first matrix of it", "그 첫 행렬"),
    "prompt.hint": Words(
        "Tab completes, ↑ ↓ what was typed before, Enter, Esc leaves; help lists the commands",
        "Tab 완성, ↑ ↓ 지난 명령, Enter, Esc로 닫기. help는 명령 목록",
    ),
    "prompt.also": Words("also", "다른 이름"),
    "prompt.keys": Words("keys", "키"),
    "help.title": Words("Help", "도움말"),
    "help.panel": Words("This panel: {panel}", "지금 패널: {panel}"),
    "help.keys": Words("Keys", "키"),
    "help.signs": Words("Signs", "기호"),
    "help.scroll": Words(
        "↑ ↓ PgUp PgDn scroll the panel that has the focus; Shift with ← →, PgUp or PgDn does so sideways, "
        "for ← → alone step; in the graph H J K L and Ctrl with the arrows scroll in large steps, the mouse "
        "drags it; click a node to choose it. A heavy stretch of a border says which part is in view: drag "
        "it",
        "↑ ↓ PgUp PgDn: 초점이 있는 패널 스크롤. 좌우로는 Shift+← →, Shift+PgUp PgDn(← →만 누르면 "
        "스텝이 진행됩니다). 그래프에서는 H J K L이나 Ctrl+화살표로 크게 움직이고 마우스로 끌 수 있습니다. "
        "노드를 클릭하면 선택됩니다. 테두리의 굵은 부분은 보이는 곳을 나타내며, 마우스로 끌 수 있습니다",
    ),
    "help.absent": Words("not reached yet; this is not zero", "아직 도달하지 않음. 0이 아닙니다"),
    "help.value": Words("green, above the wire: a value, going forward ▶", "초록, 선 위: 순전파되는 값 ▶"),
    "help.gradient": Words(
        "red, below the wire: a gradient, going backward ◀", "빨강, 선 아래: 역전파되는 그래디언트 ◀"
    ),
    "help.heavy": Words(
        "heavy lines: the node and the edge of this step", "굵은 선: 이번 스텝의 노드와 간선"
    ),
    "help.ahead": Words(
        "dashed lines and hollow arrows: what is still ahead", "점선과 빈 화살표: 아직 오지 않은 것"
    ),
    "help.leaves": Words("an input, a parameter, a constant", "입력, 파라미터, 상수"),
    "help.norm": Words(
        "a tensor in short: its shape, (3) for a vector, and ‖its norm‖, the root of the sum of squares",
        "텐서 요약: 형상(벡터는 (3)처럼 괄호로)과 ‖노름‖(제곱합의 제곱근)",
    ),
    "help.truth": Words(
        "of 9 truth values 5 are true; a few are shown as [1 0], 1 for true and 0 for false",
        "참·거짓 값 9개 중 5개가 참. 몇 개뿐이면 [1 0]처럼 참을 1, 거짓을 0으로 적습니다",
    ),
    "help.sum": Words(
        "a gradient that is a sum of 2 contributions, of which 1 has arrived",
        "기여 2개의 합인 그래디언트에 지금까지 1개가 도착함",
    ),
    "help.change": Words(
        "on a branch: how much a change has made of a number", "갈래에서: 바꾼 결과 수가 달라진 만큼"
    ),
    "help.close": Words("Esc closes", "Esc로 닫기"),
    "go.title": Words("Go to a position, 0 to {last}, or a percentage", "이동할 위치 0–{last} 또는 비율(%)"),
    "go.bad": Words(
        "a position is a number from 0 to {last}, or a percentage", "0–{last}의 수 또는 비율(%)이어야 합니다"
    ),
    "inspect.choose": Words(
        "no node is chosen: click one, find one with `/` and choose it with x, or take a step first",
        "고른 노드가 없습니다. 노드를 클릭하거나 `/`로 찾아 x로 고르거나, 먼저 한 스텝 진행하세요",
    ),
    "inspect.value": Words("value", "값"),
    "inspect.partial": Words("{count} of {of} contributions so far", "{of}개 중 {count}개 도착"),
    "inspect.at": Words("written at", "정의된 위치"),
    "inspect.conventions": Words("conventions", "규약"),
    "inspect.none": Words("gets no gradient", "그래디언트를 받지 않습니다"),
    # The viewer of a node's tensors
    "tensor.min": Words("min", "최솟값"),
    "tensor.max": Words("max", "최댓값"),
    "tensor.mean": Words("mean", "평균"),
    "tensor.norm": Words("norm", "노름"),
    "tensor.zeros": Words("zeros", "0인 원소"),
    "tensor.no_numbers": Words("no finite number", "유한한 값이 없습니다"),
    "tensor.histogram": Words("cells by value", "값별 원소 수"),
    "tensor.histogram.log": Words("cells by value, log bars", "값별 원소 수, 로그 막대"),
    "tensor.key.move": Words("cell", "원소"),
    "tensor.key.move.help": Words(
        "move the cursor: its number is shown in full, and how it was made; a click puts it there",
        "커서 옮기기. 그 원소의 값 전체와 만들어진 과정을 보여 줍니다. 클릭해도 됩니다",
    ),
    "tensor.key.page": Words("page", "쪽"),
    "tensor.key.page.help": Words(
        "as many rows as are in view, with Shift and an arrow also columns; the wheel scrolls",
        "보이는 행만큼 이동, Shift와 화살표로 열도. 마우스 휠로 스크롤합니다",
    ),
    "tensor.key.ends": Words("ends of the row", "행의 처음과 끝"),
    "tensor.key.ends.help": Words(
        "to the ends of the row, with Ctrl to the first and the last cell",
        "행의 처음과 끝으로, Ctrl과 함께 첫 원소와 마지막 원소로",
    ),
    "tensor.key.subject": Words("value, gradient", "값·그래디언트"),
    "tensor.key.subject.help": Words(
        "the node's value, its gradient, and each contribution to that",
        "노드의 값, 그래디언트, 그래디언트에 더해진 각 기여",
    ),
    "tensor.key.slice": Words("slice", "슬라이스"),
    "tensor.key.slice.help": Words(
        "the slice before and after, of a tensor with more than two axes",
        "축이 셋 이상인 텐서에서 이전과 다음 슬라이스로",
    ),
    "tensor.key.axis": Words("slice axis", "슬라이스 축"),
    "tensor.key.axis.help": Words("another axis to take slices along", "슬라이스를 옮길 다른 축 고르기"),
    "tensor.key.axes": Words("turn", "축 바꾸기"),
    "tensor.key.axes.help": Words("other axes for rows and columns", "행과 열에 놓을 축 바꾸기"),
    "tensor.key.heat": Words("heatmap", "히트맵"),
    "tensor.key.heat.help": Words("a heatmap, or numbers", "히트맵과 숫자 바꾸기"),
    "tensor.key.counts": Words("histogram", "히스토그램"),
    "tensor.key.counts.help": Words("the histogram, or none", "히스토그램 보이기와 숨기기"),
    "tensor.key.copy": Words("copy", "복사"),
    "tensor.key.copy.help": Words("copy the matrix as NumPy reads it", "행렬을 NumPy 배열로 복사"),
    "tensor.key.help": Words("help", "도움말"),
    "tensor.key.help.help": Words("this page", "이 화면"),
    "tensor.key.close": Words("close", "닫기"),
    "tensor.key.close.help": Words("back to the debugger", "디버거로 돌아가기"),
    "tensor.help.title": Words("Tensors", "텐서"),
    "tensor.help.lit": Words(
        "beside a product: the cells of the upstream and the local gradient that made the cursor's cell",
        "곱 옆에서: 커서의 원소를 만든, 흘러들어온 그래디언트와 로컬 그래디언트의 원소",
    ),
    "tensor.help.scale": Words(
        "blue is below zero, orange above; without colours a to i and 1 to 9 say how far",
        "파랑은 음수, 주황은 양수. 색이 없으면 a–i와 1–9가 크기를 나타냅니다",
    ),
    "tensor.help.marks": Words("not a number; infinite", "NaN, 무한대"),
    "tensor.large": Words(
        "this cell is a sum over too many to look at", "이 원소는 너무 많은 원소의 합이라 보여 줄 수 없습니다"
    ),
    "tensor.copy.none": Words("nothing to copy, or too much", "복사할 값이 없거나 너무 많습니다"),
    "copied": Words("copied: {what}", "복사함: {what}"),
    "reload.done": Words("{name} has changed: loaded again", "{name} 파일이 바뀌어 다시 불러왔습니다"),
    "mistakes.title": Words(
        "{name}: {count} to mend ─ the run is that of the last good version",
        "{name}: 고칠 곳 {count} ─ 화면은 마지막으로 올바르던 내용입니다",
    ),
    "mistakes.gone": Words(
        "{name} is gone ─ it is loaded again as soon as it is back",
        "{name} 파일이 없어졌습니다 ─ 다시 생기면 불러옵니다",
    ),
    "mistakes.keys": Words("E: edit  Esc: close", "E: 편집  Esc: 닫기"),
    "edit.none": Words(
        "no editor is set: run `export EDITOR=nano`, or your own, before starting. The file is {path}",
        "편집기가 정해져 있지 않습니다. 시작하기 전에 `export EDITOR=nano`처럼 정하세요. 파일은 {path}입니다",
    ),
    "edit.failed": Words("the editor did not work: {problem}", "편집기를 쓸 수 없습니다: {problem}"),
    "edit.status": Words("{editor} ended with status {status}", "{editor}: 종료 상태 {status}"),
    "edit.unsupported": Words(
        "an editor cannot be opened from here. The file is {path}",
        "여기에서는 편집기를 열 수 없습니다. 파일은 {path}입니다",
    ),
    "edit.no_file": Words(
        "this scenario was not read from a file", "이 시나리오는 파일에서 읽은 것이 아닙니다"
    ),
    "gallery.title": Words(
        "backprop-tui ─ the debugger for backpropagation", "backprop-tui ─ 오차 역전파 디버거"
    ),
    "gallery.scenarios": Words("Scenarios", "시나리오"),
    "gallery.about": Words("About", "설명"),
    "gallery.open": Words("open", "열기"),
    "gallery.count": Words("{shown} of {of}", "{of}개 중 {shown}개"),
    "gallery.level": Words("level {level} of {most}", "난이도 {level}/{most}"),
    "gallery.search": Words("search", "찾기"),
    "gallery.typed": Words("part of a title, a name or a folder", "제목, 이름, 폴더 이름의 일부"),
    "gallery.all": Words("all again", "모두 보기"),
    "gallery.none": Words("nothing fits what is typed", "찾는 시나리오가 없습니다"),
    "gallery.source": Words("source", "출처"),
    "palette.search": Words("Search for commands…", "명령 찾기…"),
    "palette.none": Words("No matches found", "찾는 명령이 없습니다"),
    "run.one_iteration": Words(
        "Only the steps of iteration {iteration} are shown; --iteration K shows those of another.",
        "반복 {iteration}의 스텝만 나타냈습니다. 다른 반복은 --iteration K로 볼 수 있습니다.",
    ),
    "palette.language": Words("language {name}", "언어 {name}"),
    "language.en": Words("English (en)", "영어 (en)"),
    "language.ko": Words("Korean (ko)", "한국어 (ko)"),
    "palette.theme": Words("theme {name}", "테마 {name}"),
    "graph.part": Words("nodes {part}", "노드 {part}"),
    "web.starting": Words("Starting …", "시작하는 중입니다 …"),
    "web.ended": Words("This session has ended.", "이 세션이 끝났습니다."),
    "web.failed": Words(
        "The program has ended with an error. The terminal in which it is served says more.",
        "프로그램이 오류로 끝났습니다. serve를 실행한 터미널에 자세한 내용이 있습니다.",
    ),
    "web.refused": Words("The program could not begin:", "프로그램을 시작하지 못했습니다:"),
    "web.full": Words(
        "As many pages are open as may be ({most}). Close another one, then start again.",
        "한 번에 열 수 있는 페이지({most}개)가 모두 열려 있습니다. 다른 페이지를 닫고 다시 시작하세요.",
    ),
    "web.lost": Words(
        "The server does not answer any more. Once it runs again, start again.",
        "서버가 더 이상 응답하지 않습니다. 서버를 다시 실행한 뒤 다시 시작하세요.",
    ),
    "web.again": Words("Start again (Enter)", "다시 시작 (Enter)"),
    "web.script": Words("This page needs JavaScript.", "이 페이지에는 자바스크립트가 필요합니다."),
    "outline.input": Words("inputs", "입력"),
    "outline.param": Words("parameters", "파라미터"),
    "outline.constant": Words("constants", "상수"),
    "graph.compact": Words("compact", "간략히"),
    "graph.dots": Words("dots", "점으로"),
}


def text(key: str, language: str, **parts: object) -> str:
    """A text of the interface in `language` with `parts` put in, and the particles that fit them."""
    return messages.Words(TEXTS[key].en, TEXTS[key].ko, **parts).in_language(language)
