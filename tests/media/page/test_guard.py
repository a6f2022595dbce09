"""Who is let in, asked of a real server."""

from collections.abc import Iterator

import httpx
import pytest
from websockets.exceptions import InvalidStatus

from footlights.media.page.browser import BrowserCameras
from footlights.media.page.server import Page
from tests.media.page.stand_ins import Sources, plain, socket

JSON = {"content-type": "application/json"}


@pytest.fixture
def guarded(control: Sources) -> Iterator[Page]:
    """A page that asks for its token, as one that listens to the network does."""
    page = Page("0.0.0.0", 0, control=control, cameras=BrowserCameras(), new_paint=lambda: plain)
    yield page
    page.close()


def local(page: Page) -> httpx.Client:
    return httpx.Client(base_url=f"http://127.0.0.1:{page.port}", timeout=20)


def token(page: Page) -> str:
    return page.url.partition("?token=")[2]


@pytest.mark.parametrize("host", ["127.0.0.1:{port}", "localhost:{port}", "LOCALHOST", "[::1]:8000"])
def test_loopback_needs_no_token_under_its_own_names(page: Page, client: httpx.Client, host: str) -> None:
    assert client.get("/", headers={"host": host.format(port=page.port)}).status_code == 200


@pytest.mark.parametrize("path", ["/", "/api/sources", "/static/page.js", "/healthz"])
def test_a_foreign_name_that_points_here_gets_nothing(client: httpx.Client, path: str) -> None:
    for host in ("evil.org", "127.0.0.1.evil.org", "localhost.evil.org:8000", "", "[", "10.0.0.5"):
        answer = client.get(path, headers={"host": host})
        assert answer.status_code == 403
        assert "sources" not in answer.text


@pytest.mark.parametrize("origin", ["https://evil.org", "http://localhost:1", "null", "http://127.0.0.1"])
def test_another_site_changes_nothing(client: httpx.Client, control: Sources, origin: str) -> None:
    control.add("0")
    headers = {**JSON, "origin": origin}
    assert client.post("/api/sources", json={"url": "1"}, headers=headers).status_code == 403
    assert client.delete("/api/sources/0", headers=headers).status_code == 403
    assert control.urls == {"0": "0"}


def test_a_form_of_another_site_changes_nothing_even_without_an_origin(client: httpx.Client, control: Sources) -> None:
    assert client.post("/api/sources", data={"url": "1"}).status_code == 400
    assert (
        client.post("/api/sources", content='{"url": "1"}', headers={"content-type": "text/plain"}).status_code == 400
    )
    assert control.urls == {}


@pytest.mark.parametrize("path", ["/events", "/streams/cam", "/camera/phone"])
def test_another_site_opens_no_socket(page: Page, path: str) -> None:
    with pytest.raises(InvalidStatus) as refused:
        socket(page, path, origin="https://evil.org")
    assert refused.value.response.status_code == 403
    with socket(page, path, origin=f"http://127.0.0.1:{page.port}"):
        pass


def test_another_site_embeds_no_picture(client: httpx.Client) -> None:
    cross = {"sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors"}
    assert client.get("/streams/cam.mjpeg", headers=cross).status_code == 403
    assert client.get("/", headers={**cross, "sec-fetch-mode": "navigate"}).status_code == 200


def test_every_answer_carries_the_policy(client: httpx.Client) -> None:
    for path in ("/", "/camera", "/static/page.js", "/api/stats", "/nowhere"):
        headers = client.get(path).headers
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy and "script-src 'self'" in policy
        assert "http:" not in policy and "https:" not in policy and "unsafe" not in policy
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["cross-origin-resource-policy"] == "same-origin"


def test_listening_to_the_network_needs_the_token(guarded: Page) -> None:
    assert len(token(guarded)) >= 20
    with local(guarded) as client:
        for path in ("/", "/camera", "/api/stats", "/api/sources", "/streams/cam.mjpeg", "/?token=wrong", "/?token="):
            assert client.get(path).status_code == 403, path
        assert client.post("/api/sources", json={"url": "0"}).status_code == 403
        assert client.get("/healthz").json() == {"status": "ok"}
    for path in ("/events", "/camera/phone"):
        with pytest.raises(InvalidStatus):
            socket(guarded, path)


def test_the_token_moves_from_the_address_into_a_cookie(guarded: Page) -> None:
    with local(guarded) as client:
        answer = client.get(f"/?token={token(guarded)}&x=1")
        assert answer.status_code == 303 and answer.headers["location"] == "/?x=1"
        cookie = answer.headers["set-cookie"].lower()
        assert "httponly" in cookie and "samesite=lax" in cookie and "domain" not in cookie
        assert client.get("/").status_code == 200
        assert client.post("/api/sources", json={"url": "0"}).status_code == 201
        held = "; ".join(f"{name}={value}" for name, value in client.cookies.items())
    with socket(guarded, "/events", additional_headers={"cookie": held}):
        pass


def test_programs_give_the_token_in_the_address(guarded: Page) -> None:
    with local(guarded) as client:
        assert client.get(f"/api/stats?token={token(guarded)}").status_code == 200
    with socket(guarded, f"/events?token={token(guarded)}"):
        pass


def test_two_starts_have_two_tokens_unless_one_is_given(control: Sources) -> None:
    urls = []
    for given in (None, None, "a-token-of-mine"):
        page = Page("0.0.0.0", 0, control=control, token=given, new_paint=lambda: plain)
        urls.append(token(page))
        page.close()
    assert len(set(urls)) == 3 and urls[2] == "a-token-of-mine"
