from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from footlights.core.errors import SourceError
from footlights.media.address import parse_address, shown

WORD = st.text("abcdefghijklmnopqrstuvwxyz0123456789", min_size=1, max_size=12)
SECRET = st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ!$&'()*+,;=%~:", min_size=3, max_size=20)


@pytest.mark.parametrize(
    ("url", "kind", "target", "name"),
    [
        ("0", "camera", "0", "camera-0"),
        (" 1 ", "camera", "1", "camera-1"),
        ("/dev/video2", "camera", "/dev/video2", "video2"),
        ("0?size=1280x720", "camera", "0?size=1280x720", "camera-0"),
        ("show/clip one.mp4", "file", "show/clip one.mp4", "clip-one"),
        ("file:cans.mp4", "file", "cans.mp4", "cans"),
        ("file:///a/my%20cans.mp4", "file", "/a/my cans.mp4", "my-cans"),
        ("~/clip.mp4", "file", str(Path("~/clip.mp4").expanduser()), "clip"),
        ("rtsp://10.0.0.21:554/stream1", "rtsp", "rtsp://10.0.0.21:554/stream1", "10.0.0.21-stream1"),
        ("RTSPS://cam/a/b", "rtsp", "RTSPS://cam/a/b", "cam-a-b"),
        ("https://host/live/index.m3u8?token=1", "http", "https://host/live/index.m3u8?token=1", "host-live-index"),
        ("rehearsal:x_arms?people=2", "rehearsal", "x_arms?people=2", "x_arms"),
        ("browser:phone", "browser", "phone", "phone"),
    ],
)
def test_kinds_and_names(url: str, kind: str, target: str, name: str) -> None:
    address = parse_address(url)
    assert (address.kind, address.target, address.name) == (kind, target, name)


def test_a_file_whose_name_looks_like_an_address_is_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("take:2.mp4").touch()
    assert parse_address("take:2.mp4").kind == "file"


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("", "the source is empty"),
        ("rstp://cam/x", "Did you mean 'rtsp'?"),
        ("gopher://x", "'gopher' addresses are not known"),
        ("rtsp://user:pw@", "names no host"),
        ("rtsp://user:pw@cam:99999/x", "Port out of range"),
    ],
)
def test_what_can_never_work_says_what_to_give(url: str, says: str) -> None:
    with pytest.raises(SourceError) as raised:
        parse_address(url)
    assert says in str(raised.value)
    assert "pw" not in str(raised.value)
    assert "\n" not in str(raised.value)


@given(scheme=st.sampled_from(["rtsp", "rtsps", "http", "https"]), user=WORD, secret=SECRET, host=WORD, path=WORD)
def test_a_secret_never_shows(scheme: str, user: str, secret: str, host: str, path: str) -> None:
    url = f"{scheme}://{user}:{secret}@{host}.example/{path}?token={secret}#{secret}"
    assert secret not in shown(url)
    assert host in shown(url)
    assert path in shown(url)
    assert secret not in parse_address(url).name
