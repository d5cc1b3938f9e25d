"""What a run can be written as: the formats of `export`, each a function from a frame of the run to text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import Any, Final, NamedTuple

from msgspec import Struct

from backprop_engine.messages.message import Message, msg
from backprop_engine.scenario.model import Scenario
from backprop_engine.trace.trace import Frame

__all__ = ["FORMATS", "Exported", "Format"]


class Exported(Struct, frozen=True):
    """What is exported: a scenario, where its run is, and the language of all that is said.

    Films of the screen have a size, in columns and rows, and a theme. A worksheet has at most `count`
    questions, on numbers drawn for the `seed` where there is one; its `key` has the answers. `file` is the
    name of what is written.
    """

    scenario: Scenario
    frame: Frame
    language: str
    size: tuple[int, int] = (120, 40)
    theme: str = ""
    file: str = ""
    key: bool = False
    seed: int | None = None
    count: int = 10

    @property
    def title(self) -> str:
        """What the scenario is called."""
        return self.scenario.title.in_language(self.language) or self.scenario.name


class Format(NamedTuple):
    """A format: what it is, and the function that writes it, which is loaded when it is asked for."""

    about: Message
    module: str
    function: str
    is_player: bool = False
    """Whether it shows the whole run, and begins at its start if no position is given."""
    is_folder: bool = False
    """Whether it is a file for each step."""

    def write(self, exported: Exported) -> str:
        """The text of the format's file; the same bytes on every run."""
        text: str = self._made(exported)
        return text

    def files(self, exported: Exported) -> Iterator[tuple[str, bytes]]:
        """The names of the files of a folder, and what is in each; the same bytes on every run."""
        files: Iterator[tuple[str, bytes]] = self._made(exported)
        return files

    def _made(self, exported: Exported) -> Any:
        return getattr(import_module(f"backprop_tui.{self.module}"), self.function)(exported)


FORMATS: Final[Mapping[str, Format]] = {
    "animation": Format(msg("the screen, step by step, as an animated SVG"), "headless.films", "animation"),
    "cast": Format(msg("the screen, step by step, for asciinema"), "headless.films", "cast"),
    "dot": Format(msg("the graph for Graphviz"), "export.diagrams", "dot"),
    "exercise": Format(
        msg("the scenario with a ? in place of each figure, for `check --exercise` to grade"),
        "export.programs",
        "exercise",
    ),
    "html": Format(
        msg("a web page to step through the run, in every language, that needs no network"),
        "export.page.page",
        "html",
        is_player=True,
    ),
    "latex": Format(msg("the worked example in LaTeX, to print"), "export.sheets.latex", "latex"),
    "markdown": Format(
        msg("the worked example in Markdown, as GitHub shows it"), "export.sheets.markdown", "markdown"
    ),
    "mermaid": Format(
        msg("the graph for Mermaid, which Markdown viewers such as GitHub draw"), "export.diagrams", "mermaid"
    ),
    "numpy": Format(msg("a program in plain NumPy: forward and backward"), "export.programs", "numpy"),
    "png": Format(
        msg("the screen as a folder of PNGs, one for each step"), "headless.pictures", "pngs", is_folder=True
    ),
    "pytorch": Format(
        msg("a PyTorch program that compares every gradient with PyTorch's own"), "export.programs", "pytorch"
    ),
    "svg": Format(
        msg("the screen as a folder of SVGs, one for each step"), "headless.pictures", "svgs", is_folder=True
    ),
    "tape": Format(msg("a tape for VHS, which films the screen"), "headless.films", "tape"),
    "tikz": Format(msg("the graph as a LaTeX picture"), "export.tikz", "tikz"),
    "worksheet": Format(
        msg("a worksheet with blanks to print, as .md, .tex or .html; --key adds the answers"),
        "export.sheets.worksheet_pages",
        "page",
    ),
}
"""By what they are called at `--to`."""
