"""Changes of many devices, on both databases, with devices and a clock of the test's own."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, update

from footlights.core.errors import SettingsError
from footlights.hub import schema
from footlights.hub.archive import Archive, Arrived
from footlights.hub.authority import Authority
from footlights.hub.database import Database
from footlights.hub.registry import Registry
from footlights.hub.rollout_steps import RolloutSteps
from footlights.hub.rollouts import AT_ONCE, Rollouts, Selection
from footlights.hub.twins import Twins
from footlights.wire.fleet import Desired, Message

START = 1_700_000_000.0
PLAN = {"stages": [10, 50, 100], "settle": 60, "patience": 300, "grace": 30}
PATCH = {"app": "gestures"}
NAMES = [f"cam-{number:02}" for number in range(20)]


@dataclass
class Fleet:
    """Twenty devices that do what a test says."""

    database: Database
    registry: Registry
    now: float = START
    told: list[tuple[str, Desired]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    sequences: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.registry.make_group("line")
        row = {"title": "", "group": "line", "key": None, "state": "active", "created": 0.0, "online": True}
        rows = [{"id": name, **row, "seen": None, "place": None} for name in NAMES]
        with self.database.write() as connection:
            connection.execute(insert(schema.devices), rows)
        self.twins, self.archive = Twins(self.database), Archive(self.database)
        self.rollouts = Rollouts(self.database, self.hear, lambda: self.now)
        self.steps = self.new_steps()

    def new_steps(self) -> RolloutSteps:
        return RolloutSteps(self.database, self.rollouts, self.hear, lambda *said: self.notes.append(said[1]),
                            lambda: self.now)  # fmt: skip

    def everybody(self, **values: Any) -> None:
        with self.database.write() as connection:
            connection.execute(update(schema.devices), values)

    def hear(self, device: str, desired: Desired) -> None:
        self.told.append((device, desired))

    def say(self, *said: tuple[str, Any, dict[str, Any]]) -> None:
        batch = []
        for device, kind, body in said:
            number = self.sequences[device] = self.sequences.get(device, 0) + 1
            message = Message("0123456789abcdef", number, number - 1, self.now, kind, body)
            batch.append(Arrived(device, message, self.now))
        self.archive.take(batch)

    def take(self, *, refuse: dict[str, str] | None = None, away: tuple[str, ...] = ()) -> list[str]:
        """Everybody who was told something takes it; who."""
        told, self.told = self.told, []
        bodies = []
        for device, desired in told:
            if device in away:
                continue
            code, text = (400, refuse[device]) if device in (refuse or {}) else (200, "")
            said = {"value": 1, "code": code, "version": desired.version, "text": text}
            body = {"acknowledged": {"app": said}, "reported": {"desiredVersion": desired.version}}
            bodies.append((device, "reported", body))
        self.say(*bodies)
        return [device for device, _ in told]

    def stream(self, state: str | None, *devices: str) -> None:
        for body in ({"stream": "one", "values": {"state": state}}, {"values": {"tlSystemHeartbeat": 1}}):
            if state is not None or "stream" not in body:
                self.say(*((device, "telemetry", body) for device in devices))

    def pass_time(self, seconds: float) -> None:
        self.now += seconds
        while self.steps.look():
            pass

    def start(self, plan: dict[str, Any] | None = None, patch: dict[str, Any] = PATCH, **more: Any) -> int:
        number = self.rollouts.start("try", Selection(group="line"), patch, "ada", plan or PLAN, **more)
        self.pass_time(0)
        return number

    def states(self, number: int) -> dict[str, int]:
        return dict(self.rollouts.one(number).counts)


@pytest.fixture
def fleet(tmp_path: Path, authority: Authority) -> Iterator[Fleet]:
    database = Database(tmp_path / "hub.sqlite")
    yield Fleet(database, Registry(database, authority))
    database.close()


@pytest.fixture
def either(database: Database, authority: Authority) -> Fleet:
    """On each kind of database."""
    return Fleet(database, Registry(database, authority))


def test_what_a_change_would_do_is_said_before_it_is_sent(fleet: Fleet) -> None:
    fleet.twins.patch("cam-01", {"app": "inspect", "settings": {"interval": 3}}, "ada")
    fleet.twins.patch("cam-02", {"app": "gestures", "settings": {"only": ["wave"]}}, "ada")
    chosen = Selection(("cam-01", "cam-02", "cam-03"))
    changes = {change.device: change for change in fleet.rollouts.preview(chosen, {"app": "gestures"})}
    assert changes["cam-03"].difference == {"app": "gestures"} and changes["cam-03"].refusal == ""
    assert changes["cam-02"].difference == {} and changes["cam-02"].version == 1
    assert "interval" in changes["cam-01"].refusal
    with pytest.raises(SettingsError, match=r"cam-01: .*interval"):
        fleet.rollouts.start("x", chosen, {"app": "gestures"}, "ada")
    assert fleet.rollouts.all() == []
    number = fleet.rollouts.start("x", chosen, {"app": "gestures"}, "ada", AT_ONCE, leave_out=True)
    assert [member.device for member in fleet.rollouts.members(number)] == ["cam-02", "cam-03"]


@pytest.mark.parametrize(
    ("selection", "plan", "said"),
    [
        (Selection(), {}, "nobody is chosen"),
        (Selection(group="other"), {}, "nobody is chosen"),
        (Selection(("cam-99",)), {}, "no active device cam-99"),
        (Selection(group="line"), {"stages": [50, 10, 100]}, "grow to 100"),
        (Selection(group="line"), {"stages": [10]}, "grow to 100"),
        (Selection(group="line"), {"stages": []}, "grow to 100"),
        (Selection(group="line"), {"setle": 3}, "did you mean 'settle'"),
        (Selection(group="line"), {"threshold": 101}, "threshold"),
    ],
)
def test_what_cannot_be_rolled_out(fleet: Fleet, selection: Selection, plan: dict[str, Any], said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        fleet.rollouts.start("x", selection, PATCH, "ada", plan)


def test_it_goes_from_stage_to_stage_while_all_is_well(either: Fleet) -> None:
    fleet = either
    number = fleet.start()
    first = fleet.take()
    assert len(first) == 2
    fleet.pass_time(1)
    assert fleet.states(number) == {"taken": 2, "waiting": 18}
    fleet.pass_time(58)
    assert fleet.take() == []
    fleet.pass_time(2)
    second = fleet.take()
    assert len(second) == 8 and fleet.rollouts.one(number).stage == 2
    fleet.pass_time(1)
    fleet.pass_time(60)
    third = fleet.take()
    assert sorted(first + second + third) == NAMES
    fleet.pass_time(1)
    fleet.pass_time(60)
    assert fleet.states(number) == {"good": 20} and fleet.rollouts.one(number).state == "done"
    assert fleet.notes == ["roll-out is done"]


def test_a_refusal_stops_it_and_says_who_and_why(fleet: Fleet) -> None:
    number = fleet.start()
    device = fleet.told[0][0]
    fleet.take(refuse={device: "no such camera"})
    fleet.pass_time(1)
    found = fleet.rollouts.one(number)
    assert found.state == "stopped" and f"{device}: it refuses: no such camera (400)" in found.why
    fleet.pass_time(10_000)
    assert fleet.told == [] and fleet.states(number)["waiting"] == 18


def _away(fleet: Fleet, device: str, *, online: bool) -> None:
    fleet.registry.set_online(device, online=online)


@pytest.mark.parametrize("end", ["away", "lost", "streams", "silence", "idle"])
def test_who_does_badly_afterwards_stops_it(fleet: Fleet, end: str) -> None:
    fleet.stream("running", *NAMES)
    number = fleet.start()
    device = fleet.told[0][0]
    fleet.take(away=(device,) if end in ("silence", "lost") else ())
    said = {
        "away": "it went away after", "lost": "it went away before",
        "streams": "streams fail: one", "silence": "did not take it", "idle": "no stream runs",
    }  # fmt: skip
    for _ in range(14):
        fleet.pass_time(25)
        if end in ("away", "lost"):
            _away(fleet, device, online=False)
        elif end in ("streams", "idle"):
            fleet.stream("failed" if end == "streams" else None, device)
    found = fleet.rollouts.one(number)
    assert found.state == "stopped" and said[end] in found.why and fleet.states(number)["waiting"] == 18


def test_a_moment_away_and_what_was_broken_before_stop_nothing(fleet: Fleet) -> None:
    fleet.stream("failed", *NAMES)
    number = fleet.start({"stages": [100], "settle": 60, "grace": 30})
    fleet.take()
    for online in (False, True, False, True):
        fleet.pass_time(20)
        _away(fleet, "cam-05", online=online)
        fleet.stream("failed", "cam-06")
    fleet.pass_time(60)
    assert fleet.rollouts.one(number).state == "done" and fleet.states(number) == {"good": 20}


def test_so_many_may_fail_as_was_said(fleet: Fleet) -> None:
    number = fleet.start({"stages": [50, 100], "settle": 0, "threshold": 20})
    devices = [device for device, _ in fleet.told]
    fleet.take(refuse=dict.fromkeys(devices[:2], "no"))
    fleet.pass_time(1)
    fleet.pass_time(1)
    assert fleet.rollouts.one(number).state == "running" and len(fleet.told) == 10
    fleet.take(refuse={device: "no" for device, _ in fleet.told[:3]})
    fleet.pass_time(1)
    found = fleet.rollouts.one(number)
    assert found.state == "stopped" and found.why.startswith("5 of 20 devices failed in stage 2")


def test_stopped_and_resumed_it_leaves_behind_who_failed(fleet: Fleet) -> None:
    number = fleet.start({**PLAN, "settle": 0})
    bad = fleet.told[0][0]
    fleet.take(refuse={bad: "no"})
    fleet.pass_time(1)
    fleet.rollouts.resume(number)
    for _ in range(3):
        fleet.pass_time(1)
        fleet.take()
        fleet.pass_time(1)
    assert fleet.rollouts.one(number).state == "done" and fleet.states(number) == {"good": 19, "left": 1}
    with pytest.raises(SettingsError, match="the roll-out is done"):
        fleet.rollouts.stop(number, "ada")
    with pytest.raises(SettingsError, match="no roll-out 99"):
        fleet.rollouts.resume(99)


def test_who_is_away_from_the_beginning_holds_nobody_up_and_gets_it_later(fleet: Fleet) -> None:
    _away(fleet, "cam-03", online=False)
    number = fleet.start({**PLAN, "settle": 0})
    for _ in range(3):
        fleet.take(away=("cam-03",))
        fleet.pass_time(1)
        fleet.pass_time(1)
    assert fleet.rollouts.one(number).state == "done" and fleet.states(number) == {"good": 19, "away": 1}
    assert fleet.twins.twin("cam-03").desired.document == PATCH  # the broker keeps it for it


def test_a_first_stage_without_anybody_there_proves_nothing(fleet: Fleet) -> None:
    fleet.everybody(online=False)
    number = fleet.start()
    fleet.pass_time(299)
    assert fleet.rollouts.one(number).stage == 1
    fleet.pass_time(2)
    found = fleet.rollouts.one(number)
    assert found.state == "stopped" and "none of the devices of stage 1 was there" in found.why
    fleet.everybody(online=True)
    fleet.rollouts.resume(number)
    fleet.pass_time(1)
    fleet.take()
    fleet.pass_time(1)
    assert fleet.states(number)["taken"] == 2


def test_the_way_back_is_for_all_but_those_that_somebody_changed(either: Fleet) -> None:
    fleet = either
    fleet.twins.patch("cam-07", {"app": "inspect"}, "ada")
    number = fleet.start({"stages": [100], "settle": 0})
    fleet.take()
    fleet.pass_time(1)
    fleet.twins.patch("cam-09", {"app": "interact"}, "grace")
    assert fleet.rollouts.roll_back(number, "ada") == ["cam-09"]
    documents = {device: desired.document for device, desired in fleet.twins.all_desired().items()}
    assert documents["cam-07"] == {"app": "inspect"} and documents["cam-09"] == {"app": "interact"}
    assert documents["cam-00"] == {} and len(fleet.told) == 19
    assert fleet.rollouts.one(number).state == "back" and fleet.states(number) == {"back": 19, "changed": 1}
    assert "taken back" in fleet.twins.history("cam-00")[0].why
    with pytest.raises(SettingsError, match="is back"):
        fleet.rollouts.roll_back(number, "ada")


def test_somebodys_own_change_in_the_midst_of_it_is_respected(fleet: Fleet) -> None:
    number = fleet.start()
    device = fleet.told[0][0]
    fleet.twins.patch(device, {"app": "interact"}, "grace")
    fleet.take()
    fleet.pass_time(1)
    assert fleet.states(number) == {"changed": 1, "taken": 1, "waiting": 18}


def test_one_device_is_part_of_one_roll_out(fleet: Fleet) -> None:
    first = fleet.start()
    with pytest.raises(SettingsError, match="part of the roll-out 'try'"):
        fleet.start()
    fleet.rollouts.stop(first, "ada")
    second = fleet.start()
    with pytest.raises(SettingsError, match="part of the roll-out 'try'"):
        fleet.rollouts.resume(first)
    assert fleet.rollouts.one(first).state == "stopped" and fleet.rollouts.one(second).state == "running"


def test_a_hub_that_starts_again_goes_on_and_holds_its_own_absence_against_nobody(fleet: Fleet) -> None:
    number = fleet.start()
    device = fleet.told[0][0]
    fleet.take()
    fleet.pass_time(1)
    _away(fleet, device, online=False)
    fleet.pass_time(1)
    fleet.now += 100_000  # the hub is down
    fleet.steps = fleet.new_steps()
    fleet.steps.begin_anew()
    fleet.pass_time(0)
    assert fleet.rollouts.one(number).state == "running"
    _away(fleet, device, online=True)
    fleet.pass_time(1)
    fleet.pass_time(0)
    assert len(fleet.take()) == 8 and fleet.rollouts.one(number).stage == 2


def test_a_way_back_that_was_cut_off_is_finished(fleet: Fleet, monkeypatch: pytest.MonkeyPatch) -> None:
    number = fleet.start({"stages": [100], "settle": 0})
    fleet.take()
    fleet.pass_time(1)
    monkeypatch.setattr("footlights.hub.rollouts.PORTION", 5)
    with monkeypatch.context() as cut:
        cut.setattr(fleet.rollouts, "_announce", _raise(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            fleet.rollouts.roll_back(number, "ada")
    assert fleet.states(number) == {"taken": 15, "back": 5}
    fleet.pass_time(0)
    assert fleet.states(number) == {"back": 20} and len(fleet.told) == 15


def _raise(error: type[BaseException]) -> Callable[..., None]:
    def act(*arguments: object) -> None:
        raise error

    return act


@pytest.mark.parametrize(
    "nonsense",
    [
        {"reported": {"desiredVersion": "one"}}, {"reported": {"desiredVersion": None}},
        {"acknowledged": {"app": 7}, "reported": {"desiredVersion": 1}},
        {"acknowledged": {"app": {"version": 1, "code": "bad"}}, "reported": {"desiredVersion": 1}},
        {"acknowledged": {"app": {"version": 1, "code": 400, "text": ["x"]}}, "reported": {"desiredVersion": True}},
    ],
)  # fmt: skip
def test_a_device_that_talks_nonsense_ends_no_roll_out_but_its_own(fleet: Fleet, nonsense: dict[str, Any]) -> None:
    number = fleet.start({"stages": [100], "settle": 0, "patience": 60, "threshold": 100})
    device = fleet.told[0][0]
    fleet.take(away=(device,))
    fleet.say((device, "reported", nonsense))
    fleet.pass_time(1)
    fleet.pass_time(61)
    assert fleet.rollouts.one(number).state == "done" and fleet.states(number)["good"] >= 19
