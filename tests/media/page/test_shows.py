from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from footlights.core.errors import SettingsError
from footlights.media.page.shows import ENCORE, MOST_SHOWS, Shows, web_show, youtube_video


@pytest.mark.parametrize(
    ("url", "video"),
    [
        ("https://www.youtube.com/watch?v=dQw4w9WgXcQ", ("dQw4w9WgXcQ", 0)),
        ("https://youtube.com/watch?list=PL1&v=dQw4w9WgXcQ&t=1m30s", ("dQw4w9WgXcQ", 90)),
        ("https://m.youtube.com/watch?v=dQw4w9WgXcQ&t=42", ("dQw4w9WgXcQ", 42)),
        ("https://youtu.be/dQw4w9WgXcQ?t=1h2m3s", ("dQw4w9WgXcQ", 3723)),
        ("https://www.youtube.com/shorts/a-b_c1234567".removesuffix("7"), ("a-b_c123456", 0)),
        ("https://www.youtube.com/live/dQw4w9WgXcQ?start=7", ("dQw4w9WgXcQ", 7)),
        ("https://www.youtube-nocookie.com/embed/dQw4w9WgXcQ", ("dQw4w9WgXcQ", 0)),
        ("https://www.youtube.com/watch?v=short", None),
        ("https://www.youtube.com/watch?v=dQw4w9WgXcQ%22%3E%3Cscript", None),
        ("https://www.youtube.com/@channel", None),
        ("https://notyoutube.com/watch?v=dQw4w9WgXcQ", None),
        ("https://youtube.com.evil.org/watch?v=dQw4w9WgXcQ", None),
        ("https://evil.org/youtu.be/dQw4w9WgXcQ", None),
    ],
)
def test_youtube_addresses(url: str, video: tuple[str, int] | None) -> None:
    assert youtube_video(url) == video


def test_a_youtube_video_is_embedded_from_the_domain_without_cookies() -> None:
    show = web_show("https://youtu.be/dQw4w9WgXcQ?t=5")
    assert show.kind == "youtube"
    assert show.src.startswith("https://www.youtube-nocookie.com/embed/dQw4w9WgXcQ?")
    assert "start=5" in show.src
    assert show.link == "https://www.youtube.com/watch?v=dQw4w9WgXcQ"
    assert show.origin == "https://www.youtube-nocookie.com"


@pytest.mark.parametrize(
    ("url", "kind", "origin"),
    [
        ("https://example.org/a/film.MP4?x=1", "video", "https://example.org"),
        ("http://user:pw@Example.org:8080/song.mp3", "audio", "http://example.org:8080"),
        ("https://example.org/poster.webp#x", "picture", "https://example.org"),
        ("https://example.org/", "page", "https://example.org"),
        ("https://example.org/drawing.svg", "page", "https://example.org"),
        ("https://müller.example/film.webm", "video", "https://xn--mller-kva.example"),
        ("http://[::1]:9/film.webm", "video", "http://[::1]:9"),
    ],
)
def test_addresses_of_the_web(url: str, kind: str, origin: str) -> None:
    show = web_show(url)
    assert (show.kind, show.origin) == (kind, origin)
    assert show.src.startswith(origin + "/")


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "data:text/html,<script>alert(1)</script>",
        "file:///etc/passwd",
        "/etc/passwd",
        "../../secret.mp4",
        "/media/unknown",
        "https://",
        "http://exa mple.org/",
        "https://a.org:99999/",
        "https://evil.org;script-src/x.mp4",
        "https://a.org/" + "x" * 3000,
        "",
    ],
)
def test_nothing_else_is_shown(url: str) -> None:
    with pytest.raises(SettingsError):
        Shows().open(url)


@given(st.text(max_size=60))
def test_an_address_never_breaks_out_of_the_policy(text: str) -> None:
    try:
        show = web_show("https://" + text)
    except SettingsError:
        return
    assert not set(show.origin) & set(" ;,'\"\n\t")
    assert show.src.isascii() and show.src.isprintable() and " " not in show.src


def test_files_are_served_by_token_and_only_those_that_were_registered(tmp_path: Path) -> None:
    film, other = tmp_path / "big film.mp4", tmp_path / "other.mp4"
    film.write_bytes(b"x")
    other.write_bytes(b"y")
    shows = Shows()
    address = shows.serve(film)
    assert address == shows.serve(str(film))
    assert str(tmp_path) not in address
    registered = shows.file(address.removeprefix("/media/"))
    assert registered is not None and registered.path == film and registered.media_type == "video/mp4"
    for name in (address, str(film), film.as_uri()):
        show = shows.get(shows.open(name))
        assert show is not None
        assert (show.kind, show.src, show.title, show.link) == ("video", address, "big film", "")
    with pytest.raises(SettingsError, match="cannot show"):
        shows.open(str(other))


@pytest.mark.parametrize("name", ["page.html", "drawing.svg", "notes.txt", "noending"])
def test_what_a_browser_does_not_play_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("x")
    with pytest.raises(SettingsError, match=name):
        Shows().serve(tmp_path / name)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="there is no file"):
        Shows().serve(tmp_path / "none.mp4")


def test_the_built_in_show_needs_no_file() -> None:
    shows = Shows()
    show = shows.get(shows.open(ENCORE))
    assert show is not None and (show.kind, show.src, show.origin) == ("encore", "", "")


def test_shows_keep_their_token_and_old_ones_are_forgotten() -> None:
    shows = Shows()
    first = shows.open("https://example.org/0.mp4")
    assert shows.open("https://example.org/0.mp4") == first
    for number in range(1, MOST_SHOWS + 1):
        shows.open(f"https://example.org/{number}.mp4")
    assert shows.get(first) is None
