"""What people write from habit in other languages, and what it is called here."""

from __future__ import annotations

import unicodedata
from typing import Final

__all__ = ["FOREIGN", "MODULES", "WORDS", "look_alike"]

FOREIGN: Final[dict[str, str]] = {
    "^": "did you mean `**`?",
    "***": "did you mean `**`?",
    "%": "there is no remainder here",
    "//": "there is no whole division here; `/` divides",
    "&": "multiply two conditions to have both: `(a > 0) * (b > 0)`",
    "&&": "multiply two conditions to have both: `(a > 0) * (b > 0)`",
    "|": "`maximum` of two conditions has either: `maximum(a > 0, b > 0)`",
    "||": "`maximum` of two conditions has either: `maximum(a > 0, b > 0)`",
    "~": "`1 - condition` turns a condition round",
    "!": "did you mean `!=`?",
    "<>": "did you mean `!=`?",
    "===": "did you mean `==`?",
    "!==": "did you mean `!=`?",
    ">==": "did you mean `>=`?",
    "<==": "did you mean `<=`?",
    "<<": "multiply by a power of two instead",
    ">>": "divide by a power of two instead",
    ":=": "give the part a node of its own instead",
    "...": "write a `:` for each axis that is taken whole",
    "..": "one dot leads into an instance: `one.h`",
    ";": "one node holds one expression",
    "{": "group with parentheses: `( )`",
    "}": "group with parentheses: `( )`",
    "#": "a comment needs a space before its `#`, and ends the value",
    "$": "names are written as they are, without a `$`",
    "?": "choose with `where(condition, a, b)`",
    "\\": "no backslash is needed: a long expression may go on in the next line, indented",
    "`": "names are written as they are, without quotes",
}

WORDS: Final[dict[str, str]] = {
    "if": "choose with `where(condition, a, b)`",
    "else": "choose with `where(condition, a, b)`",
    "and": "multiply two conditions to have both: `(a > 0) * (b > 0)`",
    "or": "`maximum` of two conditions has either: `maximum(a > 0, b > 0)`",
    "not": "`1 - condition` turns a condition round",
    "is": "compare with `==`",
    "lambda": "write a cell for a formula that is used several times",
    "for": "a `scan` repeats a cell over time",
    "while": "a `scan` repeats a cell over time",
    "in": "a graph has no loops; a `scan` repeats a cell over time",
    "def": "write a cell for a formula that is used several times",
    "return": "the expression itself is the node's value",
    "import": "operators are there without being imported",
    "from": "operators are there without being imported",
    "None": "leave the attribute out instead",
}
"""Hints for Python's keywords; those without one are refused all the same."""

MODULES: Final = frozenset(
    ("F", "K", "cp", "cupy", "jax", "jnp", "keras", "math", "mx", "nn", "np", "numpy", "scipy", "tf", "torch")
)
"""Names of libraries that people put before an operator's name."""

_LOOK_ALIKES = {
    **dict.fromkeys("×∗⨯", "*"),
    **dict.fromkeys("−–—‐‑‒﹣", "-"),
    **dict.fromkeys("÷∕⁄", "/"),
    **dict.fromkeys("“”„«»", '"'),
    **dict.fromkeys("‘’‚", "'"),
    "⊙": "hadamard(a, b)",
    "⊗": "outer(a, b)",
    "⊤": ".T",
    "≤": "<=",
    "≥": ">=",
    "≠": "!=",
    "²": "** 2",
    "³": "** 3",
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
_SAID = {
    **dict.fromkeys("·⋅∙", "write `*`, or `@` for the product of matrices and vectors"),
    **dict.fromkeys("′″", "a name has no prime: write `x_prime`"),
    **dict.fromkeys("∂∇", "write the forward pass alone: the gradients are computed from it"),
    "∞": "an infinity goes under `constants`, as `.inf`",
    "±": "write one expression with `+`, and another with `-`",
}


def look_alike(character: str) -> str:
    """A hint for a character that resembles one of the language or stands for something in it, or nothing."""
    if character in _SAID:
        return _SAID[character]
    if unicodedata.category(character) == "Cf":
        return "nobody sees this character: take it out"
    plain = _LOOK_ALIKES.get(character, "")
    if not plain and "！" <= character <= "～":  # the full-width forms run parallel to ASCII
        plain = chr(ord(character) - 0xFEE0)
    return f"write `{plain}`" if plain else ""
