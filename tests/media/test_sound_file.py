"""The sound of files: any rate, mono or stereo, with or without pictures, whole or damaged."""

import wave
from pathlib import Path

import av
import numpy as np
import pytest

from footlights.core.errors import SourceError
from footlights.media.sound_file import SoundFile, resampled


def write_tone(path: Path, rate: int, channels: int, seconds: float = 2.0) -> None:
    tone = (np.sin(2 * np.pi * 440 * np.arange(round(seconds * rate)) / rate) * 16000).astype("<i2")
    with wave.open(str(path), "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(np.repeat(tone, channels).tobytes())


@pytest.mark.parametrize(("rate", "channels"), [(8000, 1), (44100, 2), (48000, 1)])
def test_any_rate_and_number_of_channels_become_stereo_at_the_rate_asked_for(
    tmp_path: Path, rate: int, channels: int
) -> None:
    write_tone(tmp_path / "tone.wav", rate, channels)
    with SoundFile(tmp_path / "tone.wav") as file:
        assert file.title == "tone"
        assert file.seconds == pytest.approx(2.0)
        sound = np.concatenate(list(file.read(22050)), 1)
    assert sound.shape == (2, pytest.approx(44100, abs=40))
    pitch = np.abs(np.fft.rfft(sound[0, 4410:-4410])).argmax() * 22050 / (sound.shape[1] - 8820)
    assert pitch == pytest.approx(440, abs=1)


def test_a_video_without_sound_is_refused_in_one_line(tmp_path: Path) -> None:
    path = tmp_path / "mute.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=25)
        stream.width = stream.height = 64
        stream.pix_fmt = "yuv420p"
        frame = av.VideoFrame.from_ndarray(np.zeros((64, 64, 3), np.uint8))
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    with pytest.raises(SourceError, match=r"mute\.mp4 holds no sound"):
        SoundFile(path)


def test_what_can_be_decoded_of_a_damaged_file_is_given(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "damaged.mp3"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libmp3lame", rate=44100)
        noise = (np.random.default_rng(0).normal(0, 4000, (1, 2 * 44100 * 6))).astype(np.int16)
        frame = av.AudioFrame.from_ndarray(noise, format="s16", layout="stereo")
        frame.sample_rate = 44100
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    broken = bytearray(path.read_bytes())
    for place in np.random.default_rng(1).integers(4000, len(broken), 800):
        broken[place] ^= 0xFF
    path.write_bytes(bytes(broken))
    with SoundFile(path) as file:
        sound = np.concatenate(list(file.read(22050)), 1)
    assert 22050 < sound.shape[1] <= 6.2 * 22050
    assert np.isfinite(sound).all()


def test_samples_in_memory_are_resampled_as_a_file_is() -> None:
    tone = np.sin(2 * np.pi * 440 * np.arange(32000) / 16000).astype(np.float32)
    out = np.concatenate(list(resampled(np.stack([tone, -tone]), 16000, 22050)), 1)
    assert out.shape[1] == pytest.approx(44100, abs=40)
    assert out[0, 2000:-2000] == pytest.approx(-out[1, 2000:-2000], abs=1e-5)
