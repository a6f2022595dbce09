"""The wall of cameras as people use it: `footlights run inspect`, a browser, a mouse."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from footlights.wire.document import load
from tests.media.page.stand_ins import DESK, PHONE, until
from tests.perception.tiny_models import answers, save_model

LINE = "rehearsal:line?seed=3&width=320&height=180&fps=8"


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """Two streams, and a model that sees one thing that is down, wherever it looks."""
    save_model(tmp_path / "model.onnx", answers("yolov8"), metadata={"names": "{0: 'up', 1: 'down'}"})
    path = tmp_path / "hall.yaml"
    path.write_text(
        f"# the hall\napp: inspect\nsources:\n  - url: '{LINE}'\n    name: left\n"
        f"settings:\n  model: {tmp_path / 'model.onnx'}  # the stand-in\n"
    )
    return path


@pytest.fixture
def address(config: Path, tmp_path: Path) -> Iterator[str]:
    """Where the page of a running `footlights run inspect` is."""
    command = [sys.executable, "-m", "footlights", "run", "inspect", "--config", str(config), "--page", "0"]
    with (tmp_path / "log").open("w+") as log, subprocess.Popen(command, stderr=log, stdout=log, env=os.environ) as run:
        try:
            yield _told(run, tmp_path / "log")
        finally:
            run.terminate()
            assert run.wait(60) == 0


def _told(run: "subprocess.Popen[bytes]", log: Path) -> str:
    while run.poll() is None:
        if found := re.search(r"the page: (http\S+/)\n", log.read_text()):
            return found[1]
    pytest.fail(log.read_text())


def click(tab: Any, x: float, y: float, **options: int) -> None:
    """A click on the picture, at shares of it."""
    box = tab.locator("svg.drawing").bounding_box()
    tab.mouse.click(box["x"] + x * box["width"], box["y"] + y * box["height"], **options)


def values(address: str) -> dict[str, Any]:
    told: dict[str, Any] = httpx.get(f"{address}api/settings").json()["values"]
    return told


def test_a_zone_an_alert_and_the_settings(address: str, config: Path, browser: Any, tmp_path: Path) -> None:
    context = browser.new_context(**DESK)
    tab = context.new_page()
    problems: list[str] = []
    tab.on("pageerror", lambda error: problems.append(str(error)))
    tab.on("console", lambda message: problems.append(message.text) if "Content Security" in message.text else None)
    tab.goto(address)
    tab.locator("[data-stream=left] canvas[data-shown]").wait_for()

    tab.get_by_role("button", name="Zones and lines").click()
    for x, y in ((0.1, 0.1), (0.9, 0.1), (0.9, 0.95)):
        click(tab, x, y)
    click(tab, 0.1, 0.95, click_count=2)
    tab.locator(".place[data-name=zone-1]").wait_for()
    name = tab.get_by_label("Name of the place")
    name.fill("The tray")
    for interval in (5, 4):  # while it is written, somebody else changes something
        httpx.post(f"{address}api/settings", json={"values": {"interval": interval}}).raise_for_status()
        until(tab, f"document.getElementById('setting-interval').value === '{interval}'")
    assert values(address)["place"][0].startswith("zone-1:"), "a name counts when it is written"
    assert (name.input_value(), name.evaluate("input => input === document.activeElement")) == ("The tray", True)
    name.press("Enter")
    tab.locator(".place[data-name=the-tray]").wait_for()
    (zone,) = values(address)["place"]
    corners = [float(number) for number in re.findall(r"[\d.]+", zone.removeprefix("the-tray:"))]
    assert corners == pytest.approx([0.1, 0.1, 0.9, 0.1, 0.9, 0.95, 0.1, 0.95], abs=0.01)

    tab.keyboard.press("Escape")
    click(tab, 0.3, 0.5)
    click(tab, 0.6, 0.5)
    tab.keyboard.press("Enter")
    tab.locator(".place[data-name=line-1] .arrow").wait_for()
    tab.get_by_role("button", name="Turn inwards round").click()
    until(tab, "document.querySelector('[data-name=line-1] .corner').getAttribute('cx') > 400")
    tab.get_by_role("button", name="Delete").click()
    tab.locator(".place[data-name=line-1]").wait_for(state="detached")
    tab.get_by_role("button", name="Undo").click()
    tab.locator(".place[data-name=line-1]").wait_for()

    corner = tab.locator(".place[data-name=the-tray] .corner").first.bounding_box()
    tab.mouse.move(corner["x"] + 7, corner["y"] + 7)
    tab.mouse.down()
    tab.mouse.move(corner["x"] - 40, corner["y"] - 20, steps=4)
    tab.mouse.up()
    until(tab, "!document.querySelector('.draw-bar .problem').textContent")
    tab.get_by_role("button", name="Done").click()

    tab.locator("#alert").fill("down in trai")
    tab.locator("#alert").press("Enter")
    tab.get_by_text("there is no place 'trai'").wait_for()
    tab.locator("#alert").fill("down in t")
    tab.locator("#alert-words").get_by_role("button", name="down in the-tray", exact=True).click()
    tab.locator("#alert").press("Enter")
    tab.locator("#alerts [data-raised=true]", has_text="down in the-tray").wait_for()
    tab.locator("#history .anomaly[data-open]", has_text="down in the-tray").wait_for()
    assert tab.locator("[data-stream=left].alarmed").count() == 1

    tab.locator("#settings-open").click()
    interval = tab.get_by_label("Interval", exact=True)
    interval.fill("999")
    interval.press("Enter")
    tab.locator("[data-setting=interval] .problem", has_text="from 0 to 300").wait_for()
    assert values(address)["interval"] == 4
    interval.fill("2")
    interval.press("Enter")
    until(tab, "document.querySelector('[data-setting=interval] .problem').textContent === ''")
    tab.get_by_role("button", name="Save into hall.yaml").click()
    tab.get_by_text("Saved into hall.yaml.").wait_for()
    kept = load(config)
    assert kept.settings["interval"] == 2
    assert kept.settings["alert"] == ["down in the-tray"]
    assert [place.split(":")[0] for place in kept.settings["place"]] == ["the-tray", "line-1"]
    assert "# the stand-in" in config.read_text()
    assert float(kept.settings["place"][0].split()[1].split(",")[0]) < 0.1, "the corner was dragged"
    assert problems == []

    tab.set_viewport_size(PHONE["viewport"])
    assert tab.evaluate("document.documentElement.scrollWidth <= innerWidth")
    context.close()
