"""Many devices at once, models, mails: in a browser, on a hub that runs, with devices that are threads of the test."""

import re
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from footlights.agent import agent as agent_module
from footlights.agent.agent import Agent
from footlights.agent.enrol import Invitation, enrol
from footlights.agent.identity import Identity
from footlights.agent.model_pull import lacking
from footlights.core.errors import SettingsError
from footlights.core.event import Event
from footlights.engine.watch import StreamReport
from footlights.models import cache
from footlights.models.bundle import open_bundle
from footlights.models.from_hub import HubModel
from tests.hub.conftest import CUT_OFF, WAIT, eventually
from tests.hub.pages.test_site import Postbox, Running, visit

pytestmark = CUT_OFF
ONNX = cache.WEIGHTS / "hand_shapes.onnx"
DEVICES = ("cam-1", "cam-2", "cam-3")


@dataclass
class FakeStage:
    """A stage that counts bottles and refuses what it is told to refuse."""

    refuses: str = ""
    documents: list[Mapping[str, Any]] = field(default_factory=list)
    films: int = 0

    def apply(self, document: Mapping[str, Any]) -> None:
        if self.refuses and document.get("app") == self.refuses:
            raise SettingsError(f"no {self.refuses} today")
        if model := document.get("settings", {}).get("model"):
            open_bundle(model)
        self.documents.append(document)

    def report(self) -> list[StreamReport]:
        return [StreamReport("line", "running", "", 10, 0, 29.5, None, None, 2, {}, 1.0, None)]

    def restart(self) -> None:
        pass

    def picture(self, stream: str) -> bytes:
        raise SettingsError("no picture")

    def record(self, stream: str, seconds: float, megabytes: int) -> str:
        self.films += 1
        return "line-1.mp4"

    def stop_recording(self, stream: str) -> Mapping[str, Any]:
        return {"file": "line-1.mp4", "seconds": 2.0, "bytes": 99, "ended": "asked"}


@pytest.fixture(scope="module")
def stages(hub: Running, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, FakeStage]]:
    """Three devices that run."""
    folder, facts = tmp_path_factory.mktemp("devices"), hub.ask("GET", "/api/groups")
    made: dict[str, FakeStage] = {}
    running: list[tuple[Agent, threading.Thread]] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FOOTLIGHTS_CACHE", str(folder / "cache"))
        patch.setattr(agent_module, "TELEMETRY_EVERY", 0.5)
        for name in DEVICES:
            identity, made[name] = Identity(folder / name), FakeStage()
            enrol(Invitation(hub.url, facts["scope"], name, facts["groups"][0]["key"]), identity)
            agent = Agent(identity)
            thread = threading.Thread(target=agent.run, args=(made[name],))
            thread.start()
            running.append((agent, thread))
            agent.tell(Event("count", "line", 1.0, None, {"counts": {"bottle": 5, "cap": 3}}))
        eventually(lambda: sum(device["online"] for device in hub.ask("GET", "/api/devices")) == 3)
        yield made
        for agent, _ in running:
            agent.stop.set()
        for _, thread in running:
            thread.join()


def documents(hub: Running) -> dict[str, Any]:
    return {name: hub.ask("GET", f"/api/devices/{name}/twin")["desired"]["document"] for name in DEVICES}


def choose_app(tab: Any, name: str) -> None:
    tab.get_by_label("App", exact=True).click()
    tab.get_by_role("option", name=name, exact=True).click()
    tab.wait_for_selector(".settings .q-field")


def test_a_change_of_a_group_is_shown_for_all_sent_in_stages_and_taken_back(
    hub: Running,
    tab: Any,
    stages: dict[str, FakeStage],
) -> None:
    hub.ask("PATCH", "/api/devices/cam-3/twin", json={"patch": {"app": "inspect", "settings": {"interval": 3}}})
    visit(tab, f"{hub.url}/change")
    tab.get_by_label("All of a group").click()
    tab.get_by_role("option", name="fleet").click()
    choose_app(tab, "gestures")
    tab.click("text=Show what would change")
    refusal = tab.wait_for_selector(".preview .note.bad").inner_text()
    assert "cam-3 would refuse it" in refusal and "interval" in refusal
    assert "cam-1, cam-2" in tab.locator(".preview .difference").inner_text()
    tab.get_by_label("What this is").fill("gestures for all")
    tab.get_by_label("Stages, %").fill("50, 100")
    tab.get_by_label("Healthy for, s").fill("0")
    tab.click("text=Roll out to 2 devices in stages")
    tab.wait_for_selector('.state:has-text("done")')
    assert documents(hub)["cam-1"] == {"app": "gestures"} and documents(hub)["cam-3"]["app"] == "inspect"
    tab.click("text=Take it back everywhere")
    tab.wait_for_selector('.state:has-text("taken back")')
    assert documents(hub)["cam-1"] == {} == documents(hub)["cam-2"]
    eventually(lambda: [dict(document) for document in stages["cam-1"].documents][-2:] == [{"app": "gestures"}, {}])
    deeds = [row["deed"] for row in hub.ask("GET", "/api/audit")]
    assert {"began a roll-out", "roll-out is done", "took a roll-out back"} <= set(deeds)


