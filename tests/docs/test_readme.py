"""What the README says and counts, in both languages, is so."""

import re
from pathlib import Path

import pytest

from backprop_engine import OPS
from command_line import Commands

ROOT = Path(__file__).parents[2]
PAGES = {"en": ROOT / "README.md", "ko": ROOT / "README.ko.md"}


@pytest.mark.parametrize("language", PAGES)
def test_the_readme_says_how_many_operators_there_are(language: str) -> None:
    text = PAGES[language].read_text(encoding="utf-8")
    assert re.findall(r"(\d+)(?: operators|개입니다)", text) == [str(len(OPS))]


@pytest.mark.parametrize("language", PAGES)
def test_its_graph_runs_as_it_shows(
    language: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    text = PAGES[language].read_text(encoding="utf-8")
    (graph,) = re.findall(r"^```yaml\n(.*?)^```$", text, re.M | re.S)
    (printed,) = re.findall(r"^```text\n(.*?)^```$", text, re.M | re.S)
    path = tmp_path / "mine.yaml"
    path.write_text(graph, encoding="utf-8")
    assert "backprop-tui run mine.yaml --brief" in text
    assert Commands(capsys)("run", str(path), "--brief", "--lang", language) == (0, printed, "")


def test_both_languages_have_the_same_lines_and_programs() -> None:
    blocks = [
        re.findall(r"^```(?:sh|yaml|python)\n(.*?)^```$", path.read_text("utf-8"), re.M | re.S)
        for path in PAGES.values()
    ]
    english, korean = ([block.replace(" --lang ko", "") for block in one] for one in blocks)
    assert len(english) == 4
    assert english == korean


def test_the_lines_that_are_run_from_it_are_there() -> None:
    text = PAGES["en"].read_text(encoding="utf-8")
    assert text.count("<!-- test -->\n```sh\n") == 1
    assert "[한국어](README.ko.md)" in text
