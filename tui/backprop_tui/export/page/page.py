"""The page: one file of HTML that asks for nothing else, and says so to the browser."""

from __future__ import annotations

import json
import re
from base64 import b64encode
from collections.abc import Mapping, Sequence
from hashlib import sha256
from html import escape
from pathlib import Path
from string import Template
from typing import Any, Final

from backprop_engine.messages.message import Message, msg
from backprop_engine.messages.translations import language_name, languages
from backprop_tui import colours, themes
from backprop_tui.cells.summaries import ABSENT
from backprop_tui.colours import Colours
from backprop_tui.commands.table import COMMANDS
from backprop_tui.export.formats import Exported
from backprop_tui.export.page.equation import LEVEL_LETTERS
from backprop_tui.export.page.graph import BELOW, picture
from backprop_tui.export.page.pool import Pool
from backprop_tui.export.page.steps import said_of_steps, the_same_of_steps

__all__ = ["html"]

_FOLDER: Final = Path(__file__).parent / "static"
_KEYS: Final = {"left": "ArrowLeft", "right": "ArrowRight", "home": "Home", "end": "End"}
"""What browsers call the keys that Textual calls otherwise."""
_MOVES: Final = {"start": "|◀", "back": "◀", "step": "▶", "end": "▶|"}
"""The commands of the debugger that the page knows, by name, and the signs on their buttons."""
_ROWS: Final = {row.name: row for row in COMMANDS if row.name in _MOVES}
_UNSAFE: Final = re.compile("[<>&\u2028\u2029\x7f-\x9f\ufdd0-\ufdef\ufffe\uffff]")
"""What could end a script in HTML, and what is not a character there."""


def html(exported: Exported) -> str:
    """A page that steps through the iteration that is shown, and begins where the run is."""
    scenario, trace, language = exported.scenario, exported.frame.trace, exported.language
    pool, drawn = Pool(), picture(trace)
    known = languages()
    said = {spoken: said_of_steps(scenario, trace, spoken, pool) for spoken in known}
    same = the_same_of_steps(scenario, trace, pool)
    values, (said, same) = pool.sorted([said, same])
    data = {
        "start": exported.frame.position,
        "first": trace.first_position,
        "last": trace.schedule.last,
        "seed": trace.schedule.seed,
        "completed": trace.schedule.completed,
        "absent": ABSENT,
        "below": BELOW,
        "moves": {key: name for name, row in _ROWS.items() for key in _keys(row.keys)},
        "levels": LEVEL_LETTERS,
        "words": {spoken: _words(exported, spoken) for spoken in known},
        "nodes": [[name, _said(told, known), *others] for name, told, *others in drawn.nodes],
        "sources": drawn.sources,
        "feeders": drawn.feeders,
        "legs": drawn.legs,
        "active": drawn.active,
        "said": said,
        "same": same,
        "classes": {letter: kind for kind, letter in pool.classes.items()},
        "pool": values,
    }
    style = Template(_read("page.css")).substitute(dark=_colours(dark=True), light=_colours(dark=False))
    script, words = _read("page.js"), _words(exported, language)
    return Template(_read("page.html")).substitute(
        {f"word_{name}": escape(text) for name, text in words.items()},
        language=escape(language),
        style_hash=_hash(style),
        script_hash=_hash(script),
        style=style,
        script=script,
        svg=drawn.svg,
        last=trace.schedule.last,
        start=exported.frame.position,
        languages="\n".join(_language_button(spoken, language) for spoken in known),
        moves="\n".join(_move_button(name, language) for name in _MOVES),
        data=_json(data),
    )


def _said(words: str, known: Sequence[str]) -> str | dict[str, str]:
    """A message in all languages that are `known`; any other text as it is."""
    if not isinstance(words, Message):
        return words
    return {language: words.in_language(language) for language in known}


