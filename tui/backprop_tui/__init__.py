"""The terminal wing of the debugger for backpropagation."""

__version__ = "0.1.0"
