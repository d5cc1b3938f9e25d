"""The command palette in the language of the app: what it offers, and what it finds."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol, cast

from textual import on
from textual.app import SystemCommand
from textual.command import (
    CommandInput,
    CommandList,
    CommandPalette,
    DiscoveryHit,
    Hit,
    Hits,
    Provider,
    SearchIcon,
)
from textual.screen import Screen
from textual.widgets import Input

from backprop_engine.messages.message import msg
from backprop_engine.messages.translations import languages
from backprop_tui.cells.text import in_ascii
from backprop_tui.screens.steady import SteadyScreen

__all__ = ["Commands", "palette"]


class _Palette(CommandPalette, SteadyScreen[None]):  # pyright: ignore[reportIncompatibleMethodOverride]
    """The palette, without icons and blocks if the terminal is to get plain signs only.

    Keys typed ahead while it closes start no search, and keys do nothing in a list without entries or room.
    """

    def on_mount(self) -> None:
        """What this terminal draws is known now."""
        if self.app.has_class("-ascii"):
            self.add_class("-ascii")
            self.query_one(SearchIcon).icon = ">"
            field = self.query_one(CommandInput)
            field.placeholder = in_ascii(str(field.placeholder))

    @on(Input.Changed)
    def _ignore_when_closed(self, event: Input.Changed) -> None:
        if not self.is_current:
            event.prevent_default()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Whether there is anything for an action to act on."""
        if action == "command_list":
            commands = self.query_one(CommandList)
            if not (commands.option_count and commands.scrollable_content_region):
                return False
        return super().check_action(action, parameters)


def palette(language: str) -> CommandPalette:
    """A palette in `language`."""
    return _Palette(placeholder=msg("Search for commands…").in_language(language))


class _Offers(Protocol):
    """An app that offers commands in each language."""

    language: str

    def offered(
        self, screen: Screen[object], language: str
    ) -> Iterable[tuple[SystemCommand, tuple[str, ...]]]:
        """What the palette offers on `screen`, each with its names at the prompt."""
        ...


class Commands(Provider):
    """Finds commands by their labels in every language, and by their names at the prompt: those in English
    are typed without changing the keyboard.
    """

    def _offered(self) -> list[tuple[SystemCommand, list[str]]]:
        """The commands, in the language of the app, with all their names."""
        offering = cast(_Offers, self.app)
        titles = zip(
            *(
                [command.title for command, _ in offering.offered(self.screen, other)]
                for other in languages()
            ),
            strict=True,
        )
        found = offering.offered(self.screen, offering.language)
        called = [(command, [*names, *every]) for (command, names), every in zip(found, titles, strict=True)]
        if not self.app.has_class("-ascii"):
            return called
        return [
            (command._replace(title=in_ascii(command.title), help=in_ascii(command.help)), names)
            for command, names in called
        ]

    async def discover(self) -> Hits:
        """All commands, sorted by their titles."""
        for command, _ in sorted(self._offered(), key=lambda offer: offer[0].title):
            yield DiscoveryHit(command.title, command.callback, help=command.help)

    async def search(self, query: str) -> Hits:
        """The commands of which a title or a name matches `query`; if none does, a line that says so."""
        matcher, found = self.matcher(query), False
        for command, names in self._offered():
            score = max(map(matcher.match, (command.title, *names)))
            if score > 0:
                found = True
                yield Hit(score, matcher.highlight(command.title), command.callback, help=command.help)
        if not found:
            yield Hit(1.0, msg("No matches found").in_language(cast(_Offers, self.app).language), _nothing)


def _nothing() -> None:
    """Do nothing: what choosing “No matches found” does."""
