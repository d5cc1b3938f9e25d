"""Korean for what `cli` says."""

from __future__ import annotations

__all__ = ["TEMPLATES"]

TEMPLATES: dict[str, str] = {
    # Subcommands
    "The debugger for backpropagation: step forward and back through a computational graph.": (
        "오차 역전파 디버거: 계산그래프를 한 스텝씩 앞뒤로 따라갑니다."
    ),
    "subcommands:\n{rows}\n\n`backprop-tui SUBCOMMAND --help` says more.": (
        "하위 명령:\n{rows}\n\n`backprop-tui SUBCOMMAND --help --lang ko`에서 더 볼 수 있습니다."
    ),
    "the whole run as readable text, or as JSON": "실행 전체를 읽을 수 있는 글이나 JSON으로",
    "compare expectations, and check every gradient numerically": (
        "기대한 수치를 비교하고 모든 그래디언트를 수치로 검사"
    ),
    "one frame of the screen as SVG or text": "화면 한 장을 SVG나 글로",
    "the catalogue of operators": "연산자 목록",
    "a commented scenario to start from": "주석이 달린 첫 시나리오",
    "the JSON Schema of scenarios, for editors": "편집기에서 쓸 시나리오의 JSON Schema",
    "the same app in a browser, for this machine alone": "같은 앱을 이 컴퓨터의 브라우저에서",
    "the subcommand {name} is not built yet": "하위 명령 {name}{은/는} 아직 없습니다",
    "`backprop-tui` alone lists the scenarios that it brings along": (
        "`backprop-tui`만 실행하면 들어 있는 시나리오 목록이 나옵니다"
    ),
    # Help
    "usage": "사용법",
    "positional arguments": "인자",
    "options": "옵션",
    "show this help message and exit": "이 도움말을 보여 주고 끝냄",
    "show program's version number and exit": "버전을 보여 주고 끝냄",
    "a file, or the name of a bundled scenario": "파일, 또는 내장 시나리오의 이름",
    "a file, or the name of a bundled scenario; - for standard input": (
        "파일, 또는 내장 시나리오의 이름. -는 표준 입력"
    ),
    "files, folders, or names of bundled scenarios; - for standard input": (
        "파일, 폴더, 내장 시나리오의 이름. -는 표준 입력"
    ),
    "another value for a leaf": "리프 노드의 다른 값",
    "how much all tensors may take": "모든 텐서가 쓸 수 있는 메모리",
    "how much all tensors may take (1GiB)": "모든 텐서가 쓸 수 있는 메모리 (1GiB)",
    "threads for products of large matrices (1)": "큰 행렬의 곱에 쓸 스레드 수 (1)",
    "the language of explanations": "설명의 언어",
    "the language (otherwise the locale's)": "언어 (없으면 로캘의 언어)",
    "the language of the scenario and of what is said": "시나리오와 안내의 언어",
    "start at position N": "위치 N에서 시작",
    "at position N": "위치 N에서",
    "the state at position N": "위치 N의 상태",
    "a theme": "테마",
    "a theme: backprop-dark, backprop-light, …": "테마: backprop-dark, backprop-light, …",
    "no characters outside ASCII in the drawing": "그림에 ASCII 문자만 쓰기",
    "check again at every save; Ctrl+C ends": "저장할 때마다 다시 검사. Ctrl+C로 끝냄",
    "the file to write, which must not be there; - for standard output": ("새로 만들 파일. -는 표준 출력"),
    "an operator: its formula, its gradients, the shapes that fit, its conventions, an example": (
        "연산자 하나: 식, 그래디언트, 맞는 형상, 규약, 예제"
    ),
    "a list of objects, one for each operator, or for NAME alone": (
        "연산자마다 하나씩, 또는 NAME 하나만인 객체의 목록"
    ),
    "the run as one JSON object": "실행을 JSON 객체 하나로",
    "with `train`: the iteration to show (0)": "`train`이 있을 때 보여 줄 반복 (0)",
    "with the inside of composite operators: their inner steps are indented under the forward step and under "
    "the first backward step; with --json, under the key `inside` of these steps": (
        "합성 연산자의 안도 함께: 안쪽 스텝을 순전파 스텝과 첫 역전파 스텝 아래에 들여 씁니다. --json이면 그 "
        "스텝의 `inside`에 넣습니다"
    ),
    "a scripted session: commands of the debugger's prompt with `;` between them, and what each shows, such "
    'as -x "b op relu; c; p grad(W)"; from position N with --at': (
        '명령을 미리 적은 세션: -x "b op relu; c; p grad(W)"처럼 명령줄의 명령을 `;`로 나누어 쓰면 각각이 '
        "보여 주는 것을 출력합니다. --at이 있으면 위치 N에서 시작합니다"
    ),
    "the same from a file, before those of -x; - for standard input": (
        "같은 것을 파일에서, -x보다 먼저. -는 표준 입력"
    ),
    "a .svg or .txt file; - for text on standard output": ".svg나 .txt 파일. -는 표준 출력에 글로",
    "the size of the screen (120x40)": "화면의 크기 (120x40)",
    "keys to press first, as Textual names them, separated by spaces": (
        "먼저 누를 키를 Textual의 이름으로, 빈칸으로 나누어"
    ),
    "the port (8000); 0: any free one": "포트 (8000). 0이면 비어 있는 아무 포트",
    "how many pages may be open at a time (8)": "한 번에 열 수 있는 페이지 수 (8)",
    # Arguments
    "the following arguments are required: {names}": "다음 인자가 필요합니다: {names}",
    "unrecognized arguments: {names}": "알 수 없는 인자입니다: {names}",
    "argument {name}: {problem}": "인자 {name}: {problem}",
    "expected one argument": "값이 하나 있어야 합니다",
    "expected at least one argument": "값이 하나 이상 있어야 합니다",
    "invalid choice: {value} (choose from {choices})": (
        "{value}{은/는} 고를 수 없습니다 ({choices} 가운데 하나)"
    ),
    "invalid int value: {value}": "{value}{은/는} 정수가 아닙니다",
    "ignored explicit argument {value}": "값을 받지 않는 옵션에 {value}{이/가} 있습니다",
    "ambiguous option: {option} could match {matches}": (
        "{option}{은/는} {matches} 가운데 어느 것인지 알 수 없습니다"
    ),
    "{text} is no size: write 4GiB, 512MiB or a number of bytes": (
        "{text}{은/는} 크기가 아닙니다: 4GiB, 512MiB, 또는 바이트 수로 쓰세요"
    ),
    "{text} is no size: write 120x40, from 10x5 to 1000x500": (
        "{text}{은/는} 크기가 아닙니다: 10x5부터 1000x500까지, 120x40처럼 쓰세요"
    ),
    "{text} is no number of threads: write 1 to 1024": (
        "{text}{은/는} 스레드 수가 아닙니다: 1부터 1024까지 쓰세요"
    ),
    "{text} is no port: write 0 to 65535": "{text}{은/는} 포트가 아닙니다: 0부터 65535까지 쓰세요",
    "{text} is no number of sessions: write 1 to 999": (
        "{text}{은/는} 세션 수가 아닙니다: 1부터 999까지 쓰세요"
    ),
    "an empty argument names no scenario": "빈 인자는 시나리오의 이름이 아닙니다",
    "standard input is closed": "표준 입력이 닫혀 있습니다",
    "standard output: {problem}": "표준 출력: {problem}",
    "there is not enough memory for this": "메모리가 모자랍니다",
    "the debugger needs the keyboard: standard input can be read by run, check and snapshot": (
        "디버거에는 키보드가 필요합니다: 표준 입력은 run, check, snapshot에서 읽을 수 있습니다"
    ),
    "the debugger needs a terminal; without one: backprop-tui run {scenario}": (
        "디버거에는 터미널이 필요합니다. 터미널이 없으면: backprop-tui run {scenario}"
    ),
    "this terminal cannot place a cursor (TERM=dumb); instead: backprop-tui run {scenario}": (
        "이 터미널에서는 커서를 옮길 수 없습니다 (TERM=dumb). 대신: backprop-tui run {scenario}"
    ),
    "standard input cannot be the scenario and its commands at once": (
        "표준 입력에서 시나리오와 명령을 함께 읽을 수 없습니다"
    ),
    "{option} is for the whole run: leave it out with -x and --commands": (
        "{option}{은/는} 실행 전체에 쓰는 옵션입니다: -x나 --commands와 함께 쓸 수 없습니다"
    ),
    "position {position} is in iteration {found}; iteration {iteration} is {first} to {last}": (
        "위치 {position}{은/는} 반복 {found}에 있습니다. 반복 {iteration}{은/는} 위치 {first}–{last}입니다"
    ),
    "{path}: a snapshot ends in .svg or .txt": "{path}: 스냅샷의 이름은 .svg나 .txt로 끝나야 합니다",
    "--keys takes keys, and no waiting: a snapshot has no clock": (
        "--keys에는 기다리기 없이 키만 씁니다: 스냅샷에는 시간이 없습니다"
    ),
    "a command could not be carried out": "실행하지 못한 명령이 하나 있습니다",
    "{count} commands could not be carried out": "실행하지 못한 명령이 {count}개 있습니다",
    # New files
    "a file without a name": "이름 없는 파일",
    "{path}: this is no name for a file": "{path}: 파일 이름으로 쓸 수 없습니다",
    "{path} is a folder: name a file in it, such as {inside}": (
        "{path}{은/는} 폴더입니다: {inside}처럼 그 안의 파일 이름을 쓰세요"
    ),
    "{path} is there already and stays as it is: choose another name": (
        "{path} 파일이 이미 있어 그대로 둡니다: 다른 이름을 쓰세요"
    ),
    "there is no folder {folder}: make it first": "{folder} 폴더가 없습니다: 먼저 만드세요",
    # Checks
    "ok": "통과",
    "FAIL": "실패",
    "BAD": "오류",
    "1 mistake": "틀린 곳 1개",
    "{count} mistakes": "틀린 곳 {count}개",
    "1 file: {outcomes}": "파일 1개: {outcomes}",
    "{count} files: {outcomes}": "파일 {count}개: {outcomes}",
    "{count} passed": "통과 {count}",
    "{count} failed": "실패 {count}",
    "{count} could not be used": "쓸 수 없음 {count}",
    "1 figure": "수치 1개",
    "{count} figures": "수치 {count}개",
    "{count} gradients ({how})": "그래디언트 {count}개 ({how})",
    "{count} by {method}": "{method}{으로/로} {count}개",
    "complex step": "복소 스텝",
    "differences": "차분",
    "output": "출력",
    "{count} at a kink": "꺾인 점 {count}개",
    "{name}: {checked} of {cells} cells and a random projection": (
        "{name}: 원소 {cells}개 중 {checked}개와 무작위 사영"
    ),
    "{name}: the gradient is {found}, what it belongs to is {expected}": (
        "{name}: 그래디언트의 형상은 {found}인데 값의 형상은 {expected}입니다"
    ),
    "{name}: the output is not finite, nothing can be compared, and `expect` does not say so": (
        "{name}: 출력이 유한하지 않아 비교할 수 없는데 `expect`에 그런 말이 없습니다"
    ),
    "{name}: the gradient is {found}, and `expect` does not name it": (
        "{name}: 그래디언트가 {found}인데 `expect`에 없습니다"
    ),
    "{name}: the gradient is {found}, by {method} it is {expected} (off by {error} of the largest)": (
        "{name}: 그래디언트는 {found}, {method}{으로/로} 구하면 {expected} (가장 큰 값의 {error}만큼 다름)"
    ),
    "… and {count} more gradients": "… 그 밖에 그래디언트 {count}개",
    "standard input cannot be watched: give files or folders": (
        "표준 입력은 지켜볼 수 없습니다: 파일이나 폴더를 쓰세요"
    ),
    "- is given twice: standard input can be read once": (
        "-가 두 번 나옵니다: 표준 입력은 한 번만 읽을 수 있습니다"
    ),
    "{folder}: there is no scenario in this folder (no .yaml or .yml file)": (
        "{folder}: 이 폴더에는 시나리오가 없습니다 (.yaml이나 .yml 파일 없음)"
    ),
    "watching; Ctrl+C ends": "지켜보고 있습니다. Ctrl+C로 끝냅니다",
    "round {count}": "{count}회차",
    "gone": "없음",
    # The browser
    "serving; Ctrl+C ends": "열려 있습니다. Ctrl+C로 끝냅니다",
    "a browser needs more than is installed: pip install 'backprop-tui[web]'": (
        "브라우저에서 쓰려면 더 설치해야 합니다: pip install 'backprop-tui[web]'"
    ),
    "port {port} cannot be used: {problem}": "포트 {port}{을/를} 쓸 수 없습니다: {problem}",
    "--port 0 takes any free one": "--port 0이면 비어 있는 아무 포트나 씁니다",
}
