import httpx
import pytest

from footlights.core.errors import SettingsError, SinkError
from footlights.media.page.live_video import MOST_OFFER
from footlights.media.page.server import Page

OFFER = {"content-type": "application/sdp"}


class Calls:
    """Answers one offer and keeps what it heard."""

    def __init__(self) -> None:
        self.ended: list[str] = []

    def answer(self, name: str, offer: str) -> tuple[str, str]:
        if name == "full":
            raise SinkError("16 look already; come again later")
        if offer != "v=0":
            raise SettingsError("this is no offer")
        return f"call-{len(name)}", "v=0 answer"

    def hang_up(self, number: str) -> None:
        self.ended.append(number)


def address(page: Page, path: str) -> str:
    return f"http://127.0.0.1:{page.port}/{path}"


def test_a_browser_calls_and_hangs_up(page: Page) -> None:
    calls = page.live.webrtc = Calls()
    answer = httpx.post(address(page, "whep/hall%202/north"), content="v=0", headers=OFFER)
    assert (answer.status_code, answer.text) == (201, "v=0 answer")
    assert answer.headers["content-type"].startswith("application/sdp")
    assert httpx.delete(address(page, answer.headers["location"].lstrip("/"))).status_code == 204
    assert calls.ended == ["call-12"]


@pytest.mark.parametrize(
    ("name", "content", "headers", "status"),
    [
        ("full", "v=0", OFFER, 503),
        ("wall", "nonsense", OFFER, 400),
        ("wall", "v=0", {"content-type": "text/plain"}, 415),
        ("wall", "v" * (MOST_OFFER + 1), OFFER, 413),
        ("wall", "v=0", {**OFFER, "origin": "http://elsewhere.example"}, 403),
    ],
)
def test_what_is_no_call_is_refused(page: Page, name: str, content: str, headers: dict[str, str], status: int) -> None:
    page.live.webrtc = Calls()
    assert httpx.post(address(page, f"whep/{name}"), content=content, headers=headers).status_code == status


def test_without_live_video_there_is_nothing_to_call(page: Page) -> None:
    assert httpx.post(address(page, "whep/wall"), content="v=0", headers=OFFER).status_code == 404
    assert httpx.delete(address(page, "calls/x")).status_code == 204
