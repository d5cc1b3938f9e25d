"""Programs of the cookbook that need a library which few tests have."""

from __future__ import annotations

import re
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from typing import NamedTuple

__all__ = ["Needing", "needing"]

DOCS = Path(__file__).parents[2] / "docs"


class Needing(NamedTuple):
    """A program, and what a page says that it prints."""

    page: str
    program: str
    shown: str

    def printed(self) -> str:
        """What it prints when it is run."""
        with redirect_stdout(StringIO()) as printed:
            exec(self.program, {})  # the page's own text
        return printed.getvalue()


def needing(library: str) -> list[Needing]:
    """The programs of both cookbooks that need a library."""
    pattern = rf"^<!-- needs: {library} -->\n```python\n(.*?)^```\n```text\n(.*?)^```$"
    return [
        Needing(page, *found)
        for page in ("cookbook.md", "cookbook.ko.md")
        for found in re.findall(pattern, (DOCS / page).read_text("utf-8"), re.MULTILINE | re.DOTALL)
    ]
