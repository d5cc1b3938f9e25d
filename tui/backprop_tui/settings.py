"""The user's preferences: language, theme, motion, keys, in a TOML file in the platform's folder.

    language = "ko"
    theme = "backprop-light"
    toured = "yes"
    animation = "no"

    [keys]
    step = ["j", "right"]

Commands are called as in the table of commands. The app alone reads the file; nothing wrong in it is fatal.
"""

from __future__ import annotations

import os
import re
import sys
import unicodedata
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from msgspec import Struct

from backprop_engine.errors import UsageError, reason
from backprop_engine.messages.message import Message, joined, msg
from backprop_engine.messages.plain_text import clean
from backprop_engine.messages.suggestions import did_you_mean
from backprop_engine.messages.translations import languages
from backprop_tui.cells.text import clip
from backprop_tui.commands.keys import KEY_NAMES
from backprop_tui.commands.table import COMMANDS, FORMER_NAMES
from backprop_tui.files.user_folder import user_folder

__all__ = ["UserSettings", "change_setting", "read_settings", "settings_path"]

_MOST_BYTES: Final = 1_000_000
_KNOWN: Final = ("language", "theme", "toured", "animation", "keys")
_KEY: Final = re.compile(r"(?:(?:ctrl|shift|alt|meta|super|hyper)\+)*(?:\w+|[^\s\x00-\x1f\x7f])")
_FIRST_TABLE: Final = re.compile(r"^[ \t]*\[", re.MULTILINE)


class UserSettings(Struct, frozen=True):
    """The valid part of the settings file; `problems` describe the rest, one sentence each.

    `path` is where changes are written; without one they are not kept.
    """

    language: str = ""
    theme: str = ""
    toured: str = ""
    """``yes`` once the tour was offered."""
    animation: str = ""
    """``no`` if nothing is to move by itself."""
    keys: Mapping[str, tuple[str, ...]] = {}
    problems: tuple[str, ...] = ()
    path: Path | None = None


def settings_path(environment: Mapping[str, str] = os.environ, platform: str = sys.platform) -> Path:
    """Where the settings are kept on this platform."""
    return Path(user_folder(environment, platform), "settings.toml")


def read_settings(path: Path) -> UserSettings:
    """The settings in the file at `path`; none if there is no file."""
    try:
        found = _parsed(_text(path))
    except FileNotFoundError:
        return UserSettings(path=path)
    except (
        OSError,
        ValueError,
        RecursionError,
    ) as error:  # what is not TOML raises a ValueError, and so do bytes that are not UTF-8
        problem = msg("{path} is ignored: {reason}", path=_shown(path), reason=_why(error))
        return UserSettings(problems=(problem,), path=path)
    reader = _Reader()
    for name in found:
        if name not in _KNOWN:
            reader.tell(msg("there is no setting {name}", name=_quoted(name)), did_you_mean(name, _KNOWN))
    language = reader.one_of("language", found.get("language", ""), languages())
    theme = found.get("theme", "")
    if not isinstance(theme, str):
        reader.tell(msg("theme must be the name of a theme, in quotes"))
        theme = ""
    toured = reader.one_of("toured", found.get("toured", ""), ("yes",))
    keys = reader.keys(found.get("keys", {}))
    return UserSettings(
        language,
        theme,
        toured,
        reader.one_of("animation", found.get("animation", ""), ("yes", "no")),
        keys,
        tuple(msg("settings: {problem}", problem=problem) for problem in reader.problems),
        path,
    )


def _why(error: Exception) -> Message:
    """What is wrong with the file; Python says it in English."""
    found = reason(error)
    if isinstance(found, Message):
        return found
    found = clean(found)
    if isinstance(error, UnicodeDecodeError):
        return msg("{problem}", "not UTF-8", problem=found)
    if isinstance(error, RecursionError):
        return msg("{problem}", "too deep", problem=found)
    if place := re.fullmatch(r"(.*)\(at line (\d+), column (\d+)\)", found):
        problem, line, column = place.groups()
        return msg("{problem}(at line {line}, column {column})", problem=problem, line=line, column=column)
    return msg("{problem}", "not TOML", problem=found)


def _parsed(text: str) -> dict[str, Any]:
    """TOML as a table; its reader is loaded for those who have settings."""
    import tomllib

    return tomllib.loads(text)


def _text(path: Path) -> str:
    """The text of a file, no more of it than settings can have."""
    if path.exists() and not path.is_file():
        raise OSError(None, msg("it is not a regular file"))
    with path.open("rb") as file:
        data = file.read(_MOST_BYTES + 1)
    if len(data) > _MOST_BYTES:
        raise ValueError(msg("it is too large"))
    return data.decode("utf-8-sig")


def _shown(path: Path) -> str:
    return clean(str(path))


def _quoted(found: object) -> str:
    return f"`{clip(clean(str(found)), 40)}`"


