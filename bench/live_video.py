"""What live video costs with more and more viewers: CPU of the process that serves, pictures that were lost.

    python bench/live_video.py a.mp4 b.mp4 c.mp4 d.mp4 [--seconds 6] [--viewers 0 1 8 50]

The films play at their own pace into a wall; the viewers (RTSP over TCP, in a process of their own) read `/wall`.
"""

import argparse
import asyncio
import subprocess
import sys
import threading
import time
from pathlib import Path

from footlights.core.scene import Scene
from footlights.media.live import LiveVideo
from footlights.media.open import open_source


async def watch(host: str, port: int, path: str) -> None:
    """One viewer that reads and forgets."""
    reader, writer = await asyncio.open_connection(host, port)
    url = f"rtsp://{host}:{port}{path}"

    async def ask(line: str) -> bytes:
        writer.write(f"{line}\r\n\r\n".encode())
        return await reader.readuntil(b"\r\n\r\n")

    answer = await ask(f"SETUP {url} RTSP/1.0\r\nCSeq: 1\r\nTransport: RTP/AVP/TCP;unicast;interleaved=0-1")
    session = answer.split(b"Session: ")[1].split(b";")[0].decode()
    await ask(f"PLAY {url} RTSP/1.0\r\nCSeq: 2\r\nSession: {session}")
    while await reader.read(1 << 16):
        pass


async def watch_all(port: int, count: int) -> None:
    await asyncio.gather(*(watch("127.0.0.1", port, "/wall") for _ in range(count)))


def play(film: Path, live: LiveVideo, over: threading.Event) -> None:
    began = time.monotonic()
    for frame in open_source(str(film), loop=True).frames():
        if over.wait(max(0.0, began + frame.time - time.monotonic())):
            return
        frame.arrived = time.monotonic()
        live.write(Scene(frame))


def measure(live: LiveVideo, viewers: int, seconds: float) -> None:
    watcher = subprocess.Popen([sys.executable, __file__, "--watch", str(live.server.port), str(viewers)])
    time.sleep(2.5)
    before, start = live.stats()[0], time.process_time()
    time.sleep(seconds)
    spent, after = time.process_time() - start, live.stats()[0]
    print(
        f"{viewers:3d} viewers ({after.viewers} there): {100 * spent / seconds:5.1f} % of one core, "
        f"wall at {(after.encoded - before.encoded) / seconds:.1f} fps, {after.dropped - before.dropped} pictures lost"
    )
    watcher.kill()
    watcher.wait()


def main() -> None:
    if sys.argv[1:2] == ["--watch"]:
        asyncio.run(watch_all(int(sys.argv[2]), int(sys.argv[3])))
        return
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("films", type=Path, nargs="+")
    parser.add_argument("--seconds", type=float, default=6.0)
    parser.add_argument("--viewers", type=int, nargs="+", default=[0, 1, 8, 50])
    given = parser.parse_args()
    live, over = LiveVideo(port=0), threading.Event()
    for film in given.films:
        threading.Thread(target=play, args=(film, live, over), daemon=True).start()
    for viewers in given.viewers:
        measure(live, viewers, given.seconds)
    over.set()
    live.close()


if __name__ == "__main__":
    main()
