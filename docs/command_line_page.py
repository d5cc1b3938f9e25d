"""The reference of the command line: every subcommand with its arguments, as its parser knows them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from bilingual import MADE, Text, cell

from backprop_engine.messages.message import in_language
from backprop_tui.cli.main import SUBCOMMANDS, command_parser
from backprop_tui.cli.manual_page import ENVIRONMENT, EXIT_STATUS, FILES, called, usage

_MADE = MADE.replace("the tables of the engine", "the parsers of the command line")
_HEAD = Text(
    f"""# The command line
{_MADE}
[한국어](command-line.ko.md) · [Keys and commands of the app](keys.md) · [Installing](installing.md)

What `backprop-tui --help`, `backprop-tui SUBCOMMAND --help` and `man backprop-tui` say.""",
    f"""# 명령줄
{_MADE}
[English](command-line.md) · [앱의 키와 명령](keys.ko.md) · [설치](installing.ko.md)

`backprop-tui --help --lang ko`와 `backprop-tui SUBCOMMAND --help --lang ko`, `man backprop-tui`가 알려 주는
것입니다.""",
)
_ARGUMENTS = Text("| argument | |", "| 인수 | |")
_TABLES = {
    Text("Exit codes", "종료 코드"): EXIT_STATUS,
    Text("Environment", "환경 변수"): ENVIRONMENT,
    Text("Files", "파일"): FILES,
}


def command_line(language: str) -> str:
    """The page."""
    return "\n".join(_lines(language)) + "\n"


def _lines(language: str) -> Iterator[str]:
    yield _HEAD.in_language(language)
    for name in ("", *SUBCOMMANDS):
        parser = command_parser(name, language)
        yield from ("", f"## {f'backprop-tui {name}'.rstrip()}", "")
        yield _text(in_language(SUBCOMMANDS[name], language) if name else parser.description or "")
        yield from ("", "```text", usage(parser), "```", "", _ARGUMENTS.in_language(language), "|---|---|")
        for action in parser._actions:
            yield f"| `{cell(called(action))}` | {_text(action.help or '')} |"
    for heading, rows in _TABLES.items():
        yield from ("", f"## {heading.in_language(language)}", "", "| | |", "|---|---|")
        yield from (f"| `{cell(term)}` | {_text(in_language(said, language))} |" for term, said in rows)


def _text(said: str) -> str:
    """Help as Markdown, in which stars, brackets and the like mean nothing."""
    parts = re.split(r"(`[^`]*`)", cell(said))
    return "".join(one if one.startswith("`") else re.sub(r"([*_<\[])", r"\\\1", one) for one in parts)
