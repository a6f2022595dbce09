import errno
import functools
import http.server
import os
import stat
import subprocess
import sys
import tarfile
import threading
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from footlights.core.errors import ModelCorruptError, ModelError, ModelMissingError
from footlights.models.cache import find, look
from footlights.models.cards import card
from footlights.models.fetch import Progress
from footlights.models.pull import pull, verify
from tests.models.conftest import CONTENT, Write

NOWHERE = "http://127.0.0.1:9/tiny.onnx"  # the discard port: nobody answers


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *args: object) -> None:
        pass


class QuietServer(http.server.ThreadingHTTPServer):
    def handle_error(self, *args: object) -> None:
        """Say nothing of clients that hang up, as one that is sent too much does."""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    folder = tmp_path / "www"
    folder.mkdir()
    handler = functools.partial(Quiet, directory=str(folder))
    with QuietServer(("127.0.0.1", 0), handler) as web:
        thread = threading.Thread(target=web.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{web.server_port}", folder
        web.shutdown()
        thread.join()


def refusal(kind: type[ModelError], name: str = "tiny") -> str:
    """The one line that a pull fails with."""
    with pytest.raises(kind) as caught:
        pull([name])
    assert "\n" not in str(caught.value)
    return str(caught.value)


def make_wheel(folder: Path, files: dict[str, bytes], name: str = "mini-1.0-py3-none-any.whl") -> None:
    folder.mkdir(exist_ok=True)
    with zipfile.ZipFile(folder / name, "w") as wheel:
        for path, content in files.items():
            wheel.writestr(path, content)
        wheel.writestr("mini-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: mini\nVersion: 1.0\n")
        wheel.writestr("mini-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr("mini-1.0.dist-info/RECORD", "")


@pytest.fixture
def offline_pip(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder that pip takes packages from instead of an index."""
    folder = tmp_path / "wheels"
    folder.mkdir()
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    return folder


def test_from_a_mirror_folder(cache: Path, write_card: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_card("tiny", NOWHERE)
    (tmp_path / "tiny.onnx").write_bytes(CONTENT)
    monkeypatch.setenv("FOOTLIGHTS_MODEL_MIRROR", str(tmp_path))
    steps: list[Progress] = []
    (path,) = pull(["tiny"], steps.append)
    assert path.read_bytes() == CONTENT
    assert path.parent == cache
    assert steps[-1].phase == "ready"
    monkeypatch.delenv("FOOTLIGHTS_MODEL_MIRROR")
    assert pull(["tiny"]) == [path]  # it is here: nobody is asked


def test_a_mirror_that_lacks_the_file_is_passed_over(
    cache: Path, write_card: Write, server: tuple[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    address, folder = server
    (folder / "tiny.onnx").write_bytes(CONTENT)
    write_card("tiny", f"{address}/tiny.onnx")
    monkeypatch.setenv("FOOTLIGHTS_MODEL_MIRROR", f"{address}/elsewhere")
    steps: list[Progress] = []
    (path,) = pull(["tiny"], steps.append)
    assert path.read_bytes() == CONTENT
    assert any(step.phase == "fetch" and step.done == step.total == len(CONTENT) for step in steps)


def test_from_a_mirror_address(
    cache: Path, write_card: Write, server: tuple[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    address, folder = server
    (folder / "tiny.onnx").write_bytes(CONTENT)
    write_card("tiny", NOWHERE)
    monkeypatch.setenv("FOOTLIGHTS_MODEL_MIRROR", address + "/")
    assert pull(["tiny"])[0].read_bytes() == CONTENT


def test_no_network(cache: Path, write_card: Write) -> None:
    write_card("tiny", NOWHERE)
    line = refusal(ModelMissingError)
    assert NOWHERE in line
    assert "FOOTLIGHTS_MODEL_MIRROR" in line


def test_gone_from_its_address(cache: Path, write_card: Write, server: tuple[str, Path]) -> None:
    write_card("tiny", f"{server[0]}/tiny.onnx")
    assert "nothing at" in refusal(ModelMissingError)


def test_another_file_is_refused_and_not_kept(cache: Path, write_card: Write, server: tuple[str, Path]) -> None:
    address, folder = server
    (folder / "tiny.onnx").write_bytes(CONTENT[:-1] + b"!")
    write_card("tiny", f"{address}/tiny.onnx")
    assert "not the file of its card" in refusal(ModelCorruptError)
    assert verify(["tiny"])[0].state == "missing"
    assert not list(cache.glob("*.onnx"))


def test_a_file_without_end_is_refused_while_it_comes(cache: Path, write_card: Write, server: tuple[str, Path]) -> None:
    address, folder = server
    (folder / "tiny.onnx").write_bytes(CONTENT * 1000)
    write_card("tiny", f"{address}/tiny.onnx")
    assert "longer than" in refusal(ModelCorruptError)


def test_one_wheel_serves_several_cards(cache: Path, write_card: Write, offline_pip: Path) -> None:
    make_wheel(offline_pip, {"mini/one.tflite": b"one", "mini/two.tflite": b"two"})
    write_card("one", "pypi:mini==1.0", "mini/one.tflite", b"one")
    write_card("two", "pypi:mini==1.0", "mini/two.tflite", b"two")
    steps: list[Progress] = []
    paths = pull(["two", "one"], steps.append)
    assert [path.read_bytes() for path in paths] == [b"two", b"one"]
    assert sum(step.total is None for step in steps) == 1  # told at the start of each run of pip
    assert sorted(step.what for step in steps if step.phase == "ready") == ["one", "two"]


def test_a_package_that_is_gone(cache: Path, write_card: Write, offline_pip: Path) -> None:
    write_card("tiny", "pypi:mini==1.0", "mini/tiny.tflite")
    line = refusal(ModelMissingError)
    assert "mini==1.0" in line
    assert "FOOTLIGHTS_MODEL_MIRROR" in line


def test_a_package_without_the_file(cache: Path, write_card: Write, offline_pip: Path) -> None:
    make_wheel(offline_pip, {"mini/other.tflite": b"other"})
    write_card("tiny", "pypi:mini==1.0", "mini/tiny.tflite")
    assert "does not hold" in refusal(ModelCorruptError)


def test_npm_is_named_where_it_is_missing(cache: Path, write_card: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    write_card("tiny", "npm:@mini/tiny@1.0", "package/tiny.tflite")
    monkeypatch.setenv("PATH", "")
    assert "install npm" in refusal(ModelMissingError)


def test_from_an_npm_package(cache: Path, write_card: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "tiny.tflite").write_bytes(CONTENT)
    with tarfile.open(tmp_path / "mini-tiny-1.0.tgz", "w:gz") as archive:
        archive.add(tmp_path / "tiny.tflite", "package/tiny.tflite")
    client = tmp_path / "npm"
    client.write_text(f'#!/bin/sh\n[ "$1 $3" = "pack @mini/tiny@1.0" ] && cp {tmp_path}/mini-tiny-1.0.tgz "$5"\n')
    client.chmod(client.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    write_card("tiny", "npm:@mini/tiny@1.0", "package/tiny.tflite")
    assert pull(["tiny"])[0].read_bytes() == CONTENT


def test_a_full_disk(cache: Path, write_card: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    write_card("tiny", NOWHERE)
    (tmp_path / "tiny.onnx").write_bytes(CONTENT)
    monkeypatch.setenv("FOOTLIGHTS_MODEL_MIRROR", str(tmp_path))
    monkeypatch.setattr(os, "fsync", full)
    assert "is full" in refusal(ModelMissingError)
    assert not [path for path in cache.iterdir() if path.name != ".lock"]


def test_a_cache_that_cannot_be_written(cache: Path, write_card: Write) -> None:
    cache.parent.parent.mkdir(exist_ok=True)
    cache.parent.write_text("a file where the folder should be")
    write_card("tiny", NOWHERE)
    assert "FOOTLIGHTS_CACHE" in refusal(ModelMissingError)


def test_a_damaged_file_is_told_and_replaced(
    cache: Path, write_card: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_card("tiny", NOWHERE)
    (tmp_path / "tiny.onnx").write_bytes(CONTENT)
    monkeypatch.setenv("FOOTLIGHTS_MODEL_MIRROR", str(tmp_path))
    (path,) = pull(["tiny"])
    path.write_bytes(CONTENT[:100])
    assert verify(["tiny"])[0].state == "corrupt"
    with pytest.raises(ModelCorruptError, match="footlights models pull tiny"):
        find(card("tiny"))
    pull(["tiny"])
    assert verify(["tiny"])[0].state == "present"
    assert find(card("tiny")) == path


def test_several_processes_at_once(
    cache: Path, write_card: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_card("tiny", NOWHERE)
    (tmp_path / "tiny.onnx").write_bytes(CONTENT)
    monkeypatch.setenv("FOOTLIGHTS_MODEL_MIRROR", str(tmp_path))
    program = (
        "from pathlib import Path; from footlights.models import cards, pull\n"
        f"cards.FOLDER = Path({str(tmp_path / 'cards')!r})\n"
        "print(pull.pull(['tiny'])[0].stat().st_size)"
    )
    running = [subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE) for _ in range(3)]
    assert [int(process.communicate(timeout=60)[0]) for process in running] == [len(CONTENT)] * 3
    assert verify(["tiny"])[0].state == "present"


def test_a_model_that_came_with_footlights_is_checked_and_never_fetched(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert look(card("emotion")).state == "present"
    assert pull(["emotion"]) == [look(card("emotion")).path]
    (tmp_path / "emotion.onnx").write_bytes(b"damaged")
    monkeypatch.setattr("footlights.models.cache.WEIGHTS", tmp_path)
    with pytest.raises(ModelCorruptError, match="a part of footlights, is corrupt; install it again"):
        pull(["emotion"])
