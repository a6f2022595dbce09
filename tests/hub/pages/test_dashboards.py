"""Dashboards, the map and live pictures in a browser, with a device that is a thread of the test."""

import io
import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from PIL import Image

from footlights.agent.agent import Agent
from footlights.agent.enrol import Invitation, enrol
from footlights.agent.identity import Identity
from footlights.core.event import Event
from tests.hub.conftest import CUT_OFF, eventually
from tests.hub.house import Stage
from tests.hub.pages.test_site import Running, visit

pytestmark = CUT_OFF
DEVICE = "camera-7"


def picture(color: tuple[int, int, int], form: str = "JPEG", size: tuple[int, int] = (160, 90)) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, color).save(out, form)
    return out.getvalue()


class Lamp(Stage):
    """A stage whose picture is another colour each time."""

    def picture(self, stream: str) -> bytes:
        super().picture(stream)
        return picture((40 * self.looks % 256, 90, 200))


@dataclass
class Camera:
    agent: Agent
    stage: Lamp


@pytest.fixture(scope="module")
def camera(hub: Running, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Camera]:
    facts = hub.ask("GET", "/api/groups")
    identity = Identity(tmp_path_factory.mktemp("camera"))
    enrol(Invitation(hub.url, facts["scope"], DEVICE, facts["groups"][0]["key"]), identity)
    made = Camera(Agent(identity, place=(48.2, 16.4)), Lamp())
    thread = threading.Thread(target=made.agent.run, args=(made.stage,))
    thread.start()
    eventually(lambda: _device(hub)["online"] and _device(hub)["place"])
    source = {"name": "line-1", "url": "rehearsal:wave"}
    hub.ask("PATCH", f"/api/devices/{DEVICE}/twin", json={"patch": {"sources": [source]}})
    made.agent.tell(Event("gesture.begin", "line-1", 1.0, 2, {"gesture": "<b>wave</b>"}))
    eventually(lambda: hub.ask("GET", f"/api/devices/{DEVICE}/newest"))
    yield made
    made.agent.stop.set()
    thread.join()


def _device(hub: Running) -> dict[str, Any]:
    return next(found for found in hub.ask("GET", "/api/devices") if found["id"] == DEVICE)


def test_a_device_its_charts_its_events_and_live(hub: Running, tab: Any, camera: Camera) -> None:
    visit(tab, f"{hub.url}/devices/{DEVICE}")
    tab.wait_for_selector('.modules li[data-look="online"]:has-text("line-1") >> text=people 2')
    tab.wait_for_selector('.events li:has-text("gesture <b>wave</b>") img')
    tab.wait_for_selector('.chart[data-name="fps"] canvas')

    # Another measurement over another range.
    tab.click(".chosen .q-field")
    tab.get_by_role("option", name="frames", exact=True).click()
    tab.keyboard.press("Escape")
    tab.wait_for_selector('.chart[data-name="frames"] canvas')
    tab.get_by_role("button", name="10 minutes").click()
    lines = """() => getElement(document.querySelector('.chart[data-name="frames"]').id.slice(1))
        .options.series.map(line => [line.name, line.data[0][1]])"""
    eventually(lambda: tab.evaluate(lines) == [["line-1", 10]])

    tab.click("text=Live")
    tab.wait_for_selector("live-picture canvas[data-shown]")
    tab.wait_for_function("document.querySelector('live-picture canvas').dataset.shown > 2")
    assert tab.evaluate("document.querySelector('live-picture canvas').width") == 160
    tab.click("text=End live")
    tab.wait_for_selector("live-picture", state="detached")

    # A private device says so, and shows nothing.
    camera.agent._sight._own_wish = True
    tab.click("text=Live")
    tab.wait_for_selector("text=this device is private")
    camera.agent._sight._own_wish = False


def test_the_fleet_now_and_what_it_did(hub: Running, tab: Any, camera: Camera, tmp_path: Path) -> None:
    hub.ask("POST", "/api/devices", json={"id": "shy", "title": "The <shy> one"})
    hub.ask("POST", "/api/devices/shy/approve")
    visit(tab, f"{hub.url}/now")
    tab.wait_for_selector('.figure:has-text("people in view") b:text-is("2")')
    tab.wait_for_selector('.figure:has-text("devices online") b:text-is("1 of 2")')
    tab.wait_for_selector(f'.events li:has-text("{DEVICE}") img')
    tab.wait_for_selector('.modules:has-text("The <shy> one") >> text=never seen')

    # Something happens, and is there without a reload.
    camera.agent.tell(Event("trigger", "line-1", 2.0, None, {"by": "x_arms"}))
    tab.wait_for_selector('.events li:has-text("by x_arms")')
    tab.click("text=Export")
    with tab.expect_download() as download:
        tab.click(".export .b")
    download.value.save_as(tmp_path / "export.csv")
    text = (tmp_path / "export.csv").read_text()
    assert text.startswith("start,device,stream") and re.search(rf",{DEVICE},line-1,people,\d+,2\.0,", text)
    tab.goto(f"{hub.url}/now?group=fleet")
    tab.wait_for_selector('.figure:has-text("devices online") b:text-is("1 of 1")')


