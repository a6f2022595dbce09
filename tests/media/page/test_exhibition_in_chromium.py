"""The exhibition layout in a real browser, as people at a fair see it."""

import threading
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from footlights.core.cue import Card
from footlights.core.event import Event
from footlights.core.frame import Frame
from footlights.core.scene import Scene
from footlights.media.emojis import EmojiSet
from footlights.media.page.server import Page
from footlights.media.picture import ArrayPicture
from tests.media.page.stand_ins import DESK, Detectors, face, plain, until

EMOTIONS = ("neutral", "happiness", "surprise", "sadness", "anger", "disgust", "fear", "contempt")


class Hall:
    """A page and the faces before its camera; writes pictures on a thread until it is closed."""

    def __init__(self, *, raw: bool = True) -> None:
        self.detectors = Detectors()
        self.page = Page(
            port=0, title="emoji", layout="exhibition", raw=raw, control=self.detectors, new_paint=lambda: plain
        )
        self.moods: dict[int, str] = {1: "happiness", 2: "unsure"}  # of each face
        self.events: list[Event] = []
        self._emojis = EmojiSet()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def close(self) -> None:
        self._stop.set()
        self._thread.join()
        self.page.close()

    def _run(self) -> None:
        index = 0
        while not self._stop.wait(0.03):
            self.page.write(self._scene(index))
            index += 1

    def _scene(self, index: int) -> Scene:
        array = np.full((180, 320, 3), (index * 16) % 256, np.uint8)
        moods, events, self.events = dict(self.moods), self.events, []
        cues = [
            Card(
                track,
                mood,
                str(self._emojis.path(mood)),
                tuple((name, 0.65 * (name == mood) + 0.05) for name in EMOTIONS),
            )
            for track, mood in moods.items()
        ]
        tracks = [face(track, 20 * track, 40, 60 - track) for track in moods]
        return Scene(
            Frame(ArrayPicture(array), index / 30, "cam", index), tracks=tracks, cues=list(cues), events=events
        )


@pytest.fixture
def hall() -> Iterator[Hall]:
    made = Hall()
    yield made
    made.close()


@pytest.fixture
def desk(browser: Any) -> Iterator[Any]:
    context = browser.new_context(**DESK)
    yield context.new_page()
    context.close()


def loaded(selector: str) -> str:
    """True where a picture is there and has been decoded."""
    return f"document.querySelector('{selector}')?.naturalWidth > 0"


def mood(time: float, **shares: float) -> Event:
    return Event("mood", "cam", time, None, {"faces": 2.0, "mood": dict(shares)})


def test_both_pictures_move_and_each_face_has_its_card(hall: Hall, tab: Any) -> None:
    tab.goto(hall.page.url)
    for pane in ("raw", "result"):
        until(tab, f"Number(document.querySelector('#{pane} canvas').dataset.shown) > 3")
    tab.locator(".card").nth(1).wait_for()
    assert tab.locator(".card h3").all_inner_texts() == ["Happiness", "Unsure"]
    until(tab, loaded('.card[data-track="1"] .crop') + " && " + loaded('.card[data-track="1"] .emoji'))
    assert tab.locator(".card").first.locator(".chances li").count() == len(EMOTIONS)
    assert tab.locator(".card").first.locator(".most").inner_text().split() == ["Happiness", "70", "%"]
    assert tab.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_cards_come_change_and_go_with_the_faces(hall: Hall, desk: Any) -> None:
    desk.goto(hall.page.url)
    desk.locator(".card").nth(1).wait_for()
    hall.moods = {1: "anger", 2: "unsure", 3: "fear"}
    desk.locator(".card h3", has_text="Fear").wait_for()
    assert desk.locator(".card h3").all_inner_texts() == ["Anger", "Unsure", "Fear"]
    hall.moods = {2: "unsure"}
    until(desk, "document.querySelectorAll('.card').length === 1")
    hall.moods = {}
    desk.get_by_text("Step in front of the camera").wait_for()


