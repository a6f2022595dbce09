"""Shows in a browser: a producer makes one of a song, opens its doors, finds every address, and removes it."""

import re
import wave
from pathlib import Path
from typing import Any

import httpx

from tests.hub.conftest import WAIT, eventually
from tests.hub.pages.test_site import Running, visit

CUES = """
title: Midnight <b>Carousel</b>
song: song.wav
cues:
  - {id: chorus, from: 1, to: 4, expect: x_arms, text: Cross your arms!}
"""


def song(path: Path) -> Path:
    """Five seconds of silence."""
    with wave.open(str(path), "wb") as written:
        written.setparams((1, 2, 8000, 40_000, "NONE", ""))
        written.writeframes(bytes(80_000))
    return path


def test_a_show_is_made_changed_opened_seen_and_removed(hub: Running, tab: Any, tmp_path: Path) -> None:
    visit(tab, hub.url)
    tab.get_by_role("link", name="Shows").click()
    tab.wait_for_function("window.did_handshake")
    tab.wait_for_selector("text=No show yet.")

    # A song alone is a show; a file that is none is refused in words.
    tab.get_by_label("Title").fill("Midnight Carousel")
    broken = tmp_path / "show.yaml"
    broken.write_text("title: x\ncolour: red")
    tab.locator("input[type=file]").set_input_files(broken)
    tab.wait_for_selector(".q-notification >> text=unknown setting 'colour'")
    tab.locator("input[type=file]").set_input_files(song(tmp_path / "söng (1).wav"))
    tab.wait_for_url("**/shows/midnight-carousel")
    tab.wait_for_function("window.did_handshake")
    tab.wait_for_selector(".state >> text=closed")
    kept = hub.ask("GET", "/api/shows")[0]
    assert kept["title"] == "Midnight Carousel" and kept["files"] == ["song -1.wav"]

    # Its show.yaml again, with cues, and the file that it names.
    broken.write_text(CUES)
    tab.locator("input[type=file]").set_input_files(broken)
    eventually(lambda: "Carousel</b>" in hub.ask("GET", "/api/shows")[0]["title"])
    tab.wait_for_selector("text=Song.wav is to be played, and is not here yet")
    tab.locator("input[type=file]").set_input_files(song(tmp_path / "song.wav"))
    tab.wait_for_selector(".rule:has-text('song.wav') >> text=the show runs along it")

    # The doors open: everybody has an address, and a member is counted.
    tab.click("text=Open the doors")
    tab.wait_for_selector(".state >> text=doors open · 0 there")
    assert tab.wait_for_selector("img.join").evaluate("image => image.decode().then(() => image.naturalWidth)") > 100
    audience, artist, producer = (
        tab.locator(f"a:has-text('The {who}')").get_attribute("href") for who in ("audience", "artist", "producer")
    )
    assert audience == f"{hub.url}/stage/midnight-carousel/"
    for address in (audience, artist, producer):
        assert httpx.get(address, trust_env=False, follow_redirects=True).status_code == 200, address
    assert httpx.get(re.sub("key=.*", "key=guess", producer), trust_env=False).status_code == 403
    _look_as_a_viewer(hub)
    assert "from: 0:01" in tab.request.get(f"{hub.url}/shows/midnight-carousel/show.yaml").text()
    member = tab.context.new_page()
    member.goto(audience)
    member.click("text=Join without a camera")
    tab.wait_for_selector(".state >> text=doors open · 1 there")
    with tab.context.expect_page() as opened:
        tab.click("text=The producer")
    opened.value.wait_for_selector("text=Cross your arms!")

    # It is ended and removed, after a question each.
    tab.click("text=End the show")
    tab.click("text=End it")
    tab.wait_for_selector(".state >> text=closed")
    tab.click(".q-btn:has-text('Remove') >> nth=0")
    tab.click("text=Remove it")
    tab.wait_for_url("**/shows")
    tab.wait_for_selector("text=No show yet.")
    assert hub.ask("GET", "/api/shows") == []


def _look_as_a_viewer(hub: Running) -> None:
    """Who may only look sees the show, and neither a key nor anything to press."""
    token = hub.ask("POST", "/api/users", json={"name": "eve", "role": "viewer"})["token"]
    with httpx.Client(base_url=hub.url, cookies={"footlights-hub": token}, trust_env=False, timeout=WAIT) as eve:
        for path in ("/shows", "/shows/midnight-carousel"):
            seen = eve.get(path).text
            assert "Carousel" in seen, path
            assert not any(word in seen for word in ("key=", "Open the doors", "End the show", "Remove it", "drop it"))
        assert eve.get("/shows/midnight-carousel/show.yaml").status_code == 403
