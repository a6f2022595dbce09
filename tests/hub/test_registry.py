import json
import time

import pytest

from footlights.core.errors import SettingsError
from footlights.hub.authority import Authority
from footlights.hub.database import Database
from footlights.hub.registry import RefusedError, Registry
from footlights.wire import keys
from tests.hub.test_authority import name_in, request


@pytest.fixture
def registry(database: Database, authority: Authority) -> Registry:
    return Registry(database, authority)


def signed(registry: Registry, device: str, key: str, **changed: object) -> tuple[str, str, bytes, bytes]:
    """The arguments of an enrolment."""
    wanted = request(device)
    body = json.dumps({"request": wanted.decode()}).encode()
    what = str(changed.get("what", keys.resource(registry.scope, device)))
    expires = int(changed.get("expires", time.time() + 300))  # type: ignore[call-overload]
    return device, keys.sign(key, what, expires, body), body, wanted


def test_a_device_of_a_group_enrols_with_the_key_derived_for_it(registry: Registry) -> None:
    group = registry.make_group("line", "The line")
    granted = registry.enrol(*signed(registry, "jetson-07", keys.derived_key(group.key, "jetson-07")))
    assert granted is not None and name_in(granted.pem) == "jetson-07"
    (device,) = registry.devices()
    assert (device.id, device.group, device.state) == ("jetson-07", "line", "active")


def test_nothing_else_lets_a_device_in(registry: Registry) -> None:
    group = registry.make_group("line")
    right = keys.derived_key(group.key, "jetson-07")
    other = keys.derived_key(group.key, "jetson-08")
    for arguments in (
        signed(registry, "jetson-07", keys.new_key()),
        signed(registry, "jetson-07", other),
        signed(registry, "jetson-07", group.key),  # the group's key itself is no device's
        signed(registry, "jetson-07", right, expires=time.time() - 5),
        signed(registry, "jetson-07", right, expires=time.time() + 86400),
        signed(registry, "jetson-07", right, what=keys.resource("ft-other", "jetson-07")),
        signed(registry, "jetson-07", right, what=keys.resource(registry.scope, "jetson-08")),
        ("jetson-07", "", b"", b""),
        ("hub.server", signed(registry, "jetson-07", right)[1], b"", b""),
        ("../x", signed(registry, "jetson-07", right)[1], b"", b""),
    ):
        with pytest.raises(RefusedError):
            registry.enrol(*arguments)
    assert registry.devices() == []


def test_a_request_that_was_taken_is_not_taken_again(registry: Registry) -> None:
    group = registry.make_group("line")
    arguments = signed(registry, "jetson-07", keys.derived_key(group.key, "jetson-07"))
    assert registry.enrol(*arguments) is not None
    with pytest.raises(RefusedError):
        registry.enrol(*arguments)


def test_a_device_with_a_key_of_its_own(registry: Registry) -> None:
    key = registry.add("jetson-07", "By the door")
    group = registry.make_group("line")
    with pytest.raises(RefusedError):
        registry.enrol(*signed(registry, "jetson-07", keys.derived_key(group.key, "jetson-07")))
    assert registry.enrol(*signed(registry, "jetson-07", key)) is not None


def test_somebody_must_say_yes_where_the_group_wants_it(registry: Registry) -> None:
    group = registry.make_group("line", by_hand=True)
    key = keys.derived_key(group.key, "jetson-07")
    assert registry.enrol(*signed(registry, "jetson-07", key)) is None
    assert registry.enrol(*signed(registry, "jetson-07", key)) is None
    registry.approve("jetson-07")
    assert registry.enrol(*signed(registry, "jetson-07", key)) is not None


def test_a_closed_group_takes_nobody_new(registry: Registry) -> None:
    group = registry.make_group("line")
    inside, outside = (keys.derived_key(group.key, name) for name in ("inside", "outside"))
    registry.enrol(*signed(registry, "inside", inside))
    registry.close_group("line", opened=False)
    assert registry.enrol(*signed(registry, "inside", inside)) is not None
    with pytest.raises(RefusedError):
        registry.enrol(*signed(registry, "outside", outside))


def test_a_blocked_device_is_out_with_all_its_certificates(registry: Registry) -> None:
    group = registry.make_group("line")
    key = keys.derived_key(group.key, "jetson-07")
    granted = registry.enrol(*signed(registry, "jetson-07", key))
    assert granted is not None and registry.revoked() == []
    registry.block("jetson-07")
    assert registry.revoked() == [granted.serial]
    with pytest.raises(RefusedError):
        registry.enrol(*signed(registry, "jetson-07", key))
    with pytest.raises(RefusedError):
        registry.renew("jetson-07", request())


def test_enrolling_again_ends_the_old_certificate_and_renewing_does_not(registry: Registry) -> None:
    group = registry.make_group("line")
    key = keys.derived_key(group.key, "jetson-07")
    first = registry.enrol(*signed(registry, "jetson-07", key))
    registry.renew("jetson-07", request())
    assert first is not None and registry.revoked() == []
    again = registry.enrol(*signed(registry, "jetson-07", key))
    assert again is not None and first.serial in registry.revoked() and again.serial not in registry.revoked()


@pytest.mark.parametrize("name", ["x'; drop table devices; --", "A", "", "a/b"])
def test_names_are_names(registry: Registry, name: str) -> None:
    with pytest.raises(SettingsError):
        registry.make_group(name)
    with pytest.raises(SettingsError):
        registry.add(name)
    with pytest.raises(SettingsError):
        registry.approve(name)


def test_two_of_one_name(registry: Registry) -> None:
    registry.make_group("line")
    registry.add("jetson-07")
    with pytest.raises(SettingsError, match="already"):
        registry.make_group("line")
    with pytest.raises(SettingsError, match="already"):
        registry.add("jetson-07")


def test_the_scope_stays(database: Database, authority: Authority) -> None:
    assert Registry(database, authority).scope == Registry(database, authority).scope


def test_a_group_is_changed_and_its_old_key_ends(registry: Registry) -> None:
    old = registry.make_group("line").key
    registry.enrol(*signed(registry, "inside", keys.derived_key(old, "inside")))
    registry.change_group("line", title="The long line", by_hand=True, new_key=True)
    (group,) = registry.groups()
    assert (group.title, group.by_hand, group.open) == ("The long line", True, True) and group.key != old
    for name in ("inside", "outside"):
        with pytest.raises(RefusedError):
            registry.enrol(*signed(registry, name, keys.derived_key(old, name)))
    assert registry.enrol(*signed(registry, "outside", keys.derived_key(group.key, "outside"))) is None  # waits
    with pytest.raises(SettingsError, match="no 'other'"):
        registry.change_group("other", title="x")


def test_a_device_goes_from_group_to_group(registry: Registry) -> None:
    own = registry.add("own")
    first, second = registry.make_group("first"), registry.make_group("second")
    registry.enrol(*signed(registry, "a", keys.derived_key(first.key, "a")))
    registry.change_device("a", title="By the door", group="second")
    registry.change_device("own", group="first")
    devices = {device.id: device for device in registry.devices()}
    assert (devices["a"].title, devices["a"].group, devices["own"].group) == ("By the door", "second", "first")
    assert registry.enrol(*signed(registry, "a", keys.derived_key(second.key, "a"))) is not None
    assert registry.enrol(*signed(registry, "own", own)) is not None
    registry.change_device("own", group="")
    for name, group, said in (("a", "", "another one"), ("a", "third", "no group 'third'"), ("x", "first", "no 'x'")):
        with pytest.raises(SettingsError, match=said):
            registry.change_device(name, group=group)
