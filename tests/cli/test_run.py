"""The main job, from the command that a user types."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import av
import pytest

from tests.cli.command import PLAIN, footlights

SHOW = "rehearsal:idle+x_arms+idle+arms_up?seconds=13&fps=15&seed=3"


def run(*arguments: str | Path) -> list[dict[str, object]]:
    done = footlights("run", "interact", *arguments, "--no-page", "--json")
    assert done.code == 0, done.err
    return [json.loads(line) for line in done.out.splitlines()]


@pytest.fixture(autouse=True, scope="module")
def needed(models: Callable[..., None]) -> None:
    models("pose_detection", "pose_landmark_full")


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A video file of the rehearsal with nothing drawn on it, recorded by an app that sees nothing."""
    folder = tmp_path_factory.mktemp("video")
    app, path = folder / "plain.py", folder / "show.mp4"
    app.write_text(PLAIN)
    assert footlights("run", app, SHOW, "--no-page", "--record", path).code == 0
    return path


def test_an_x_is_a_trigger() -> None:
    events = run(SHOW)
    triggers = [event for event in events if event["kind"] == "trigger"]
    assert [event["by"] for event in triggers] == ["x_arms"]
    gestures = [event["gesture"] for event in events if event["kind"] == "gesture.begin"]
    assert gestures == ["x_arms", "arms_up"]


def test_the_same_file_gives_the_same_journal_to_the_byte(recording: Path, tmp_path: Path) -> None:
    first, second, slow = tmp_path / "1.jsonl", tmp_path / "2.jsonl", tmp_path / "3.jsonl"
    for journal, pace in ((first, "--as-fast-as-possible"), (second, "--as-fast-as-possible"), (slow, "--realtime")):
        done = footlights("run", "interact", recording, "--no-page", "--journal", journal, pace)
        assert done.code == 0, done.err
    assert first.read_bytes() == second.read_bytes() == slow.read_bytes()
    kinds = [json.loads(line)["type"].removeprefix("dev.footlights.") for line in first.read_text().splitlines()]
    assert kinds == ["gesture.begin", "trigger", "gesture.end", "gesture.begin", "gesture.end"]


def test_a_recording_shows_every_frame(recording: Path, tmp_path: Path) -> None:
    seen = tmp_path / "seen.mp4"
    run(recording, "--record", seen)
    with av.open(str(seen)) as container:
        frames = sum(1 for _ in container.decode(video=0))
        assert container.streams.video[0].codec_context.name == "h264"
    assert frames == 13 * 15


def test_several_sources_have_streams_and_recordings_of_their_own(recording: Path, tmp_path: Path) -> None:
    events = run(recording, recording, "--seconds", "9", "--record", tmp_path / "out.mp4")
    assert {event["stream"] for event in events} == {"show", "show-2"}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out.show-2.mp4", "out.show.mp4"]


def test_a_configuration_file_says_the_same_as_options(recording: Path, tmp_path: Path) -> None:
    config = tmp_path / "footlights.yaml"
    config.write_text(
        f"app: interact\nsources:\n  - {{name: stage, url: '{recording}'}}\n"
        "settings: {when: [arms_up]}\noutputs: {page: null}\n"
    )
    events = run("--config", config)
    assert [e["by"] for e in events if e["kind"] == "trigger"] == ["arms_up"]
    assert {event["stream"] for event in events} == {"stage"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("app: interact\nsettings: {cooldwon: 3}\n", "did you mean 'cooldown'?"),
        ("app: interact\nsettings: {cooldown: soon}\n", "soon"),
        ("app: interact\nsorces: []\n", "did you mean 'sources'?"),
        ("app: emoji\n", "is for the app 'emoji', not for 'interact'"),
        ("app: [\n", "not valid YAML"),
    ],
)
def test_a_wrong_configuration_is_one_line(text: str, message: str, tmp_path: Path) -> None:
    config = tmp_path / "footlights.yaml"
    config.write_text(text)
    done = footlights("run", "interact", "--config", config)
    assert done.code == 2
    assert message in done.complaint


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["--when", "x_arm"], 2, "x_arms"),
        (["--cooldown", "-1"], 2, "-1"),
        (["rehearsal:x_amrs"], (2, 3), "x_arms"),
        (["/nowhere/clip.mp4"], 3, "/nowhere/clip.mp4"),
        (["gopher://example.org/x"], 3, "gopher"),
        (["rehearsal:idle", "--record", "/nowhere/out.mp4"], 2, "there is no folder /nowhere"),
        (["rehearsal:idle", "--play", "absent.mp4"], 2, "absent.mp4"),
        (["rehearsal:idle", "--webhook", "ftp://x"], 2, "webhook"),
    ],
)
def test_a_mistake_is_answered_in_one_line_before_the_first_frame(
    arguments: list[str], code: int | tuple[int, ...], message: str
) -> None:
    done = footlights("run", "interact", *arguments, "--no-page")
    assert done.code in (code if isinstance(code, tuple) else (code,)), done.err
    assert message in done.complaint


def test_a_bad_file_leaves_the_others_unharmed(recording: Path, tmp_path: Path) -> None:
    torn, empty, text = tmp_path / "torn.mp4", tmp_path / "empty.mp4", tmp_path / "text.mp4"
    torn.write_bytes(recording.read_bytes()[: recording.stat().st_size * 2 // 3])
    empty.touch()
    text.write_text("this is no video")
    assert footlights("run", "interact", empty, "--no-page").code == 3
    assert footlights("run", "interact", text, "--no-page").code == 3
    done = footlights("run", "interact", torn, recording, "--no-page", "--json")
    streams = [json.loads(line)["stream"] for line in done.out.splitlines()]
    assert streams.count("show") == len(run(recording))


def test_a_model_that_is_missing_says_how_to_get_it(tmp_path: Path) -> None:
    done = footlights("run", "interact", SHOW, "--no-page", environment={"FOOTLIGHTS_CACHE": str(tmp_path)})
    assert done.code == 5
    assert "footlights models pull" in done.complaint


def test_an_app_of_ones_own(tmp_path: Path) -> None:
    file = tmp_path / "mine.py"
    guide = Path(__file__).parents[2] / "docs" / "writing-an-app.md"
    file.write_text(guide.read_text().split("```python\n# mine.py\n")[1].split("```")[0])
    done = footlights("run", file, "rehearsal:idle+arms_up?seconds=6&fps=10", "--no-page", "--json", "--margin", "0.02")
    assert done.code == 0, done.err
    assert {json.loads(line)["kind"] for line in done.out.splitlines()} == {"trigger"}


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_in_good_order(number: signal.Signals, tmp_path: Path) -> None:
    video = tmp_path / "out.mp4"
    outputs = ["--record", str(video), "--journal", str(tmp_path / "events.jsonl")]
    process = subprocess.Popen(
        [sys.executable, "-m", "footlights", "run", "interact", "rehearsal:idle", "--no-page", *outputs],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ,
    )
    deadline = time.monotonic() + 60
    while process.poll() is None and not (video.exists() and video.stat().st_size > 20_000):
        assert time.monotonic() < deadline, "nothing was recorded within a minute"
        time.sleep(0.05)
    process.send_signal(number)
    _, errors = process.communicate(timeout=30)
    assert process.returncode == 0, errors
    assert "Traceback" not in errors
    with av.open(str(video)) as container:
        assert sum(1 for _ in container.decode(video=0)) > 0
