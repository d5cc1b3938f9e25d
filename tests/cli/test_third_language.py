"""A language is a folder: dropped where a user keeps settings, it is offered and spoken; no code knows it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from backprop_engine.messages import translations
from backprop_engine.messages.translations import language_name, language_of_locale, languages
from backprop_engine.ops import OPS
from backprop_tui.app import DebuggerApp
from backprop_tui.screens.palette import palette
from backprop_tui.settings import read_settings
from command_line import Commands
from scenes import view

ABOUT = 'name = "Pirate"\n\n[names]\nEnglish = "Landlubber"\n'
ROOM = """
'there is no position {position}: the run has positions 0 to {last}' = 'nay {position}: 0 to {last}'
'{path}: {problem}' = '{nothing_of_that_name}'
'Graph' = 'Chart'
'usage' = 'avast'
'START' = 'ANCHOR'
'forward' = 'ahoy'
'backward' = 'abaft'
'Search for commands…' = 'Seek orders…'
'contribution {count} of {of}' = 'plunder {count} o {of}'
'argument {name}: {problem}' = 'th argument {name}: {problem}'
'expected one argument' = 'one be wanted'
"""


@pytest.fixture
def pirates(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The folder of a language that nobody has heard of, in a user's own folder."""
    folder = tmp_path / "backprop-tui" / "languages" / "xx"
    folder.mkdir(parents=True)
    (folder / "about.toml").write_text(ABOUT, encoding="utf-8")
    (folder / "all.toml").write_text(ROOM, encoding="utf-8")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setattr(translations, "_folders", list(translations._folders))
    caches = (translations.languages, translations._read, translations._about)
    for cache in caches:
        cache.cache_clear()
    translations.add_languages(str(folder.parent))
    yield folder
    for cache in caches:
        cache.cache_clear()


@pytest.mark.usefixtures("pirates")
def test_it_is_offered(commands: Commands, tmp_path: Path) -> None:
    assert languages() == ("en", "ko", "xx")
    assert "--lang {en,ko,xx}" in commands("run", "--help").out
    settings = tmp_path / "settings.toml"
    settings.write_text('language = "xx"\n', encoding="utf-8")
    assert (read_settings(settings).language, read_settings(settings).problems) == ("xx", ())
    assert (language_of_locale("xx_YY.UTF-8"), language_of_locale("yy")) == ("xx", "en")
    assert [language_name(one, "xx") for one in languages()] == ["Landlubber", "Korean", "Pirate"]
    assert language_name("xx", "ko") == "Pirate"


@pytest.mark.usefixtures("pirates")
def test_it_is_spoken_by_a_run_and_by_an_error(commands: Commands) -> None:
    shown = commands("run", "add_multiply", "--lang", "xx").out
    assert "ahoy" in shown
    assert "abaft" in shown
    assert "input x = -2" in shown, "what it lacks is English"
    assert commands.refused("run", "add_multiply", "--at", "99", "--lang", "xx").startswith(
        "backprop-tui: nay 99: 0 to"
    )
    asked = commands("run", "add_multiply", "--lang", "xx", "--at")
    assert asked.err.startswith("avast: ")
    assert asked.err.endswith("error: th argument --at: one be wanted\n")


@pytest.mark.usefixtures("pirates")
def test_it_is_spoken_by_the_screen_and_can_be_chosen_there(commands: Commands) -> None:
    drawn = commands("snapshot", "add_multiply", "-o", "-", "--lang", "xx").out
    assert "Chart" in drawn
    assert "ANCHOR" in drawn
    assert "Timeline" in drawn
    assert palette("xx")._placeholder == "Seek orders…"

    async def offered() -> list[str]:
        app = DebuggerApp(view("add_multiply"), language="en")
        async with app.run_test() as pilot:
            return [command.title for command in app.get_system_commands(pilot.app.screen)]

    titles = asyncio.run(offered())
    assert [title for title in titles if title.startswith("language ")] == [
        "language English (en)",
        "language Korean (ko)",
        "language Pirate (xx)",
    ]


def test_what_belongs_to_operators_and_scenarios_is_known_by_its_english(
    commands: Commands, pirates: Path
) -> None:
    scenario = view("add_multiply").scenario
    texts = {str(OPS["relu"].lesson): "nay below the waterline", str(scenario.title): "Cannonballs"}
    lines = [f"{json.dumps(english)} = {json.dumps(other)}\n" for english, other in texts.items()]
    (pirates / "content.toml").write_text("".join(lines), encoding="utf-8")
    translations._read.cache_clear()
    assert "nay below the waterline" in commands("ops", "relu", "--lang", "xx").out
    assert "Cannonballs" in commands("snapshot", "add_multiply", "-o", "-", "--lang", "xx").out


def test_what_its_files_get_wrong_is_told_or_said_in_english(commands: Commands, pirates: Path) -> None:
    (pirates / "broken.toml").write_text("'Graph' = ", encoding="utf-8")
    translations._read.cache_clear()
    outcome = commands("run", "add_multiply", "--at", "0", "--lang", "xx")
    assert outcome.code == 0
    assert outcome.err.startswith(f"backprop-tui: warning: {pirates / 'broken.toml'} is ignored: ")
    lost = commands.refused("snapshot", "add_multiply", "-o", "no/x.txt", "--lang", "xx")
    assert lost.endswith("no/x.txt: No such file or directory\n"), "it asks for what the message has not"
