"""Broken files that are too large to keep: each is made when it is asked for.

`LARGE` gives for each the function that makes it, and by hand code, line and column of the first mistake that
must be shown. Those of the first group have as many mistakes as is asked for.
"""

from __future__ import annotations

from collections.abc import Callable

__all__ = ["LARGE"]

LIMIT = 16 * 1024 * 1024 - 1024
Make = Callable[[int], bytes]
LEAF = b"inputs: {x: [1, 2]}\n"
NODES = LEAF + b"nodes:\n"


def _repeated(head: bytes, line: str, count: int) -> bytes:
    """`head`, then `line` with a number in place of each `#`, `count` times."""
    return head + "".join(line.replace("#", str(number)) for number in range(count)).encode()


def _many(head: bytes, line: str) -> Make:
    """Makes `head`, and `line` as often as is asked for."""
    return lambda many: _repeated(head, line, many)


def _filled(head: bytes, filling: bytes, tail: bytes = b"") -> bytes:
    """As much `filling` between `head` and `tail` as fits into a file of 16 MiB."""
    return head + filling * ((LIMIT - len(head) - len(tail)) // len(filling)) + tail


def _cycle(many: int) -> bytes:
    links = "".join(f"  h{number}: h{number + 1} * 2\n" for number in range(many))
    return LEAF + f"nodes:\n  g: exp(h0)\n{links}  h{many}: g * 2\n".encode()


LARGE: dict[str, tuple[Make, tuple[str, int, int]]] = {
    # Many mistakes
    "bad_leaves": (
        _many(b"nodes: {f: exp(1)}\ninputs:\n", "  x#: two\n"),
        ("not-a-number", 3, 7),
    ),
    "bad_names": (_many(b"nodes: {f: exp(1)}\ninputs:\n", "  x-#: 1\n"), ("bad-name", 3, 3)),
    "bad_expressions": (_many(NODES, "  f#: x + * x\n"), ("expr-syntax", 3, 11)),
    "unknown_names": (_many(NODES, "  f#: a# * b#\n"), ("unknown-name", 3, 7)),
    "unknown_operators": (_many(NODES, "  f#: foo#(x)\n"), ("unknown-op", 3, 7)),
    "unknown_keys": (_many(NODES + b"  f: x[0]\n", "key#: 1\n"), ("unknown-key", 4, 1)),
    "bad_shapes": (_many(NODES, "  f#: x[#]\n"), ("shapes", 5, 8)),
    "bad_notes": (_many(NODES + b"  f: x[0]\nnotes:\n", "  g#: Look\n"), ("unknown-note", 5, 3)),
    "bad_figures": (
        _many(NODES + b"  f: x[0]\nexpect:\n  values:\n", "    g#: 1\n"),
        ("expect-name", 6, 5),
    ),
    "bad_settings": (
        _many(NODES + b"  f:\n    op: tanh\n    inputs: [x]\n", "    key#: 1\n"),
        ("attribute", 6, 5),
    ),
    "bad_languages": (
        _many(NODES + b"  f: x[0]\ntitle:\n", "  l_#: Look\n"),
        ("bad-language", 5, 3),
    ),
    "bad_rows": (
        _many(b"nodes: {f: sum(x)}\ninputs:\n  x:\n  - [1, 2]\n  - [1]\n", "  - [1, 2]\n"),
        ("ragged", 5, 5),
    ),
    "long_cycle": (_cycle, ("cycle", 3, 10)),
    "many_operands": (
        lambda _: NODES + b"  f: concat(" + b"x, " * 60_000 + b"y)\n",
        ("unknown-name", 3, 13 + 3 * 60_000),
    ),
    # More than a file may have
    "too_many_nodes": (lambda _: _repeated(NODES, "  f#: x*2\n", 900_000), ("file-too-large", 100_000, 9)),
    "too_many_breakpoints": (
        lambda _: _repeated(NODES + b"  f: sum(x)\nbreakpoints:\n", "  - f if norm(grad) > #\n", 90_000),
        ("file-too-large", 1005, 5),
    ),
    "too_many_watches": (
        lambda _: _repeated(NODES + b"  f: sum(x)\nwatch:\n", "  - norm(x) + #\n", 90_000),
        ("file-too-large", 1005, 5),
    ),
    "many_names_one_twice": (
        lambda _: _repeated(NODES + b"  f: sum(x)\nnext:\n", "  - a#\n", 90_000) + b"  - a0\n",
        ("scenario-name", 90_005, 5),
    ),
    "too_many_numbers": (
        lambda _: _filled(b"nodes: {f: sum(x)}\ninputs: {x: [", b"1, " * 1000, b"two]}\n"),
        ("file-too-large", 2, 3_000_003),
    ),
    "too_many_lists": (lambda _: _filled(b"x: [", b"[]," * 1000, b"1]\n"), ("file-too-large", 1, 1_500_004)),
    "too_many_lines": (lambda _: _filled(NODES, b"\n" * 1000, b"  f: y\n"), ("file-too-large", 999_998, 1)),
    # One thing that fills the file
    "long_expression": (lambda _: _filled(NODES + b"  f: x", b" + x" * 1000), ("expr-syntax", 3, 6)),
    "folded_expression": (
        lambda _: NODES + b"  f: sum(x\n" + b"    + x\n" * 900_000 + b"    )\n",
        ("expr-syntax", 3, 6),
    ),
    "long_name": (lambda _: _filled(b"inputs:\n  ", b"x" * 1000, b": 2\n"), ("yaml-syntax", 2, 3)),
    "long_text": (lambda _: _filled(b"title: ", b"text " * 1000, b"\n"), ("no-nodes", 1, 1)),
    "invisible_text": (
        lambda _: _filled(b"title: ", "\u202e".encode() * 1000, b"\n"),
        ("no-nodes", 1, 1),
    ),
    "combining_text": (
        lambda _: _filled(b"title: e", "\u0301".encode() * 1000, b"\n"),
        ("no-nodes", 1, 1),
    ),
    "long_comment": (lambda _: _filled(NODES + b"  f: y #", b" text" * 1000, b"\n"), ("unknown-name", 3, 6)),
    "never_closed_quote": (lambda _: _filled(b'title: "', b"text " * 1000), ("yaml-unclosed", 1, 8)),
    "never_closed_bracket": (lambda _: b"inputs: {x: [" + b"1, " * 900_000, ("yaml-unclosed", 1, 13)),
    "open_brackets": (lambda _: b"inputs: " + b"[" * 900_000, ("yaml-depth", 1, 72)),
    "open_parentheses": (lambda _: NODES + b"  f: " + b"(" * 150_000, ("expr-syntax", 3, 70)),
    "minus_signs": (lambda _: NODES + b"  f: " + b"-" * 150_000 + b"x\n", ("expr-syntax", 3, 70)),
    "aliases": (
        lambda _: b"nodes: {f: sum(x)}\ninputs:\n  a: &a 1\n  x: [" + b"*a, " * 900_000 + b"1]}\n",
        ("yaml-expansion", 4, 7 + 4 * 100_000),
    ),
}
