"""Numbers and lists as other programs, textbooks and languages write them, and how they are written here."""

from __future__ import annotations

import math
import re
import unicodedata

from backprop_engine.messages.message import Hint, msg

__all__ = ["is_number", "list_hint", "number_hint", "tensor_hint"]

_SPECIAL = {"nan": ".nan", "inf": ".inf", "infinity": ".inf"}
_NUMBER = re.compile(r"[-+]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]+)?")
_FRACTION = re.compile(r"([-+]?[0-9.]+) ?[/\u2044] ?([0-9.]+)")
_GROUPED = re.compile(r"[-+]?[0-9]{1,3}(?:[ ,_'][0-9]{3})+(?:\.[0-9]*)?")
_DECIMAL_COMMA = re.compile(r"[-+]?[0-9]+,[0-9]+")
_LIST = re.compile(r"[(\[{<]*([^()\[\]{}<>a-zA-Z]+)[)\]}>]*")
_FILLED = re.compile(r"(?:[a-z]+\.)*(zeros|ones|eye|arange|randn?|full|empty|normal|uniform|random)\b")
_INITS = {"empty": "zeros", "rand": "uniform", "randn": "normal", "random": "normal", "full": "constant"}
_SEEDED = ("normal", "uniform")
_LONG = 200


def is_number(text: str) -> bool:
    """Whether `text` is a decimal number as YAML writes it."""
    return _NUMBER.fullmatch(text) is not None


def number_hint(text: str) -> Hint:
    """How the number that `text` means is written in YAML, or nothing where it means none."""
    if len(text) > _LONG:
        return ""
    special = _SPECIAL.get(text.strip("+-.").casefold())
    if special:
        return msg("write `{text}`", text="-" * text.startswith("-") + special)
    if text.casefold() in ("yes", "on", "no", "off"):
        return msg("write `true` or `false`, or a number")
    if text.casefold() in ("none", "nil", "undefined"):
        return msg("write a number")
    found = _meant(unicodedata.normalize("NFKC", text.strip()).translate({0x2212: "-", 0x2013: "-"}))
    return msg("write `{text}`", text=found) if found and found != text else ""


def _meant(text: str) -> str:
    """The number that `text` means, as text; nothing where it means none."""
    if _NUMBER.fullmatch(text):
        return text
    if _GROUPED.fullmatch(text):
        return re.sub("[ ,_']", "", text)
    if _DECIMAL_COMMA.fullmatch(text):
        return text.replace(",", ".")
    if _NUMBER.fullmatch(text.replace("_", "")):
        return text.replace("_", "")
    if found := _FRACTION.fullmatch(text):
        return _divided(found[1], found[2])
    if text.endswith("%") and _NUMBER.fullmatch(text[:-1].strip()):
        return _divided(text[:-1], "100")
    if text[-1:] in "fFlLdD" and _NUMBER.fullmatch(text[:-1]):
        return text[:-1]
    return ""


def _divided(numerator: str, other: str) -> str:
    try:
        quotient = float(numerator) / float(other)
    except (ValueError, ZeroDivisionError):
        return ""
    return f"{quotient:.15g}" if math.isfinite(quotient) else ""


def list_hint(text: str) -> Hint:
    """How the list of numbers that `text` means is written in YAML, or nothing where it means none."""
    found = _LIST.fullmatch(text.strip()) if len(text) <= _LONG else None
    if found is None:
        return ""
    rows = [_entries(row) for row in found[1].split(";") if row.strip()]
    if not rows or not all(row and all(map(_NUMBER.fullmatch, row)) for row in rows):
        return ""
    if len(rows) > 1:
        return msg("write each row in its own brackets: `[[1, 2], [3, 4]]`")
    if len(rows[0]) == 1 and text[:1] not in "([{":
        return ""
    return msg("write `{text}`", text=f"[{', '.join(rows[0])}]")


def _entries(row: str) -> list[str]:
    return [entry for entry in re.split(r"[,\s]+", row.strip()) if entry]


def tensor_hint(text: str) -> Hint:
    """The leaf that a call such as `np.zeros((2, 3))` means, or nothing."""
    found = _FILLED.match(text) if len(text) <= _LONG else None
    if found is None:
        return ""
    init = _INITS.get(found[1], found[1])
    sizes = re.findall(r"[0-9]+", text[found.end() :])
    more = ", seed: 0" if init in _SEEDED else ", value: 0" if init == "constant" else ""
    if init == "eye":
        sizes *= 2 // max(1, len(sizes))
    shape = ", ".join(sizes) if sizes and init not in ("constant", "arange") else "2, 3"
    return msg("such as `{text}`", text=f"{{shape: [{shape}], init: {init}{more}}}")
