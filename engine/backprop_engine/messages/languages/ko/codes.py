"""Korean for what each kind of mistake means."""

from __future__ import annotations

__all__ = ["TEMPLATES"]

TEMPLATES: dict[str, str] = {
    # The groups
    "The file: it is no text, no YAML, or no scenario.": (
        "파일: 텍스트나 YAML이 아니거나, 시나리오가 아닙니다."
    ),
    "Its structure: keys that there are not, and values of another kind than their key takes.": (
        "구조: 없는 키이거나, 값의 종류가 키에 맞지 않습니다."
    ),
    "Definitions: a leaf, a node, a cell or `train` cannot be read. What no other group names is here.": (
        "정의: 리프 노드, 노드, 셀, `train`을 읽을 수 없습니다. 다른 묶음에 들지 않는 것은 여기에 있습니다."
    ),
    "Names: not allowed, given twice, or not defined; an output that there is not; "
    "nodes that need each other.": (
        "이름: 쓸 수 없거나, 두 번 주어졌거나, 정의되지 않았습니다. "
        "없는 출력, 서로를 필요로 하는 노드도 여기에 있습니다."
    ),
    "What is given to an operator or to a cell: operands, settings, inputs.": (
        "연산자나 셀에 주는 것: 피연산자, 설정, 입력."
    ),
    "Shapes and sizes: operands that do not fit together, the seed, the memory of the run.": (
        "형상과 크기: 서로 맞지 않는 피연산자, 시작 그래디언트, 실행에 필요한 메모리."
    ),
    "Figures that are expected.": "기대한 수치.",
    "Texts for people and for the debugger's prompt, without which a scenario runs all the same.": (
        "글: 사람이 읽는 글과 디버거의 프롬프트에 쓰는 글입니다. 없어도 시나리오는 실행됩니다."
    ),
    # The file
    "There is no file at this path.": "이 경로에 파일이 없습니다.",
    "The path is a directory, a pipe or a device; scenarios are files.": (
        "경로가 폴더나 파이프, 장치를 가리킵니다. 시나리오는 파일입니다."
    ),
    "The system refuses to open the file.": "시스템이 파일을 열지 못하게 합니다.",
    "The file is larger than 16 MiB, or has more than 100,000 names or a million values.": (
        "파일이 16 MiB보다 크거나, 이름이 100,000개 또는 값이 100만 개를 넘습니다."
    ),
    "The file holds zero bytes: it is no text.": "파일에 0인 바이트가 있습니다. 텍스트가 아닙니다.",
    "The file is neither UTF-8 nor UTF-16 with a byte order mark.": (
        "파일이 UTF-8도, 바이트 순서 표시가 있는 UTF-16도 아닙니다."
    ),
    "A raw control character stands in the file.": "파일에 제어 문자가 그대로 들어 있습니다.",
    "The file holds nothing.": "파일에 아무것도 없습니다.",
    "The file is no valid YAML.": "파일이 YAML 형식에 맞지 않습니다.",
    "The file holds more than one document.": "파일에 문서가 둘 이상 있습니다.",
    "A line's indentation fits none of the lines above it.": (
        "줄의 들여쓰기가 위의 어느 줄과도 맞지 않습니다."
    ),
    "A tab stands where YAML allows only spaces.": "YAML에서 빈칸만 쓸 수 있는 곳에 탭이 있습니다.",
    "A backslash in double quotes begins no escape that YAML knows.": (
        "큰따옴표 안의 역슬래시가 YAML에 없는 표기를 만듭니다."
    ),
    "YAML reads signs in a text or expression as its own: quote the text.": (
        "YAML이 텍스트나 식의 기호를 자기 것으로 읽습니다. 텍스트를 따옴표로 묶으세요."
    ),
    "A quotation mark or bracket is never closed.": "따옴표나 괄호가 닫히지 않았습니다.",
    "A line between `name: value` lines has no colon.": "`name: value` 줄 사이에 콜론이 없는 줄이 있습니다.",
    "A key stands twice in one mapping.": "맵 하나에 같은 키가 두 번 나옵니다.",
    "A key is a list, a mapping or an alias instead of text.": (
        "키가 텍스트가 아니라 목록이나 맵, 별칭입니다."
    ),
    "Merge keys (`<<`) are not part of YAML 1.2.": "병합 키(`<<`)는 YAML 1.2에 없습니다.",
    "A tag other than those of the core schema, or one that does not fit its value.": (
        "기본 스키마에 없는 태그이거나, 값에 맞지 않는 태그입니다."
    ),
    "An alias names no anchor before it.": "별칭이 가리키는 앵커가 그 앞에 없습니다.",
    "An alias stands inside the node that it repeats.": "별칭이 자기가 되풀이할 것 안에 있습니다.",
    "Aliases repeat more than 100,000 nodes or a million characters.": (
        "별칭이 되풀이하는 항목이 100,000개 또는 글자가 100만 자를 넘습니다."
    ),
    "Lists and mappings nest deeper than 64.": "목록과 맵이 64단계보다 깊게 중첩되어 있습니다.",
    "A number is too large for 64-bit floating point.": "64비트 부동소수점으로 나타내기에 너무 큰 수입니다.",
    "The file is a list or a text, not a map with `nodes`.": (
        "파일이 `nodes`가 있는 맵이 아니라 목록이나 텍스트입니다."
    ),
    "A scenario has no `nodes`, or none in them.": "시나리오에 `nodes`가 없거나, 그 안에 노드가 없습니다.",
    # Its structure
    "A key that the format does not know.": "시나리오에 없는 키입니다.",
    "A value is of another kind than its key takes: a list instead of text.": (
        "값의 종류가 키에 맞지 않습니다. 텍스트를 쓸 곳에 목록을 쓴 경우입니다."
    ),
    "`dtype` is none of float64, float32 and float16.": (
        "`dtype`이 float64, float32, float16 가운데 하나가 아닙니다."
    ),
    # Definitions
    "A leaf is no number, no nested list, and no map with `shape` and `init`, or with `file`.": (
        "리프 노드가 수도, 중첩된 목록도, `shape`와 `init` 또는 `file`이 있는 맵도 아닙니다."
    ),
    "A shape has a negative size, too many axes, or does not fit its `init`.": (
        "형상에 음수가 있거나, 축이 너무 많거나, `init`에 맞지 않습니다."
    ),
    "`init` names no way to fill a tensor, or its settings do not fit.": (
        "`init`이 텐서를 채우는 방법의 이름이 아니거나, 그 설정이 맞지 않습니다."
    ),
    "Where a number or a list of numbers should stand, there is something else.": (
        "수나 수의 목록이 있어야 할 곳에 다른 것이 있습니다."
    ),
    "The rows of a nested list differ in length or depth.": "중첩된 목록의 행이 길이나 깊이가 서로 다릅니다.",
    "A number is too large for the scenario's dtype.": "시나리오의 dtype으로 나타내기에 너무 큰 수입니다.",
    "The path of a data file leads out of the scenario's folder, or is no path.": (
        "데이터 파일의 경로가 시나리오의 폴더 밖을 가리키거나, 경로가 아닙니다."
    ),
    "There is no data file at this path.": "이 경로에 데이터 파일이 없습니다.",
    "A data file is a directory, a pipe or a device, or the system refuses to open it.": (
        "데이터 파일이 폴더나 파이프, 장치이거나, 시스템이 열지 못하게 합니다."
    ),
    "A data file is larger than 64 MiB, or than `--max-memory`.": (
        "데이터 파일이 64 MiB나 `--max-memory`보다 큽니다."
    ),
    "A data file is broken, not what its ending says, or holds other things than numbers.": (
        "데이터 파일이 깨졌거나, 확장자와 다르거나, 수가 아닌 것이 들어 있습니다."
    ),
    "The `dtype` of a leaf from a file is neither int nor float.": (
        "파일에서 읽는 리프 노드의 `dtype`이 int도 float도 아닙니다."
    ),
    "A cell of a data file is no number, or no whole one under `dtype: int`.": (
        "데이터 파일의 칸이 수가 아니거나, `dtype: int`인데 정수가 아닙니다."
    ),
    "`key` names no array of an `.npz` file, or is missing.": (
        "`key`가 없거나, `.npz` 파일에 없는 배열의 이름입니다."
    ),
    "`rows` chooses rows that a data file does not have, or is no choice of rows.": (
        "`rows`가 데이터 파일에 없는 행을 고르거나, 행을 고르는 것이 아닙니다."
    ),
    "`columns` names columns that a data file does not have, or is no choice of columns.": (
        "`columns`가 데이터 파일에 없는 열을 고르거나, 열을 고르는 것이 아닙니다."
    ),
    "A node is no expression and no map with `op` or `expr`.": (
        "노드가 식도, `op`나 `expr`이 있는 맵도 아닙니다."
    ),
    "A node that is only a number: numbers go under `constants`.": (
        "수뿐인 노드입니다. 수는 `constants` 아래에 씁니다."
    ),
    "A text that should be an expression is none.": "식이어야 할 텍스트가 식이 아닙니다.",
    "A cell without `nodes` or `outputs`, or an output that it does not have.": (
        "셀에 `nodes`나 `outputs`가 없거나, 출력이 셀에 없는 것입니다."
    ),
    "A scan without `over`, or a carried input without `init` and `next`.": (
        "`scan`에 `over`가 없거나, 이어받는 입력에 `init`과 `next`가 없습니다."
    ),
    "A node that uses something which could not be computed.": "계산할 수 없는 것을 쓰는 노드입니다.",
    "`train` has no optimiser or number of steps, or one that there is not.": (
        "`train`에 옵티마이저나 갱신 횟수가 없거나, 없는 옵티마이저를 썼습니다."
    ),
    "A setting that an optimiser does not have, or cannot have so.": (
        "옵티마이저에 없는 설정이거나, 그렇게 쓸 수 없는 설정입니다."
    ),
    # Names
    "A name is no identifier, is a word of Python, or is longer than 64 characters.": (
        "이름이 식별자가 아니거나, 파이썬의 예약어이거나, 64자보다 깁니다."
    ),
    "Two leaves or nodes have one name.": "리프 노드나 노드 둘의 이름이 같습니다.",
    "A name that no leaf and no node has.": "그런 이름의 리프 노드나 노드가 없습니다.",
    "A call of something that is no operator.": "연산자가 아닌 것을 불렀습니다.",
    "An instance of a cell that there is not.": "없는 셀의 인스턴스입니다.",
    "A path to something that a cell does not give out, or that is no instance.": (
        "셀이 출력하지 않는 것이나 인스턴스가 아닌 것을 가리키는 경로입니다."
    ),
    "`output` names no node that the backward pass can start from.": (
        "`output`이 역전파를 시작할 수 있는 노드의 이름이 아닙니다."
    ),
    "More than one node feeds no other, and `output` names none.": (
        "다른 노드로 이어지지 않는 노드가 둘 이상인데 `output`이 없습니다."
    ),
    "Nodes that need each other's values.": "서로의 값이 필요한 노드들입니다.",
    "A cell that uses itself.": "자기 자신을 쓰는 셀입니다.",
    # Operands, shapes and sizes
    "An operator is given too many operands, too few, or one by a name that it has not.": (
        "연산자에 준 피연산자가 너무 많거나 적거나, 없는 이름으로 주었습니다."
    ),
    "An operator's attribute is missing, unknown, of another type, or beyond its limits.": (
        "연산자의 설정이 빠졌거나, 없는 설정이거나, 종류가 다르거나, 범위를 벗어났습니다."
    ),
    "An operand that must be a constant is an input, a param or a node.": (
        "상수여야 할 피연산자가 입력이나 파라미터, 노드입니다."
    ),
    "An instance gives its cell an input too many, too few, or twice.": (
        "인스턴스가 셀에 주는 입력이 남거나 모자라거나 겹칩니다."
    ),
    "The shapes of an operator's operands do not fit together.": (
        "연산자에 준 피연산자들의 형상이 서로 맞지 않습니다."
    ),
    "What a scan goes over or carries has no leading axis, or another shape.": (
        "`scan`이 따라가거나 이어받는 것에 첫째 축이 없거나, 형상이 다릅니다."
    ),
    "The values of a constant are refused by the operator that uses it.": (
        "상수의 값을 그것을 쓰는 연산자가 받아들이지 않습니다."
    ),
    "The seed gradient is missing or does not have the output's shape.": (
        "시작 그래디언트가 없거나, 그 형상이 출력과 다릅니다."
    ),
    "The tensors of a run need more memory than `--max-memory` allows.": (
        "실행에 필요한 텐서가 `--max-memory`보다 많은 메모리를 차지합니다."
    ),
    "A graph has more nodes than it may have, or instances of cells nest too deep.": (
        "계산그래프의 노드가 너무 많거나, 셀의 인스턴스가 너무 깊게 중첩됩니다."
    ),
    # Figures that are expected
    "An expectation for a name that no leaf and no node has.": (
        "그런 이름의 리프 노드나 노드가 없는 기대입니다."
    ),
    "An expectation for an iteration that the run does not have.": "실행에 없는 반복에 대한 기대입니다.",
    "A tolerance is negative, or given in two ways.": "허용 오차가 음수이거나, 두 가지로 주어졌습니다.",
    "A block of expectations without `values` and without `grads`.": (
        "기대한 수치의 블록에 `values`도 `grads`도 없습니다."
    ),
    "A gradient is expected of a node that has none.": "그래디언트가 없는 노드에 그래디언트를 기대했습니다.",
    "A formula for a gradient names something unknown or does not fit.": (
        "그래디언트를 쓴 식에 모르는 이름이 있거나, 식이 맞지 않습니다."
    ),
    "A figure does not come out as expected.": "수치가 기대한 대로 나오지 않습니다.",
    "A figure has another shape than expected.": "수치의 형상이 기대와 다릅니다.",
    "Every figure of a block marked `wrong` comes out after all.": (
        "`wrong`이라고 쓴 블록의 모든 수치가 그대로 나옵니다."
    ),
    # Texts
    "What should be text for people is a list or a map of something else.": (
        "사람이 읽는 글이어야 할 것이 목록이나 다른 맵입니다."
    ),
    "A text's key is no language, such as `en` or `ko`.": "글의 키가 `en`이나 `ko` 같은 언어가 아닙니다.",
    "A note for a node that there is not, or a second one for the same node.": (
        "없는 노드에 붙인 노트이거나, 같은 노드에 붙인 두 번째 노트입니다."
    ),
}
