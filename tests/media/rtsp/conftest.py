from collections.abc import Callable, Iterator

import pytest

from footlights.media.rtsp.server import RtspServer
from tests.media.moving import Ticking, counting


@pytest.fixture
def encoder() -> Iterator[Ticking]:
    """Shows growing numbers, 50 a second."""
    made = Ticking(counting(), fps=50, bitrate=2_000_000, name="numbers")
    yield made
    made.close()


@pytest.fixture
def serve(encoder: Ticking) -> Iterator[Callable[..., RtspServer]]:
    """Starts a server with the numbers at /numbers."""
    running: list[RtspServer] = []

    def start(**settings: object) -> RtspServer:
        server = RtspServer(port=0, **settings)  # type: ignore[arg-type]
        server.mount("numbers", encoder)
        running.append(server)
        return server

    yield start
    for server in running:
        server.close()
