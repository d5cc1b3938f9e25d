"""A folder on the command line: what is a scenario there, and what is never touched."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

import pytest

from backprop_tui.cli import open as opening
from backprop_tui.files import folders
from backprop_tui.files.bundled import bundled, bundled_folder
from backprop_tui.files.folders import ScenarioFolder, looks_like_scenario, scenario_folder
from command_line import BROKEN, GOOD, Commands, file


def stems(found: ScenarioFolder) -> dict[str, list[str]]:
    return {shelf.name: [entry.stem for entry in shelf.entries] for shelf in found.shelves}


def arguments(*given: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    opening.add_arguments(parser)
    return parser.parse_args(given)


def test_a_folder_is_listed_with_the_folders_inside_it(tmp_path: Path) -> None:
    for name in ("b.yaml", "a.yml", "week/one.yaml", "week/deep/two.yaml"):
        file(tmp_path, GOOD, name)
    assert stems(scenario_folder(tmp_path)) == {
        tmp_path.name: ["a", "b"],
        "week": ["one"],
        "week/deep": ["two"],
    }


def test_the_bundled_folder_is_all_scenarios() -> None:
    found = scenario_folder(bundled_folder())
    assert sorted(stem for row in stems(found).values() for stem in row) == sorted(bundled())
    levels = {entry.level for shelf in found.shelves for entry in shelf.entries}
    assert levels == {1, 2, 3, 4}, "an index is read here too"


@pytest.mark.parametrize(
    "text",
    [
        GOOD,
        BROKEN,
        "title: x\nnodes: {f: [}\n",
        "{inputs: {x: 1}, nodes: {f: x * x, g: f * f, h: g * x}}",
        "inputs: {x: 1}\nparams: {w: 2}\nnods: {f: x * w}\n",
        '"nodes":\n  f: 1 + 1\n',
    ],
)
def test_what_looks_like_a_scenario(text: str) -> None:
    assert looks_like_scenario(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "services: {web: {image: x}}\n",
        "kind: Cluster\napiVersion: v1\nnodes:\n- role: worker\n",
        "name: build\non: push\ninputs: {x: 1}\njobs: {}\n",
        "- nodes\n- inputs\n",
        "a:\n  nodes: {}\n  inputs: {}\n",
        "\0\1\2",
    ],
)
def test_what_does_not(text: str) -> None:
    assert not looks_like_scenario(text)


def test_links_pipes_hidden_folders_and_other_files_are_left_alone(tmp_path: Path) -> None:
    there, outside = tmp_path / "there", tmp_path / "outside"
    file(there, GOOD, "own.yaml")
    secret = file(outside, GOOD, "secret.yaml")
    (there / "link.yaml").symlink_to(secret)
    (there / "linked").symlink_to(outside)
    (there / "round").symlink_to(there)
    os.mkfifo(there / "pipe.yaml")
    os.mkfifo(there / "index.toml")
    file(there, GOOD, ".git/config.yaml")
    file(there, "services: {}\n", "compose.yml")
    file(there, GOOD, "notes.txt")
    (there / "bytes.yaml").write_bytes(bytes(range(256)))
    assert stems(scenario_folder(there)) == {"there": ["own"]}


def test_a_file_in_utf_16_is_one_too(tmp_path: Path) -> None:
    (tmp_path / "wide.yaml").write_text(GOOD, encoding="utf-16")
    assert stems(scenario_folder(tmp_path)) == {tmp_path.name: ["wide"]}


def test_two_files_of_one_stem_are_told_apart(tmp_path: Path) -> None:
    for name in ("x.yaml", "x.yml"):
        file(tmp_path, GOOD, name)
    assert stems(scenario_folder(tmp_path)) == {tmp_path.name: ["x", "x.yml"]}


def test_there_is_a_limit_and_it_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(12):
        file(tmp_path, GOOD, f"s{number:02}.yaml")
    file(tmp_path, GOOD, "a/b/c.yaml")
    assert scenario_folder(tmp_path).problem is None
    monkeypatch.setattr(folders, "_MOST_READ", 10)
    found = scenario_folder(tmp_path)
    assert len(found.shelves[0].entries) == 10
    assert found.problem is not None
    assert "10 of them are listed" in found.problem.in_language("en")
    monkeypatch.setattr(folders, "_MOST_READ", 1000)
    monkeypatch.setattr(folders, "_MOST_LOOKED_AT", 5)
    assert scenario_folder(tmp_path).is_cut
    monkeypatch.setattr(folders, "_MOST_LOOKED_AT", 5000)
    monkeypatch.setattr(folders, "_DEEPEST", 1)
    assert scenario_folder(tmp_path).is_cut


def test_no_more_than_the_beginning_of_a_file_is_read(tmp_path: Path) -> None:
    (tmp_path / "late.yaml").write_text("# long\n" * 10_000 + GOOD, encoding="utf-8")
    file(tmp_path, GOOD, "early.yaml")
    assert stems(scenario_folder(tmp_path)) == {tmp_path.name: ["early"]}


# The command line


def test_the_app_begins_with_the_gallery_of_a_folder(tmp_path: Path) -> None:
    file(tmp_path, GOOD)
    start = opening.found(arguments(str(tmp_path)))
    assert start.view is None
    assert start.folder is not None
    assert stems(start.folder) == {tmp_path.name: ["case"]}
    assert start.folder.shelves[0].entries[0].named == str(tmp_path / "case.yaml")


def test_a_bundled_name_comes_before_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file(tmp_path, GOOD, "xor/own.yaml")
    monkeypatch.chdir(tmp_path)
    assert opening.found(arguments("xor")).folder is None
    assert opening.found(arguments("./xor")).folder is not None


def test_a_folder_without_a_scenario_is_bad_input(commands: Commands, tmp_path: Path) -> None:
    assert "there is no scenario in this folder" in commands.refused(str(tmp_path))
    file(tmp_path, "services: {}\n")
    assert "there is no scenario in this folder" in commands.refused(str(tmp_path))


@pytest.mark.parametrize("options", [("--at", "3"), ("--set", "x=3")])
def test_what_is_said_about_one_scenario_is_refused(
    commands: Commands, tmp_path: Path, options: tuple[str, ...]
) -> None:
    file(tmp_path, GOOD)
    assert f"{options[0]} needs a scenario" in commands.refused(str(tmp_path), *options)


def test_an_odd_name_of_a_folder_does_no_harm(commands: Commands, tmp_path: Path) -> None:
    odd = tmp_path / "od\x1b[31md"
    odd.mkdir()
    assert "\x1b" not in commands.refused(str(odd))
    file(odd, GOOD)
    found = scenario_folder(odd)
    assert "\x1b" not in found.name + found.shelves[0].entries[0].named
