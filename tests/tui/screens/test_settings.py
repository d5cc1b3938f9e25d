"""The settings file: read by the app alone, written when something is chosen, never fatal."""

from __future__ import annotations

import os
import re
import stat
import tomllib
from pathlib import Path

import pytest
from textual.widgets import Input

from backprop_engine.errors import UsageError
from backprop_engine.messages.message import in_language
from backprop_tui.app import DebuggerApp
from backprop_tui.commands.keys import key_text, remapped
from backprop_tui.commands.table import COMMANDS
from backprop_tui.settings import UserSettings, change_setting, read_settings, settings_path
from driving import WIDE, debugger, position, seen
from scenes import view


def read(folder: Path, text: str) -> UserSettings:
    path = folder / "settings.toml"
    path.write_text(text, "utf-8")
    return read_settings(path)


@pytest.mark.parametrize(
    ("platform", "environment", "path"),
    [
        ("linux", {"HOME": "/home/x"}, "/home/x/.config/backprop-tui/settings.toml"),
        ("linux", {"HOME": "/home/x", "XDG_CONFIG_HOME": "/c"}, "/c/backprop-tui/settings.toml"),
        ("linux", {"HOME": "/home/x", "XDG_CONFIG_HOME": "c"}, "/home/x/.config/backprop-tui/settings.toml"),
        ("darwin", {"HOME": "/U/x"}, "/U/x/Library/Application Support/backprop-tui/settings.toml"),
        ("win32", {"USERPROFILE": "/u", "APPDATA": "/u/r"}, "/u/r/backprop-tui/settings.toml"),
        ("win32", {"USERPROFILE": "/u"}, "/u/AppData/Roaming/backprop-tui/settings.toml"),
    ],
)
def test_where_they_are(platform: str, environment: dict[str, str], path: str) -> None:
    assert settings_path(environment, platform) == Path(path)


def test_no_file_is_no_problem(tmp_path: Path) -> None:
    assert read_settings(tmp_path / "no" / "settings.toml").problems == ()


def test_what_they_say(tmp_path: Path) -> None:
    settings = read(
        tmp_path,
        'language = "ko"\ntheme = "nord"\n[keys]\nstep = ["j", "right"]\nprompt = ":"\nfind = "ctrl+f"\n',
    )
    assert (settings.language, settings.theme, settings.problems) == ("ko", "nord", ())
    chosen = {"step": ("j", "right"), "prompt": ("colon",), "find": ("ctrl+f",)}
    assert settings.keys == {**chosen, "down": ("down",)}, "j has given way"


PROBLEMS = {
    "language = 'de'": "language must be one of en, ko, not `de`",
    "language = 3": "language must be one of en, ko, not `3`",
    "theme = 1": "theme must be the name of a theme",
    "thema = 'x'": "there is no setting `thema`; did you mean `theme`?",
    "keys = 3": "keys must be a table of commands",
    "[keys]\nstpe = 'j'": "there is no command `stpe`; did you mean `step`?",
    "[keys]\nstep = 3": "step takes a key or a list of keys",
    "[keys]\nstep = []": "step takes a key or a list of keys",
    "[keys]\nstep = ['']": "step takes a key or a list of keys",
    '[keys]\nstep = "\\u0000"': "step takes a key or a list of keys",
    "[keys]\nstep = ['a b']": "step takes a key or a list of keys",
    "[keys]\nstep = 'n'": "`n` cannot be a key of step: it already belongs to over",
    "[keys]\nstep = 'j'\nover = 'j'": "`j` cannot be a key of over: it already belongs to step",
    "= 3": "is ignored",
    "language = 'ko": "is ignored",
}


@pytest.mark.parametrize("text", PROBLEMS)
def test_what_cannot_be_used_is_told(tmp_path: Path, text: str) -> None:
    settings = read(tmp_path, text)
    assert len(settings.problems) == 1
    assert PROBLEMS[text] in settings.problems[0]
    korean = in_language(settings.problems[0], "ko")
    assert re.search("[가-힣]", korean)
    assert not re.search("[A-Za-z]{2,} [A-Za-z]{2,}", re.sub(r"`[^`]*`", "", korean))
    assert settings.keys in ({}, {"step": ("j",), "down": ("down",)})