def _words(exported: Exported, language: str) -> dict[str, str]:
    """What the page itself says, by the names in its template."""
    scenario, trace = exported.scenario, exported.frame.trace
    last = trace.first_position + trace.schedule.last
    words: dict[str, Message] = {
        "graph": msg("Graph"),
        "picture": msg("The computational graph; the table of nodes below has the same information"),
        "step_heading": msg("Step"),
        "nodes": msg("Nodes"),
        "steps": msg("All steps"),
        "slider": msg("Position in the run"),
        "dark": msg("Dark"),
        "position": msg("step {position} of {last}", position="{position}", last=last),
        "name": msg("name"),
        "told": msg("is"),
        "shape": msg("shape"),
        "value": msg("value"),
        "gradient": msg("gradient"),
        "kind": msg("kind"),
        "what": msg("what happens"),
        "language": msg("language"),
        "moves": msg("Move through the run"),
        "script": msg("This page needs JavaScript."),
        "code": msg("In NumPy"),
        "made": msg(
            "Made with backprop-tui. This file is the whole page: it loads nothing from anywhere else."
        ),
        **{f"move_{name}": row.help for name, row in _ROWS.items()},
    }
    if trace.training is not None:
        words["iteration"] = msg(
            "iteration {iteration} of {last}", iteration=trace.iteration, last=trace.training.steps
        )
    told = {name: message.in_language(language) for name, message in words.items()}
    title = scenario.title.in_language(language) or scenario.name
    return {
        "iteration": "",
        **told,
        "title": title,
        "description": scenario.description.in_language(language),
        "source": scenario.source,
        "keys": " · ".join(f"{row.shown} {row.help.in_language(language)}" for row in _ROWS.values()),
    }


def _keys(keys: tuple[str, ...]) -> list[str]:
    return [_KEYS.get(key, key) for key in keys]


def _move_button(name: str, language: str) -> str:
    row = _ROWS[name]
    label = escape(row.help.in_language(language))
    return (
        f'<button type="button" data-move="{name}" data-label="move_{name}" aria-label="{label}"'
        f' title="{escape(row.shown)}">{_MOVES[name]}</button>'
    )


def _language_button(spoken: str, language: str) -> str:
    pressed = "true" if spoken == language else "false"
    name = escape(language_name(spoken, spoken))
    code = escape(spoken)
    return (
        f'<button type="button" data-language="{code}" lang="{code}" aria-pressed="{pressed}">{name}</button>'
    )


def _colours(*, dark: bool) -> str:
    """The colours of the debugger's own theme, as properties of CSS."""
    own: Colours = colours.DARK if dark else colours.LIGHT
    theme = themes.DARK if dark else themes.LIGHT
    scale = themes.palette(theme).scale
    found: Mapping[str, str | None] = {
        **{name: getattr(own, name) for name in _NAMED},
        **{f"{name}-{side}": getattr(getattr(own, name), side) for name in _PATCHES for side in _SIDES},
        "quiet": own.flow[0],
        "middling": own.flow[1],
        "ground": theme.background,
        "panel": theme.panel,
        "border": theme.variables["border"],
        "key": theme.primary,
        "below": scale.below.hex,
        "zero": scale.zero.hex,
        "above": scale.above.hex,
    }
    return " ".join(f"--{name}: {colour};" for name, colour in found.items())


_NAMED: Final = ("text", "aside", "name", "code", "forward", "upstream", "product", "local", "warning")
_PATCHES, _SIDES = ("trouble", "selection"), ("ground", "letters")


def _read(name: str) -> str:
    """A part of the page, without what indents its lines: they are read by a browser."""
    lines = (_FOLDER / name).read_text(encoding="utf-8").splitlines()
    return "".join(f"{line.strip()}\n" for line in lines if line.strip())


def _hash(text: str) -> str:
    """How a policy names what may be in the page itself."""
    return f"sha256-{b64encode(sha256(text.encode()).digest()).decode()}"


def _json(data: Any) -> str:
    """Data as a script element may hold it: nothing in it ends the element, or is no character of HTML."""
    text = json.dumps(data, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return _UNSAFE.sub(lambda found: f"\\u{ord(found[0]):04x}", text)