class _Reader:
    """Takes what can be used, and remembers what cannot."""

    def __init__(self) -> None:
        self.problems: list[str] = []

    def tell(self, problem: str, hint: str = "") -> None:
        """Remember a problem."""
        self.problems.append(joined(msg("; "), (problem, hint)) if hint else problem)

    def one_of(self, name: str, found: object, known: tuple[str, ...]) -> str:
        """A known word, or nothing."""
        if isinstance(found, str) and found in ("", *known):
            return found
        self.tell(
            msg(
                "{name} must be one of {known}, not {found}",
                name=name,
                known=", ".join(known),
                found=_quoted(found),
            )
        )
        return ""

    def keys(self, found: object) -> dict[str, tuple[str, ...]]:
        """The keys of commands; no key gets two meanings."""
        if not isinstance(found, dict):
            self.tell(msg('keys must be a table of commands: `[keys]`, then `step = ["j"]`'))
            return {}
        chosen: dict[str, tuple[str, ...]] = {}
        bound = {command.name: command.keys for command in COMMANDS}
        for name, value in found.items():
            if name in FORMER_NAMES:
                name = FORMER_NAMES[name].name
            if name not in bound:
                self.tell(msg("there is no command {name}", name=_quoted(name)), did_you_mean(name, bound))
                continue
            keys = self.of_command(name, value)
            if keys:
                chosen[name] = keys
        return self.without_clashes(chosen, bound)

    def of_command(self, name: str, value: object) -> tuple[str, ...]:
        """The keys written for one command."""
        written = [value] if isinstance(value, str) else value
        if not isinstance(written, list) or not written or not all(map(_is_key, written)):
            self.tell(msg('{name} takes a key or a list of keys, such as ["j", "ctrl+n"]', name=name))
            return ()
        return tuple(dict.fromkeys(_key_name(key) for key in written))

    def without_clashes(
        self, chosen: dict[str, tuple[str, ...]], bound: Mapping[str, tuple[str, ...]]
    ) -> dict[str, tuple[str, ...]]:
        """Those whose keys no other command has, once all of them are in force."""
        wanted = {key for keys in chosen.values() for key in keys}
        for row in COMMANDS:
            rest = tuple(key for key in row.keys if key not in wanted)
            if row.yields and row.name not in chosen and rest != row.keys:
                chosen = {row.name: rest, **chosen}
        taken = {key: name for name, keys in bound.items() if name not in chosen for key in keys}
        kept: dict[str, tuple[str, ...]] = {}
        for name, keys in chosen.items():
            clash = next((key for key in keys if key in taken), None)
            if clash is not None:
                self.tell(
                    msg(
                        "{key} cannot be a key of {name}: it already belongs to {other}",
                        key=_quoted(clash),
                        name=name,
                        other=taken[clash],
                    )
                )
                keys = bound[name]
            else:
                kept[name] = keys
            taken |= {key: name for key in keys if key not in taken}
        return kept


def _is_key(found: object) -> bool:
    return isinstance(found, str) and _KEY.fullmatch(found) is not None


def _key_name(written: str) -> str:
    """A key as Textual names it: `slash` for `/`."""
    *held, last = written.split("+") if written != "+" else ["+"]
    if len(last) == 1 and not last.isalnum():
        last = KEY_NAMES.get(last) or unicodedata.name(last, last).lower().replace(" ", "_").replace("-", "_")
    return "+".join([*held, last])


# Writing


def change_setting(path: Path, name: str, value: str) -> None:
    """Write a setting into the file; all else in it stays as it is, also what another instance has changed.

    `UsageError` where it cannot be.
    """
    from backprop_engine.whole_files import write_whole  # the app starts without changing any
    from backprop_tui.files.locks import locked

    try:
        with locked(path):
            before = _text(path) if path.exists() else ""
            had = _parsed(before)
            after = _with(before, name, value)
            if _parsed(after) != {**had, name: value}:
                raise ValueError(msg("its layout cannot be edited from here"))
            write_whole(path, after)
    except (OSError, ValueError, RecursionError) as error:
        raise UsageError(
            msg("{path} was not changed: {reason}", path=_shown(path), reason=_why(error))
        ) from None


def _with(text: str, name: str, value: str) -> str:
    """The text with a line for a setting, in place of the one it has, else in front of the first table."""
    line = f'{name} = "{value}"'
    found = re.search(rf"^[ \t]*{name}[ \t]*=.*$", text, re.MULTILINE)
    table = _FIRST_TABLE.search(text)
    if found is not None and (table is None or found.start() < table.start()):
        return text[: found.start()] + line + text[found.end() :]
    if table is None:
        return text + ("\n" if text and not text.endswith("\n") else "") + line + "\n"
    return f"{text[: table.start()]}{line}\n\n{text[table.start() :].lstrip()}"