def test_two_commands_may_change_places(tmp_path: Path) -> None:
    settings = read(tmp_path, "[keys]\nstep = 'n'\nover = 's'\n")
    assert settings.problems == ()
    assert settings.keys == {"step": ("n",), "over": ("s",)}


@pytest.mark.parametrize("content", [b"\xff\xfe", b"a = 1\n" * 400_000, b"\0"])
def test_odd_files(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "settings.toml"
    path.write_bytes(content)
    assert len(read_settings(path).problems) == 1
    with pytest.raises(UsageError, match="was not changed"):
        change_setting(path, "theme", "nord")
    assert path.read_bytes() == content


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    (tmp_path / "settings.toml").mkdir()
    assert len(read_settings(tmp_path / "settings.toml").problems) == 1


# Writing


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", 'theme = "nord"\n'),
        ("# mine\n", '# mine\ntheme = "nord"\n'),
        ('theme = "x" # old\nother = 1\n', 'theme = "nord"\nother = 1\n'),
        ("[keys]\nstep = 'j'\n", "theme = \"nord\"\n\n[keys]\nstep = 'j'\n"),
        ("a = 1\n\n[keys]\ntheme = 'j'\n", "a = 1\n\ntheme = \"nord\"\n\n[keys]\ntheme = 'j'\n"),
        ("a = 1", 'a = 1\ntheme = "nord"\n'),
    ],
)
def test_all_else_stays_as_it_is(tmp_path: Path, before: str, after: str) -> None:
    path = tmp_path / "folder" / "settings.toml"
    path.parent.mkdir()
    path.write_text(before, "utf-8")
    change_setting(path, "theme", "nord")
    assert path.read_text("utf-8") == after
    assert sorted(one.name for one in path.parent.iterdir()) == [".settings.toml.lock", "settings.toml"]


