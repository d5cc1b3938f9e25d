"""Every link of a page within the project leads somewhere: to a file, and to a heading where it names one."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = sorted(
    path.relative_to(ROOT)
    for path in (*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "benchmarks").glob("*.md"))
)


def links(text: str) -> list[tuple[str, str]]:
    """The file and the heading of every link that stays within the project, code left aside."""
    prose = re.sub(r"^```.*?^```|`[^`\n]*`", "", text, flags=re.MULTILINE | re.DOTALL)
    found = re.findall(r"\]\(([^)#\s]*)(?:#([^)\s]*))?\)", prose)
    return [(file, heading) for file, heading in found if "://" not in file]


def anchors(text: str) -> set[str]:
    """The headings of a page as a link names them."""
    headings = re.findall(r"^#+ (.*)$", text, flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", one.lower()).strip().replace(" ", "-") for one in headings}


LINKING = [page for page in PAGES if links((ROOT / page).read_text(encoding="utf-8"))]


@pytest.mark.parametrize("page", LINKING, ids=str)
def test_links_lead_somewhere(page: Path) -> None:
    for file, heading in links((ROOT / page).read_text(encoding="utf-8")):
        target = (ROOT / page).parent / file if file else ROOT / page
        assert target.exists(), file
        if heading:
            assert heading in anchors(target.read_text(encoding="utf-8")), f"{file}#{heading}"


def test_the_readme_has_links() -> None:
    found = links((ROOT / "README.md").read_text(encoding="utf-8"))
    assert ("docs/keys.md", "") in found
    assert len(found) > 10
