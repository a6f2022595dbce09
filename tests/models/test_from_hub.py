"""How settings name the models of a hub, and where they lie on a device."""

import hashlib
import os
from pathlib import Path

import pytest

from footlights.core.errors import ModelCorruptError, ModelMissingError, SettingsError
from footlights.models.bundle import open_bundle
from footlights.models.from_hub import (
    HubModel,
    find_kept,
    forget_unwanted,
    keep_part,
    kind_of,
    part_of,
    read_reference,
    references,
)

DIGEST = "ab" * 32


def kept(name: str, content: bytes) -> HubModel:
    model = HubModel(name, hashlib.sha256(content).hexdigest())
    part_of(model).write_bytes(content)
    keep_part(model)
    return model


def test_a_reference_is_read_as_it_is_written() -> None:
    model = HubModel("line-3_defects", DIGEST)
    assert read_reference(str(model)) == model


@pytest.mark.parametrize(
    "text",
    ["", "yolox-nano", f"hub:x@sha256:{DIGEST[:-1]}", f"hub:X@sha256:{DIGEST}", f"hub:../x@sha256:{DIGEST}",
     f"hub:x@md5:{DIGEST}", f"hub:x@sha256:{DIGEST}/../../y", f"hub:{'x' * 65}@sha256:{DIGEST}"],
)  # fmt: skip
def test_what_is_no_reference(text: str) -> None:
    with pytest.raises(SettingsError, match="no model of a hub"):
        read_reference(text)


def test_references_are_found_wherever_they_stand() -> None:
    one, two = HubModel("one", DIGEST), HubModel("two", "cd" * 32)
    document = {
        "app": "inspect",
        "settings": {"model": str(one), "model_for": [f"yard: {two}", "other: yolox-nano"], "n": 3},
    }
    assert references(document) == {one, two} and references({"settings": {"model": "yolox-nano"}}) == set()


def test_a_file_is_what_its_first_bytes_say() -> None:
    assert [kind_of(start) for start in (b"PK\x03\x04..", b"\x1c\0\0\0TFL3", b"\x08\x08", b"")] == [
        "zip", "tflite", "onnx", "onnx"
    ]  # fmt: skip


def test_a_model_is_kept_only_where_its_hash_is_right(cache: Path) -> None:
    model = kept("one", b"weights")
    assert find_kept(model).name == "one.onnx" and open_bundle(str(model)).path == find_kept(model)
    find_kept(model).write_bytes(b"other")
    with pytest.raises(ModelCorruptError, match="damaged"):
        open_bundle(str(model))
    wrong = HubModel("two", DIGEST)
    part_of(wrong).write_bytes(b"weights")
    with pytest.raises(ModelCorruptError, match="nothing was kept"):
        keep_part(wrong)
    assert not part_of(wrong).exists()
    with pytest.raises(ModelMissingError, match="not on this device"):
        find_kept(wrong)


def test_what_nothing_wants_goes_the_oldest_first(cache: Path) -> None:
    models = [kept(name, name.encode() * 1000) for name in ("a", "b", "c", "d")]
    for age, model in enumerate(models):
        os.utime(find_kept(model).parent, (1000 + age, 1000 + age))
    forget_unwanted([models[0]], 2500)
    there = [model.name for model in models if any((cache / "hub").glob(f"{model.digest}/*"))]
    assert there == ["a", "c", "d"]
    forget_unwanted((), 0)
    assert list((cache / "hub").iterdir()) == []


def test_nothing_is_forgotten_where_there_is_nothing(cache: Path) -> None:
    forget_unwanted((), 0)
    assert not (cache / "hub").exists()


def test_devices_that_share_a_cache_gather_apart(cache: Path) -> None:
    content = b"weights of a net"
    model = HubModel("cans", hashlib.sha256(content).hexdigest())
    for device in ("a", "b"):
        part_of(model, device).write_bytes(content)
    kept = {keep_part(model, device) for device in ("a", "b")}
    assert kept == {find_kept(model)}
