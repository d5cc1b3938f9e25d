"""These tests need Chromium, its driver and selenium: left out where one is missing.

Where `BACKPROP_REQUIRE_BROWSER` is set, that is an error. Nothing is downloaded in either case.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from importlib.util import find_spec
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from chromium import Tab

missing = [name for name in ("chromium", "chromedriver") if shutil.which(name) is None]
if find_spec("selenium") is None:
    missing.append("selenium")
collect_ignore_glob: list[str] = []
if missing:
    if os.environ.get("BACKPROP_REQUIRE_BROWSER"):
        raise pytest.UsageError(
            f"BACKPROP_REQUIRE_BROWSER is set, and there is no {' and no '.join(missing)}"
        )
    collect_ignore_glob.append("*.py")


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tab]:
    """One Chromium for all tests."""
    from chromium import Tab, chromium

    with chromium(tmp_path_factory.mktemp("profile")) as driver:
        yield Tab(driver)


@pytest.fixture
def tab(browser: Tab) -> Iterator[Tab]:
    """The tab, empty, with nothing on record; no test may leave an error in the console."""
    browser.driver.get("about:blank")
    browser.requests(), browser.complaints()
    yield browser
    assert browser.complaints() == []
