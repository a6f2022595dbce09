"""The studio as people use it, in a real browser with a camera: from an empty project to a live result."""

import itertools
import json
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import httpx
import numpy as np
import pytest

from footlights.media.images import load
from footlights.media.open import open_source
from tests.studio.web.conftest import Studio

Make = Callable[..., str]
TRAINED = 150  # seconds that a training of the test may take on a busy machine
KEEP_THE_COUNT = """() => {
  const count = document.querySelector(".count");
  window.counted = [];
  new MutationObserver(() => count.textContent && counted.push(count.textContent)).observe(count, { childList: true });
}"""


@pytest.fixture
def posed(tmp_path: Path) -> dict[str, list[Path]]:
    """Pictures of puppets that cross their arms, and of others that wave; of two recordings each."""
    found: dict[str, list[Path]] = {"x": [], "not x": []}
    for label, motion in (("x", "x_arms"), ("not x", "wave")):
        for seed in (1, 2):
            source = open_source(f"rehearsal:{motion}?seed={seed}&fps=2&seconds=4&width=320&height=240&camera=full")
            for frame in source.frames():
                if frame.index >= 2:
                    path = tmp_path / f"{motion}{seed}_{frame.index}.jpg"
                    cv2.imwrite(str(path), cv2.cvtColor(np.asarray(frame.rgb()), cv2.COLOR_RGB2BGR))
                    found[label].append(path)
            source.close()
    found["x"].pop()  # so that what the page says of the two differs
    return found


def test_photos_from_an_empty_folder_to_a_live_result(
    tab: Any, client: httpx.Client, studio: Studio, posed: dict[str, list[Path]], models: Callable[..., None]
) -> None:
    pytest.importorskip("torch", reason="the extra `train` is not installed")
    models("image-features")
    _make_the_project(tab)
    _take_a_burst(tab, studio.folder / "crossed_arms")
    tab.get_by_role("link", name="Collect").click()
    for label, paths in posed.items():
        tab.get_by_label("Label of the files").select_option(label)
        tab.locator("input[type=file]").set_input_files(paths)
        tab.get_by_text(f"{len(paths)} files taken in").wait_for()
    facts = client.get("/api/projects/crossed_arms").json()
    assert facts["counts"] == {"x": len(posed["x"]), "not x": len(posed["not x"]) + 3, "": 0}
    _train(tab, client)
    _see_the_results(tab)
    _take_the_model(tab)
    _try_it_live(tab)


def _make_the_project(tab: Any) -> None:
    tab.goto("/new")
    tab.get_by_label("Title").fill("Crossed arms")
    tab.get_by_label("Labels").fill("x, not x")
    tab.get_by_role("button", name="Make the project").click()
    tab.wait_for_url("**/p/crossed_arms")
    tab.get_by_text("Nothing here yet").wait_for()


def _take_a_burst(tab: Any, folder: Path) -> None:
    """Three pictures with a countdown, and one more that is deleted, brought back and deleted again."""
    tab.get_by_role("link", name="Take photos").click()
    tab.get_by_role("button", name="Start the camera").click()
    tab.locator(".stage[data-on]").wait_for()
    tab.keyboard.press("2")
    tab.get_by_label("Pictures", exact=True).fill("3")
    tab.get_by_label("A picture every").select_option("0.1")
    tab.evaluate(KEEP_THE_COUNT)
    tab.locator("#burst").click()
    tab.locator(".thumb").nth(2).wait_for()
    assert tab.evaluate("counted") == ["3", "2", "1"]
    tab.locator("#one").click()
    tab.locator(".thumb").nth(3).wait_for()
    burst = sorted((folder / "photos" / "not x").iterdir())
    assert len(burst) == 4 and load(burst[0]).shape[0] > 200
    tab.locator(".thumb .remove").first.click(force=True)
    tab.locator(".thumb").nth(3).wait_for(state="detached")
    assert len(list((folder / "photos" / "not x").iterdir())) == 3
    tab.get_by_role("status").get_by_role("button", name="Undo").click()
    tab.locator(".thumb").nth(3).wait_for()
    tab.locator(".thumb .remove").first.click(force=True)
    tab.locator(".thumb").nth(3).wait_for(state="detached")


