"""A row of the table of commands."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from typing import Final

from msgspec import Struct

from backprop_engine.messages.message import Message, joined, msg
from backprop_tui.queries import (
    Request,
)

__all__ = ["CommandRow"]

_PLACEHOLDER: Final = re.compile(r"\b([A-Z]{2,})\b")
_PLACEHOLDERS: Final = {
    "BRANCH": msg("BRANCH"),
    "ENTRY": msg("ENTRY"),
    "COMMAND": msg("COMMAND"),
    "CONDITION": msg("CONDITION"),
    "COUNT": msg("COUNT"),
    "EXPRESSION": msg("EXPRESSION"),
    "FILE": msg("FILE"),
    "GROUP": msg("GROUP"),
    "LEAF": msg("LEAF"),
    "NAME": msg("NAME"),
    "NODE": msg("NODE"),
    "NUMBER": msg("NUMBER"),
    "PERCENT": msg("PERCENT"),
    "PLACE": msg("PLACE"),
    "POSITION": msg("POSITION"),
    "SIZE": msg("SIZE"),
    "TEXT": msg("TEXT"),
    "VALUE": msg("VALUE"),
}
"""What is in the usage of a command for what is to be typed there."""


class CommandRow(Struct, frozen=True):
    """A command: what it runs, its keys, and its names at the prompt, of which the first is the main one.

    `runs` is a request, or what makes one from the arguments that are typed; a command without it is for the
    screen alone. Given by a key or from the palette, a command is run, unless the screen handles its name in
    its own way, or it `asks`: then the prompt opens and leaves the arguments to the reader.

    Its `label` is in the footer and the palette, `help` says what it does. `shown` are the keys as people
    read them; `footer` is its rank at the bottom of the screen, where the last give way first, and 0
    for those that never are there. `completes` says what the words after its name can be.
    """

    name: str
    label: Message
    help: Message
    keys: tuple[str, ...] = ()
    shown: str = ""
    footer: int = 0
    runs: Request | Callable[..., Request] | None = None
    asks: bool = False
    typed: str = ""
    arguments: str = ""
    completes: str = ""
    panel: str = ""
    """The panel that it brings to the front."""
    idle: Message = msg("there is nothing to do here")
    """The message if it has changed nothing."""
    footer_in: Mapping[str, int] = {}
    """Its rank at the bottom of the screen where that is another: while playing, on a branch, in a panel."""
    yields: bool = False
    """Whether its keys give way if the user chose them for something else."""
    former: tuple[str, ...] = ()
    """Names of commands that this one has taken the place of, which settings and the prompt still know."""

    @property
    def prompt(self) -> tuple[str, ...]:
        """Its names at the prompt."""
        return tuple(self.typed.split())

    def rank(self, contexts: Collection[str]) -> int:
        """Its rank in the footer in these contexts; 0 where it is not there."""
        ranks = [self.footer_in[context] for context in self.footer_in if context in contexts]
        return min(ranks, default=self.footer)

    @property
    def action(self) -> str:
        """The action of the screen that its keys are bound to."""
        return f"command({self.name!r})"

    @property
    def called(self) -> str:
        """Its keys, or how it is typed where it has none."""
        return self.shown or f":{self.prompt[0]}"

    @property
    def usage(self) -> Message:
        """How it is typed, such as ``break [PLACE] [if CONDITION]``."""
        typed = f"{self.prompt[0]} {self.arguments}".rstrip() if self.prompt else ""
        return joined("", (_PLACEHOLDERS.get(part, part) for part in _PLACEHOLDER.split(typed)))
