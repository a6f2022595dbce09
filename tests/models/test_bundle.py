"""A model of a user's own, from everywhere it may come from, and everything that may come instead."""

import io
import struct
import threading
import zipfile
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from footlights.core.errors import FootlightsError, ModelCorruptError, ModelMissingError, SettingsError
from footlights.models import bundle
from footlights.models.bundle import open_bundle

MODEL = b"\x08\x08 a model, as far as this test is concerned"
Answer = tuple[int, str, bytes]


def archive(path: Path, members: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in members.items():
            file.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
    return path


def refused(path: Path, problem: str, kind: type[FootlightsError] = ModelCorruptError) -> None:
    """One line that names the file; nothing of the archive is left anywhere."""
    with pytest.raises(kind, match=problem) as caught:
        open_bundle(path)
    assert "\n" not in str(caught.value)
    assert path.name in str(caught.value)


@pytest.fixture
def serve() -> Iterator[Callable[[dict[str, Answer]], str]]:
    """`serve({"/path": (status, type, content)})` is the address of a server with these answers."""
    servers = []

    def start(answers: dict[str, Answer]) -> str:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                asked.append(self.path)
                status, kind, content = answers.get(self.path, (404, "text/html", b"<html>no</html>"))
                self.send_response(status)
                self.send_header("Content-Type" if status < 300 or status >= 400 else "Location", kind)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *words: object) -> None:
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        servers.append(server)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        return f"http://127.0.0.1:{server.server_port}"

    asked: list[str] = []
    start.asked = asked  # type: ignore[attr-defined]
    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def test_by_path_with_labels_beside(tmp_path: Path) -> None:
    (tmp_path / "cans.onnx").write_bytes(MODEL)
    assert open_bundle(tmp_path / "cans.onnx").labels == ()
    (tmp_path / "classes.txt").write_text("up\r\ndown\r\n\r\n")
    assert open_bundle(tmp_path / "cans.onnx").labels == ("up", "down")
    (tmp_path / "labels.txt").write_bytes("\ufeffDose\nFläche".encode())
    assert open_bundle(tmp_path / "cans.onnx").labels == ("Dose", "Fläche")
    (tmp_path / "cans.txt").write_text("mine")
    assert open_bundle(str(tmp_path / "cans.onnx")).labels == ("mine",)


def test_by_name(cache: Path, write_card: Callable[..., None]) -> None:
    write_card("cans", "https://example.com/cans.onnx")
    with pytest.raises(ModelMissingError, match="footlights models pull cans"):
        open_bundle("cans")
    with pytest.raises(SettingsError, match="did you mean cans"):
        open_bundle("canz")


def test_what_is_not_there(tmp_path: Path) -> None:
    refused(tmp_path / "none.onnx", "there is no model file", ModelMissingError)
    (tmp_path / "cans.pt").write_bytes(MODEL)
    refused(tmp_path / "cans.pt", r"must end in \.onnx, \.tflite or \.zip", SettingsError)
    (tmp_path / "cans.onnx").write_bytes(MODEL)
    (tmp_path / "labels.txt").write_bytes(b"\xff\xfe\x00")
    refused(tmp_path / "cans.onnx", "not UTF-8")


def test_an_archive_is_unpacked_once(cache: Path, tmp_path: Path) -> None:
    """As Azure Custom Vision exports it."""
    members = {"model.onnx": MODEL, "labels.txt": b"up\ndown", "cvexport.manifest": b"{}", "python/predict.py": b"no"}
    path = archive(tmp_path / "export.zip", members)
    found = open_bundle(path)
    assert (found.name, found.labels, found.path.read_bytes()) == ("export.zip", ("up", "down"), MODEL)
    assert cache in found.path.parents
    assert sorted(item.name for item in found.path.parent.iterdir()) == ["labels.txt", "model.onnx"]
    written = found.path.stat().st_mtime_ns
    assert open_bundle(path).path.stat().st_mtime_ns == written
    assert [item.name[0] != "." for item in found.path.parent.parent.iterdir()] == [True]


def test_an_archive_with_a_folder_and_a_card(cache: Path, tmp_path: Path) -> None:
    card = b'head = "yolov8"\nlabels = ["a", "b"]\nfirst = 0\n[input]\nfit = "corner"\n'
    path = archive(tmp_path / "cans.zip", {"cans/best.onnx": MODEL, "cans/card.toml": card, "cans/README.md": b"read"})
    found = open_bundle(path)
    assert (found.head, found.labels, found.first, found.input) == ("yolov8", ("a", "b"), 0, {"fit": "corner"})


def test_a_folder(tmp_path: Path) -> None:
    (tmp_path / "cans").mkdir()
    (tmp_path / "cans" / "best.tflite").write_bytes(MODEL)
    assert open_bundle(tmp_path / "cans").path.name == "best.tflite"


@pytest.mark.parametrize(
    ("members", "problem"),
    [
        ({"a.onnx": MODEL, "b.onnx": MODEL}, r"must hold one .* it holds: a\.onnx, b\.onnx"),
        ({"readme.txt": b"hello"}, "it holds: none"),
        ({"../model.onnx": MODEL}, "a path outside of itself"),
        ({"/etc/model.onnx": MODEL}, "a path outside of itself"),
        ({"a/../../b.txt": MODEL, "model.onnx": MODEL}, "a path outside of itself"),
        ({"..\\model.onnx": MODEL}, "a path outside of itself"),
        ({"C:\\model.onnx": MODEL}, "a path outside of itself"),
        ({f"{index}.txt": b"" for index in range(1001)}, "1001 files; at most 1000"),
        ({"model.onnx": bytes(20 << 20)}, "unpacks to 200 times its size"),
    ],
)
def test_archives_that_are_refused(cache: Path, tmp_path: Path, members: dict[str, bytes], problem: str) -> None:
    refused(archive(tmp_path / "bad.zip", members), problem)
    assert not list(tmp_path.rglob("b.txt"))
    assert not (tmp_path.parent / "model.onnx").exists()


