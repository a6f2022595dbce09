"""The page in a real browser, as people see it."""

import threading
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from footlights.core.cue import Badge
from footlights.core.event import Event
from footlights.core.scene import Scene
from footlights.media.page.browser import BrowserCamera, BrowserCameras
from footlights.media.page.control import StreamStats
from footlights.media.page.server import Page
from tests.media.page.stand_ins import DESK, PHONE, Sources, plain, scene, until

# What happened is kept on the page: a film is over sooner than a test on a busy machine looks again.
CURTAIN = """new MutationObserver((changes) => {
  for (const { target } of changes) if (target.id === "show") (window.curtain ??= []).push(target.open);
}).observe(document, { subtree: true, attributes: true, attributeFilter: ["open"] });
addEventListener("ended", ({ target }) => (top.played ??= []).push(target.currentTime), true);"""


@pytest.fixture
def narrow(browser: Any) -> Iterator[Any]:
    context = browser.new_context(**PHONE)
    yield context.new_page()
    context.close()


class Stream:
    """Writes pictures that change, on a thread, until it is stopped."""

    def __init__(self, page: Page, name: str) -> None:
        self._page = page
        self._name = name
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        index = 0
        while not self._stop.wait(0.03):
            badge = (Badge(1, "crossed arms", "good"),)
            self._page.write(scene(self._name, index, cues=badge))
            index += 1

    def stop(self) -> None:
        self._stop.set()
        self._thread.join()


@pytest.fixture
def stream(page: Page) -> Iterator[Callable[[str], Stream]]:
    running: list[Stream] = []

    def start(name: str) -> Stream:
        running.append(Stream(page, name))
        return running[-1]

    yield start
    for one in running:
        one.stop()


