"""The stage's pages in a real browser: who answers before a camera is counted, and the artist sees it."""

import json
import wave
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest

from footlights.wire.show import load
from tests.hub.stage.pages.conftest import text, until

SAID = {"hello", "ping", "answer"}
SEEN = "/^(I see|Step back)/.test(document.getElementById('hint').textContent)"
CALL = "document.body.dataset.call"
# What a page called, and said: a call to get ready may be over before a test on a busy machine looks again.
KEEP_THE_CALLS = """window.calls = [];
new MutationObserver(() => calls.push([document.body.dataset.call, document.getElementById("aloud").textContent]))
  .observe(document, { subtree: true, attributes: true, attributeFilter: ["data-call"] });"""


def join(tab: Any, address: str, name: str, section: str, told: list[str | bytes]) -> Any:
    page = tab(360, 640, reduced_motion="reduce")  # what moves is painted by the processor here

    def keep(sent: str | bytes | None) -> None:
        told.append(sent or "")

    page.on("websocket", lambda socket: socket.on("framesent", keep))
    page.on("request", lambda request: keep(request.post_data))
    page.goto(address)
    until(page, "document.querySelectorAll('#section option').length === 3")
    page.fill("#name", name)
    page.select_option("#section", section)
    page.click("#with-camera")
    return page


@pytest.mark.usefixtures("runtime")
def test_three_members_answer_before_their_cameras_and_the_artist_sees_it(staged: Any, tab: Any) -> None:
    stage = staged()
    artist = tab(1280, 720, reduced_motion="reduce")
    artist.goto(stage.artist)
    until(artist, "document.getElementById('qr').naturalWidth > 0")
    assert "key=" not in artist.url
    where = {"Ada": "Stalls", "Bea": "Balcony", "<i>Cem</i>": "Balcony"}
    told: list[str | bytes] = []
    members = [join(tab, stage.audience, name, section, told) for name, section in where.items()]
    for member in members:
        until(member, SEEN)
    until(artist, "document.getElementById('present').textContent === '3'")
    artist.click("#start")
    for member in members:
        until(member, f"{CALL} === 'counted'")
        assert text(member, "score") == "You answered 1 of 1"
    until(artist, "document.getElementById('answered').textContent === '3'")
    until(artist, "document.getElementById('percent').textContent === '100'")
    assert artist.inner_text("#cue") == "Cross your arms!"
    until(artist, "document.getElementById('sections').textContent === 'Stalls100 %Balcony100 %'")
    assert text(artist, "fired").startswith("Lights up 0:")
    assert text(artist, "moments").startswith("100 %")
    assert artist.locator("#title *, #fastest button *").count() == 0, "names are text"
    assert stage.running.room.tally.refused == 0
    assert {json.loads(message)["type"] for message in told if message} == SAID
    assert max(map(len, told)) < 400, "neither pictures nor landmarks leave the page"

    artist.click("#end")
    artist.click("#sure [value=yes]")
    until(artist, "!document.getElementById('again').hidden")
    for member in members:
        until(member, "document.getElementById('call').textContent === 'That was the show'")
        assert member.evaluate("document.getElementById('preview').srcObject") is None
    _replay(artist, stage)


def _replay(artist: Any, stage: Any) -> None:
    """The show again: before the call nobody had answered, at its end everybody."""
    kept = stage.running.replay_now()
    answered = [second for second, votes in enumerate(kept["answers"]) if votes]
    for at, count in ((1.0, "0"), (answered[-1] + 1.5, "3")):
        artist.fill("#place", str(at))
        until(artist, f"document.getElementById('answered').textContent === '{count}'")


def test_nobody_needs_a_camera_where_the_show_lets_them_press(staged: Any, tab: Any) -> None:
    show = 'title: Pressing\nbuttons: true\nlength: "1:00"\ncues: [{id: hands, from: 2, to: 40, expect: heart}]'
    stage = staged(show)
    page = tab()
    page.add_init_script(KEEP_THE_CALLS)
    page.goto(stage.audience)
    page.click("#without")
    until(page, "document.getElementById('link').textContent === 'Connected'")
    artist = tab(1280, 720)
    artist.goto(stage.artist)
    until(artist, "document.getElementById('present').textContent === '1'")
    artist.keyboard.press("Space")
    until(page, "document.getElementById('answer').checkVisibility({visibilityProperty: true})")
    assert page.evaluate("calls.find(([call]) => call === 'ready')[1]").startswith("Get ready: Heart")
    page.focus("#answer")
    page.keyboard.press("Enter")
    until(page, f"{CALL} === 'counted'")
    artist.keyboard.press("Space")
    until(page, "document.getElementById('time').textContent !== ''")
    until(artist, "document.body.dataset.state === 'paused'")

    page.reload()
    page.click("#without")
    until(page, "document.getElementById('link').textContent === 'Connected'")
    until(page, f"{CALL} === 'counted'")  # the ticket says who it is: no second vote
    assert stage.running.room.wall(stage.running.clock()).answered == 1

    stage.close()
    until(page, "document.getElementById('link').textContent === 'Connecting …'")
    again = staged(show, port=stage.port)
    until(page, "document.getElementById('call').textContent === 'The show begins soon'")
    assert again.running.room.wall(again.running.clock()).present == 1


