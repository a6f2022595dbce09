"""Where videos are decoded: on the processor, or on hardware that FFmpeg knows how to use."""

import functools
import logging
from dataclasses import dataclass

import av
from av.codec.hwaccel import HWAccel

from footlights.core.errors import SettingsError

log = logging.getLogger(__name__)
HARDWARE = ("videotoolbox", "cuda", "vaapi", "qsv")  # FFmpeg's names, in the order in which "auto" tries them
CHOICES = ("cpu", "auto", *HARDWARE)


@dataclass(frozen=True)
class Decoding:
    """How a video is decoded. Raises SettingsError for a device that does not exist anywhere."""

    device: str = "cpu"  # one of `CHOICES`
    threads: int = 2  # of the processor, for a file; a live stream has one, which holds no frame back

    def __post_init__(self) -> None:
        if self.device not in CHOICES:
            raise SettingsError(f"nothing decodes on {self.device!r}; there are: {', '.join(CHOICES)}")

    def hardware(self) -> HWAccel | None:
        """What to open a video with. It still decodes on the processor what the hardware does not know."""
        name = _usable(self.device)
        return None if name is None else HWAccel(name, allow_software_fallback=True)


@functools.cache
def _usable(device: str) -> str | None:
    """FFmpeg's name of a device that is there. Says once which it is."""
    if device == "cpu":
        return None
    reasons = []
    for name in HARDWARE if device == "auto" else (device,):
        try:
            HWAccel(name).create(av.Codec("h264", "r"))
        except (av.FFmpegError, NotImplementedError, ValueError, OSError) as fault:
            reasons.append(f"{name}: {str(fault).rstrip('.')}")
            continue
        log.info("decoding on %s", name)
        return name
    log.warning("no hardware decodes here, the processor does (%s)", "; ".join(reasons))
    return None
