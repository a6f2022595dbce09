import pytest

from footlights.core.errors import SettingsError
from footlights.hub.archive import Archive, Arrived
from footlights.hub.authority import Authority
from footlights.hub.database import Database
from footlights.hub.registry import Registry
from footlights.hub.twins import Twins
from footlights.wire.fleet import Desired, Message


@pytest.fixture
def twins(database: Database, authority: Authority) -> Twins:
    Registry(database, authority).add("jetson-07")
    return Twins(database)


INSPECT = {"app": "inspect", "sources": [{"url": "rehearsal:line", "name": "line-1"}], "settings": {"interval": 4}}


def test_a_patch_changes_what_it_names(twins: Twins) -> None:
    assert twins.patch("jetson-07", INSPECT, "admin") == Desired(1, INSPECT)
    changed = twins.patch("jetson-07", {"settings": {"interval": 2}}, "admin", "see more")
    assert changed == Desired(2, INSPECT | {"settings": {"interval": 2}})
    assert twins.twin("jetson-07").desired == changed


def test_null_takes_away(twins: Twins) -> None:
    twins.patch("jetson-07", INSPECT, "admin")
    assert "settings" not in twins.patch("jetson-07", {"settings": None}, "admin").document


def test_what_changes_nothing_is_no_version(twins: Twins) -> None:
    twins.patch("jetson-07", INSPECT, "admin")
    assert twins.patch("jetson-07", {"app": "inspect"}, "admin").version == 1
    assert len(twins.history("jetson-07")) == 1


@pytest.mark.parametrize(
    ("patch", "said"),
    [
        ({"ap": "inspect"}, "did you mean 'app'"),
        ({"app": "inspekt"}, "did you mean 'inspect'"),
        ({"app": "./mine.py"}, "there is no app"),
        ({"app": "inspect", "settings": {"intervall": 3}}, "did you mean 'interval'"),
        ({"app": "inspect", "settings": {"interval": -3}}, "interval"),
        ({"sources": "camera"}, "sources"),
    ],
)
def test_what_is_not_valid_is_refused_and_changes_nothing(twins: Twins, patch: dict, said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        twins.patch("jetson-07", patch, "admin")
    assert twins.twin("jetson-07").desired == Desired(0, {}) and twins.history("jetson-07") == []


def test_history_and_the_way_back(twins: Twins) -> None:
    twins.patch("jetson-07", INSPECT, "ada", "first")
    twins.replace("jetson-07", {"app": "gestures"}, "grace", "second")
    assert [(e.version, e.by, e.why) for e in twins.history("jetson-07")] == [
        (2, "grace", "second"),
        (1, "ada", "first"),
    ]
    back = twins.roll_back("jetson-07", 1, "ada")
    assert back == Desired(3, INSPECT) and twins.history("jetson-07")[0].why == "back to version 1"
    with pytest.raises(SettingsError, match="no version 9"):
        twins.roll_back("jetson-07", 9, "ada")


def test_a_device_that_is_not_there(twins: Twins) -> None:
    for act in (lambda: twins.twin("x"), lambda: twins.patch("x", INSPECT, "admin")):
        with pytest.raises(SettingsError, match="no device 'x'"):
            act()


def test_all_that_is_desired(twins: Twins) -> None:
    twins.patch("jetson-07", INSPECT, "admin")
    assert twins.all_desired() == {"jetson-07": Desired(1, INSPECT)}


def test_what_a_device_says_before_anything_is_wanted_of_it_is_kept(twins: Twins) -> None:
    said = {"reported": {"manufacturer": "footlights"}}
    message = Message("0123456789abcdef", 1, 0, 1.0, "reported", said)
    Archive(twins._database).take([Arrived("jetson-07", message, 1.0)])
    twin = twins.twin("jetson-07")
    assert twin.reported == {"manufacturer": "footlights"} and twin.desired == Desired(0, {})
    assert twins.all_desired() == {}
    assert twins.patch("jetson-07", INSPECT, "admin") == Desired(1, INSPECT)
    assert twins.twin("jetson-07").reported == {"manufacturer": "footlights"} and len(twins.history("jetson-07")) == 1


@pytest.mark.parametrize(
    "said", [7, None, {}, {"code": "200", "version": 1, "text": ""}, {"code": 200, "version": True}]
)
def test_what_is_no_acknowledgement_is_not_kept(twins: Twins, said: object) -> None:
    good = {"value": "inspect", "code": 200, "version": 1, "text": ""}
    body = {"acknowledged": {"app": good, "sources": said}}
    message = Message("0123456789abcdef", 1, 0, 1.0, "reported", body)
    Archive(twins._database).take([Arrived("jetson-07", message, 1.0)])
    assert twins.twin("jetson-07").acknowledged == {"app": good}
