"""Korean for what is said of a scenario's file: its bytes, its YAML, its keys and its layout."""

from __future__ import annotations

__all__ = ["TEMPLATES"]

TEMPLATES: dict[str, str] = {
    # Reading the file
    "there is no such file": "그런 파일이 없습니다",
    "this is a link to {path}, and there is no such file": (
        "{path}{을/를} 가리키는 링크인데 그런 파일이 없습니다"
    ),
    "did you mean {path}?": "혹시 {path}입니까?",
    "{kind} is no scenario file": "{kind}{은/는} 시나리오 파일이 아닙니다",
    "a directory": "폴더",
    "a pipe": "파이프",
    "a socket": "소켓",
    "a device": "장치",
    "the file can't be read: {reason}": "파일을 읽을 수 없습니다: {reason}",
    "a scenario file has at most {most} MiB": "시나리오 파일은 {most} MiB까지 쓸 수 있습니다",
    "a scenario file has at most {most:,} {what}": (
        "시나리오 파일 하나에 {what}{은/는} {most:,}개까지 쓸 수 있습니다"
    ),
    "names with a value": "값이 있는 이름",
    "lines and list entries": "줄과 목록의 항목",
    "put large tensors in .npy or .csv files beside the scenario": (
        "큰 텐서는 시나리오 옆의 .npy나 .csv 파일에 두세요"
    ),
    "a zero character: this looks like a binary file": "0번 문자가 있습니다. 이진 파일로 보입니다",
    "byte 0x{byte:02x} is not valid {encoding} here": (
        "이 자리의 바이트 0x{byte:02x}{은/는} {encoding}에 맞지 않습니다"
    ),
    "save the file as UTF-8": "파일을 UTF-8로 저장하세요",
    "a second byte order mark, U+FEFF": "바이트 순서 표시(U+FEFF)가 또 있습니다",
    "a byte order mark inside the text, U+FEFF": "글 중간에 바이트 순서 표시(U+FEFF)가 있습니다",
    "take it out: nobody sees it": "눈에 보이지 않으니 지우세요",
    "a line separator, U+2028": "줄 구분 문자(U+2028)가 있습니다",
    "a paragraph separator, U+2029": "문단 구분 문자(U+2029)가 있습니다",
    "a raw control character, U+{number:04X}": "제어 문자(U+{number:04X})가 그대로 들어 있습니다",
    'take it out; in double quotes it is written "{escape}"': (
        '지우세요. 큰따옴표 안에서는 "{escape}"로 씁니다'
    ),
    # YAML
    "the file is empty": "파일이 비어 있습니다",
    "a scenario has at least `nodes:`": "시나리오에는 적어도 `nodes:`가 있습니다",
    "a second document begins here": "여기서 두 번째 문서가 시작됩니다",
    "keep one a file": "파일 하나에 하나만 두세요",
    "`.inf` is infinity": "무한대는 `.inf`입니다",
    "`{text}` does not fit its tag `!!{tag}`": "`{text}`{은/는} 태그 `!!{tag}`에 맞지 않습니다",
    "the tag `{tag}` is not allowed here": "여기에는 태그 `{tag}`{을/를} 쓸 수 없습니다",
    "leave it out": "쓰지 마세요",
    "`{name}` stands here a second time; the first is in line {line}, column {column}": (
        "`{name}`{이/가} 여기에 다시 나옵니다. 처음 나온 곳은 {line}번째 줄 {column}번째 칸입니다"
    ),
    "merge keys are not part of YAML 1.2": "병합 키는 YAML 1.2에 없습니다",
    "write the entries out; an alias can repeat a whole value": (
        "항목을 하나하나 쓰세요. 별칭은 값 전체를 되풀이할 때 쓸 수 있습니다"
    ),
    "nothing before this is called `&{name}`": "이 앞에 `&{name}`{이라는/라는} 것이 없습니다",
    "an expression that begins with `*` must be quoted": "`*`로 시작하는 식은 따옴표로 묶어야 합니다",
    "`*{name}` stands inside `&{name}`": "`*{name}`{이/가} `&{name}` 안에 있습니다",
    "aliases repeat more than {most:,} nodes": "별칭이 되풀이하는 항목이 {most:,}개를 넘습니다",
    "aliases repeat more than {most:,} characters": "별칭이 되풀이하는 글자가 {most:,}자를 넘습니다",
    "with what is repeated here this nests more than {depth} deep": (
        "여기서 되풀이하는 것까지 합치면 {depth}단계보다 깊게 중첩됩니다"
    ),
    "a key must be text": "키는 텍스트여야 합니다",
    "quote a text that begins with a bracket": "괄호로 시작하는 텍스트는 따옴표로 묶으세요",
    "a key must be written out": "키는 그대로 써야 합니다",
    "an alias can't stand for a key": "별칭은 키가 될 수 없습니다",
    "this is no valid YAML: {words}": "YAML 형식에 맞지 않습니다: {words}",
    "this stands behind the end of the document": "문서가 끝난 뒤에 있습니다",
    "a line that begins with `%` is a directive for YAML itself": (
        "`%`로 시작하는 줄은 YAML 자체에 대한 지시입니다"
    ),
    "take it out: scenarios need none": "지우세요. 시나리오에는 필요 없습니다",
    "in YAML a name has at most {most:,} characters": "YAML에서 이름은 {most:,}자까지 쓸 수 있습니다",
    "names of scenarios have at most 64": "시나리오의 이름은 64자까지 쓸 수 있습니다",
    # Indentation, colons and commas
    "this line's indentation fits none of the lines above": (
        "이 줄의 들여쓰기가 위의 어느 줄과도 맞지 않습니다"
    ),
    "names of one level begin in one column": "같은 단계의 이름은 같은 칸에서 시작합니다",
    "this line is indented like a part of the line above": "이 줄은 윗줄에 딸린 것처럼 들여 써 있습니다",
    "a name with a value has nothing indented below it": "값이 있는 이름 아래에는 들여 쓴 것이 없습니다",
    "a tab stands in the indentation": "들여쓰기에 탭이 있습니다",
    "indent with spaces": "빈칸으로 들여 쓰세요",
    "YAML takes no tab here": "YAML에서는 여기에 탭을 쓸 수 없습니다",
    "put a space in its place": "대신 빈칸을 쓰세요",
    "this line has no colon with a space": "이 줄에는 빈칸이 뒤따르는 콜론이 없습니다",
    "indent it deeper than the line above if it goes on with that": (
        "윗줄에 이어지는 것이면 윗줄보다 더 들여 쓰세요"
    ),
    "a space is missing behind this colon": "이 콜론 뒤에 빈칸이 없습니다",
    "a space is missing behind the colon": "콜론 뒤에 빈칸이 없습니다",
    "a space is missing behind the colon: {written}": "콜론 뒤에 빈칸이 없습니다. {written}",
    "this colon is a full-width one: {written}": "이 콜론은 전각 문자입니다. {written}",
    "a colon is missing: `{name}: …`": "콜론이 빠졌습니다: `{name}: …`",
    "a comma or `{closing}` is missing before this": "이 앞에 `{closing}` 또는 쉼표가 없습니다",
    "a comma is missing before `{name}`": "`{name}` 앞에 쉼표가 없습니다",
    "a value is missing before this `{sign}`": "이 `{sign}` 앞에 값이 없습니다",
    "a value or a closing bracket is missing here": "여기에 값이나 닫는 괄호가 없습니다",
    "this `{bracket}` is not closed": "이 `{bracket}` 괄호가 닫히지 않았습니다",
    "add `{closing}`, or quote the whole value if it is an expression": (
        "`{closing}` 괄호를 넣거나, 식이면 값 전체를 따옴표로 묶으세요"
    ),
    "quote the whole value if it is an expression": "식이면 값 전체를 따옴표로 묶으세요",
    "a name and its value stand in the line of `{section}`": (
        "이름과 값이 `{section}`{과/와} 같은 줄에 있습니다"
    ),
    "put them in a line of their own below it, indented": "아래에 줄을 바꾸어 들여 쓰세요",
    # Quotes
    "write {text}": "이렇게 쓰세요: {text}",
    "put all of the value in quotes": "값 전체를 따옴표로 묶으세요",
    "inside `{{}}` and `[]` a comma ends the value, even in a call": (
        "`{{}}`와 `[]` 안에서는 쉼표가 값을 끝냅니다. 함수의 괄호 안에서도 그렇습니다"
    ),
    "inside `{{}}` a comma ends the value": "`{{}}` 안에서는 쉼표가 값을 끝냅니다",
    "inside `{{}}` and `[]` a text with `:` needs quotes, and a comma parts entries": (
        "`{{}}`와 `[]` 안에서 `:`가 든 텍스트는 따옴표로 묶고, 항목 사이에는 쉼표를 씁니다"
    ),
    "inside `{{}}` and `[]` a text with `{sign}` needs quotes": (
        "`{{}}`와 `[]` 안에서 `{sign}` 기호가 든 텍스트는 따옴표로 묶어야 합니다"
    ),
    "a `(` in this text is not closed": "이 텍스트의 `(`가 닫히지 않았습니다",
    "close it, or quote the whole text": "닫거나, 텍스트 전체를 따옴표로 묶으세요",
    "a name that begins with `{sign}` needs quotes": "`{sign}` 기호로 시작하는 이름은 따옴표로 묶어야 합니다",
    "a text that begins with `{sign}` needs quotes, all of it": (
        "`{sign}` 기호로 시작하는 텍스트는 전체를 따옴표로 묶어야 합니다"
    ),
    "a text with a colon and a space in it needs quotes": (
        "콜론과 빈칸이 이어지는 텍스트는 따옴표로 묶어야 합니다"
    ),
    "`{text}` is no escape of double-quoted text": "큰따옴표 안에서 `{text}`{은/는} 쓸 수 없는 표기입니다",
    "`{text}` takes {count} hexadecimal digits in double-quoted text": (
        "큰따옴표 안에서 `{text}` 뒤에는 16진수 {count}자리를 씁니다"
    ),
    "use single quotes, where a backslash is a backslash": (
        "작은따옴표를 쓰세요. 그 안에서 역슬래시는 역슬래시일 뿐입니다"
    ),
    "`{text}` is half of a character": "`{text}`{은/는} 문자의 반쪽입니다",
    "there is no character `{text}`": "`{text}`{이라는/라는} 문자는 없습니다",
    "write the character itself": "그 문자를 그대로 쓰세요",
    # Kinds of values, and keys
    "a list": "목록",
    "the number {number}": "수 {number}",
    "the text `{text}`": "텍스트 `{text}`",
    "an empty text": "빈 텍스트",
    "write `true` or `false`": "`true`나 `false`를 쓰세요",
    "{what} has no key `{key}`": "{what}에는 `{key}` 키가 없습니다",
    "known are {names}": "쓸 수 있는 키: {names}",
    "a list has no names: write `{name}: …` without the `- ` before it": (
        "목록에는 이름이 없습니다. 앞의 `- `를 빼고 `{name}: …`처럼 쓰세요"
    ),
    "every name has a value: `{text}`": "이름마다 값이 있습니다: `{text}`",
    "here is U+{number:04X}, {called}: indent and part words with plain spaces": (
        "여기에 U+{number:04X}({called})가 있습니다. 들여쓰기와 띄어쓰기는 보통 빈칸으로 하세요"
    ),
    "`{name}` goes under `{section}`": "`{name}`{은/는} `{section}` 아래에 씁니다",
    "`{name}` is a section of the scenario: it begins in the first column": (
        "`{name}`{은/는} 시나리오의 절이므로 첫째 칸에서 시작합니다"
    ),
    "indent it if it is a part of `{name}`": "`{name}`에 딸린 것이면 들여 쓰세요",
    "did you mean `{text}`? Here stands `{one}` ({letter}), there `{other}` ({wanted}).": (
        "혹시 `{text}`입니까? 여기에는 `{one}` ({letter})가, 거기에는 `{other}` ({wanted})가 있습니다."
    ),
    # The whole file
    "a scenario": "시나리오",
    "a scenario is a map with `nodes`, found {found}": (
        "시나리오는 `nodes`가 있는 맵인데 {found}{이/가} 있습니다"
    ),
    "begin with `nodes:`": "`nodes:`로 시작하세요",
    "a scenario needs `nodes`": "시나리오에는 `nodes`가 필요합니다",
    "`nodes` is empty": "`nodes`가 비어 있습니다",
    "a floating type": "부동소수점 형식",
    "there is no dtype `{name}`": "dtype `{name}`{은/는} 없습니다",
    "written out, the scenario is too large to be loaded again: {limit}": (
        "파일로 쓰면 너무 커서 다시 불러올 수 없습니다: {limit}"
    ),
}
