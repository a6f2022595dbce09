"""The page on which a dance is danced: its web server runs on a thread of its own."""

import asyncio
import ipaddress
import logging
import secrets
import tempfile
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp

from footlights.core.errors import FootlightsError
from footlights.media.page.files import MediaAnswer, static_files
from footlights.media.page.guard import Guard
from footlights.media.page.listening import listen, reachable, web_server
from footlights.media.page.shows import MediaFile
from footlights.recognition.dance.gltf import glb
from footlights.recognition.dance.show.movie import write_sound
from footlights.recognition.dance.show.troupe import Troupe

log = logging.getLogger(__name__)

MOST_SEED = 2**31
_PLAYED = {  # suffixes that browsers play, and their types; other music is converted once
    ".mp3": "audio/mpeg", ".m4a": "audio/mp4", ".mp4": "audio/mp4", ".ogg": "audio/ogg", ".oga": "audio/ogg",
    ".opus": "audio/ogg", ".wav": "audio/wav", ".flac": "audio/flac", ".webm": "audio/webm",
}  # fmt: skip
_FRESH = {"cache-control": "no-store", "permissions-policy": "microphone=(self), camera=(), geolocation=()"}

Make = Callable[[int], Troupe]


class LivePage:
    """A page that shows a dance, and another one when somebody asks for it.

    Args:
        make: makes the dance of a seed.
        first: the dance to begin with, and `seed`, its seed.
        host, port: where to listen; the next free port where it is taken or 0. Anything but loopback needs the token
            that `url` carries.
        more: further addresses, such as that of the ear.
        ear: whether the page listens to its microphone and plays no music.

    Raises:
        SettingsError: the host cannot be used. SinkError: no port is free. SourceError: the music cannot be read.
    """

    def __init__(
        self, make: Make, first: Troupe, seed: int = 0, *, host: str = "127.0.0.1", port: int = 8000,
        more: tuple[BaseRoute, ...] = (), ear: bool = False,
    ) -> None:  # fmt: skip
        self._make, self._ear = make, ear
        self._seed, self._troupe = seed, first
        self._glb = glb(first)
        self._lock = threading.Lock()
        self._spare: tempfile.TemporaryDirectory[str] | None = None
        self._music = self._playable(first.dance.song.path)
        self._socket = listen(host, port)
        self.port = int(self._socket.getsockname()[1])
        address = ipaddress.ip_address(self._socket.getsockname()[0])
        token = None if address.is_loopback else secrets.token_urlsafe(16)
        self.url = f"http://{reachable(address)}:{self.port}/" + (f"?token={token}" if token else "")
        self._threads = ThreadPoolExecutor(2, thread_name_prefix=f"dance page {self.port}")
        self._server = web_server(self._app(token, more), None)
        self._thread = threading.Thread(target=self._serve, name=f"dance page {self.port}", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """End the page. May be called twice."""
        self._server.should_exit = True
        self._thread.join()
        self._threads.shutdown(cancel_futures=True)
        if self._spare is not None:
            self._spare.cleanup()

    def wait(self) -> None:
        """Wait until the page is closed."""
        while self._thread.is_alive():
            self._thread.join(0.5)

    def _serve(self) -> None:
        asyncio.run(self._server.serve(sockets=[self._socket]))

    def _app(self, token: str | None, more: tuple[BaseRoute, ...]) -> ASGIApp:
        self._static = {**static_files(), **static_files("footlights.recognition.dance.live")}
        routes = [
            Route("/", self._home), Route("/static/{name}", self._file), Route("/facts", self._facts),
            Route("/dance.glb", self._dance), Route("/music", self._play),
            Route("/another", self._another, methods=["POST"]), *more,
        ]  # fmt: skip
        return Guard(Starlette(routes=routes), token, f"footlights_{self.port}", pages=("/",))

    async def _home(self, request: Request) -> Response:
        answer = self._static["dance.html"].answer(request)
        answer.headers["permissions-policy"] = _FRESH["permissions-policy"]
        return answer

    async def _file(self, request: Request) -> Response:
        file = self._static.get(request.path_params["name"])
        return PlainTextResponse("no such file\n", 404) if file is None else file.answer(request)

    async def _facts(self, request: Request) -> Response:
        with self._lock:
            return JSONResponse(
                facts(self._troupe, self._seed, music=self._music is not None, ear=self._ear), headers=_FRESH
            )

    async def _dance(self, request: Request) -> Response:
        with self._lock:
            return Response(self._glb, media_type="model/gltf-binary", headers=_FRESH)

    async def _play(self, request: Request) -> Any:
        if self._music is None:
            return PlainTextResponse("this dance has no music\n", 404)
        return MediaAnswer(self._music, self._threads)

    async def _another(self, request: Request) -> Response:
        """Make the dance of the next seed. What goes wrong is said in one line."""
        try:
            await asyncio.get_running_loop().run_in_executor(self._threads, self._next)
        except FootlightsError as error:
            return JSONResponse({"error": str(error)}, 500, headers=_FRESH)
        return await self._facts(request)

    def _next(self) -> None:
        with self._lock:
            seed = (self._seed + 1) % MOST_SEED
        made = self._make(seed)
        body = glb(made)
        with self._lock:
            self._seed, self._troupe, self._glb = seed, made, body

    def _playable(self, path: str | None) -> MediaFile | None:
        """The music as browsers can play it."""
        if path is None:
            return None
        music = Path(path)
        kind = _PLAYED.get(music.suffix.lower())
        if kind is None:
            self._spare = tempfile.TemporaryDirectory(prefix="footlights-")
            music, kind = Path(self._spare.name) / "music.m4a", "audio/mp4"
            write_sound(Path(path), music)
        return MediaFile(music, "audio", kind)


def facts(troupe: Troupe, seed: int, *, music: bool, ear: bool = False) -> dict[str, Any]:
    """What the page knows besides the bodies: beats, sections and phrases, in seconds."""
    song = troupe.dance.song
    edges = [*song.beats.tolist(), song.seconds]
    return {
        "title": song.title, "seconds": round(troupe.dance.seconds, 3), "seed": seed, "music": music, "ear": ear,
        "meter": song.meter, "tempo": round(song.tempo, 1), "beats": [round(float(beat), 4) for beat in song.beats],
        "downbeats": song.downbeats.tolist(), "energy": [round(float(v), 3) for v in song.energy],
        "dancers": [dancer.look.name for dancer in troupe.dancers],
        "sections": [
            {"begin": edges[part.begin], "end": edges[min(part.end, len(edges) - 1)], "label": part.label,
             "energy": part.energy}
            for part in song.sections
        ],
        "phrases": [
            {"name": span.name, "style": span.style, "begin": round(span.begin, 3), "end": round(span.end, 3)}
            for span in troupe.dance.phrases
        ],
    }  # fmt: skip
