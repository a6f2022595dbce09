"""The client against a real hub with a real device, over TLS."""

import csv
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from footlights.core.errors import SettingsError, SinkError
from footlights.core.event import Event
from footlights.hub.api.export import MOST, answer, running
from footlights.hub.client import HubClient, RefusedError
from footlights.hub.export import Wanted
from tests.hub.conftest import CUT_OFF, WAIT, eventually
from tests.hub.house import DEVICE, House

pytestmark = CUT_OFF


@pytest.fixture(scope="module")
def client(house: House, tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubClient]:
    token = tmp_path_factory.mktemp("token") / "hub.token"
    token.write_text(house.tokens["admin"] + "\n")
    pin = house.hub.authority.fingerprint
    with HubClient(f"https://localhost:{house.port}/", token, pin) as opened:
        yield opened


def test_who_is_there_and_what_it_measures(client: HubClient, house: House) -> None:
    (device,) = client.devices()
    assert (device.id, device.group, device.state, device.online) == (DEVICE, "hall", "active", True)
    newest = eventually(lambda: {(one.stream, one.name): one.value for one in client.newest(DEVICE)})
    assert isinstance(newest, dict)
    assert newest["line-1", "people"] == 2 and newest["", "stModuleState"] == "running"
    eventually(lambda: client.totals()["people"] == 2.0)
    assert client.totals("hall")["online"] == 1.0 and client.totals("hall")["away"] == 0.0
    house.hub.roll_ups.add()
    (minute, *_) = client.telemetry(DEVICE, "fps", "line-1")
    assert minute.mean == 29.5 == minute.last and minute.count >= 1
    assert client.telemetry(DEVICE, "fps", "line-1", seconds=3600)[0].highest == 29.5


def test_a_twin_there_and_back(client: HubClient) -> None:
    before = client.twin(DEVICE).version
    first = client.patch_twin(DEVICE, {"app": "gestures"}, "to see")
    assert first == before + 1 and client.patch_twin(DEVICE, {"app": "interact"}) == before + 2
    assert client.roll_back(DEVICE, first) == before + 3
    twin = eventually(lambda: (found := client.twin(DEVICE)).agrees and found)
    assert twin.desired == {"app": "gestures"} and twin.acknowledged["app"]["code"] == 200  # type: ignore[attr-defined]
    history = client.history(DEVICE)
    assert [edition.version for edition in history[:3]] == [before + 3, before + 2, before + 1]
    assert (history[2].why, history[2].by, dict(history[2].document)) == ("to see", "admin", {"app": "gestures"})
    with pytest.raises(RefusedError, match=r"answered 422: .*did you mean 'gestures'") as refused:
        client.patch_twin(DEVICE, {"app": "gesture"})
    assert refused.value.status == 422 and "\n" not in str(refused.value)


def test_a_command_and_its_answer(client: HubClient) -> None:
    said = client.command(DEVICE, "ping", wait=WAIT)
    assert said.done and said.code == 200 and "version" in said.answer
    later = client.command(DEVICE, "snapshot", {"stream": "line-9"}, wait=WAIT)
    assert not later.done and "there is no such stream" in later.answer
    with pytest.raises(RefusedError, match="there is no command"):
        client.command(DEVICE, "rm -rf")


def test_events_rules_and_what_they_did(client: HubClient, house: House) -> None:
    number = client.add_rule("crossed", {"on": "event", "name": "x_arms.seen", "value": 1, "operator": ">="})
    client.change_rule(number, title="arms crossed")
    assert [(rule.title, rule.enabled) for rule in client.rules()] == [("arms crossed", True)]
    time.sleep(1.1)  # workers read the rules again after a second
    for moment in range(3):
        house.agent.tell(Event("x_arms.seen", "line-1", float(moment), 4, {"confidence": 0.5}))
    crossed = eventually(lambda: (seen := [e for e in client.events(DEVICE) if e.kind == "x_arms.seen"])[2:] and seen)
    assert isinstance(crossed, list) and len(crossed) == 3
    assert {(event.stream, event.data["confidence"]) for event in crossed} == {("line-1", 0.5)}
    assert len(list(client.events(DEVICE, most=2))) == 2
    (firing, *_) = eventually(lambda: client.firings(open_only=True))  # type: ignore[misc, attr-defined]
    assert (firing.rule, firing.device) == (number, DEVICE)
    client.acknowledge(firing.id)
    assert client.firings(open_only=True) == [] and client.firings()[0].acknowledged is not None
    client.remove_rule(number)
    assert client.rules() == []


