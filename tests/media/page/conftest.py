"""A page on a free port, the one who runs its streams, and a real browser."""

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from footlights.media.page.browser import BrowserCameras
from footlights.media.page.server import Page
from tests.media.page.stand_ins import DESK, PHONE, Sources, plain

CHROMIUM = Path(os.environ.get("FOOTLIGHTS_CHROMIUM", "/usr/bin/chromium"))
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
)


@pytest.fixture
def control() -> Sources:
    return Sources()


@pytest.fixture
def cameras() -> BrowserCameras:
    return BrowserCameras()


@pytest.fixture
def page(control: Sources, cameras: BrowserCameras) -> Iterator[Page]:
    made = Page(port=0, title="the test stage", control=control, cameras=cameras, new_paint=lambda: plain)
    yield made
    made.close()


@pytest.fixture
def client(page: Page) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=page.url, timeout=20) as made:
        yield made


@pytest.fixture(scope="module")
def browser() -> Iterator[object]:
    if not CHROMIUM.exists():
        pytest.skip(f"no Chromium at {CHROMIUM}: apt-get install chromium, or name it in FOOTLIGHTS_CHROMIUM")
    api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with api.sync_playwright() as playwright:
        made = playwright.chromium.launch(executable_path=str(CHROMIUM), args=list(FLAGS))
        yield made
        made.close()


@pytest.fixture(params=[DESK, PHONE], ids=["desk", "phone"])
def tab(browser: Any, request: pytest.FixtureRequest) -> Iterator[Any]:
    """A tab that makes the test fail where its console holds an error, or where it asks anything outside."""
    context = browser.new_context(**request.param)
    opened = context.new_page()
    problems: list[str] = []
    opened.on("pageerror", lambda error: problems.append(str(error)))
    opened.on("console", lambda message: problems.append(message.text) if "Content Security" in message.text else None)
    asked: list[str] = []
    opened.on("request", lambda sent: asked.append(sent.url))
    yield opened
    context.close()
    assert problems == []
    assert [
        url for url in asked if not re.match(r"https?://127\.0\.0\.1[:/]|blob:|about:|data:|https://\S+\.test/", url)
    ] == []
