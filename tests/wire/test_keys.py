import base64

import pytest

from footlights.core.errors import SettingsError
from footlights.wire.keys import (
    LONGEST,
    Signature,
    check_registration,
    derived_key,
    holds,
    new_key,
    read,
    resource,
    sign,
)  # fmt: skip

WHAT = resource("ft-12", "jetson-07")
BODY = b'{"request": "..."}'


def test_the_example_of_the_device_provisioning_service() -> None:
    group = "8isrFI1sGsIlvvFSSFRiMfCNzv21fjbE/+ah/lSh3lF8e2YG1Te7w1KpZhJFFXJrqYKi9yegxkqIChbqOS9Egw=="
    assert derived_key(group, "sn-007-888-abc-mac-a1-b2-c3-d4-e5-f6") == "Jsm0lyGpjaVYVP2g3FnmnmG9dI/9qU24wNoykUmermc="


def test_a_signature_holds_for_what_was_signed() -> None:
    key = new_key()
    signature = read(sign(key, WHAT, 1000, BODY))
    assert (signature.resource, signature.expires) == (WHAT, 1000)
    assert holds(signature, key, BODY, now=900)


@pytest.mark.parametrize(
    ("changed", "body", "now"),
    [
        ({"resource": resource("ft-12", "jetson-08")}, BODY, 900),
        ({"expires": 1100}, BODY, 900),
        ({"digest": "AAAA"}, BODY, 900),
        ({"digest": "ä"}, BODY, 900),
        ({}, BODY + b" ", 900),
        ({}, BODY, 1001),  # over
        ({}, BODY, 1000 - LONGEST - 61),  # valid for too long
    ],
)
def test_it_holds_for_nothing_else(changed: dict, body: bytes, now: float) -> None:
    key = new_key()
    signature = read(sign(key, WHAT, 1000, BODY))
    assert not holds(Signature(**{**vars(signature), **changed}), key, body, now)


def test_another_key_does_not_hold() -> None:
    assert not holds(read(sign(new_key(), WHAT, 1000, BODY)), new_key(), BODY, 900)


@pytest.mark.parametrize(
    "header", ["", "Bearer x", "SharedAccessSignature sr=a", "SharedAccessSignature sr=a&sig=b&se=x"]
)
def test_what_is_no_signature_is_refused(header: str) -> None:
    with pytest.raises(SettingsError, match="SharedAccessSignature"):
        read(header)


@pytest.mark.parametrize("key", ["no base64!", base64.b64encode(b"short").decode(), "ä"])
def test_bad_keys_are_refused_without_repeating_them(key: str) -> None:
    with pytest.raises(SettingsError) as error:
        derived_key(key, "jetson-07")
    assert key not in str(error.value)


@pytest.mark.parametrize("name", ["jetson-07", "a", "line_2", "0" * 64])
def test_device_ids(name: str) -> None:
    assert check_registration(name) == name


@pytest.mark.parametrize("name", ["", "A", "a/b", "#", "+", "a b", "-a", "a-", "..", "ü", "a" * 65, "a\n"])
def test_what_cannot_be_a_device_id(name: str) -> None:
    with pytest.raises(SettingsError, match="device id"):
        check_registration(name)