def test_a_device_that_refuses_stops_the_roll_out_and_it_goes_on_without_it(
    hub: Running,
    tab: Any,
    stages: dict[str, FakeStage],
) -> None:
    stages["cam-1"].refuses = "interact"
    body = {
        "devices": ["cam-1", "cam-2"], "patch": {"app": "interact"}, "title": "try",
        "plan": {"stages": [50, 100], "settle": 0, "first": ["cam-1"]},
    }  # fmt: skip
    number = hub.ask("POST", "/api/rollouts", json=body)["id"]
    visit(tab, f"{hub.url}/rollouts/{number}")
    tab.wait_for_selector("text=cam-1: it refuses: no interact today (400)")
    assert documents(hub)["cam-2"] == {}
    tab.click("text=Go on without those that failed")
    tab.wait_for_selector('.state:has-text("done")')
    assert documents(hub)["cam-2"] == {"app": "interact"}
    tab.click("text=Take it back everywhere")
    tab.wait_for_selector('.state:has-text("taken back")')
    stages["cam-1"].refuses = ""


def test_a_model_goes_from_a_file_to_the_devices_that_run_it(
    hub: Running,
    tab: Any,
    stages: dict[str, FakeStage],
    tmp_path: Path,
) -> None:
    hub.ask("PATCH", "/api/devices/cam-3/twin", json={"patch": {"app": "inspect", "settings": None}})
    visit(tab, f"{hub.url}/models")
    (tmp_path / "page.onnx").write_text("<!doctype html>")
    tab.set_input_files("input[type=file]", tmp_path / "page.onnx")
    tab.wait_for_selector(".q-notification:has-text('not a model')")
    tab.get_by_label("Name").fill("hands")
    tab.set_input_files("input[type=file]", ONNX)
    tab.wait_for_selector(".rule:has-text('hands') >> text=runs nowhere")
    tab.click("text=Send ahead")
    tab.get_by_role("button", name="Send", exact=True).click()
    tab.wait_for_selector("text=3 devices get it")
    (model,) = hub.ask("GET", "/api/models")
    eventually(lambda: lacking([HubModel(model["name"], model["digest"])]) == ())
    tab.click("text=Roll out >> nth=-1")
    tab.wait_for_selector("text=Change many devices")
    tab.wait_for_function("window.did_handshake")
    tab.locator("tr:has-text('cam-3') .q-checkbox").click()
    tab.click("text=Show what would change")
    tab.click("text=Send to 1 device at once")
    eventually(lambda: hub.ask("GET", "/api/models")[0]["runs"] == ["cam-3"])
    visit(tab, f"{hub.url}/models")
    tab.wait_for_selector("text=runs on cam-3")


