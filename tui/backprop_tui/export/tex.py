"""Text and signs for TeX: what it would take for its own is escaped, and what its fonts lack is a command."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from typing import Final

__all__ = ["SPECIAL", "command_of", "is_hangul", "tex_text"]

SPECIAL: Final = "#$%&_{}"
"""What TeX takes for its own unless a backslash is before it."""
_COMMANDS: Final[Mapping[str, str]] = {
    "∂": "partial", "·": "cdot", "×": "times", "÷": "div", "∑": "sum", "∏": "prod", "√": "surd", "‖": "Vert",
    "⊙": "odot", "⊗": "otimes", "≤": "le", "≥": "ge", "≠": "ne", "⟨": "langle", "⟩": "rangle", "⊣": "dashv",
    "→": "to", "⌊": "lfloor", "⌋": "rfloor", "⌈": "lceil", "⌉": "rceil", "∞": "infty", "∇": "nabla",
    "∈": "in", "⋅": "cdot", "…": "dots", "∧": "wedge", "∨": "vee", "¬": "neg", "⊕": "oplus", "|": "vert",
    "←": "leftarrow", "↦": "mapsto", "⇒": "Rightarrow", "±": "pm", "≈": "approx", "∘": "circ", "ℓ": "ell",
    "∗": "ast", "◌": "bigcirc", "⋆": "star", "∥": "parallel", "∼": "sim", "≅": "cong",
    "⊤": "top", "ᵀ": "top", "∝": "propto", "≪": "ll", "≫": "gg", "≡": "equiv", "↔": "leftrightarrow",
}  # fmt: skip
"""Mathematical signs, by the commands of TeX."""
_RAISED: Final = ("<super>", "<sub>")
_PUNCTUATION: Final[Mapping[str, str]] = {
    "\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "'": "'", "’": "'",
    "–": "--", "—": "---", "“": "``", "”": "''", "‘": "`", "\u00a0": "~", '"': r"{\ttfamily\char34}",
    "‐": "-", "‑": "-", "«": r"\ensuremath{\ll}", "»": r"\ensuremath{\gg}", "`": r"\textasciigrave{}",
    "½": r"\ensuremath{\tfrac{1}{2}}", "¼": r"\ensuremath{\tfrac{1}{4}}", "¾": r"\ensuremath{\tfrac{3}{4}}",
    "′": r"\ensuremath{'}", "″": r"\ensuremath{''}", "‴": r"\ensuremath{\prime\prime\prime}",
    "⁻": r"\ensuremath{^{-}}", "∛": r"\ensuremath{\sqrt[3]{\ }}", "⇄": r"\ensuremath{\rightleftarrows}",
    "✓": r"\ensuremath{\surd}", "✗": r"\ensuremath{\times}", "§": r"\S{}",
}  # fmt: skip
_CAPITALS: Final = ("GAMMA", "DELTA", "THETA", "LAMDA", "XI", "PI", "SIGMA", "UPSILON", "PHI", "PSI", "OMEGA")
"""The capital Greek letters that are not Latin ones in TeX."""


def is_hangul(character: str) -> bool:
    """Whether a character is Korean, for which a document needs `kotex`."""
    return "가" <= character <= "힣" or "ㄱ" <= character <= "ㆎ"


def tex_text(text: str) -> str:
    """`text` as the text of a document; a character that its fonts lack is given by its number."""
    pieces = _PIECES.findall(unicodedata.normalize("NFC", text))
    return "".join(_hatted(piece) if piece[1:] == _HAT else _character(piece) for piece in pieces)


_HAT: Final = "\u0302"
_PIECES: Final = re.compile(rf"[^\W\d_]{_HAT}|.", re.DOTALL)


def _hatted(piece: str) -> str:
    r"""A letter with a hat, ``\hat{m}``."""
    return rf"\ensuremath{{\hat{{{command_of(piece[0]) or piece[0]}}}}}"


def command_of(character: str) -> str:
    r"""What a sign or a Greek letter is in a formula, ``\alpha``; empty where there is no command for it."""
    if character in _COMMANDS:
        return f"\\{_COMMANDS[character]}"
    words = unicodedata.name(character, "").split()
    if words[:3] == ["GREEK", "SMALL", "LETTER"] and len(words) == 4 and words[-1] != "OMICRON":
        return f"\\{words[-1].lower().replace('lamda', 'lambda')}"
    if words[:3] == ["GREEK", "CAPITAL", "LETTER"] and words[-1] in _CAPITALS:
        return f"\\{words[-1].capitalize().replace('Lamda', 'Lambda')}"
    return ""


def _character(character: str) -> str:
    if character in SPECIAL:
        return f"\\{character}"
    if character in _PUNCTUATION:
        return _PUNCTUATION[character]
    if character in "<>":
        return f"\\ensuremath{{{character}}}"
    if character == "ᵀ":
        return r"\ensuremath{^{\top}}"
    if command := command_of(character):
        return rf"\ensuremath{{{command}}}"
    if (character.isascii() and character.isprintable()) or is_hangul(character):
        return character
    if character == "−":
        return r"\ensuremath{-}"
    plain = unicodedata.normalize("NFKC", character)
    kind = unicodedata.decomposition(character).partition(" ")[0]
    if kind in _RAISED and plain.isascii():
        return rf"\ensuremath{{{'^' if kind == '<super>' else '_'}{plain}}}"
    return _accented(character) or f"[U+{ord(character):04X}]"


_ACCENTS: Final[Mapping[str, str]] = {
    "\u0300": "`", "\u0301": "'", "\u0302": "^", "\u0303": "~", "\u0308": '"', "\u030c": "v", "\u0327": "c",
}  # fmt: skip


def _accented(character: str) -> str:
    r"""A Latin letter with an accent, ``\"{o}``; empty for anything else."""
    parts = unicodedata.normalize("NFD", character)
    if len(parts) != 2 or not parts[0].isascii() or parts[1] not in _ACCENTS:
        return ""
    return rf"\{_ACCENTS[parts[1]]}{{{parts[0]}}}"
