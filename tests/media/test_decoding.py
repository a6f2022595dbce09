"""Where videos are decoded."""

import logging
from pathlib import Path

import av
import pytest
from av.codec.hwaccel import HWAccel

from footlights.core.errors import SettingsError
from footlights.media import decoding
from footlights.media.decoding import Decoding
from footlights.media.open import open_source


@pytest.fixture(autouse=True)
def forgotten() -> None:
    decoding._usable.cache_clear()


def refuse(*_: object) -> None:
    raise av.error.PermissionError(1, "no such device")


def test_hardware_that_is_not_there_is_one_line_and_the_processor_decodes(
    clip: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    class Absent:
        create = refuse

        def __init__(self, name: str) -> None:
            assert name in decoding.HARDWARE

    monkeypatch.setattr(decoding, "HWAccel", Absent)
    with caplog.at_level(logging.INFO):
        for _ in range(2):
            assert len(list(open_source(str(clip), decoding=Decoding("auto")).frames())) > 5
    said = [record.message for record in caplog.records if "hardware" in record.message]
    assert len(said) == 1
    assert all(name in said[0] for name in decoding.HARDWARE)


def test_the_first_hardware_that_works_is_taken_and_said(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    class Some:
        def __init__(self, name: str, allow_software_fallback: bool = True) -> None:
            self.name = name

        def create(self, codec: av.Codec) -> None:
            if self.name != "vaapi":
                refuse()

    monkeypatch.setattr(decoding, "HWAccel", Some)
    with caplog.at_level(logging.INFO):
        found = Decoding("auto").hardware()
    assert isinstance(found, Some)
    assert found.name == "vaapi"
    assert "decoding on vaapi" in caplog.text
    assert Decoding("cpu").hardware() is None


def test_the_names_are_those_of_ffmpeg() -> None:
    for name in decoding.HARDWARE:
        HWAccel(name)


def test_a_device_that_nobody_has_is_refused() -> None:
    with pytest.raises(SettingsError, match="nothing decodes on 'gpu'"):
        Decoding("gpu")