@pytest.mark.usefixtures("runtime")
def test_a_camera_that_is_refused_is_said_and_can_be_tried_again(staged: Any, tab: Any) -> None:
    page = tab()
    page.add_init_script(
        "navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('no', 'NotAllowedError'))"
    )
    page.goto(staged().audience)
    page.click("#with-camera")
    until(page, "document.getElementById('hint').textContent.includes('Allow it in the browser')")
    assert page.get_by_role("button", name="Use the camera").is_visible()
    until(page, "document.getElementById('link').textContent === 'Connected'")


def test_the_producer_places_a_cue_on_the_song_and_saves(staged: Any, tab: Any, tmp_path: Path) -> None:
    with wave.open(str(tmp_path / "song.wav"), "wb") as song:
        song.setparams((1, 2, 8000, 0, "NONE", ""))
        loud = np.sin(np.arange(8000 * 20) * 0.2) * np.where(np.arange(8000 * 20) < 80_000, 3000, 30_000)
        song.writeframes(loud.astype("<i2").tobytes())
    stage = staged("title: Song\nsong: song.wav\ncues: [{id: first, from: 2, to: 4, expect: wave}]")
    page = tab(1280, 900)
    page.goto(stage.producer)
    until(page, "document.getElementById('wave-words').textContent === '0:20 of sound'")
    assert _brightness(page, 0.75) > 2 * _brightness(page, 0.25), "the second half of the song is louder"

    wave_box = page.locator(".wave").bounding_box()
    page.mouse.click(wave_box["x"] + wave_box["width"] / 2, wave_box["y"] + 40)
    page.click("#add")
    page.fill("#text", "Arms up!")
    page.select_option("#expect", "arms_up")
    page.click("#effect")
    page.locator("#effects input").first.fill("90 %")
    cue = page.locator(".cue").nth(1)
    box = cue.bounding_box()
    page.mouse.move(box["x"] + box["width"] - 3, box["y"] + 20)  # its end, two seconds further
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] - 3 + wave_box["width"] / 10, box["y"] + 20, steps=3)
    page.mouse.up()
    cue.focus()
    page.keyboard.press("Shift+ArrowLeft")
    page.locator(".cue").first.focus()
    page.keyboard.press("Delete")
    assert page.locator(".cue").count() == 1
    page.click("#undo")
    assert page.locator(".cue").count() == 2
    page.click("#save")
    until(page, "document.getElementById('marker').textContent === 'Saved'")

    made = load(stage.running.path).cues[1]
    assert (made.expect, made.text, made.effects[0].at) == ("arms_up", "Arms up!", "90 %")
    assert made.begin == pytest.approx(9, abs=0.1)
    assert made.end - made.begin == pytest.approx(6, abs=0.15)

    page.locator(".cue").nth(1).focus()
    page.locator("#effects input").first.fill("a few")
    page.click("#save")
    until(page, "document.getElementById('problems').children.length > 0")
    assert "'at' must be a share" in page.inner_text("#problems")
    assert load(stage.running.path).cues[1].effects[0].at == "90 %"


def _brightness(page: Any, where: float) -> float:
    """How high the song stands in a tenth of the timeline."""
    return float(
        page.evaluate(
            """(where) => {
              const canvas = document.querySelector('.wave');
              const wide = Math.round(canvas.width / 10);
              const from = canvas.width * where - wide / 2;
              const { data } = canvas.getContext('2d').getImageData(from, 0, wide, canvas.height);
              return data.filter((value, index) => index % 4 === 3 && value > 40).length / (wide * canvas.height);
            }""",
            where,
        )
    )


@pytest.mark.usefixtures("runtime")
def test_only_the_audience_may_compile_and_the_runtime_is_kept_for_ever(staged: Any) -> None:
    stage = staged()
    with httpx.Client(base_url=stage.origin, follow_redirects=True) as client:
        policies = [
            client.get(page).headers["content-security-policy"]
            for page in (stage.audience, stage.artist, stage.producer)
        ]
        assert ["'wasm-unsafe-eval'" in policy for policy in policies] == [True, False, False]
        assert not any("unsafe-inline" in policy or "'unsafe-eval'" in policy for policy in policies)
        listed = client.get("/stage/gestures").json()
        wasm = client.get(f"{listed['runtime']}pose_solution_simd_wasm_bin.wasm")
        assert (wasm.headers["content-type"], wasm.content[:4]) == ("application/wasm", b"\0asm")
        assert "immutable" in wasm.headers["cache-control"]
        assert len(wasm.content) == 6_104_372
        for wrong in ("pose.css", "..%2fgestures.js", "%2e%2e"):
            assert client.get(f"{listed['runtime']}{wrong}").status_code == 404
        moves = client.get("/stage/figures/x_arms").json()
        assert np.array(moves["frames"]).shape == (24, len(moves["points"]), 2)
        assert client.get("/stage/figures/nothing").status_code == 404
