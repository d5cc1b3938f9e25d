"""Plain values printed as YAML in every style that a hand may choose, one choice after the other at random.

What is printed means the values that it was made of, whatever was chosen: flow or block, quotes, folding,
comments, anchors, indentation, line ends, byte order marks. It shares no code with the writer.
"""

from __future__ import annotations

import codecs
from itertools import pairwise
from random import Random
from typing import Any, Final, NamedTuple

from backprop_engine.scenario.read.yaml_scalars import OutOfRangeError, resolve

__all__ = ["Number", "Printer", "encoded"]

_INDICATORS: Final = "-?:,[]{}#&*!|>'\"%@`"
_COMMENTS: Final = ("# why", "#", "# 다음", "# key: [value", "# \"'")


class Number(NamedTuple):
    """A scalar that must stay plain: a number, `true`, `null`, in its author's spelling."""

    text: str


class Printer:
    """Prints one document; `random` makes its choices."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.anchors: list[tuple[Any, str]] = []

    def document(self, root: dict[str, Any]) -> str:
        """The text of a file, with `\\n` for line ends."""
        lines = self.sometimes(["%YAML 1.2", "---"], ["---"], ["", "# A scenario"], [], [], [])
        lines = lines + self.block(root)
        return "\n".join(lines + self.sometimes(["..."], ["", "# end"], [], [], [])) + "\n"

    def sometimes(self, *choices: Any) -> Any:
        """One of the choices."""
        return self.random.choice(choices)

    # Block style

    def block(self, value: Any) -> list[str]:
        """The lines of a map or a list that has entries, from column 0 on."""
        lines: list[str] = []
        if isinstance(value, dict):
            for key, one in value.items():
                lines += self.entry(self.key(key) + self.sometimes(":", ":", " :"), one, in_list=False)
        else:
            for one in value:
                lines += self.entry("-", one, in_list=True)
        return lines

    def entry(self, head: str, value: Any, *, in_list: bool) -> list[str]:
        """A key or a dash with what stands behind it."""
        above = self.sometimes([], [], [], [], [self.random.choice(_COMMENTS)], [""])
        known = self.alias(value)
        if known:
            return [*above, f"{head} {known}"]
        anchor = self.anchor(value)
        if isinstance(value, str) and (block := self.block_text(value)):
            header, *rest = block
            return [*above, f"{head}{anchor} {header}", *rest]
        if isinstance(value, dict | list) and value and self.random.random() < 0.6:
            return [*above, *self.below(head + anchor, value, in_list=in_list)]
        first, *rest = self.flow(value, in_flow=False).split("\n")
        lines = [f"{head}{anchor} {first}", *(f"     {line}" for line in rest)]
        if self.random.random() < 0.1:
            lines[-1] += f" {self.random.choice(_COMMENTS)}"
        return [*above, *lines]

    def below(self, head: str, value: Any, *, in_list: bool) -> list[str]:
        """A map or list in block style behind a key or dash; a list may stand below its key's own column."""
        inner = self.block(value)
        if head == "-" and not inner[0].startswith("#") and inner[0] and self.random.random() < 0.8:
            return [f"- {inner[0]}", *(f"  {line}" for line in inner[1:])]
        least = 0 if isinstance(value, list) and not in_list else 1
        indent = " " * self.random.choice((least, 2, 2, 2, 4))
        return [head, *(indent + line for line in inner)]

    # Flow style

    def flow(self, value: Any, *, in_flow: bool) -> str:
        """A value in brackets or as a scalar; it may go on in further lines, which are indented elsewhere."""
        if in_flow and (known := self.alias(value)):
            return f"{known} "
        if isinstance(value, Number):
            return value.text
        if isinstance(value, str):
            return self.scalar(value, in_flow=in_flow)
        gap = self.sometimes(" ", " ", "", "\n", "  ")
        if isinstance(value, dict):
            parts = [
                f"{self.key(key, in_flow=True)}: {self.flow(one, in_flow=True)}" for key, one in value.items()
            ]
        else:
            parts = [self.flow(one, in_flow=True) for one in value]
        end = self.sometimes("", "", ",") if parts else ""
        opening, closing = "{}" if isinstance(value, dict) else "[]"
        inner = f",{gap or ' '}".join(parts) + end
        return f"{opening}{inner}{closing}" if self.random.random() < 0.8 else f"{opening} {inner} {closing}"

    # Scalars

    def key(self, text: str, *, in_flow: bool = False) -> str:
        """A key on one line."""
        if self.random.random() < 0.9 and is_plain(text, in_flow=in_flow, is_key=True):
            return text
        return f"'{text}'" if is_visible(text) and "'" not in text else self.double(text)

    def scalar(self, text: str, *, in_flow: bool) -> str:
        """A text that is plain or quoted, perhaps folded."""
        styles = [self.double]
        if is_visible(text):
            styles.append(self.single)
        if is_plain(text, in_flow=in_flow):
            styles += [self.folded_plain if not in_flow else str] * 6
        return self.random.choice(styles)(text)

    def single(self, text: str) -> str:
        """A text in single quotes."""
        return "'" + text.replace("'", "''") + "'"

    def folded_plain(self, text: str) -> str:
        """A text without quotes, perhaps on more than one line."""
        return self.folded(text) if self.random.random() < 0.2 else text

    def folded(self, text: str) -> str:
        """A text with some of its single spaces as line ends."""
        words = text.split(" ")
        shown, every = words[0], self.random.choice((1, 2, 5))
        for number, (before, word) in enumerate(pairwise(words)):
            can_break = before and word and word[0] not in "#-?:" and not before.endswith(":")
            shown += ("\n" if can_break and number % every == 0 else " ") + word
        return shown

    def double(self, text: str) -> str:
        """A text in double quotes, sometimes with more escapes than it needs."""
        needless = self.random.choice(("", "", "", "aeiou 가."))
        return '"' + "".join(self.escaped(one, needless) for one in text) + '"'

    def escaped(self, character: str, needless: str) -> str:
        """A character in double quotes."""
        number = ord(character)
        if character in '"\\':
            return f"\\{character}"
        if character == "\n":
            return "\\n"
        if is_visible(character) and character not in needless:
            return character
        if number < 0x100:
            return f"\\x{number:02x}"
        return f"\\u{number:04X}" if number < 0x10000 else f"\\U{number:08x}"

    def block_text(self, text: str) -> list[str]:
        """A text as a literal or folded block, header first; nothing where it is none, or by choice."""
        body = text.removesuffix("\n")
        lines = body.split("\n")
        simple = all(line and is_visible(line) and line == line.strip() for line in lines)
        if not simple or self.random.random() < (0.3 if "\n" in text else 0.85):
            return []
        chomping = "" if body != text else "-"
        indent = self.random.choice((1, 2, 4))
        header = self.sometimes(chomping, f"{chomping}{indent}", f"{indent}{chomping}")
        if self.random.random() < 0.5:
            return [f"|{header}", *(" " * indent + line for line in lines)]
        folded: list[str] = []
        for line in lines:
            folded += ["", *self.folded(line).split("\n")] if folded else self.folded(line).split("\n")
        return [f">{header}", *(" " * indent + line if line else "" for line in folded)]

    # Anchors

    def anchor(self, value: Any) -> str:
        """A name for a value, with the space before it, if it gets one."""
        if self.random.random() > 0.04 or isinstance(value, Number):
            return ""
        name = f"n{len(self.anchors)}"
        self.anchors.append((value, name))
        return f" &{name}"

    def alias(self, value: Any) -> str:
        """A repetition of a value that was named before."""
        names = [name for known, name in self.anchors if type(known) is type(value) and known == value]
        return f"*{names[0]}" if names and self.random.random() < 0.7 else ""


