import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor

import cv2
import numpy as np

from footlights.core.frame import Image
from footlights.core.scene import Scene
from footlights.media.page.pictures import LONGEST_SIDE, LiveView, as_jpeg, encode_jpeg
from tests.media.page.stand_ins import plain, scene


class Paint:
    """Counts the pictures and can be held."""

    def __init__(self) -> None:
        self.indices: list[int] = []
        self.go = threading.Event()
        self.go.set()

    def __call__(self, painted: Scene) -> Image:
        self.go.wait()
        self.indices.append(painted.frame.index)
        return plain(painted)


def brightness(jpeg: bytes) -> int:
    return int(cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_GRAYSCALE).mean())


def test_nothing_is_painted_while_nobody_looks_and_then_only_the_newest() -> None:
    async def scenario(threads: ThreadPoolExecutor) -> tuple[list[int], list[int], int]:
        paint = Paint()
        picture = LiveView(as_jpeg(paint), threads)
        for index in range(5):
            picture.offer(scene(index=index))
        before = list(paint.indices)
        got = await picture.next(0)
        assert got is not None
        return before, paint.indices, brightness(got[1])

    with ThreadPoolExecutor(2) as threads:
        before, after, bright = asyncio.run(scenario(threads))
    assert before == []
    assert after == [4]
    assert abs(bright - 64) <= 2


def test_many_viewers_share_one_encoding() -> None:
    async def scenario(threads: ThreadPoolExecutor) -> tuple[list[int], set[bytes]]:
        paint = Paint()
        picture = LiveView(as_jpeg(paint), threads)
        waiting = [asyncio.create_task(picture.next(0)) for _ in range(20)]
        await asyncio.sleep(0)
        picture.offer(scene(index=3))
        got = [result for result in await asyncio.gather(*waiting) if result is not None]
        assert len(got) == 20
        return paint.indices, {jpeg for _, jpeg in got}

    with ThreadPoolExecutor(2) as threads:
        indices, jpegs = asyncio.run(scenario(threads))
    assert indices == [3]
    assert len(jpegs) == 1


def test_viewers_follow_a_stream_side_by_side() -> None:
    async def watch(picture: LiveView, seen: list[int]) -> None:
        number = 0
        while (newer := await picture.next(number)) is not None:
            number = newer[0]
            seen.append(number)

    async def scenario(threads: ThreadPoolExecutor) -> list[list[int]]:
        picture = LiveView(as_jpeg(Paint()), threads)
        seen: list[list[int]] = [[] for _ in range(6)]
        watching = [asyncio.create_task(watch(picture, mine)) for mine in seen]
        for index in range(200):
            picture.offer(scene(index=index))
            await asyncio.sleep(0.001)
        while any(mine[-1:] != [200] for mine in seen):
            await asyncio.sleep(0.001)
        picture.close()
        await asyncio.gather(*watching)
        return seen

    with ThreadPoolExecutor(2) as threads:
        for mine in asyncio.run(scenario(threads)):
            assert len(mine) >= 2 and mine == sorted(set(mine))


def test_what_comes_while_a_picture_is_painted_is_skipped_except_for_the_newest() -> None:
    async def scenario(threads: ThreadPoolExecutor) -> list[int]:
        paint = Paint()
        paint.go.clear()
        picture = LiveView(as_jpeg(paint), threads)
        picture.offer(scene(index=0))
        first = asyncio.create_task(picture.next(0))
        await asyncio.sleep(0.01)
        for index in range(1, 9):
            picture.offer(scene(index=index))
        paint.go.set()
        got = await first
        assert got is not None
        await picture.next(got[0])
        return paint.indices

    with ThreadPoolExecutor(2) as threads:
        assert asyncio.run(scenario(threads)) == [0, 8]


def test_a_viewer_that_left_stops_nobody() -> None:
    async def scenario(threads: ThreadPoolExecutor) -> bool:
        paint = Paint()
        paint.go.clear()
        picture = LiveView(as_jpeg(paint), threads)
        picture.offer(scene(index=0))
        leaves, stays = asyncio.create_task(picture.next(0)), asyncio.create_task(picture.next(0))
        await asyncio.sleep(0.01)
        leaves.cancel()
        paint.go.set()
        return await stays is not None

    with ThreadPoolExecutor(2) as threads:
        assert asyncio.run(scenario(threads))


def test_closing_ends_those_who_wait() -> None:
    async def scenario(threads: ThreadPoolExecutor) -> object:
        picture = LiveView(as_jpeg(Paint()), threads)
        waiting = asyncio.create_task(picture.next(0))
        await asyncio.sleep(0)
        picture.close()
        return await waiting

    with ThreadPoolExecutor(2) as threads:
        assert asyncio.run(scenario(threads)) is None


def test_large_pictures_are_scaled_down_and_keep_colour_and_shape() -> None:
    red = np.zeros((1500, 3000, 3), np.uint8)
    red[..., 0] = 200
    image = cv2.imdecode(np.frombuffer(encode_jpeg(red), np.uint8), cv2.IMREAD_COLOR_RGB)
    assert image.shape == (LONGEST_SIDE // 2, LONGEST_SIDE, 3)
    assert np.abs(image.reshape(-1, 3).mean(axis=0) - [200, 0, 0]).max() < 4
