"""Korean for what the app says of its settings, themes, and editors."""

from __future__ import annotations

__all__ = ["TEMPLATES"]

TEMPLATES: dict[str, str] = {
    # Settings
    "settings: {problem}": "설정: {problem}",
    "settings: there is no theme {theme}": "설정: {theme} 테마가 없습니다",
    "there is no theme {name}": "{name} 테마가 없습니다",
    "there is no setting {name}": "{name} 설정이 없습니다",
    "theme is the name of a theme, in quotes": "theme에는 테마의 이름을 따옴표로 묶어 씁니다",
    "{name} is one of {known}, not {found}": "{name}{은/는} {known} 가운데 하나여야 하는데 {found}입니다",
    'keys is a table of commands: `[keys]`, then `step = ["j"]`': (
        'keys는 명령의 표입니다: `[keys]` 아래에 `step = ["j"]`처럼 씁니다'
    ),
    '{name} takes a key or a list of keys, such as ["j", "ctrl+n"]': (
        '{name}에는 키 하나나 ["j", "ctrl+n"] 같은 키의 목록을 씁니다'
    ),
    "{key} cannot be the key of {name}: it is that of {other}": (
        "{key}{을/를} {name}의 키로 쓸 수 없습니다: {other}의 키입니다"
    ),
    "{path} is not used: {reason}": "{path} 파일을 쓰지 않습니다: {reason}",
    "{path} is not changed: {reason}": "{path} 파일을 바꾸지 않았습니다: {reason}",
    "it is no regular file": "보통 파일이 아닙니다",
    "it is too large": "너무 큽니다",
    "it is written in a way that cannot be changed from here": "여기에서 바꿀 수 없는 방식으로 쓰여 있습니다",
    # Editors
    "{editor}: {problem}": "{editor}: {problem}",
    "the editor's name is empty": "편집기의 이름이 비어 있습니다",
    "No closing quotation": "따옴표가 닫히지 않았습니다",
    "No escaped character": "\\ 뒤에 글자가 없습니다",
}
