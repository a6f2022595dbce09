import base64
import hashlib
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from footlights.media.rtsp.auth import LIFETIME, Gate, credentials


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def md5(text: str) -> str:
    return hashlib.md5(text.encode()).hexdigest()


def digest(gate: Gate, password: str = "secret", user: str = "eve", qop: bool = False, **changed: str) -> str:
    """An Authorization header as RFC 2617 wants it."""
    nonce = re.search(r'nonce="([^"]+)"', gate.challenge())[1]  # type: ignore[index]
    given = {"username": user, "realm": "footlights", "nonce": nonce, "uri": "rtsp://h/wall", **changed}
    first, second = md5(f"{user}:footlights:{password}"), md5("DESCRIBE:rtsp://h/wall")
    middle = f"{given['nonce']}:00000001:abc:auth" if qop else given["nonce"]
    given["response"] = md5(f"{first}:{middle}:{second}")
    extra = ', qop=auth, nc=00000001, cnonce="abc"' if qop else ""
    return "Digest " + ", ".join(f'{name}="{value}"' for name, value in given.items()) + extra


@pytest.mark.parametrize("qop", [False, True])
def test_the_right_password_passes_as_digest(qop: bool) -> None:
    gate = Gate("eve", "secret")
    assert gate.passes("DESCRIBE", digest(gate, qop=qop))
    assert not gate.passes("PLAY", digest(gate, qop=qop))
    assert not gate.passes("DESCRIBE", digest(gate, password="secreT", qop=qop))
    assert not gate.passes("DESCRIBE", digest(gate, user="adam", qop=qop))


def test_a_nonce_that_is_old_or_not_ours_does_not_pass() -> None:
    clock = Clock()
    gate = Gate("eve", "secret", clock)
    old = digest(gate)
    clock.now += LIFETIME - 1
    assert gate.passes("DESCRIBE", old)
    clock.now += 2
    assert not gate.passes("DESCRIBE", old)
    assert not gate.passes("DESCRIBE", digest(gate, nonce="f4240." + "0" * 32))


def test_basic() -> None:
    gate = Gate("eve", "pass:wörd")
    right = base64.b64encode("eve:pass:wörd".encode()).decode()
    assert gate.passes("DESCRIBE", f"Basic {right}")
    assert not gate.passes("DESCRIBE", f"Basic {right[:-4]}AAAA")
    assert not gate.passes("DESCRIBE", "Basic ")


@given(st.text(max_size=100).map(lambda text: text.encode("utf-8", "replace").decode("latin-1")))
def test_nothing_else_passes(text: str) -> None:
    gate = Gate("eve", "secret")
    for header in (text, f"Basic {text}", f"Digest {text}", f'Digest username="eve", nonce="{text}"'):
        assert not gate.passes("DESCRIBE", header)


def test_what_a_publisher_answers_passes() -> None:
    gate = Gate("eve", "pass:wörd")
    challenges = gate.challenge().split("\r\nWWW-Authenticate: ")
    assert [challenge.split()[0] for challenge in challenges] == ["Digest", "Basic"]
    for offered in (challenges, challenges[1:], [f'{challenges[0]}, qop="auth"']):
        header = credentials(offered, "RECORD", "rtsp://h/x", "eve", "pass:wörd")
        assert header.startswith(offered[0].split()[0])
        assert gate.passes("RECORD", header)
        assert not gate.passes("PLAY", header) or header.startswith("Basic")