@pytest.fixture
def film(tmp_path: Path) -> Path:
    """Half a second of video that ends by itself."""
    path = tmp_path / "the film.webm"
    with av.open(str(path), "w") as container:
        track = container.add_stream("libvpx", rate=Fraction(20))
        track.width, track.height, track.pix_fmt = 64, 48, "yuv420p"
        for index in range(10):
            picture = np.full((48, 64, 3), index * 25, np.uint8)
            container.mux(track.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(track.encode())
    return path


def gesture(number: int, kind: str = "gesture.begin", **data: Any) -> Event:
    return Event(kind, "cam", float(number), 2, {"gesture": "x_arms", **data})


def test_the_picture_moves_and_the_badge_is_also_text(page: Page, tab: Any, stream: Callable[[str], Stream]) -> None:
    stream("cam")
    tab.goto(page.url)
    until(tab, "Number(document.querySelector('[data-stream=cam] canvas')?.dataset.shown) > 5")
    pixel = "() => document.querySelector('[data-stream=cam] canvas').getContext('2d').getImageData(9, 9, 1, 1).data[0]"
    first = tab.evaluate(pixel)
    until(tab, f"({pixel})() !== {first}")
    assert tab.evaluate("document.querySelector('[data-stream=cam] canvas').width") == 160
    tab.locator(".badges", has_text="crossed arms").wait_for()
    assert tab.title() == "the test stage"
    assert tab.locator("#empty").is_hidden()


def test_the_frame_rate_and_the_state_are_shown(page: Page, tab: Any) -> None:
    page.write(scene())
    tab.goto(page.url)
    page.report({"cam": StreamStats("cam", 28.7, 4, 40.6, 3, "retrying", "no answer from 10.0.0.2", {"detect": 8.0})})
    tab.get_by_text("29 fps · 3 people · 41 ms · 4 skipped").wait_for()
    tab.get_by_text("Trying again").wait_for()
    tab.get_by_text("no answer from 10.0.0.2").wait_for()


def test_a_picture_that_comes_late_does_not_cover_what_is_looked_at_now(page: Page, tab: Any) -> None:
    tab.goto(page.url)
    shown = tab.evaluate(
        """async () => {
          const { LiveView } = await import("/static/pictures.js");
          window.WebSocket = class { close() {} send() {} };
          const shown = [];
          const late = new Map(); // what is being read -> called when it has been
          const read = (data) => new Promise((done) => late.set(data, done));
          const view = new LiveView("cam", "", read, (it) => shown.push(it));
          view.start();
          const before = view.socket;
          const reading = [before.onmessage({ data: "first" }), before.onmessage({ data: "second" })];
          late.get("first")("first");
          await reading[0];
          view.stop();
          view.start();
          late.get("second")("second");
          await reading[1];
          return shown;
        }"""
    )
    assert shown == ["first"]


def test_events_arrive_newest_first_and_an_end_closes_its_beginning(page: Page, tab: Any) -> None:
    page.write(scene(events=(gesture(1), Event("alarm", "cam", 2.0, None, {"label": "<b>fire</b>"}))))
    tab.goto(page.url)
    tab.locator("#events li").nth(1).wait_for()
    assert tab.locator("#events li .title").all_inner_texts() == ["<b>fire</b>", "X arms"]
    page.write(scene(index=1, events=(gesture(3, "gesture.end", duration=2.04), gesture(75))))
    tab.locator("#events li").nth(2).wait_for()
    texts = [text.split("\n") for text in tab.locator("#events li").all_inner_texts()]
    assert texts[0][0].startswith("X arms") and "1:15.0" in texts[0] and "Person 2" in texts[0]
    assert "held 2.0 s" in " ".join(texts[2])


def test_sources_are_added_and_removed(page: Page, tab: Any, control: Sources, stream: Callable[[str], Stream]) -> None:
    running: dict[str, Stream] = {}
    control.opened = lambda name, url: running.update({name: stream(name)})
    tab.goto(page.url)
    tab.get_by_text("The stage is empty").wait_for()
    tab.locator("#sources-open").click()
    tab.locator("#url").fill("broken")
    tab.locator("#url").press("Enter")
    tab.get_by_text("there is no camera 'broken'; found: 0, 2", exact=True).wait_for()
    tab.get_by_role("button", name="Rehearsal: crossed arms").last.click()
    tab.get_by_role("button", name="Add", exact=True).click()
    tab.locator("[data-source=x_arms]").wait_for()
    assert control.urls == {"x_arms": "rehearsal:x_arms"}
    tab.locator("[data-stream=x_arms] canvas[data-shown]").wait_for(state="attached")
    page.report({"x_arms": StreamStats("x_arms")})
    tab.get_by_role("button", name="Remove x_arms").click()
    tab.locator("[data-source=x_arms]").wait_for(state="detached")
    running["x_arms"].stop()
    page.report({})
    tab.locator("[data-stream=x_arms]").wait_for(state="detached")
    tab.keyboard.press("Escape")
    tab.get_by_text("The stage is empty").wait_for()


def test_a_show_plays_a_local_video_returns_to_live_and_plays_again(page: Page, tab: Any, film: Path) -> None:
    tab.add_init_script(CURTAIN)
    page.write(scene())
    page.serve(film)
    tab.goto(page.url)
    tab.locator("#link[data-state=live]").wait_for()
    for times in (1, 2):
        page.show(str(film))
        until(tab, f"window.curtain?.length === {2 * times}")
        assert tab.evaluate("curtain") == [True, False] * times  # it opened, and went when the film was over
        assert tab.evaluate("played") == pytest.approx([0.5] * times, abs=0.1)  # seconds, to its end
    assert tab.locator("#show-title").text_content() == "the film"
    assert tab.evaluate("document.querySelector('#player').src") == "about:blank"


def test_a_show_is_closed_by_its_button_and_by_escape(page: Page, tab: Any) -> None:
    tab.route("https://museum.test/", lambda route: route.fulfill(body="<h1>a page</h1>", content_type="text/html"))
    tab.goto(page.url)
    tab.locator("#link[data-state=live]").wait_for()
    for close in (lambda: tab.locator("#show-close").click(), lambda: tab.keyboard.press("Escape")):
        page.show("https://museum.test/")
        tab.frame_locator("#player").frame_locator("iframe").get_by_text("a page").wait_for()
        assert tab.frame_locator("#player").get_by_text("Open in a tab of its own").is_visible()
        close()
        tab.locator("#show[open]").wait_for(state="hidden")


def test_the_next_show_outlives_the_end_of_the_last(page: Page, tab: Any) -> None:
    """The browser says later that the last one is closed, and its player may still have a word on the way."""
    tab.goto(page.url)
    tab.locator("#link[data-state=live]").wait_for()
    playing = tab.evaluate(
        """async () => {
          const { ShowStage } = await import("/static/show.js");
          const dialog = document.getElementById("show");
          const stage = new ShowStage(() => {});
          stage.play({ address: "about:blank#first", title: "first" });
          stage.heard({ show: "about:blank#first", what: "ended" });
          stage.play({ address: "about:blank#second", title: "second" });
          await new Promise((said) => dialog.addEventListener("close", () => setTimeout(said)));
          stage.heard({ show: "about:blank#first", what: "ended" });
          return [dialog.open, document.getElementById("player").getAttribute("src")];
        }"""
    )
    assert playing == [True, "about:blank#second"]


def test_the_built_in_show_is_drawn_and_ends(page: Page, tab: Any) -> None:
    tab.add_init_script(
        "const next = requestAnimationFrame; window.requestAnimationFrame = (it) => next(() => it(top.moment ?? 0));"
    )
    tab.goto(page.url)
    tab.locator("#link[data-state=live]").wait_for()
    page.show("encore")
    tab.locator("#show[open]").wait_for()
    drawn = "document.querySelector('#player').contentDocument?.querySelector('canvas')"
    # The row that crosses the word "Encore!".
    row = f"{drawn}.getContext('2d').getImageData(0, {drawn}.height * 0.54, {drawn}.width, 1).data"
    bright = f"{drawn} && {row}.some((value, index) => index % 4 < 3 && value > 240)"
    until(tab, f"{drawn}?.width > 300")  # it has drawn
    assert not tab.evaluate(bright), "it begins in the dark"
    tab.evaluate("window.moment = 6000")  # milliseconds
    until(tab, bright)
    tab.evaluate("window.moment = 13500")
    tab.locator("#show[open]").wait_for(state="hidden")


def test_a_youtube_address_becomes_an_embedded_player_that_ends(page: Page, browser: Any) -> None:
    """Against a stand-in for their player, which speaks as it does: there is no network here."""
    player = """<h1>player</h1><script>
      addEventListener("message", ({data}) => {
        document.title = data;
        if (JSON.parse(data).event === "listening") setTimeout(() => parent.postMessage(
          JSON.stringify({event: "onStateChange", info: 0}), "*"), 300);
      });</script>"""
    context = browser.new_context()
    context.route(
        "https://www.youtube-nocookie.com/**", lambda route: route.fulfill(body=player, content_type="text/html")
    )
    context.add_init_script("Object.defineProperty(Navigator.prototype, 'userActivation', {get: () => ({})})")
    context.add_init_script(CURTAIN)
    tab = context.new_page()
    asked: list[tuple[str, str]] = []
    tab.on("request", lambda sent: asked.append((sent.url, sent.headers.get("referer", ""))))
    tab.goto(page.url)
    tab.locator("#link[data-state=live]").wait_for()
    page.show("https://youtu.be/dQw4w9WgXcQ?t=7")
    until(tab, "window.curtain?.length === 2")
    (embedded,) = [(url, referer) for url, referer in asked if "youtube" in url]
    assert embedded[0].startswith("https://www.youtube-nocookie.com/embed/dQw4w9WgXcQ?")
    assert "start=7" in embedded[0] and "mute=1" in embedded[0]  # nobody has touched the page yet
    assert embedded[1].startswith("http://127.0.0.1")
    context.close()


def test_sound_waits_for_a_touch(page: Page, tab: Any, film: Path) -> None:
    """A refusal as browsers give it: this one, steered by a program, refuses nothing."""
    tab.add_init_script(
        "const play = HTMLMediaElement.prototype.play; HTMLMediaElement.prototype.play = function () {"
        "  return this.muted ? play.call(this) : Promise.reject(new DOMException('no', 'NotAllowedError')); };"
        "addEventListener('ended', (event) => event.stopImmediatePropagation(), true);"
    )
    tab.goto(page.url)
    tab.locator("#link[data-state=live]").wait_for()
    page.show(page.serve(film))
    inner = tab.frame_locator("#player")
    inner.get_by_role("button", name="Tap for sound").wait_for()
    video = "document.querySelector('#player').contentDocument.querySelector('video')"
    until(tab, f"{video}.muted && {video}.currentTime > 0.1")
    inner.get_by_role("button", name="Tap for sound").click()
    assert tab.evaluate(f"{video}.muted") is False
    tab.locator("#show-close").click()


def test_after_a_restart_of_the_server_the_page_comes_back_by_itself(tab: Any, cameras: BrowserCameras) -> None:
    first = Page(port=0, cameras=cameras, new_paint=lambda: plain)
    first.write(scene(events=(gesture(1),)))
    tab.goto(first.url)
    tab.locator("#events li").wait_for()
    until(tab, "document.querySelector('canvas')?.dataset.shown === '1'")
    first.close()
    tab.locator("#link:not([data-state=live])").wait_for()
    second = Page(port=first.port, cameras=cameras, new_paint=lambda: plain)
    try:
        assert second.port == first.port
        second.write(scene(events=(Event("note", "cam", 5.0, None, {"text": "after"}),)))
        tab.get_by_text("After", exact=True).wait_for()
        tab.locator("#link[data-state=live]").wait_for()
        until(tab, "Number(document.querySelector('canvas')?.dataset.shown) >= 2")
        assert tab.locator("#events li").count() == 2
    finally:
        second.close()


def test_a_browser_gives_its_camera_and_sees_its_badge(
    page: Page, tab: Any, control: Sources, cameras: BrowserCameras
) -> None:
    threads: list[threading.Thread] = []
    sizes: list[tuple[int, int]] = []
    opened: list[BrowserCamera] = []

    def take(camera: BrowserCamera) -> None:
        for frame in camera.frames():
            sizes.append((frame.width, frame.height))
            frame.rgb()
            page.write(Scene(frame, cues=[Badge(1, "I see you")]))

    def open_camera(name: str, url: str) -> None:
        opened.append(BrowserCamera(url.removeprefix("browser:"), cameras=cameras))
        threads.append(threading.Thread(target=take, args=(opened[-1],)))
        threads[-1].start()

    control.opened = open_camera
    tab.goto(page.url + "camera")
    tab.locator("#name").fill("Front Row!")
    tab.locator("#size").select_option("320")
    tab.locator("#start").click()
    tab.get_by_text("On stage", exact=True).wait_for()
    tab.locator("#badges", has_text="I see you").wait_for()
    until(tab, "/^[1-9][0-9]* pictures a second, 320/.test(document.querySelector('#figures').textContent)")
    assert control.urls == {"front-row-": "browser:front-row-"}
    assert sizes and set(sizes) <= {(320, 180), (320, 240)}
    opened[0].close()
    tab.get_by_text("this camera was removed").wait_for()
    assert tab.locator("#start").inner_text() == "Start the camera"
    threads[0].join()


def test_the_camera_page_says_why_there_is_no_camera(page: Page, narrow: Any) -> None:
    narrow.add_init_script(
        "MediaDevices.prototype.getUserMedia = () => Promise.reject(new DOMException('no', 'NotAllowedError'));"
    )
    narrow.goto(page.url + "camera")
    narrow.locator("#start").click()
    narrow.get_by_text("This page may not use the camera").wait_for()


def test_the_keyboard_is_enough(page: Page, browser: Any) -> None:
    context = browser.new_context(**DESK)
    tab = context.new_page()
    page.write(scene("left"))
    page.write(scene("right"))
    tab.goto(page.url)
    tab.locator("[data-stream=right]").wait_for()
    tab.keyboard.press("Tab")
    assert tab.evaluate("document.activeElement.textContent") == "Skip to the events"
    tab.keyboard.press("a")
    tab.locator("#sources[open]").wait_for()
    assert tab.evaluate("document.activeElement.id") == "url"
    tab.keyboard.press("Escape")
    tab.locator("#sources[open]").wait_for(state="hidden")
    tab.get_by_role("button", name="Enlarge right").focus()
    tab.keyboard.press("Enter")
    tab.locator("[data-stream=right].solo").wait_for()
    tab.keyboard.press("Escape")
    tab.locator("[data-stream=right].solo").wait_for(state="detached")
    unnamed = tab.evaluate(
        "[...document.querySelectorAll('button, a, input, canvas, dialog')].filter((thing) => !(thing.ariaLabel || "
        "thing.textContent.trim() || thing.labels?.length || thing.getAttribute('aria-labelledby'))).length"
    )
    assert unnamed == 0
    context.close()


def test_nothing_moves_for_those_who_asked_for_calm(page: Page, browser: Any) -> None:
    context = browser.new_context(reduced_motion="reduce")
    tab = context.new_page()
    page.write(scene(events=(gesture(1),)))
    tab.goto(page.url)
    tab.locator("#events li").wait_for()
    moving = "document.getAnimations().filter((animation) => animation.playState === 'running').length"
    assert tab.evaluate(moving) == 0
    context.close()


def test_a_phone_needs_no_sideways_scrolling(page: Page, narrow: Any) -> None:
    page.write(scene("a-stream-with-a-rather-long-name-that-goes-on-and-on", events=(gesture(1),)))
    for path in ("", "camera"):
        narrow.goto(page.url + path)
        narrow.locator("h1, h2").first.wait_for()
        assert narrow.evaluate("document.documentElement.scrollWidth <= innerWidth")
