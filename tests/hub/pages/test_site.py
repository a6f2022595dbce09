"""The hub as people use it: real processes, a real browser, a real mail server."""

import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path
from typing import IO, Any

import httpx
import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Message as MessageHandler

from tests.hub.conftest import WAIT, eventually
from tests.media.page.conftest import browser  # noqa: F401  (a fixture)
from tests.ports import free_port

PATIENCE = 60_000  # milliseconds


@dataclass
class Program:
    """`footlights ...` as a process, and what it says."""

    process: subprocess.Popen[str]
    said: list[str]
    listener: threading.Thread

    def wait_for(self, pattern: str) -> re.Match[str]:
        found = eventually(lambda: re.search(pattern, "".join(self.said)), 2 * WAIT)
        assert isinstance(found, re.Match)
        return found

    def end(self) -> int:
        self.process.send_signal(signal.SIGINT)
        return self.wait()

    def wait(self) -> int:
        code = self.process.wait(WAIT)
        self.listener.join(WAIT)
        return code


def start(*arguments: str) -> Program:
    process = subprocess.Popen(
        [sys.executable, "-m", "footlights", *arguments], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    assert process.stdout is not None
    said: list[str] = []
    listener = threading.Thread(target=_listen, args=(process.stdout, said), daemon=True)
    listener.start()
    return Program(process, said, listener)


def _listen(stream: IO[str], said: list[str]) -> None:
    with stream:
        for line in stream:
            said.append(line)


@dataclass
class Running:
    url: str
    token: str
    program: Program
    folder: Path

    def ask(self, method: str, path: str, **more: Any) -> Any:
        headers = {"authorization": f"Bearer {self.token}"}
        answer = httpx.request(method, self.url + path, headers=headers, trust_env=False, timeout=WAIT, **more)
        answer.raise_for_status()
        return answer.json() if answer.content else None


@pytest.fixture(scope="module")
def hub(mosquitto: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    folder, port = tmp_path_factory.mktemp("hub"), free_port()
    program = start("hub", "--data", str(folder / "hub"), "--port", str(port), "--broker-port", str(free_port()))
    token = program.wait_for(r"(fl_\S+)")[1]
    url = program.wait_for(r"the hub: (http://localhost:\d+)")[1]
    eventually(lambda: _answers(f"{url}/healthz"))
    yield Running(url, token, program, folder)
    assert program.end() == 0


def _answers(url: str) -> bool:
    try:
        return httpx.get(url, trust_env=False).is_success
    except httpx.HTTPError:
        return False


def visit(tab: Any, url: str) -> None:
    """Open a page, and wait until it talks with the hub: what is typed before that may arrive out of order."""
    tab.goto(url)
    tab.wait_for_function("window.did_handshake")


@pytest.fixture
def tab(browser: Any, hub: Running) -> Iterator[Any]:  # noqa: F811
    """A tab of somebody who has signed in; it fails where its console or a foreign address says so."""
    context = browser.new_context(viewport={"width": 1400, "height": 1200})
    opened = context.new_page()
    opened.set_default_timeout(PATIENCE)
    problems: list[str] = []
    opened.on("pageerror", lambda error: problems.append(str(error)))
    opened.on("console", lambda message: problems.append(message.text) if "Content Security" in message.text else None)
    opened.on(
        "request", lambda sent: None if sent.url.startswith((hub.url, "data:", "blob:")) else problems.append(sent.url)
    )
    opened.goto(hub.url)
    opened.fill("#token", hub.token)
    opened.click("text=Sign in")
    opened.wait_for_selector(".figures")
    yield opened
    context.close()
    assert problems == []


@pytest.fixture
def device(hub: Running) -> Iterator[Program]:
    """`camera-1`, enrolled by hand as the page says, and running."""
    facts = hub.ask("GET", "/api/groups")
    line = [
        "agent",
        "enrol",
        hub.url,
        "--scope",
        facts["scope"],
        "--id",
        "camera-1",
        "--key",
        facts["groups"][0]["key"],
    ]
    data = ["--data", str(hub.folder / "agent")]
    if not (hub.folder / "agent/hub.json").exists():
        assert start(*line, *data).wait() == 0
    running = start("agent", "run", *data)
    running.wait_for("this is camera-1")
    yield running
    assert running.end() == 0


class Postbox(MessageHandler):
    def __init__(self) -> None:
        super().__init__()
        self.mails: list[EmailMessage] = []

    def handle_message(self, message: EmailMessage) -> None:
        self.mails.append(message)


@pytest.fixture
def post() -> Iterator[tuple[str, Postbox]]:
    port, box = free_port(), Postbox()
    controller = Controller(box, hostname="127.0.0.1", port=port)
    controller.start()
    yield f"smtp://127.0.0.1:{port}/operator@example.com?from=hub@example.com", box
    controller.stop()


def test_nobody_sees_a_page_without_a_token(hub: Running) -> None:
    with httpx.Client(base_url=hub.url, trust_env=False, timeout=WAIT) as http:
        for path in ("/", "/rules", "/people", "/devices/camera-1", "/devices/camera-1/picture.jpg"):
            answer = http.get(path)
            assert answer.status_code == 303 and answer.headers["location"] == "/sign-in", path
        assert http.get("/_nicegui_ws/socket.io/?EIO=4&transport=polling").status_code == 403
        assert http.post("/sign-in", data={"token": "fl_guess"}).status_code == 403
        assert http.post("/sign-in", content=b"x" * 10_000).status_code == 413
        own = {"cookie": f"footlights-hub={hub.token}"}
        assert http.get("/", headers=own).status_code == 200
        assert http.get("/", headers={**own, "sec-fetch-site": "cross-site"}).status_code == 403
        assert http.post("/sign-out", headers={**own, "origin": "https://evil.example"}).status_code == 403
        cookie = http.post("/sign-in", data={"token": hub.token}).headers["set-cookie"].lower()
        assert "httponly" in cookie and "samesite=strict" in cookie


def test_a_device_a_change_a_picture_a_rule_and_its_mail(
    hub: Running, tab: Any, device: Program, post: tuple[str, Postbox]
) -> None:
    visit(tab, hub.url)
    tab.click("text=camera-1")
    tab.wait_for_selector(".state[data-look=online]")

    # What it is to be: an app and a source, by the form; what would change is shown before it is sent.
    tab.get_by_label("App").click()
    tab.get_by_role("option", name="gestures").click()
    tab.wait_for_selector("text=Settings of the app")
    tab.get_by_label("Sources").fill("stage = rehearsal:wave?seed=3")
    tab.wait_for_selector("text=What would change")
    tab.click("text=Apply")
    tab.wait_for_selector("text=the device has it")
    first = _picture(hub, tab)

    # Another source: another picture.
    tab.get_by_label("Sources").fill("stage = rehearsal:squat?seed=8")
    tab.wait_for_selector(".difference")
    tab.click("text=Apply")
    eventually(lambda: hub.ask("GET", "/api/devices/camera-1/twin")["reported"].get("desiredVersion") == 2)
    eventually(lambda: _picture(hub, tab) != first)

    # A rule on what it measures, and the mail.
    eventually(lambda: hub.ask("GET", "/api/devices/camera-1/telemetry?name=frames&stream=stage"))
    visit(tab, f"{hub.url}/rules")
    tab.click(".q-field:has([aria-label=Name])")
    tab.keyboard.type("frames")
    tab.keyboard.press("Enter")
    tab.get_by_label("Where to").fill(post[0])
    tab.click("text=Save the rule")
    tab.wait_for_selector(".rule >> text=frames > 1")
    eventually(lambda: post[1].mails, 2 * WAIT)
    assert "frames > 1" in post[1].mails[0].get_payload()
    tab.wait_for_selector(".firing >> text=done")
    tab.click("text=Seen")
    tab.wait_for_selector('.firing[data-open="False"]')
    assert hub.ask("GET", "/api/firings?open_only=true") == []


def _picture(hub: Running, tab: Any) -> bytes:
    """The picture that the page shows after somebody asked for one; the device may have none for a moment."""

    def taken() -> bool:
        tab.click("text=Take a picture")
        return "done in" in tab.wait_for_selector("text=/snapshot: /").inner_text()

    eventually(taken, 2 * WAIT)
    tab.wait_for_selector("img.q-img__image")
    headers = {"cookie": f"footlights-hub={hub.token}"}
    answer = httpx.get(f"{hub.url}/devices/camera-1/picture.jpg", headers=headers, trust_env=False)
    assert answer.content.startswith(b"\xff\xd8")
    return answer.content


def test_a_refused_change_says_why_and_changes_nothing(hub: Running, tab: Any, device: Program) -> None:
    version = hub.ask("GET", "/api/devices/camera-1/twin")["desired"]["version"]
    visit(tab, f"{hub.url}/devices/camera-1")
    tab.click("text=YAML")
    tab.locator(".cm-content").click()
    tab.keyboard.press("Control+A")
    # All at once: to keys that come faster than any hand's the editor loses its place.
    tab.keyboard.insert_text("app: gestures\nsettigns: {}\n")
    tab.wait_for_selector("text=did you mean 'settings'")
    tab.click("text=Apply")
    tab.wait_for_selector(".q-notification")
    assert hub.ask("GET", "/api/devices/camera-1/twin")["desired"]["version"] == version


def test_people_come_and_go(hub: Running, tab: Any) -> None:
    visit(tab, f"{hub.url}/people")
    tab.get_by_label("Name").fill("ada")
    tab.click("text=Add")
    token = re.search(r"fl_\S+", tab.wait_for_selector("text=Shown this once").inner_text())
    assert token is not None
    answer = httpx.get(f"{hub.url}/api/me", headers={"authorization": f"Bearer {token[0]}"}, trust_env=False)
    assert answer.json() == {"name": "ada", "role": "viewer"}
    tab.click(".rule:has-text('ada') >> text=Remove")
    eventually(lambda: len(hub.ask("GET", "/api/users")) == 1)