def test_a_mail_about_the_secondary_count_takes_six_clicks(
    hub: Running,
    tab: Any,
    stages: dict[str, FakeStage],
    post: tuple[str, Postbox],
) -> None:
    port = re.search(r":(\d+)/", post[0])
    assert port is not None
    visit(tab, f"{hub.url}/settings")
    for label, value in {"Host": "127.0.0.1", "Port": port[1], "Recipient": "operator@example.com"}.items():
        tab.get_by_label(label).first.fill(value)
    tab.click("text=Send a test mail")
    tab.wait_for_selector(".q-notification:has-text('no mail server yet')")
    tab.click("text=Keep these")
    tab.wait_for_selector("text=Kept.")
    tab.click("text=Send a test mail")
    tab.wait_for_selector("text=A mail is on its way to operator@example.com")
    assert post[1].mails.pop()["Subject"] == "footlights: test on the hub"

    visit(tab, hub.url)
    tab.evaluate("sessionStorage.clicks = 0")
    count = "addEventListener('click', () => { sessionStorage.clicks = Number(sessionStorage.clicks) + 1 }, true)"
    tab.add_init_script(count)
    tab.evaluate(count)
    tab.click("nav >> text=Rules")
    tab.wait_for_function("window.did_handshake")
    tab.click(".q-field:has([aria-label=Name])")
    tab.get_by_role("option", name="Secondary detection count").click()
    tab.click("text=Save the rule")
    tab.wait_for_selector(".rule >> text=Secondary detection count > 1")
    clicks = int(tab.evaluate("sessionStorage.clicks"))
    assert clicks == 4
    for stage in stages.values():
        stage.refuses = ""
    eventually(lambda: post[1].mails, 2 * WAIT)
    assert "tlSecondaryDetectionCount is 3 (> 1)" in post[1].mails[0].get_payload()

    tab.get_by_label("Then").click()
    tab.get_by_role("option", name="command").click()
    tab.get_by_label("Which").fill("snapshto")
    tab.click(".q-field:has([aria-label=Of])")
    tab.get_by_role("option", name="group The whole fleet").click()
    tab.click("text=Save the rule")
    tab.wait_for_selector(".q-notification:has-text('needs the name')")
    tab.click(".q-field:has([aria-label=Name])")
    tab.get_by_role("option", name="Inference rate").click()
    tab.click("text=Save the rule")
    tab.wait_for_selector(".q-notification:has-text(\"did you mean 'snapshot'\")")
    tab.get_by_label("Which").fill("snapshot")
    tab.click("text=Save the rule")
    tab.wait_for_selector(".rule >> text=of group fleet")
    tab.click(".rule:has-text('of group fleet') >> text=Mute for an hour")
    tab.wait_for_selector(".rule:has-text('muted')")


def test_ways_in_a_group_a_key_of_its_own_and_a_yes(
    hub: Running,
    tab: Any,
    stages: dict[str, FakeStage],
    tmp_path: Path,
) -> None:
    visit(tab, f"{hub.url}/settings")
    tab.get_by_label("Name of a new group").fill("line-3")
    tab.click("text=Make it")
    tab.click(".rule.group:has-text('line-3') >> text=Somebody says yes to each")
    facts = eventually(
        lambda: next((g for g in hub.ask("GET", "/api/groups")["groups"] if g["id"] == "line-3" and g["by_hand"]), None)
    )
    invitation = Invitation(hub.url, hub.ask("GET", "/api/groups")["scope"], "newcomer", facts["key"])  # type: ignore[index]
    identity = Identity(tmp_path / "newcomer")
    thread = threading.Thread(target=lambda: enrol(invitation, identity, patience=WAIT))
    thread.start()
    visit(tab, hub.url)
    tab.click(".newcomer:has-text('newcomer') >> text=Let it in")
    tab.wait_for_selector(".card:has-text('newcomer')")
    thread.join(2 * WAIT)
    assert identity.enrolled

    visit(tab, f"{hub.url}/devices/newcomer")
    tab.get_by_label("Title").fill("By the window")
    tab.click("text=Keep these")
    visit(tab, hub.url)
    tab.wait_for_selector(".card:has-text('By the window')")
    tab.click("text=Add a device")
    tab.wait_for_selector(".qr svg")
    assert "--id NAME" in tab.wait_for_selector(".command:has-text('--id NAME')").inner_text()
    tab.get_by_label("Its name").fill("by-the-door")
    tab.wait_for_selector(".command:has-text('--id by-the-door')")
    tab.click("text=It has a key of its own")
    tab.click("text=Make its key, shown this once")
    line = tab.wait_for_selector(".command:has-text('--individual'):has-text('--key')").inner_text()
    key = re.search(r"--key (\S+)", line)
    assert key is not None and "--id by-the-door" in line
    own = Identity(tmp_path / "own")
    enrol(Invitation(hub.url, invitation.scope, "by-the-door", key[1], individual=True), own)
    assert own.enrolled


def test_a_film_is_begun_and_ended_in_the_page(
    hub: Running,
    tab: Any,
    stages: dict[str, FakeStage],
) -> None:
    visit(tab, f"{hub.url}/devices/cam-2")
    tab.click("text=Record")
    tab.wait_for_selector("text=line-1.mp4")
    tab.click("text=End the film")
    tab.wait_for_selector("text=2.0")
    assert stages["cam-2"].films == 1
