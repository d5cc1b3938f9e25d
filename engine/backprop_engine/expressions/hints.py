"""What people write from habit in other languages, and what it is called here."""

from __future__ import annotations

import unicodedata
from typing import Final

from backprop_engine.messages.message import Hint, Message, msg

__all__ = ["FOREIGN", "FORWARD_ALONE", "MODULES", "WORDS", "look_alike"]

FOREIGN: Final[dict[str, Message]] = {
    "^": msg("did you mean `{text}`?", text="**"),
    "***": msg("did you mean `{text}`?", text="**"),
    "%": msg("write `{text}`", text="mod(a, b)"),
    "//": msg("write `{text}`", text="floor(a / b)"),
    "&": msg("write `{text}`", text="(a > 0) and (b > 0)"),
    "&&": msg("write `{text}`", text="(a > 0) and (b > 0)"),
    "|": msg("write `{text}`", text="(a > 0) or (b > 0)"),
    "||": msg("write `{text}`", text="(a > 0) or (b > 0)"),
    "~": msg("write `{text}`", text="not (a > 0)"),
    "!": msg("did you mean `{text}`?", text="!="),
    "<>": msg("did you mean `{text}`?", text="!="),
    "===": msg("did you mean `{text}`?", text="=="),
    "!==": msg("did you mean `{text}`?", text="!="),
    ">==": msg("did you mean `{text}`?", text=">="),
    "<==": msg("did you mean `{text}`?", text="<="),
    "<<": msg("multiply by a power of two instead"),
    ">>": msg("divide by a power of two instead"),
    ":=": msg("give the part a node of its own instead"),
    "..": msg("one dot leads into an instance: `one.h`"),
    ";": msg("a node holds only one expression"),
    "{": msg("group with parentheses: `( )`"),
    "}": msg("group with parentheses: `( )`"),
    "#": msg("a comment needs a space before its `#`, and ends the value"),
    "$": msg("write names as they are, without a `$`"),
    "?": msg("choose with `where(condition, a, b)`"),
    "\\": msg("no backslash is needed: a long expression can continue on the next line, indented"),
    "`": msg("write names as they are, without quotes"),
}

WORDS: Final[dict[str, Message]] = {
    "if": msg("choose with `where(condition, a, b)`"),
    "else": msg("choose with `where(condition, a, b)`"),
    "not": msg("put it in parentheses: `(not a)`"),
    "is": msg("compare with `==`"),
    "lambda": msg("write a cell for a formula that is used several times"),
    "for": msg("a `scan` repeats a cell over time"),
    "while": msg("a `scan` repeats a cell over time"),
    "in": msg("a graph has no loops; a `scan` repeats a cell over time"),
    "def": msg("write a cell for a formula that is used several times"),
    "return": msg("the expression itself is the node's value"),
    "import": msg("operators need no import"),
    "from": msg("operators need no import"),
    "None": msg("leave the attribute out instead"),
}
"""Hints for Python's keywords; those without one are refused all the same."""

MODULES: Final = frozenset(
    ("F", "K", "cp", "cupy", "jax", "jnp", "keras", "math", "mx", "nn", "np", "numpy", "scipy", "tf", "torch")
)
"""Names of libraries that people put before an operator's name."""

_LOOK_ALIKES = {
    **dict.fromkeys("×∗⨯", "*"),
    **dict.fromkeys("–—‐‑‒﹣", "-"),
    **dict.fromkeys("÷∕⁄", "/"),
    **dict.fromkeys("“”„«»", '"'),
    **dict.fromkeys("‘’‚", "'"),
    "⊗": "outer(a, b)",
    "⊤": ".T",
    "≤": "<=",
    "≥": ">=",
    "≠": "!=",
    "√": "sqrt(x)",
    "∑": "sum(x)",
    "∏": "prod(x)",
    "‖": "norm(x)",
    "½": "0.5",
    "¼": "0.25",
    "¾": "0.75",
    "，": ",",
    "、": ",",
}
FORWARD_ALONE: Final = msg("write only the forward pass: the gradients are computed from it")
"""The hint for a derivative among the nodes."""
_SAID = {
    **dict.fromkeys("⋅∙", msg("write `*`, or `@` for the product of matrices and vectors")),
    **dict.fromkeys("′″", msg("a name cannot contain a prime: write `x_prime`")),
    "∂": msg("a derivative is one name: `{text}`", text="∂L/∂x"),
    "∇": FORWARD_ALONE,
    "∞": msg("infinity goes under `constants`, as `.inf`"),
    "±": msg("write one expression with `+`, and another with `-`"),
}


def look_alike(character: str) -> Hint:
    """A hint for a character that resembles one of the language or stands for something in it, or nothing."""
    if character in _SAID:
        return _SAID[character]
    if unicodedata.category(character) == "Cf":
        return msg("this character is invisible: remove it")
    plain = _LOOK_ALIKES.get(character, "")
    if not plain and "！" <= character <= "～":  # the full-width forms run parallel to ASCII
        plain = chr(ord(character) - 0xFEE0)
    return msg("write `{text}`", text=plain) if plain else ""