def test_an_export_as_a_file(client: HubClient, house: House, tmp_path: Path) -> None:
    target = tmp_path / "people.csv"
    house.hub.roll_ups.add()
    client.export(target, "minutes", since="2020-01-01", devices=[DEVICE], names=["people"])
    with target.open(newline="") as file:
        lines = list(csv.DictReader(file))
    assert lines and {(line["device"], line["name"], line["mean"]) for line in lines} == {(DEVICE, "people", "2.0")}
    before = target.read_bytes()
    with pytest.raises(RefusedError, match="there is no device 'x'"):
        client.export(target, devices=["x"])
    with pytest.raises(RefusedError, match="there is no group"):
        client.export(target, group="x")
    with pytest.raises(SinkError, match="cannot be written"):
        client.export(tmp_path / "nowhere" / "people.csv")
    assert target.read_bytes() == before
    pytest.importorskip("pyarrow")
    client.export(tmp_path / "all.parquet", "events")
    assert (tmp_path / "all.parquet").read_bytes()[:4] == b"PAR1"


def test_many_exports_wait_for_each_other(house: House, client: HubClient, tmp_path: Path) -> None:
    for _ in range(MOST):
        assert running.acquire(timeout=30)  # the last one of another test may end just now
    try:
        with pytest.raises(RefusedError, match="answered 429: 3 exports"):
            client.export(Path("x.csv"))
    finally:
        for _ in range(MOST):
            running.release()
    assert not Path("x.csv").exists()
    for _ in range(3 * MOST):  # nobody reads these
        answer(house.hub, "csv", Wanted())
    client.export(tmp_path / "x.csv")


def test_what_goes_wrong_is_one_line(house: House, tmp_path: Path) -> None:
    where, pin = f"https://localhost:{house.port}", house.hub.authority.fingerprint
    with pytest.raises(SinkError, match="not the hub that the pin names"):
        HubClient(where, "fl_x", "00" * 32)
    with pytest.raises(SettingsError, match="cannot be read"):
        HubClient(where, tmp_path / "missing", pin)
    with HubClient(where, house.tokens["viewer"], pin) as viewer:
        with pytest.raises(RefusedError, match="answered 403: this needs the role operator"):
            viewer.command(DEVICE, "ping")
        with pytest.raises(RefusedError, match="answered 404"):
            viewer.twin("../../etc/passwd")
        with pytest.raises(RefusedError, match="answered 422: there is no device 'x'"):
            viewer.twin("x")
    with HubClient("http://localhost:9", "fl_x") as nobody, pytest.raises(SinkError, match="does not answer"):
        nobody.devices()
    with pytest.raises(SinkError, match="does not answer"):  # its authority is unknown without the pin
        HubClient(where, house.tokens["viewer"]).devices()


def test_health_says_little_to_everybody_and_much_to_who_has_a_token(house: House) -> None:
    context = ssl.create_default_context(cafile=str(house.hub.authority.path))
    with httpx.Client(base_url=f"https://localhost:{house.port}", verify=context, trust_env=False) as http:
        assert http.get("/healthz").json() == {"status": "ok"}
        assert http.get("/readyz").json() == {"ready": True, "database": True, "broker": True}
        assert http.get("/metrics").status_code == 401
        text = http.get("/metrics", headers={"authorization": f"Bearer {house.tokens['viewer']}"}).text
        figures = dict(line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#"))
        assert figures['footlights_hub_devices{state="active"}'] == "1" == figures["footlights_hub_devices_online"]
        assert float(figures["footlights_hub_database_bytes"]) > 50_000
        assert float(figures['footlights_hub_messages_heard_total{kind="telemetry"}']) >= 2
        assert (
            float(figures["footlights_hub_messages_total"]) >= 2 and figures["footlights_hub_outbox_forgotten"] == "0"
        )
        assert 0 <= float(figures["footlights_hub_lag_seconds"]) < 60 and figures["footlights_hub_people"] == "2"
        names = [line.split()[2] for line in text.splitlines() if line.startswith("# TYPE")]
        assert len(set(names)) == len(names) >= 18


def test_several_threads_ask_at_once(client: HubClient) -> None:
    found: list[int] = []
    threads = [threading.Thread(target=lambda: found.append(len(client.devices()))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [1] * 4


def test_it_needs_no_extra() -> None:
    extras = "{'sqlalchemy', 'fastapi', 'nicegui', 'cryptography'}"
    code = f"import sys, footlights.hub.client; print(*{extras} & set(sys.modules))"
    said = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout
    assert said.strip() == ""
