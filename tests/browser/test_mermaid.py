"""Mermaid itself reads every graph that is written for it, and draws what it says."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from chromium import Tab

from backprop_engine.scenario.model import Scenario
from backprop_tui.export.formats import FORMATS, Exported
from covering import BEGUN
from hostile import hostile
from needed_programs import needed_mermaid
from scenes import STEMS, scenario

EACH = """
const [texts, done] = arguments;
const answers = {};
const one = async (name, text) => { %s };
(async () => {
    for (const [name, text] of Object.entries(texts)) {
        try { answers[name] = await one(name, text); } catch (error) { answers[name] = String(error); }
    }
    done(answers);
})();
"""
PARSE = EACH % "return (await mermaid.parse(text)).diagramType;"
DRAW = (
    EACH
    % """
const place = document.body.appendChild(document.createElement("div"));
place.innerHTML = (await mermaid.render("drawn" + Object.keys(answers).length, text)).svg;
for (const line of place.querySelectorAll("br")) line.replaceWith("\\n");
const found = {
    title: place.querySelector(".flowchartTitleText").textContent,
    nodes: [...place.querySelectorAll("g.node")].map((node) => [node.id, node.textContent]),
    wires: place.querySelectorAll("path.flowchart-link").length,
};
place.remove();
return found;
"""
)


@pytest.fixture
def mermaid(tab: Tab, tmp_path: Path) -> Tab:
    """A page with Mermaid as GitHub has it, and nothing else."""
    page = tmp_path / "mermaid.html"
    page.write_text(
        f'<!doctype html><meta charset="utf-8"><script src="{needed_mermaid().as_uri()}"></script>'
    )
    tab.driver.get(page.as_uri())
    tab.driver.execute_script("mermaid.initialize({startOnLoad: false})")
    return tab


def at_end(what: Scenario, language: str = "en") -> Exported:
    trace = what.record()
    return Exported(what, trace.frame(trace.schedule.completed), language)


def written(exported: Exported, form: str = "mermaid") -> str:
    return FORMATS[form].write(exported)


def labels(exported: Exported) -> dict[int, str]:
    """What stands in each node, as Graphviz is told it."""
    found = re.findall(r'^  n(\d+) \[shape=.*, label=(".*")\]$', written(exported, "dot"), re.M)
    return {int(number): json.loads(label) for number, label in found}


def asked(tab: Tab, script: str, texts: dict[str, str]) -> dict[str, Any]:
    return dict(tab.driver.execute_async_script(script, texts))


def test_it_reads_every_scenario(mermaid: Tab) -> None:
    texts = {
        f"{name} {language}": written(at_end(what, language))
        for name, what in (*((stem, scenario(stem)) for stem in STEMS), *hostile())
        for language in ("en", "ko")
    }
    answers = asked(mermaid, PARSE, texts)
    assert {name: answer for name, answer in answers.items() if answer != "flowchart-v2"} == {}
    assert answers.keys() == texts.keys()


def test_what_it_draws_is_what_the_graph_says(mermaid: Tab) -> None:
    exported = {name: at_end(what) for name, what in (*((s, scenario(s)) for s in BEGUN), *hostile())}
    answers = asked(mermaid, DRAW, {name: written(one) for name, one in exported.items()})
    for name, one in exported.items():
        drawn = answers[name]
        assert not isinstance(drawn, str), (name, drawn)
        texts = {int(re.findall(r"-n(\d+)-", place)[0]): text for place, text in drawn["nodes"]}
        assert texts == labels(one), name
        assert drawn["title"].translate(HALF_WIDTH).split() == one.title.split(), name
        assert drawn["wires"] == written(one).count(" --> ")


HALF_WIDTH = str.maketrans("＜＞＆", "<>&")