@pytest.mark.parametrize(
    ("faces", "width", "height"),
    [
        (1, 1920, 1080),
        (2, 1280, 720),
        (3, 1920, 1080),
        (4, 3840, 2160),
        (5, 1920, 1200),
        (12, 1920, 1080),
        (3, 1080, 1920),
    ],
)
def test_however_many_faces_everything_fits_on_the_screen(
    hall: Hall, browser: Any, faces: int, width: int, height: int
) -> None:
    context = browser.new_context(viewport={"width": width, "height": height}, reduced_motion="reduce")
    desk = context.new_page()
    hall.moods = dict.fromkeys(range(1, faces + 1), "happiness")
    desk.goto(hall.page.url)
    until(desk, f"document.querySelectorAll('.card').length === {faces}")
    until(desk, loaded(f'.card[data-track="{faces}"] .emoji'))
    outside = desk.evaluate(
        """[...document.querySelectorAll(".card")].flatMap((card) => {
          const edge = card.getBoundingClientRect();
          const boxes = [...card.querySelectorAll("img, h3, .chances i")].map((thing) => thing.getBoundingClientRect());
          const fits = ({top, right, bottom, height}) =>
            height >= 3 && top >= edge.top && right <= edge.right + 1 && bottom <= edge.bottom + 1;
          return boxes.filter((box) => !fits(box));
        }).length"""
    )
    assert outside == 0
    assert desk.evaluate("[...document.querySelectorAll('.card')].at(-1).getBoundingClientRect().bottom <= innerHeight")
    context.close()


def test_the_chart_shows_the_mood_and_breaks_where_nobody_was_there(hall: Hall, desk: Any) -> None:
    hall.events = [mood(2, happiness=0.75, anger=0.25), mood(4, happiness=1.0), mood(6), mood(8, anger=1.0)]
    desk.goto(hall.page.url)
    until(desk, "document.querySelectorAll('#chart path').length === 4")  # two emotions in each of two stretches
    assert desk.locator("#legend li").all_inner_texts() == ["Anger\n100 %", "Happiness\n0 %"]
    hall.events = [mood(1, happiness=1.0)]  # the stream begins anew
    until(desk, "document.querySelectorAll('#chart path').length === 1")


def test_without_the_raw_picture_no_face_reaches_the_browser(desk: Any) -> None:
    hall = Hall(raw=False)
    asked: list[str] = []
    desk.on("websocket", lambda socket: asked.append(socket.url))
    try:
        desk.goto(hall.page.url)
        until(desk, loaded('.card[data-track="1"] .emoji'))
        assert desk.locator("#raw").is_hidden() and desk.locator("#result").is_visible()
        assert desk.locator(".crop:visible").count() == 0 and desk.locator(".crop[src]").count() == 0
        assert [url for url in asked if url.endswith("/raw")] == []
    finally:
        hall.close()


def test_a_detector_is_chosen_by_its_key_and_by_touch(hall: Hall, tab: Any) -> None:
    tab.goto(hall.page.url)
    tab.locator("#choices [aria-pressed=true]", has_text="Blazeface").wait_for(state="attached")
    tab.keyboard.press("1")
    tab.locator("#choices [aria-pressed=true]", has_text="Haar alt").wait_for(state="attached")
    assert hall.detectors.now == "haar-alt"
    tab.keyboard.press("3")
    tab.get_by_text("yunet is not here yet", exact=True).wait_for()
    tab.keyboard.press("7")
    tab.locator("#help-open").click()
    tab.get_by_role("button", name="2 Blazeface").click()
    tab.locator("#choices [aria-pressed=true]", has_text="Blazeface").wait_for()
    assert hall.detectors.now == "blazeface"


def test_escape_leaves_the_help_and_then_makes_an_intermission(hall: Hall, desk: Any) -> None:
    desk.goto(hall.page.url)
    desk.locator(".card").first.wait_for()
    desk.keyboard.press("h")
    desk.locator("#help").wait_for()
    desk.keyboard.press("Escape")
    desk.locator("#help").wait_for(state="hidden")
    desk.keyboard.press("Escape")
    desk.get_by_text("Intermission").wait_for()
    shown = "Number(document.querySelector('#result canvas').dataset.shown)"
    desk.keyboard.press("Escape")
    desk.get_by_text("Intermission").wait_for(state="hidden")
    until(desk, f"{shown} > {desk.evaluate(shown)}")


def test_several_streams_are_shown_one_at_a_time(hall: Hall, desk: Any) -> None:
    array = np.full((120, 160, 3), 200, np.uint8)
    hall.page.write(Scene(Frame(ArrayPicture(array), 0.0, "door", 0)))
    desk.goto(hall.page.url)
    desk.locator(".card").first.wait_for()
    desk.get_by_role("button", name="door").click()
    until(desk, "document.querySelector('#result canvas').width === 160")
    desk.get_by_text("Step in front of the camera").wait_for()
    desk.get_by_role("button", name="cam").first.click()
    desk.locator(".card").first.wait_for()