def _train(tab: Any, client: httpx.Client) -> None:
    """Begun, stopped, resumed, ended."""
    tab.get_by_role("link", name="Train").click()
    tab.get_by_label("Epochs").fill("4")
    tab.get_by_text("More", exact=True).click()
    tab.get_by_label("Variants").fill("1")
    tab.get_by_role("button", name="Start training").click()
    assert _phase(client, "running")
    tab.get_by_role("button", name="Stop").click()
    if _phase(client, "stopped", "ended") == "stopped":
        again = tab.get_by_role("button", name=re.compile("Go on|Start training"))
        again.click()
    assert _phase(client, "ended")
    tab.get_by_text("It has learned").wait_for()
    assert tab.locator(".curve canvas").count() == 1


def _phase(client: httpx.Client, *wanted: str) -> str:
    """Wait for a phase of the training."""
    deadline = time.monotonic() + TRAINED
    while True:
        told = client.get("/api/projects/crossed_arms/training").json()
        if told["phase"] in wanted:
            return str(told["phase"])
        assert told["phase"] != "failed" and time.monotonic() < deadline, told
        time.sleep(0.1)


def _see_the_results(tab: Any) -> None:
    tab.get_by_role("link", name="See the results").click()
    tab.get_by_text("What it takes for what").wait_for()
    cells = [int(cell) for cell in tab.locator(".confusion td").all_inner_texts()]
    assert len(cells) == 4 and sum(cells) > 3
    assert tab.locator(".q-table tbody tr").count() == 2
    assert tab.locator(".figure.lit b").inner_text().endswith("%")


def _take_the_model(tab: Any) -> None:
    tab.get_by_role("link", name="Use").click()
    with tab.expect_download() as download:
        tab.get_by_role("link", name=re.compile("Download")).first.click()
    assert Path(download.value.path()).read_bytes()[:2] == b"PK"
    assert "footlights run custom" in tab.locator(".command").first.inner_text()


def _try_it_live(tab: Any) -> None:
    tab.get_by_role("link", name="Try it live").click()
    tab.get_by_role("button", name="Start the camera").click()
    tab.get_by_text(re.compile(r"\d pictures a second")).wait_for()
    bars = [int(text.split()[0]) for text in tab.locator(".bars b").all_inner_texts()]
    assert len(bars) == 2 and 95 <= sum(bars) <= 105
    tab.get_by_role("button", name="Stop the camera").click()
    tab.locator(".stage:not([data-on])").wait_for()


def test_a_press_on_a_page_that_is_not_ready_yet_is_not_lost(tab: Any, project: Make) -> None:
    made = project("boxes", "Slow", "up", "down")

    late = "(...all) => new Promise((go) => setTimeout(go, 2000)).then(() => ask(...all))"
    tab.add_init_script(f"const ask = fetch; window.fetch = {late};")
    tab.goto(f"/p/{made.rpartition('/')[2]}/draw", wait_until="commit")
    tab.get_by_label("Another label").fill("aside")
    tab.get_by_role("button", name="Add the label").click()
    tab.locator("#labels").get_by_text("aside").wait_for()


def test_boxes_are_drawn_with_mouse_and_keys(tab: Any, project: Make, studio: Studio) -> None:
    name = project("boxes", "Cans", "up", "down").rpartition("/")[2]
    notes = studio.folder / name / "labels"
    tab.goto(f"/p/{name}/draw")
    tab.get_by_label("Source").fill("rehearsal:line?seconds=4&width=320&height=240")
    tab.locator("#count").fill("3")
    tab.locator("#grab-start").click()
    tab.get_by_text("3 frames").wait_for()
    tab.keyboard.press("Escape")
    tab.locator("#grab-start").blur()
    _drag(tab, (0.2, 0.3), (0.4, 0.7))
    tab.locator(".box.chosen").wait_for()
    tab.keyboard.press("2")
    _drag(tab, (0.6, 0.4), (0.8, 0.8))
    _drag(tab, (0.7, 0.6), (0.6, 0.5))  # the chosen box is moved
    tab.keyboard.press("1")
    tab.get_by_text("Saved").wait_for()
    frames = sorted((studio.folder / name / "frames").iterdir())
    first = notes / f"{frames[0].stem}.txt"
    rows = [line.split() for line in first.read_text().splitlines()]
    assert [row[0] for row in rows] == ["1", "0"]
    assert np.allclose([float(word) for word in rows[0][1:]], [0.3, 0.5, 0.2, 0.4], atol=0.01)
    assert np.allclose([float(word) for word in rows[1][1:]], [0.6, 0.5, 0.2, 0.4], atol=0.01)

    tab.keyboard.press("z")
    tab.keyboard.press("z")
    assert tab.locator(".box").count() == 2
    tab.keyboard.press("Delete")
    tab.keyboard.press("z")
    tab.keyboard.press("y")
    tab.keyboard.press("z")
    tab.keyboard.press("Escape")
    tab.keyboard.press("d")
    assert tab.locator("#place").inner_text() == "2 of 3"
    tab.keyboard.press("c")
    assert tab.locator(".box").count() == 2
    tab.keyboard.press("d")
    tab.keyboard.press("x")  # nothing to find on the third
    _until(lambda: [_lines(notes / f"{frame.stem}.txt") for frame in frames] == [2, 2, 0])
    tab.reload()
    tab.get_by_text("3 of 3").wait_for()
    tab.keyboard.press("a")
    tab.locator(".box").nth(1).wait_for()