def test_a_link_is_refused(cache: Path, tmp_path: Path) -> None:
    link = zipfile.ZipInfo("model.onnx")
    link.external_attr = 0o120777 << 16
    with zipfile.ZipFile(tmp_path / "bad.zip", "w") as file:
        file.writestr(link, "/etc/passwd")
    refused(tmp_path / "bad.zip", "holds a link")


@pytest.mark.parametrize("size", [2 << 30, 600 << 20])
def test_a_member_that_says_it_is_huge(cache: Path, tmp_path: Path, size: int) -> None:
    """The size stands in the archive's directory; nothing is unpacked to find it out."""
    content = bytearray(archive(tmp_path / "bad.zip", {"model.onnx": MODEL}).read_bytes())
    directory = content.index(b"PK\x01\x02")
    content[directory + 24 : directory + 28] = struct.pack("<I", size)
    (tmp_path / "bad.zip").write_bytes(content)
    refused(tmp_path / "bad.zip", "more than 1024 MB|of 600 MB")


def test_a_member_that_lies_about_its_size(cache: Path, tmp_path: Path) -> None:
    content = bytearray(archive(tmp_path / "bad.zip", {"model.onnx": bytes(300_000)}).read_bytes())
    for mark, place in ((b"PK\x01\x02", 24), (b"PK\x03\x04", 22)):
        start = content.index(mark) + place
        content[start : start + 4] = struct.pack("<I", 10)
    (tmp_path / "bad.zip").write_bytes(content)
    refused(tmp_path / "bad.zip", "cannot be read|not an archive")
    assert not list(cache.rglob("*.onnx"))


def test_archives_that_are_damaged_or_none(cache: Path, tmp_path: Path) -> None:
    (tmp_path / "none.zip").write_bytes(b"not an archive")
    refused(tmp_path / "none.zip", "not an archive")
    good = archive(tmp_path / "good.zip", {"model.onnx": MODEL * 99, "labels.txt": b"a"}).read_bytes()
    (tmp_path / "cut.zip").write_bytes(good[: len(good) // 2])
    refused(tmp_path / "cut.zip", "not an archive")
    broken = bytearray(good)
    broken[60:70] = bytes(10)
    (tmp_path / "broken.zip").write_bytes(broken)
    refused(tmp_path / "broken.zip", "not an archive")
    assert not list(cache.rglob("*.onnx"))


def test_a_file_that_is_too_large(tmp_path: Path) -> None:
    for name in ("huge.zip", "huge.onnx"):
        with (tmp_path / name).open("wb") as file:
            file.truncate(2 << 30)  # takes no room on the disk
        refused(tmp_path / name, "has 2048 MB; a model may have 512 MB")


def test_from_an_address_once(cache: Path, serve: Callable[..., str]) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        file.writestr("model.onnx", MODEL)
    kind = "application/octet-stream"
    address = serve(
        {
            "/cans.onnx": (200, kind, MODEL),
            "/cans.zip?v=2": (200, kind, buffer.getvalue()),
            "/moved": (302, "/cans.onnx", b""),
        }
    )
    first = open_bundle(f"{address}/cans.onnx")
    assert (first.name, first.path.read_bytes()) == ("cans.onnx", MODEL)
    assert open_bundle(f"{address}/cans.onnx").path == first.path
    assert serve.asked == ["/cans.onnx"]  # type: ignore[attr-defined]
    first.path.write_bytes(b"damaged")
    assert open_bundle(f"{address}/cans.onnx").path.read_bytes() == MODEL
    assert open_bundle(f"{address}/cans.zip?v=2").path.read_bytes() == MODEL
    assert cache in first.path.parents


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        ((200, "text/html", b"\n<!DOCTYPE html><html><body>Sign in</body></html>"), "a web page instead of a model"),
        ((200, "text/plain", b"version https://git-lfs.github.com/spec/v1\noid sha256:1"), "a Git LFS pointer"),
        ((200, "application/json", b'{"error": "no"}'), "JSON instead of a model"),
        ((200, "application/octet-stream", b""), "an empty file"),
        ((404, "text/html", b"<html>"), "answers 404"),
        ((500, "text/html", b"<html>"), "answers 500"),
    ],
)
def test_addresses_that_give_something_else(
    cache: Path, serve: Callable[..., str], answer: Answer, problem: str
) -> None:
    address = serve({"/cans.onnx": answer}) + "/cans.onnx"
    with pytest.raises((ModelCorruptError, ModelMissingError), match=problem) as caught:
        open_bundle(address)
    assert address in str(caught.value)
    assert "\n" not in str(caught.value)
    assert not [path for path in cache.rglob("*") if path.is_file()]


def test_an_address_that_never_ends(cache: Path, serve: Callable[..., str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bundle, "LARGEST", 1 << 20)
    address = serve({"/cans.onnx": (200, "application/octet-stream", bytes(3 << 20))})
    with pytest.raises(ModelCorruptError, match="longer than the 1 MB"):
        open_bundle(f"{address}/cans.onnx")
    assert not [path for path in cache.rglob("*") if path.is_file()]


def test_an_address_where_nobody_is(cache: Path) -> None:
    with pytest.raises(ModelMissingError, match="check the address and the network"):
        open_bundle("http://127.0.0.1:9/cans.onnx")
