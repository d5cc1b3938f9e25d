"""Scenarios whose texts mean something to what they are written in: markup, comments, keywords, controls."""

from __future__ import annotations

from collections.abc import Iterator

from backprop_engine.scenario.loader import load_source
from backprop_engine.scenario.model import Scenario
from backprop_engine.scenario.read.source import Source

TITLES = (
    r"""<&>\"]]> '\"' `x` **b** [a](b) {c} (d) |e| <br> &amp; &lt; #35; #quot; $$x^2$$ \\n \\ %""",
    r"\u0007\u001b[31m\u202e\u2028\u2029\u0085\t\u200b\u00a0.",
    "한국어 제목: 'x', 😀 𝛼 漢字",
    *("1. one", "- item", "# head", "---", "```", "> said", "end", "a: b", "%% a", "%%{init: {}}%%"),
    *("@{shape: x}", ":::style", "fa:fa-ban", "<script>alert(1)</script>", "javascript:alert(1)", "a<b"),
    *("", "  spaces  ", "null", "true", "~", "1e5", "&anchor", "*alias", "!tag", r"two\nlines", "x" * 300),
)
"""As YAML has them between quotation marks."""
NAMES = (
    *("end", "graph", "subgraph", "flowchart", "click", "style", "classDef", "default", "direction"),
    *("linkStyle", "href", "call", "o", "x", "LR", "TB", "constructor", "__proto__", "node", "edge"),
    *("strict", "digraph", "draw", "begin", "값", "손실_1", "α", "損失", "x_1", "é"),
)


def titled(title: str) -> Scenario:
    """A scenario with a title."""
    text = f'title: "{title}"\ninputs: {{x: 2}}\nnodes: {{f: x * x - 1}}\n'
    return load_source(Source.from_bytes("<test>", text.encode()))


def named() -> Scenario:
    """A scenario with all names: each is a leaf, and each with `_` behind it a node."""
    leaves = ", ".join(f"{name}: {number}" for number, name in enumerate(NAMES, 1))
    nodes = "".join(f"  {name}_: {name} * {number}\n" for number, name in enumerate(NAMES, 2))
    total = " + ".join(f"{name}_" for name in NAMES)
    text = f"inputs: {{{leaves}}}\nnodes:\n{nodes}  all: {total}\n"
    return load_source(Source.from_bytes("<test>", text.encode()))


def hostile() -> Iterator[tuple[str, Scenario]]:
    """All of them, each with what there is to call it by."""
    yield "names", named()
    yield from ((f"title {title[:30]}", titled(title)) for title in TITLES)
