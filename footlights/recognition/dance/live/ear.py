"""The ear of the page: a browser's microphone comes in, the dance to it goes out, on the microphone's clock."""

import asyncio
import json
import logging
import struct
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from footlights.recognition.dance.dance import Dance
from footlights.recognition.dance.gltf import quaternions
from footlights.recognition.dance.rig import rig

log = logging.getLogger(__name__)

RATES = (8_000.0, 192_000.0)  # samples a second that a microphone may have
_LONGEST = 1 << 20  # bytes of a piece of sound


@dataclass(frozen=True, eq=False)
class Piece:
    """What is to be danced next. It takes the place of what was said before about the time from `begin` on."""

    begin: float  # seconds of the microphone's clock
    dance: Dance  # from second 0 = `begin` on
    beats: Sequence[float] = field(default=())  # seconds: those that were heard lately, and those that are expected
    first: int = 0  # the number of the first of `beats` since a downbeat
    tempo: float = 0.0  # beats a minute; 0: none is heard
    meter: int = 4
    phrase: str = ""
    lead: float = 0.0  # seconds by which it is shown later than its own times say


class Partner(Protocol):
    """Somebody who dances to what it hears. Used by one thread."""

    def hear(self, samples: NDArray[np.float32]) -> list[Piece]:
        """Take (N,) samples, -1..1; what is danced next, where that is new."""


class Ear:
    """The address `/ear` of a page. `new_partner` makes one for a microphone of so many samples a second."""

    def __init__(self, new_partner: Callable[[float], Partner]) -> None:
        self._new_partner = new_partner

    @property
    def route(self) -> WebSocketRoute:
        """For the page."""
        return WebSocketRoute("/ear", self._serve)

    async def _serve(self, socket: WebSocket) -> None:
        await socket.accept()
        loop = asyncio.get_running_loop()
        thread = ThreadPoolExecutor(1, thread_name_prefix="ear")
        try:
            rate = float(json.loads(await socket.receive_text())["rate"])
            if not RATES[0] <= rate <= RATES[1]:
                raise ValueError(rate)
            partner = await loop.run_in_executor(thread, self._new_partner, rate)
            while True:
                heard = await socket.receive_bytes()
                if len(heard) > _LONGEST:
                    raise ValueError(len(heard))
                samples = np.frombuffer(heard[: len(heard) // 2 * 2], "<i2").astype(np.float32) * np.float32(1 / 32768)
                for message in await loop.run_in_executor(thread, _answers, partner, samples):
                    await (socket.send_text(message) if isinstance(message, str) else socket.send_bytes(message))
        except (WebSocketDisconnect, ValueError, KeyError, TypeError) as fault:
            if not isinstance(fault, WebSocketDisconnect):
                log.warning("a page sent to the ear what is no sound")
                await socket.close(1003)
        finally:
            thread.shutdown(wait=False, cancel_futures=True)


def _answers(partner: Partner, samples: NDArray[np.float32]) -> list[str | bytes]:
    messages: list[str | bytes] = []
    for piece in partner.hear(samples):
        told = {
            "beats": [round(float(beat), 3) for beat in piece.beats], "first": piece.first, "tempo": piece.tempo,
            "meter": piece.meter, "phrase": piece.phrase, "lead": piece.lead,
        }  # fmt: skip
        messages += [json.dumps(told), packed(piece)]
    return messages


def packed(piece: Piece) -> bytes:
    """A piece as the page reads it: begin, frames a second, counts, then for each frame the root and the turns."""
    bones = rig(piece.dance)
    count, joints = bones.turns.shape[:2]
    numbers = np.concatenate([bones.root, quaternions(bones.turns).reshape(count, -1)], axis=1).astype("<f4")
    return struct.pack("<dfII", piece.begin, piece.dance.fps, count, joints) + numbers.tobytes()