def is_visible(text: str) -> bool:
    """Whether `text` may stand in a line of a file as it is."""
    return text.isprintable()


def is_plain(text: str, *, in_flow: bool, is_key: bool = False) -> bool:
    """Whether `text` needs no quotes; for some that need none the answer is no all the same."""
    if not text or text != text.strip() or not is_visible(text) or text.startswith(("---", "...", "<<")):
        return False
    if text[0] in _INDICATORS or any(sign in text for sign in (": ", " #", " :")) or text.endswith(":"):
        return False
    if in_flow and (any(sign in text for sign in ",[]{}:?") or text.count("(") != text.count(")")):
        return False
    try:
        return is_key or isinstance(resolve(text), str)
    except OutOfRangeError:
        return False


def encoded(text: str, random: Random) -> bytes:
    """`text` as bytes: with any line ends, with or without a byte order mark, sometimes in UTF-16."""
    text = text.replace("\n", random.choice(("\n", "\n", "\n", "\r\n", "\r")))
    match random.randrange(8):
        case 0:
            return codecs.BOM_UTF8 + text.encode("utf-8", "surrogatepass")
        case 1:
            return codecs.BOM_UTF16_LE + text.encode("utf-16-le", "surrogatepass")
        case 2:
            return codecs.BOM_UTF16_BE + text.encode("utf-16-be", "surrogatepass")
    return text.encode("utf-8", "surrogatepass")
