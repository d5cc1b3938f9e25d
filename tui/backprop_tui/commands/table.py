"""The table of commands.

Key bindings, footer, palette, prompt, help and the page on keys are derived from it, in its order.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from backprop_engine.messages.message import Message, msg
from backprop_tui.commands.breakpoints import BREAKPOINTS
from backprop_tui.commands.changes import CHANGES
from backprop_tui.commands.moving import MOVING
from backprop_tui.commands.questions import QUESTIONS
from backprop_tui.commands.row import CommandRow
from backprop_tui.commands.screen import SCREEN
from backprop_tui.commands.viewing import GRAPH, PANELS, PLAYING

__all__ = ["COMMANDS", "FORMER_NAMES", "GALLERY_COMMANDS", "GROUPS", "PROMPT_NAMES"]

GROUPS: Final[tuple[tuple[Message, tuple[CommandRow, ...]], ...]] = (
    (msg("Move through the run"), MOVING),
    (msg("Let it play"), PLAYING),
    (msg("Stop where it matters"), BREAKPOINTS),
    (msg("Ask about numbers and gradients"), QUESTIONS),
    (msg("Change numbers, and save the result"), CHANGES),
    (msg("Look at the graph"), GRAPH),
    (msg("Choose panels"), PANELS),
    (msg("Find help and other screens"), SCREEN),
)
"""The commands by purpose."""

COMMANDS: Final[tuple[CommandRow, ...]] = tuple(row for _, rows in GROUPS for row in rows)

GALLERY_COMMANDS: Final = tuple(row for row in COMMANDS if row.name in {"help", "palette", "quit"})

PROMPT_NAMES: Final[Mapping[str, CommandRow]] = {name: row for row in COMMANDS for name in row.prompt}
"""Every name at the prompt, and what it means."""

FORMER_NAMES: Final[Mapping[str, CommandRow]] = {name: row for row in COMMANDS for name in row.former}
"""The commands by the names of those they have taken the place of; at the prompt with `-` in place of `_`."""
