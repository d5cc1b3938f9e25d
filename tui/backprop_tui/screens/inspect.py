"""The viewer of a node's tensors, on top of another screen."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.reactive import reactive
from textual.screen import ModalScreen

from backprop_engine.graph.graph import Node
from backprop_engine.graph.steps import Edge
from backprop_engine.messages.message import msg
from backprop_tui.cells.drawing import Drawing, Lines
from backprop_tui.cells.text import in_ascii
from backprop_tui.panels.tensor.keys import KEYS, key_line
from backprop_tui.panels.tensor.state import TensorState, opened_at
from backprop_tui.panels.tensor.viewer import Viewer, literal, viewer
from backprop_tui.screens.steady import SteadyScreen
from backprop_tui.view import View
from backprop_tui.widgets.panel import Panel
from backprop_tui.widgets.tensor_panel import TensorPanel

__all__ = ["InspectScreen"]


_NOTCH = 3
"""The rows that a notch of the wheel scrolls."""


class InspectScreen(ModalScreen[None], SteadyScreen[None]):
    """A node's value, its gradient, and the products that add up to the gradient."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(keys, action, show=False, priority=True) for key in KEYS for keys, action in key.actions
    ]

    state: reactive[TensorState | None] = reactive(None, always_update=True)

    def __init__(self, view: View, node: Node, edge: Edge | None = None) -> None:
        super().__init__()
        self.set_reactive(InspectScreen.state, opened_at(view, node, edge))
        self.shown = Viewer(Lines.of(()))

    @property
    def current(self) -> TensorState:
        """The state; there is one from the start."""
        assert self.state is not None
        return self.state

    def compose(self) -> ComposeResult:
        """The tensors, and the keys below."""
        yield TensorPanel(self._drawn, id="tensor", scrolls=False)
        yield Panel(self._keys, id="tensor-keys", focusable=False)

    def on_mount(self) -> None:
        """Give the tensors the focus, and characters to heatmaps where there are no colours."""
        ascii_only = self.app.has_class("-ascii")
        self.set_class(ascii_only, "-ascii")
        panel = self.query_one(TensorPanel)
        self.set_reactive(InspectScreen.state, replace(self.current, signs=panel.in_characters))
        panel.entitle(in_ascii(self.current.node.name) if ascii_only else self.current.node.name)
        panel.focus()

    def speak(self, language: str) -> None:
        """Speak another language from now on."""
        self.state = replace(self.current, view=replace(self.current.view, language=language))

    def _keys(self, width: int, height: int) -> Drawing:
        return key_line(self.current.view.language, width, deep=bool(self.current.others))

    def _drawn(self, width: int, height: int) -> Drawing:
        self.shown = viewer(self.current, width, height)
        return self.shown.drawing

    def watch_state(self) -> None:
        """Another state: show it, and keep its scroll position."""
        if not self.is_mounted:
            return
        panel = self.query_one(TensorPanel)
        panel.redraw()
        if self.shown.picture is not None:
            self.set_reactive(InspectScreen.state, replace(self.current, scroll=self.shown.picture.scroll))
        self.query_one("#tensor-keys", Panel).redraw()

    # Keys

    def action_move(self, down: int, across: int) -> None:
        """Move the cursor."""
        self.state = self.current.move_cursor(down, across)

    def action_page(self, down: int, across: int) -> None:
        """Move the cursor by as much as is in view."""
        if self.shown.picture is not None:
            rows, columns = self.shown.picture.shown
            self.state = self.current.move_cursor(down * len(rows), across * len(columns))

    def action_ends(self, down: int, across: int) -> None:
        """Move the cursor to the end of a row, or of all."""
        far = max(self.current.shape, default=0)
        self.state = self.current.move_cursor(down * far, across * far)

    def action_subject(self, by: int) -> None:
        """Another of the node's tensors."""
        self.state = self.current.choose(self.current.subject + by)

    def action_slide(self, by: int) -> None:
        """Another slice."""
        self.state = self.current.move_slice(by)

    def action_axis(self) -> None:
        """Another axis to go along."""
        self.state = self.current.next_slider()

    def action_turn(self) -> None:
        """Other axes for the matrix in view."""
        self.state = self.current.next_axes()

    def action_heat(self) -> None:
        """A heatmap in place of numbers, or numbers in place of a heatmap."""
        self.state = replace(self.current, heat=not self.shown.as_heat, from_afar=True)

    def action_counts(self) -> None:
        """The histogram, or none."""
        self.state = replace(self.current, counts=not self.shown.with_counts)

    def action_copy(self) -> None:
        """Copy the matrix in view as a program would write it."""
        written, language = literal(self.current), self.current.view.language
        if written:
            self.app.copy_to_clipboard(written)
            text = msg("copied: {what}", what=written.splitlines()[0]).in_language(language)
        else:
            text = msg("nothing to copy, or too much").in_language(language)
        self.notify(text, markup=False, timeout=2)

    def action_help(self) -> None:
        """What the keys do, and what a heatmap shows."""
        from backprop_tui.screens.help import TensorHelpScreen

        self.app.push_screen(TensorHelpScreen(self.current.view.language))

    # The mouse

    def on_panel_clicked(self, message: Panel.Clicked) -> None:
        """A click moves the cursor, or chooses a tensor by its name."""
        if message.panel.id != "tensor":
            return
        entry = self.shown.entry(message.x, message.y)
        subject = self.shown.subject(message.x, message.y)
        if entry is not None:
            self.state = self.current.cursor_at(*entry)
        elif subject is not None:
            self.state = self.current.choose(subject)

    def on_tensor_panel_wheel(self, message: TensorPanel.Wheel) -> None:
        """The wheel scrolls, and leaves the cursor where it is."""
        self.state = self.current.scroll_by(_NOTCH * message.down, _NOTCH * message.across)
