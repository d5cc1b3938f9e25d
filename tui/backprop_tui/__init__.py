"""The terminal wing of the debugger for backpropagation."""

from backprop_engine.messages.message import add_catalogues

__version__ = "0.1.0"

add_catalogues(f"{__name__}.languages")
