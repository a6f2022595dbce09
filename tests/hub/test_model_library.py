"""Models that the hub keeps, on both databases; what opens them is tried in tests/agent/test_models.py."""

import hashlib
from pathlib import Path

import pytest
from sqlalchemy import insert

from footlights.core.errors import ModelCorruptError, SettingsError
from footlights.hub import model_library, schema
from footlights.hub.authority import Authority
from footlights.hub.database import Database
from footlights.hub.model_library import ModelLibrary
from footlights.hub.registry import Registry
from footlights.hub.twins import Twins
from footlights.models.from_hub import HubModel


@pytest.fixture
def library(database: Database, authority: Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModelLibrary:
    monkeypatch.setattr(model_library, "try_out", lambda path, name: ["good", "bad"])
    for name in ("a", "b"):
        Registry(database, authority).add(name)
    return ModelLibrary(database, tmp_path / "models")


def take(library: ModelLibrary, name: str, content: bytes) -> HubModel:
    upload = library.upload()
    try:
        for start in range(0, len(content), 3):
            upload.write(content[start : start + 3])
        return library.take(name, upload, "ada", "from line 3")
    finally:
        upload.close()


def test_a_model_from_its_arrival_to_its_end(library: ModelLibrary, database: Database, tmp_path: Path) -> None:
    model, other = take(library, "defects", b"weights"), take(library, "defects", b"better weights")
    assert take(library, "defects", b"weights") == model and len(library.all()) == 2
    assert model.digest == hashlib.sha256(b"weights").hexdigest()
    Twins(database).patch("a", {"app": "inspect", "settings": {"model": str(model)}}, "ada")
    assert library.file("a", model.digest) == tmp_path / "models" / model.digest
    assert library.file("b", model.digest) is None and library.file("a", other.digest) is None
    command = {"id": "1", "device": "b", "name": "pull-model", "arguments": {"model": str(other)}, "by": "ada"}
    with database.write() as connection:
        connection.execute(insert(schema.commands), {**command, "time": 4e9, "expires": 4e9})
    assert library.file("b", other.digest) is not None and library.file("b", model.digest) is None
    assert sorted(library.references()) == sorted([str(model), str(other)])
    kept = {each.digest: each for each in library.all()}[model.digest]
    assert (kept.wanted, kept.runs, kept.labels, kept.note) == (("a",), (), ("good", "bad"), "from line 3")
    with pytest.raises(SettingsError, match="a are to run defects"):
        library.remove("defects", model.digest)
    Twins(database).patch("a", {"settings": None}, "ada")
    library.remove("defects", model.digest)
    with pytest.raises(SettingsError, match="no model defects"):
        library.remove("defects", model.digest)
    with pytest.raises(SettingsError, match="upload it first"):
        Twins(database).roll_back("a", 1, "ada")
    assert [path.name for path in (tmp_path / "models").iterdir()] == [other.digest]


def test_one_file_under_two_names_stays_until_both_are_gone(library: ModelLibrary, tmp_path: Path) -> None:
    first, second = take(library, "one", b"weights"), take(library, "two", b"weights")
    library.remove("one", first.digest)
    assert (tmp_path / "models" / second.digest).exists()
    library.remove("two", second.digest)
    assert not (tmp_path / "models" / second.digest).exists()


def test_what_is_not_taken_leaves_nothing(
    library: ModelLibrary, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, content in (("Bad Name", b"weights"), ("empty", b"")):
        with pytest.raises((SettingsError, ModelCorruptError)):
            take(library, name, content)
    monkeypatch.setattr(model_library, "MOST_BYTES", 10)
    take(library, "one", b"weights")
    with pytest.raises(SettingsError, match="remove some first"):
        take(library, "two", b"weights of another")
    assert [each.name for each in library.all()] == ["one"] and len(list((tmp_path / "models").iterdir())) == 1
    (tmp_path / "models/.upload-killed").write_bytes(b"half")
    ModelLibrary(library._database, tmp_path / "models")
    assert len(list((tmp_path / "models").iterdir())) == 1
