"""The available languages and their messages: TOML files, which are found, not listed.

A language is a folder named by its code, such as ``ko``, inside one of the folders of `add_languages`:
the engine's, that of the program which uses it, that of the user. Each of its files holds the templates
of a room::

    "there is no node {name}" = '노드 {name}{이/가} 없습니다'

    [timeline]                  # where one English text needs two translations: `msg("seed", "timeline")`
    "seed" = '시작'

A file `about.toml` says what the language is called in English, ``name = "Korean"``, and under ``[names]``
what it calls the others. What a language lacks is said in English.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from contextlib import suppress
from functools import lru_cache

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Final

__all__ = [
    "ENGLISH",
    "add_languages",
    "contextual",
    "language_name",
    "language_of_locale",
    "languages",
    "translations",
    "unreadable_files",
]

ENGLISH: Final = "en"
_ABOUT: Final = "about.toml"
_CODE: Final = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*")
_folders = [os.path.join(os.path.dirname(os.path.dirname(__file__)), "languages")]


def add_languages(folder: str) -> None:
    """Let the languages in `folder` be spoken too; what it says of a template wins over folders before it."""
    if folder not in _folders:
        _folders.append(folder)
        languages.cache_clear()
        _read.cache_clear()
        _about.cache_clear()


@lru_cache(maxsize=1)
def languages() -> tuple[str, ...]:
    """The codes of all languages; English, which the code is written in, comes first."""
    found: set[str] = set()
    for folder in _folders:
        with suppress(OSError):  # a user may have none
            found |= {
                entry.name for entry in os.scandir(folder) if _CODE.fullmatch(entry.name) and entry.is_dir()
            }
    return (ENGLISH, *sorted(found - {ENGLISH}))


def language_of_locale(locale: str) -> str:
    """The language of a locale such as ``pt_BR.UTF-8``: ``pt-BR``, else ``pt``, else English."""
    code = re.split(r"[.@]", locale)[0].replace("_", "-")
    return next((known for known in (code, code.partition("-")[0]) if known in languages()), ENGLISH)


def translations(language: str) -> Mapping[str, str]:
    """The templates of `language` by their English ones, with `contextual` where they have a context."""
    return _read(language)[0]


def unreadable_files(language: str) -> Mapping[str, Exception]:
    """The files of `language` that nothing could be taken from, and why."""
    return _read(language)[1]


def contextual(template: str, context: str) -> str:
    """The key of a template that is said in a context of its own, in the mapping of `translations`."""
    return f"{context}\x04{template}" if context else template


def language_name(language: str, spoken: str) -> str:
    """What `language` is called in the language `spoken`, else in English, else its code."""
    english = "English" if language == ENGLISH else _about(language).get("name", language)
    return str(english if spoken == ENGLISH else _about(spoken).get("names", {}).get(english, english))


@lru_cache(maxsize=8)
def _about(language: str) -> dict[str, Any]:
    """What a language says about itself, and what it calls the others."""
    found: dict[str, Any] = {}
    for folder in _folders:
        with suppress(OSError, ValueError):
            found |= _parsed(os.path.join(folder, language, _ABOUT))
    return found


@lru_cache(maxsize=8)
def _read(language: str) -> tuple[Mapping[str, str], Mapping[str, Exception]]:
    """The files of a language; they are read when its first sentence is said."""
    found: dict[str, str] = {}
    wrong: dict[str, Exception] = {}
    for folder in _folders if _CODE.fullmatch(language) else ():
        for path in _files(os.path.join(folder, language)):
            try:
                table = _parsed(path)
            except (
                OSError,
                ValueError,
                RecursionError,
            ) as error:  # what is not TOML or not UTF-8 raises a ValueError
                wrong[path] = error
            else:
                _take(table, "", found)
    return found, wrong


def _files(folder: str) -> list[str]:
    """The files of templates in the folder of a language, in the order of their names."""
    with suppress(OSError):
        names = (name for name in os.listdir(folder) if name.endswith(".toml") and name != _ABOUT)
        return [os.path.join(folder, name) for name in sorted(names)]
    return []


def _take(table: Mapping[str, Any], context: str, found: dict[str, str]) -> None:
    for english, other in table.items():
        if isinstance(other, dict) and not context:
            _take(other, english, found)
        elif isinstance(other, str):
            found[contextual(english, context)] = other


def _parsed(path: str) -> dict[str, Any]:
    """A file as a table; the reader of TOML is loaded for other languages than English alone."""
    import tomllib

    if not os.path.isfile(path):
        return {}
    with open(path, "rb") as file:
        return tomllib.load(file)
