"""The parser of a command line, whose help and error messages are in the language asked for."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import lru_cache, partial

from backprop_engine.messages.message import Message, in_language, msg
from backprop_engine.messages.plain_text import clean

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Final, NoReturn, TypeVar

    _Action = TypeVar("_Action", bound=argparse.Action)

__all__ = ["ArgumentMistake", "Parser"]


class ArgumentMistake(argparse.ArgumentTypeError):
    """What is wrong with the value of an argument, as a message."""

    def __init__(self, message: Message) -> None:
        super().__init__(message)
        self.message = message

    def __str__(self) -> str:
        return self.message  # the message itself: `str` of an exception is what argparse reports


class Parser(argparse.ArgumentParser):
    """A parser that speaks `language`, and quotes arguments harmlessly."""

    def __init__(
        self, *, prog: str, description: Message, epilog: Message | None = None, language: str
    ) -> None:
        with _words_as_messages():
            super().__init__(
                prog=prog,
                description=in_language(description, language),
                epilog=None if epilog is None else in_language(epilog, language),
                formatter_class=partial(_Help, language=language, raw=epilog is not None),
                add_help=False,
            )
        self.language = language
        self.hint: Message | None = None
        """What may have been meant, said below any mistake."""
        self._positionals.title = in_language(msg("positional arguments"), language)
        self._optionals.title = in_language(msg("options"), language)
        self.add_argument("-h", "--help", action="help", help=msg("show this help message and exit"))

    def _add_action(self, action: _Action) -> _Action:
        """As always, whatever group it is in; `help` is in the language of the parser."""
        if action.help is not None:
            action.help = in_language(action.help, self.language)
        return super()._add_action(action)

    def parse_known_args(self, args: Sequence[str] | None = None, namespace: Any = None) -> Any:  # type: ignore[override]
        """As always; what is wrong comes to `error` as a message."""
        with _words_as_messages():
            return super().parse_known_args(args, namespace)

    def parse_args(self, args: Sequence[str] | None = None, namespace: Any = None) -> Any:  # type: ignore[override]
        """As always; what is wrong comes to `error` as a message."""
        with _words_as_messages():
            return super().parse_args(args, namespace)

    def _print_message(self, message: str, file: Any = None) -> None:
        """Write help or an error message; argparse itself ignores a full disk."""
        stream = sys.stderr if file is None else file
        stream.write(message)
        stream.flush()

    def error(self, message: str) -> NoReturn:
        """Say what is wrong, and end with exit code 2."""
        from backprop_engine.errors import HINT, SEVERITIES

        self.print_usage(sys.stderr)
        kind = in_language(SEVERITIES["error"], self.language)
        said = f"{self.prog}: {kind}: {clean(in_language(message, self.language))}\n"
        if self.hint is not None:
            said += f"  {in_language(HINT, self.language)}: {in_language(self.hint, self.language)}\n"
        self.exit(2, said)


class _Help(argparse.HelpFormatter):
    """Help in any language, whose letters may take two cells each; `raw` texts keep their lines."""

    def __init__(self, *, prog: str, language: str, raw: bool) -> None:
        super().__init__(prog, width=_columns() - 2)
        self._language, self._raw = language, raw

    def add_usage(self, usage: Any, actions: Any, groups: Any, prefix: str | None = None) -> None:
        """The usage, after a word that says so."""
        super().add_usage(usage, actions, groups, f"{msg('usage').in_language(self._language)}: ")

    def _split_lines(self, text: str, width: int) -> list[str]:
        return super()._split_lines(text, width) if _is_narrow(text) else _wrapped(text, width)

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        if "\n" in text or (self._raw and _is_narrow(text)):
            return text
        if _is_narrow(text):
            return super()._fill_text(text, width, indent)
        return "\n".join(indent + line for line in _wrapped(text, width))


_FIRST_MARK: Final = "\u0300"
"""Before the marks that combine with letters, each character takes one cell."""


@lru_cache(maxsize=1)
def _columns() -> int:
    """How wide the terminal is, as `shutil` says, which loads what it compresses files with."""
    with suppress(ValueError):
        if columns := int(os.environ.get("COLUMNS", "")):
            return columns
    with suppress(OSError):
        if columns := os.get_terminal_size(1).columns:
            return columns
    return 80


def _is_narrow(text: str) -> bool:
    if max(text.replace("…", ""), default="") < _FIRST_MARK:
        return True
    from backprop_tui.cells.text import cell_width  # English help does not need it

    return cell_width(text) == len(text)


def _wrapped(text: str, width: int) -> list[str]:
    from backprop_tui.cells.text import wrap

    return wrap(text, width)


_COMPLAINTS: Final[dict[str, Callable[[Any], Message]]] = {
    "the following arguments are required: %s": lambda names: msg(
        "the following arguments are required: {names}", names=names
    ),
    "unrecognized arguments: %s": lambda names: msg("unrecognized arguments: {names}", names=names),
    "argument %(argument_name)s: %(message)s": lambda found: msg(
        "argument {name}: {problem}", name=found["argument_name"], problem=found["message"]
    ),
    "expected one argument": lambda _: msg("expected one argument"),
    "expected at least one argument": lambda _: msg("expected at least one argument"),
    "invalid choice: %(value)r (choose from %(choices)s)": lambda found: msg(
        "invalid choice: {value} (choose from {choices})",
        value=repr(found["value"]),
        choices=found["choices"],
    ),
    "invalid %(type)s value: %(value)r": lambda found: msg(  # of the types that do not say it themselves, int
        "invalid int value: {value}", value=repr(found["value"])
    ),
    "ignored explicit argument %r": lambda value: msg("ignored explicit argument {value}", value=repr(value)),
    "ambiguous option: %(option)s could match %(matches)s": lambda found: msg(
        "ambiguous option: {option} could match {matches}", option=found["option"], matches=found["matches"]
    ),
}
"""What argparse says, by the templates that it looks up, and how we say it."""


class _Complaint(str):
    """A template of argparse, which its operator % makes a message of."""

    __slots__ = ()

    def __mod__(self, found: Any) -> str:
        return _COMPLAINTS[self](found)


def _looked_up(template: str) -> str:
    if template not in _COMPLAINTS:
        return template
    return _Complaint(template) if "%" in template else _COMPLAINTS[template](None)


class _ArgumentError(argparse.ArgumentError):
    """What is wrong with one argument, or, in newer Pythons, with all of them; its text stays a message."""

    def __str__(self) -> str:
        return self.message if self.argument_name is None else super().__str__()


@contextmanager
def _words_as_messages() -> Iterator[None]:
    """Stand in for the translation of templates that argparse asks for: it does so by gettext, which would
    have one language for the whole process, and files of its own.
    """
    before = argparse._, argparse.ArgumentError  # type: ignore[attr-defined]
    argparse._, argparse.ArgumentError = _looked_up, _ArgumentError  # type: ignore[attr-defined, misc]
    try:
        yield
    finally:
        argparse._, argparse.ArgumentError = before  # type: ignore[attr-defined, misc]