def _lines(path: Path) -> int | None:
    return len(path.read_text().splitlines()) if path.is_file() else None


def _until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def _drag(tab: Any, begin: tuple[float, float], end: tuple[float, float]) -> None:
    """In shares of the frame."""
    place = tab.locator("#sketch").bounding_box()
    points = [(place["x"] + x * place["width"], place["y"] + y * place["height"]) for x, y in (begin, end)]
    tab.mouse.move(*points[0])
    tab.mouse.down()
    tab.mouse.move(*points[1], steps=4)
    tab.mouse.up()


def test_moments_of_a_recording_are_tagged_and_cut(
    tab: Any, client: httpx.Client, project: Make, studio: Studio
) -> None:
    at = project("clips", "Signs", "wave", "clap")
    name = at.rpartition("/")[2]
    tab.goto(f"/p/{name}/record?long")
    tab.get_by_role("button", name="Start the camera").click()
    tab.get_by_label("Countdown").select_option("0")
    tab.get_by_label("Length").fill("4")
    tab.locator("#record").click()
    tab.locator("#lamp").wait_for()
    tab.get_by_text("now tag its moments").wait_for()
    tab.locator(".thumb img").click()
    tab.wait_for_url("**/tag#*")
    tab.locator("#strip[src]").wait_for()
    tab.keyboard.press("ArrowRight")
    tab.keyboard.press("1")
    tab.locator(".segment[data-label=wave]").wait_for()
    line = tab.locator("#timeline").bounding_box()
    tab.mouse.move(line["x"] + 0.55 * line["width"], line["y"] + 60)
    tab.mouse.down()
    tab.mouse.move(line["x"] + 0.8 * line["width"], line["y"] + 60, steps=4)
    tab.mouse.up()
    tab.locator(".segment.chosen").wait_for()
    tab.keyboard.press("2")
    tab.locator(".segment[data-label=clap]").wait_for()
    tab.keyboard.press("Escape")
    tab.keyboard.press("b")
    tab.locator(".segment[data-label=background]").first.wait_for()
    tab.locator("#split").click()
    tab.get_by_text(re.compile("Cut into [3-5] clips")).wait_for()

    segments = client.get(f"{at}/tags/{_recording(client, at)}").json()["segments"]
    assert {segment["label"] for segment in segments} == {"wave", "clap", "background"}
    assert all(first["end"] <= second["begin"] + 1e-6 for first, second in itertools.pairwise(segments))
    clips = [item for item in client.get(f"{at}/items").json() if item["path"].startswith("videos_train/")]
    assert {clip["label"] for clip in clips} == {"wave", "clap", "background"}
    assert len({clip["recording"] for clip in clips}) == 1
    told = client.get(f"{at}/tags-file/{_recording(client, at)}", params={"form": "label-studio"}).text
    assert len(json.loads(told)[0]["annotations"][0]["result"]) == len(segments)


def _recording(client: httpx.Client, at: str) -> str:
    return str(
        next(item["path"] for item in client.get(f"{at}/items").json() if item["path"].startswith("recordings/"))
    )
