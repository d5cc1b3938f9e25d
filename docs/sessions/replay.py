"""Play the sessions of this folder again and write what comes out: ``python docs/sessions/replay.py``.

Each page names its scenario, has the commands in a block marked `debugger`, and what they show in the block
behind it. A test holds that this is what they show.
"""

from __future__ import annotations

import io
import re
import tempfile
from contextlib import redirect_stdout
from pathlib import Path
from typing import NamedTuple

from backprop_tui.cli.main import run

FOLDER = Path(__file__).parent
_PAGE = re.compile(
    r"\A(?P<head># .*?^Scenario: `(?P<scenario>\w+)`.*?^```debugger\n)(?P<commands>.*?)"
    r"(?P<between>^```\n.*?^```text\n)(?P<output>.*?)(?P<rest>^```\n.*)\Z",
    re.DOTALL | re.MULTILINE,
)


class Session(NamedTuple):
    """A page: its scenario, its commands, and the pieces around what they show."""

    scenario: str
    commands: str
    output: str
    before: str
    behind: str


def pages() -> list[Path]:
    """The sessions, sorted."""
    return sorted(path for path in FOLDER.glob("*.md") if path.name != "README.md")


def session(path: Path) -> Session:
    """The parts of a page."""
    match = _PAGE.match(path.read_text(encoding="utf-8"))
    if match is None:
        raise ValueError(
            f"{path}: a session has a scenario, a block of commands and a block of what they show"
        )
    before = match["head"] + match["commands"] + match["between"]
    return Session(match["scenario"], match["commands"], match["output"], before, match["rest"])


def played(one: Session) -> tuple[int, str]:
    """The exit code of a session and what it shows, by the command line itself."""
    shown = io.StringIO()
    with tempfile.TemporaryDirectory() as folder, redirect_stdout(shown):
        file = Path(folder) / "commands"
        file.write_text(one.commands, encoding="utf-8")
        code = run(["run", one.scenario, "--commands", str(file)])
    return code, shown.getvalue()


def index() -> str:
    """The list of all pages."""
    lines = [
        "# Sessions",
        "<!-- Made by docs/sessions/replay.py. -->",
        "",
        "Debugging sessions on bundled scenarios: the commands and their output. Save the commands of a",
        "session to a file and play it with `backprop-tui run SCENARIO --commands FILE`, or type them at the",
        "prompt (`:`) of `backprop-tui SCENARIO`. [Keys and commands](../keys.md) describes all commands.",
        "",
    ]
    for path in pages():
        title = path.read_text(encoding="utf-8").partition("\n")[0].removeprefix("# ")
        lines.append(f"- [{title}]({path.name}): `{session(path).scenario}`")
    return "\n".join(lines) + "\n"


def main() -> None:
    """Write every page anew, and the list of them."""
    for path in pages():
        one = session(path)
        code, shown = played(one)
        path.write_text(one.before + shown + one.behind, encoding="utf-8")
        print(path, "" if code == 0 else f"exit code {code}")
    (FOLDER / "README.md").write_text(index(), encoding="utf-8")


if __name__ == "__main__":
    main()