def test_the_folder_is_made(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b" / "settings.toml"
    change_setting(path, "language", "ko")
    assert tomllib.loads(path.read_text("utf-8")) == {"language": "ko"}


def test_what_is_written_in_an_odd_way_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "settings.toml"
    odd = 'text = """\ntheme = 1\n"""\n"theme" = "x"\n'
    path.write_text(odd, "utf-8")
    with pytest.raises(UsageError, match="was not changed"):
        change_setting(path, "theme", "nord")
    assert path.read_text("utf-8") == odd


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    target = tmp_path / "kept" / "settings.toml"
    target.parent.mkdir()
    target.write_text("a = 1\n", "utf-8")
    link = tmp_path / "settings.toml"
    link.symlink_to(target)
    change_setting(link, "theme", "nord")
    assert link.is_symlink()
    assert 'theme = "nord"' in target.read_text("utf-8")


# In the app


@pytest.mark.parametrize(
    ("key", "shown"),
    [
        ("right", "→"),
        ("ctrl+p", "Ctrl+P"),
        ("slash", "/"),
        ("home", "Home"),
        ("f5", "F5"),
        ("j", "j"),
        ("J", "J"),
    ],
)
def test_keys_as_people_read_them(key: str, shown: str) -> None:
    assert key_text(key) == shown


def test_the_table_shows_its_own_keys_so() -> None:
    for command in COMMANDS:
        if command.name != "help":  # which has F1 as well, and no room for it
            assert command.shown == " ".join(map(key_text, command.keys))


def app_with(settings: UserSettings) -> DebuggerApp:
    return DebuggerApp(view("add_multiply"), settings=settings)


async def test_other_keys(tmp_path: Path) -> None:
    settings = read(tmp_path, "[keys]\nstep = ['j', 'ctrl+n']\nback = 'k'\nprompt = 'x'\n")
    async with app_with(settings).run_test(size=WIDE) as pilot:
        reached = []
        for key in ("j", "ctrl+n", "s", "right", "k", "S", "n"):
            await pilot.press(key)
            reached.append(position(pilot))
        assert reached == [1, 2, 2, 2, 1, 1, 2]
        assert "j Ctrl+N step" in seen(pilot)
        await pilot.press("x")
        assert pilot.app.screen.query_one(Input).has_focus
        await pilot.press("escape", "question_mark")
        assert "j Ctrl+N" in seen(pilot)


async def test_keys_that_give_way_keep_what_is_left_of_them(tmp_path: Path) -> None:
    settings = read(tmp_path, "[keys]\nstep = ['j', 'right']\nback = ['k', 'left']\n")
    assert settings.problems == ()
    async with app_with(settings).run_test(size=WIDE) as pilot:
        await pilot.press("j", "j", "k")
        assert position(pilot) == 1
        await pilot.press("3", "down", "down")
        assert pilot.app.screen.current.session.selection is not None  # type: ignore[attr-defined]
        assert position(pilot) == 1


@pytest.mark.thorough
async def test_two_keys_that_changed_places(tmp_path: Path) -> None:
    settings = read(tmp_path, "[keys]\nstep = 'n'\nover = 's'\n")
    async with app_with(settings).run_test(size=WIDE) as pilot:
        reached = []
        for key in ("m", "s", "n", "S"):
            await pilot.press(key)
            reached.append(position(pilot))
    assert reached == [3, 5, 6, 5]


async def test_problems_are_told_and_nothing_ends(tmp_path: Path) -> None:
    settings = read(tmp_path, "theme = 'none'\nlanguage = 'xx'\n[keys]\nstep = '[/b]x'\n")
    async with app_with(settings).run_test(size=WIDE, notifications=True) as pilot:
        await pilot.pause()
        shown = seen(pilot)
        await pilot.press("s")
        assert position(pilot) == 1
    assert "there is no theme none" in " ".join(shown.split())
    assert "step takes a key" in " ".join(shown.split())


async def test_choices_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "settings.toml"
    path.write_text("# mine\n", "utf-8")
    async with app_with(read_settings(path)).run_test(size=WIDE) as pilot:
        commands = {one.title: one for one in pilot.app.get_system_commands(pilot.app.screen)}
        commands["theme nord"].callback()
        commands["language Korean (ko)"].callback()
        await pilot.pause()
        assert pilot.app.theme == "nord"
        assert debugger(pilot).current.language == "ko"
        assert "순전파" in seen(pilot)
    settings = read_settings(path)
    assert (settings.theme, settings.language) == ("nord", "ko")
    assert path.read_text("utf-8").startswith("# mine\n")
    async with app_with(settings).run_test(size=WIDE) as pilot:
        assert pilot.app.theme == "nord"


@pytest.mark.thorough
async def test_without_a_file_nothing_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    async with DebuggerApp(view("add_multiply")).run_test(size=WIDE) as pilot:
        assert isinstance(pilot.app, DebuggerApp)
        pilot.app.choose_theme("nord")
        await pilot.pause()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("theme", ["nord"])
async def test_a_file_that_cannot_be_written_is_told(tmp_path: Path, theme: str) -> None:
    path = tmp_path / "file" / "settings.toml"
    (tmp_path / "file").touch()
    settings = UserSettings(path=path)
    async with app_with(settings).run_test(size=WIDE, notifications=True) as pilot:
        assert isinstance(pilot.app, DebuggerApp)
        pilot.app.choose_theme(theme)
        await pilot.pause()
        assert pilot.app.theme == theme
        assert "was not changed" in " ".join(seen(pilot).split())


def test_a_table_with_other_keys_keeps_all_else() -> None:
    changed = remapped(COMMANDS, {"step": ("j",)})
    assert [one.name for one in changed] == [one.name for one in COMMANDS]
    assert changed[0].shown == "j"
    assert changed[1:] == COMMANDS[1:]


def test_what_is_written_is_readable_by_its_owner(tmp_path: Path) -> None:
    path = tmp_path / "settings.toml"
    change_setting(path, "theme", "nord")
    assert stat.S_IMODE(os.stat(path).st_mode) & stat.S_IRUSR


def test_a_file_that_nests_too_deep_is_told(tmp_path: Path) -> None:
    settings = read(tmp_path, f"a = {'[' * 20_000}1{']' * 20_000}\n")
    (problem,) = settings.problems
    assert "recursion" in problem
    assert in_language(problem, "ko") != problem
