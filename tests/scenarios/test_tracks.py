"""The tracks through the bundled scenarios: what follows what, and how much each takes for granted."""

from __future__ import annotations

from collections.abc import Mapping
from graphlib import TopologicalSorter
from itertools import pairwise
from pathlib import Path

import pytest

from backprop_engine import load_scenario
from backprop_engine.evaluation.evaluate import evaluate_on
from backprop_engine.practice import drawn
from backprop_engine.scenario.bundled import bundled, neighbour, tracks
from backprop_engine.scenario.sections.expectations import Formula
from backprop_tui.files.bundled import heading, shelves, track_shelves
from scenes import LANGUAGES

TRACKS = tracks()
LEVELS = {entry.stem: entry.level for shelf in shelves(bundled()) for entry in shelf.entries}
ON_A_TRACK = sorted({name for track in TRACKS.values() for name in track.scenarios})
NOTIONS = {
    "one node, forward and backward": "one_node",
    "the update of a parameter": "gradient_descent",
    "addition": "add_multiply",
    "multiplication": "multiply_gates",
    "a value that several nodes use": "value_used_twice",
    "ReLU": "relu_layer",
    "sigmoid": "sigmoid_inside_out",
    "tanh": "tanh_inside_out",
    "the Hadamard product": "hadamard_product",
    "its Jacobian": "hadamard_jacobian",
    "vectors and matrices": "matrix_vector",
    "softmax with loss": "softmax_loss_one_hot",
    "its inside": "softmax_inside_out",
    "its code": "subtract_one_at_target",
}
"""What the article explains, in its order, and the scenario that teaches it."""


def test_there_are_four() -> None:
    assert list(TRACKS) == ["article", "cs231n", "recurrent", "debugging"]
    for track in TRACKS.values():
        assert all(track.title[language].strip() for language in LANGUAGES)
        assert len(set(track.scenarios)) == len(track.scenarios) >= 12


def test_the_first_has_every_notion_of_the_article_in_its_order() -> None:
    assert TRACKS["article"].scenarios == tuple(NOTIONS.values())


@pytest.mark.parametrize("name", TRACKS)
def test_levels_never_fall_along_a_track(name: str) -> None:
    levels = [LEVELS[stem] for stem in TRACKS[name].scenarios]
    assert levels == sorted(levels)


@pytest.mark.parametrize("name", TRACKS)
def test_each_leads_to_the_next_of_its_track(name: str) -> None:
    for stem, after in pairwise(TRACKS[name].scenarios):
        assert after in heading(bundled()[stem]).next


@pytest.mark.parametrize("stem", ON_A_TRACK)
def test_each_says_what_it_teaches_and_where_it_stands(stem: str) -> None:
    about = heading(bundled()[stem])
    assert about.next
    assert about.requires or stem == "one_node"
    for language in LANGUAGES:
        assert about.objective.by_language[language].strip()


def test_what_is_required_is_no_harder_and_comes_earlier_on_the_track() -> None:
    for stem, path in bundled().items():
        for required in heading(path).requires:
            assert LEVELS[required] <= LEVELS[stem], (stem, required)
    for track in TRACKS.values():
        for number, stem in enumerate(track.scenarios):
            later = set(track.scenarios[number:])
            assert not later & set(heading(bundled()[stem]).requires), stem


@pytest.mark.parametrize("key", ["requires", "next"])
def test_every_name_leads_somewhere_and_never_back(key: str) -> None:
    graph: Mapping[str, tuple[str, ...]] = {
        stem: getattr(heading(path), key) for stem, path in bundled().items()
    }
    assert {name for names in graph.values() for name in names} <= set(bundled())
    assert len(list(TopologicalSorter(graph).static_order())) >= len(bundled())


def test_shelves_of_tracks_have_their_scenarios_in_order() -> None:
    found = {shelf.name: [entry.stem for entry in shelf.entries] for shelf in track_shelves()}
    assert found == {track.name: list(track.scenarios) for track in TRACKS.values()}
    assert {entry.level for shelf in track_shelves() for entry in shelf.entries} == {1, 2, 3, 4}


def test_a_neighbour_beside_a_file_goes_before_one_that_is_bundled(tmp_path: Path) -> None:
    mine, beside = tmp_path / "mine.yaml", tmp_path / "add_multiply.yml"
    assert neighbour(mine, "add_multiply") == bundled()["add_multiply"]
    beside.write_text("inputs: {x: 1}\nnodes: {f: x * 2}\n", encoding="utf-8")
    assert neighbour(mine, "add_multiply") == beside
    assert neighbour(mine, "nothing_of_this_name") is None


def test_the_heading_says_what_the_scenario_says() -> None:
    for stem in ON_A_TRACK[::7]:
        whole, about = load_scenario(stem), heading(bundled()[stem])
        assert (about.objective, about.requires, about.next) == (whole.objective, whole.requires, whole.next)


@pytest.mark.parametrize("stem", TRACKS["article"].scenarios)
def test_each_of_the_article_asks_and_its_formulas_hold_when_numbers_are_drawn_anew(stem: str) -> None:
    scenario = load_scenario(stem)
    assert scenario.asks
    for ask in scenario.asks:
        assert set(LANGUAGES) <= set(ask.question.by_language)
        if not isinstance(ask.answer, Formula):
            assert ask.choices
            continue
        for seed in range(3):
            trace = drawn(scenario, seed)
            found = evaluate_on(ask.answer.tree, trace)
            assert found == pytest.approx(trace.gradient(ask.node), rel=1e-9, abs=1e-12)
