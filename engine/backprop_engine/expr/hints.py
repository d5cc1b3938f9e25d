"""What people write from habit in other languages, and what it is called here."""

from __future__ import annotations

import unicodedata
from typing import Final

from backprop_engine.said import Hint, Said, said

__all__ = ["FOREIGN", "MODULES", "WORDS", "look_alike"]

FOREIGN: Final[dict[str, Said]] = {
    "^": said("did you mean `{text}`?", text="**"),
    "***": said("did you mean `{text}`?", text="**"),
    "%": said("there is no remainder here"),
    "//": said("there is no whole division here; `/` divides"),
    "&": said("multiply two conditions to have both: `(a > 0) * (b > 0)`"),
    "&&": said("multiply two conditions to have both: `(a > 0) * (b > 0)`"),
    "|": said("`maximum` of two conditions has either: `maximum(a > 0, b > 0)`"),
    "||": said("`maximum` of two conditions has either: `maximum(a > 0, b > 0)`"),
    "~": said("`1 - condition` turns a condition round"),
    "!": said("did you mean `{text}`?", text="!="),
    "<>": said("did you mean `{text}`?", text="!="),
    "===": said("did you mean `{text}`?", text="=="),
    "!==": said("did you mean `{text}`?", text="!="),
    ">==": said("did you mean `{text}`?", text=">="),
    "<==": said("did you mean `{text}`?", text="<="),
    "<<": said("multiply by a power of two instead"),
    ">>": said("divide by a power of two instead"),
    ":=": said("give the part a node of its own instead"),
    "...": said("write a `:` for each axis that is taken whole"),
    "..": said("one dot leads into an instance: `one.h`"),
    ";": said("one node holds one expression"),
    "{": said("group with parentheses: `( )`"),
    "}": said("group with parentheses: `( )`"),
    "#": said("a comment needs a space before its `#`, and ends the value"),
    "$": said("names are written as they are, without a `$`"),
    "?": said("choose with `where(condition, a, b)`"),
    "\\": said("no backslash is needed: a long expression may go on in the next line, indented"),
    "`": said("names are written as they are, without quotes"),
}

WORDS: Final[dict[str, Said]] = {
    "if": said("choose with `where(condition, a, b)`"),
    "else": said("choose with `where(condition, a, b)`"),
    "and": said("multiply two conditions to have both: `(a > 0) * (b > 0)`"),
    "or": said("`maximum` of two conditions has either: `maximum(a > 0, b > 0)`"),
    "not": said("`1 - condition` turns a condition round"),
    "is": said("compare with `==`"),
    "lambda": said("write a cell for a formula that is used several times"),
    "for": said("a `scan` repeats a cell over time"),
    "while": said("a `scan` repeats a cell over time"),
    "in": said("a graph has no loops; a `scan` repeats a cell over time"),
    "def": said("write a cell for a formula that is used several times"),
    "return": said("the expression itself is the node's value"),
    "import": said("operators are there without being imported"),
    "from": said("operators are there without being imported"),
    "None": said("leave the attribute out instead"),
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
    **dict.fromkeys("·⋅∙", said("write `*`, or `@` for the product of matrices and vectors")),
    **dict.fromkeys("′″", said("a name has no prime: write `x_prime`")),
    **dict.fromkeys("∂∇", said("write the forward pass alone: the gradients are computed from it")),
    "∞": said("an infinity goes under `constants`, as `.inf`"),
    "±": said("write one expression with `+`, and another with `-`"),
}


def look_alike(character: str) -> Hint:
    """A hint for a character that resembles one of the language or stands for something in it, or nothing."""
    if character in _SAID:
        return _SAID[character]
    if unicodedata.category(character) == "Cf":
        return said("nobody sees this character: take it out")
    plain = _LOOK_ALIKES.get(character, "")
    if not plain and "！" <= character <= "～":  # the full-width forms run parallel to ASCII
        plain = chr(ord(character) - 0xFEE0)
    return said("write `{text}`", text=plain) if plain else ""
