"""What is said of the rooms: the page on the inside names those that exist, CONTRIBUTING all of them."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
WINGS = (ROOT / "engine" / "backprop_engine", ROOT / "tui" / "backprop_tui")
PAGES = ("inside.md", "inside.ko.md")


def exists(room: str) -> bool:
    """Whether a wing has a folder or a module of this name."""
    path = room.rstrip("/")
    return any((wing / path).is_dir() or (wing / f"{path}.py").is_file() for wing in WINGS)


@pytest.mark.parametrize("page", PAGES)
def test_the_rooms_on_the_page_exist(page: str) -> None:
    text = (ROOT / "docs" / page).read_text("utf-8")
    picture = re.findall(r"^```text\n(.*?)^```", text, re.M | re.S)[0]
    drawn = re.findall(r"(?<=[│ ])([a-z]+(?:/[a-z]*)?)(?=  )", picture)
    assert {"scenario/read", "expressions", "graph", "trace", "explain", "recordings", "render/"} <= {*drawn}
    named = re.findall(r"`([a-z_]+/[a-z_]*)`", text)
    rooms = {*named, *(name for name in drawn if "/" in name)} - {"engine/", "tui/", "docs/", "languages/ko"}
    assert rooms >= {"scenario/read", "scenario/lower", "commands/", "recordings/"}
    assert [name for name in sorted(rooms) if not exists(name)] == []


def test_every_room_has_its_place_in_the_table_of_rooms() -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"][
        "contracts"
    ]
    floors = {
        wing.name: {
            room
            for contract in contracts
            if contract.get("containers") == [wing.name]
            for floor in contract["layers"]
            for room in re.split(r"\s*[|:]\s*", floor)
        }
        for wing in WINGS
    }
    text = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    tables = re.findall(r"^\| room of .*?(?=\n\n)", text, re.M | re.S)
    assert len(tables) == len(WINGS)
    for wing, table in zip(WINGS, tables, strict=True):
        rows = table.splitlines()[2:]
        named = {name.split("/")[0] for row in rows for name in re.findall(r"`([\w/]+)`", row.split("|")[1])}
        assert floors[wing.name], wing
        assert sorted(floors[wing.name] - named) == []
        assert [name for name in named if not exists(name)] == []
