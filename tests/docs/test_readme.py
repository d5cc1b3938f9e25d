"""What the README counts is counted again."""

import re
from pathlib import Path

from backprop_engine import OPS


def test_the_readme_says_how_many_operators_there_are() -> None:
    text = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    assert re.findall(r"(\d+) operators", text) == [str(len(OPS))]
