"""The terminal wing of the debugger for backpropagation."""

from pathlib import Path

from backprop_engine.messages.translations import add_languages

__version__ = "0.1.0"

add_languages(Path(__file__).parent / "languages")
