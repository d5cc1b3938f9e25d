"""The panel of what is wrong with the file; it takes no place while nothing is."""

from __future__ import annotations

from textual.content import Content

from backprop_engine.errors import BackpropError, ScenarioError
from backprop_engine.messages.message import msg
from backprop_engine.scenario.read.source import FILE_NOT_FOUND
from backprop_tui.cells.drawing import Drawing, Lines
from backprop_tui.widgets.panel import Panel

__all__ = ["MistakesPanel"]


class MistakesPanel(Panel):
    """Shows the mistakes of a file, in a language; as high as they are, up to what the style sheet says."""

    def __init__(self, *, id: str) -> None:
        super().__init__(self._mistakes, id=id)
        self.error: BackpropError | None = None
        """What is wrong with the file as it is now."""
        self._language = "en"

    @property
    def is_open(self) -> bool:
        """Whether the mistakes are shown."""
        return bool(self.display)

    def open(self, error: BackpropError, name: str, language: str) -> None:
        """Show what is wrong with the file called `name`."""
        self.error, self._language = error, language
        diagnostics = error.diagnostics if isinstance(error, ScenarioError) else ()
        if [diagnostic.code for diagnostic in diagnostics] == [FILE_NOT_FOUND]:
            title = msg(
                "{name} has disappeared ─ it will be reloaded when it is back", name=name
            ).in_language(language)
        else:
            title = msg(
                "{name}: {count} to fix ─ showing the last valid version",
                name=name,
                count=error.count if isinstance(error, ScenarioError) else 1,
            ).in_language(language)
        self.border_title = Content(title)
        self.border_subtitle = Content(msg("E: edit  Esc: close").in_language(language))
        self.display = True
        self.fit()
        self.scroll_home()
        self.redraw()

    def fit(self) -> None:
        """Take the height that the mistakes need: in another width words wrap elsewhere."""
        if self.error is not None and self.display:
            from backprop_tui.panels.mistakes import mistakes  # nothing is wrong with most files

            width = max(10, self.screen.size.width - 5)
            self.styles.height = mistakes(self.error, width, self._language).height + 2

    def close(self) -> None:
        """Take no place until the next mistake."""
        self.display = False

    def _mistakes(self, width: int, height: int) -> Drawing:
        if self.error is None:
            return Lines.of(())
        from backprop_tui.panels.mistakes import mistakes

        return mistakes(self.error, width, self._language)