def test_a_map_and_a_plan_on_which_devices_are_dragged(hub: Running, tab: Any, camera: Camera, tmp_path: Path) -> None:
    visit(tab, f"{hub.url}/map")
    dot = f'fleet-map [data-device="{DEVICE}"]'
    tab.wait_for_selector(f'{dot}[data-look="online"]')
    assert tab.locator("fleet-map .degree").count() > 4 and "16.4" in tab.locator("fleet-map").inner_text()

    (tmp_path / "hall.png").write_bytes(picture((200, 210, 220), "PNG", (400, 300)))
    with tab.expect_file_chooser() as chooser:
        tab.click("text=Add a plan")
    chooser.value.set_files(tmp_path / "hall.png")
    tab.wait_for_selector('.plans [aria-current="page"]:text-is("hall")')
    tab.wait_for_selector("fleet-map image")
    tab.click(f'.tray [data-device="{DEVICE}"]')
    box = tab.locator("fleet-map image").bounding_box()
    tab.mouse.click(box["x"] + box["width"] * 0.25, box["y"] + box["height"] * 0.5)
    tab.wait_for_selector(dot)
    tab.mouse.move(box["x"] + box["width"] * 0.25, box["y"] + box["height"] * 0.5)
    tab.mouse.down()
    tab.mouse.move(box["x"] + box["width"] * 0.6, box["y"] + box["height"] * 0.6, steps=4)
    tab.mouse.up()
    placed = eventually(lambda: (place := _device(hub)["place"]).get("x", 0) > 0.5 and place)
    assert isinstance(placed, dict)
    assert (placed["x"], placed["y"]) == pytest.approx((0.75, 0.75), abs=0.2)
    assert (placed["latitude"], placed["by"]) == (48.2, "device") and f"/devices/{DEVICE}" not in tab.url

    (tmp_path / "none.png").write_text("no picture")
    with tab.expect_file_chooser() as chooser:
        tab.click("text=Add a plan")
    chooser.value.set_files(tmp_path / "none.png")
    tab.wait_for_selector("text=a plan is a PNG or JPEG picture")
    tab.click("text=Remove this plan")
    tab.click("text=Remove it")
    tab.wait_for_selector('.plans [aria-current="page"]:text-is("The earth")')
    assert "plan" not in _device(hub)["place"]


def test_nobody_sees_or_moves_anything_without_a_token(hub: Running, camera: Camera) -> None:
    with httpx.Client(base_url=hub.url, trust_env=False) as http:
        for path in ("/now", "/map", "/map/devices.json", "/map/plans/1.jpg", "/export?what=events&form=csv",
                     f"/events/{DEVICE}/{'0' * 16}/1.jpg"):  # fmt: skip
            assert http.get(path).headers["location"] == "/sign-in", path
        place = {"device": DEVICE, "latitude": 0, "longitude": 0}
        assert http.post("/map/place", json=place).status_code == 303
        token = hub.ask("POST", "/api/users", json={"name": "eve", "role": "viewer"})["token"]
        viewer = {"cookie": f"footlights-hub={token}"}
        assert http.get("/map/devices.json", headers=viewer).json()[0]["id"] == DEVICE
        assert http.post("/map/place", json=place, headers=viewer).status_code == 403
        assert http.post("/map/plans", content=picture((1, 2, 3)), headers=viewer).status_code == 403
        admin = {"cookie": f"footlights-hub={hub.token}"}
        foreign = {**admin, "origin": "https://evil.example"}
        assert http.post("/map/place", json=place, headers=foreign).status_code == 403
        assert http.post("/map/place", data=place, headers=admin).status_code == 422  # a form of another site
        assert http.post("/map/plans", content=bytes(9 * 2**20), headers=admin).status_code == 413
        first = http.get("/map/devices.json", headers=admin)
        again = http.get("/map/devices.json", headers={**admin, "if-none-match": first.headers["etag"]})
        assert again.status_code == 304
        for path in ("/events/x/y/99999999999999999999.jpg", f"/events/{DEVICE}/..%2f/1.jpg", "/map/plans/9.jpg"):
            assert http.get(path, headers=admin).status_code in (404, 422), path
        assert http.get("/export?what=x&form=csv", headers=admin).status_code == 422
