"""How much one hub takes: thousands of devices with certificates of their own, through Mosquitto into a database.

    python bench/hub.py [--devices 2000] [--rate 3000] [--seconds 30] [--database postgresql://...]

Everything runs on this machine, the devices too, so that they share its processors with the hub. Said are: messages
that devices sent, messages that are stored (each once, by its number), and how long it takes from a device to whoever
watches a dashboard.
"""

import argparse
import asyncio
import json
import multiprocessing
import resource
import socket
import ssl
import statistics
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from sqlalchemy import func, insert, select

from bench.sides.devices import Device
from footlights.hub import schema
from footlights.hub.archive import Arrived
from footlights.hub.hub import Hub, Place
from footlights.wire import fleet

SESSION = "0123456789abcdef"
TOGETHER = 50  # devices that connect at once
PATIENCE = 60.0  # seconds for the last messages


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


def serve(place: Place, devices: int, pipe: Connection) -> None:
    """A hub in a process of its own, and somebody who watches."""
    hub, delays = Hub(place), list[float]()
    rows = [{"id": f"d{n}", "title": "", "state": "active", "created": 0.0, "online": False} for n in range(devices)]
    with hub.database.write() as connection:
        connection.execute(insert(schema.devices), rows)

    def watch(new: Sequence[Arrived]) -> None:
        now = time.time()
        delays.extend(now - arrived.message.time for arrived in new)

    hub.watchers.append(watch)
    hub.start()
    hub.ingest.wait_until_connected(30)
    pipe.send("ready")
    while (asked := pipe.recv()) != "end":
        if asked == "stored":
            with hub.database.read() as connection:
                pipe.send(connection.scalar(select(func.count()).select_from(schema.messages)))
    ordered = sorted(delays)
    with hub.database.read() as connection:
        reached = connection.scalar(select(func.sum(schema.outboxes.c.stored))) or 0
    used = resource.getrusage(resource.RUSAGE_SELF)
    pipe.send(
        {
            "p50": statistics.median(ordered), "p95": ordered[int(0.95 * len(ordered))], "worst": ordered[-1],
            "reached": int(reached), "memory": used.ru_maxrss * 1024, "cpu": used.ru_utime + used.ru_stime,
        }
    )  # fmt: skip
    hub.close()


async def talk(devices: list[Device], rate: float, seconds: float) -> int:
    """Everybody says something in turn, so that it is `rate` messages a second in all; how many that were."""
    start, sent, numbers = time.monotonic(), 0, [0] * len(devices)
    while (elapsed := time.monotonic() - start) < seconds:
        due = int(elapsed * rate)
        while sent < due:
            place = sent % len(devices)
            numbers[place] += 1
            body = {"stream": "line-1", "values": {"fps": 29.7, "people": sent % 7, "dropped": 0}}
            message = fleet.Message(SESSION, numbers[place], numbers[place] - 1, time.time(), "telemetry", body)
            devices[place].publish(fleet.topic(f"d{place}", "messages"), fleet.encode(message))
            sent += 1
            if sent % 200 == 0:
                await asyncio.sleep(0)
        await asyncio.sleep(0.005)
    return sent


def contexts(hub_folder: Path, count: int) -> list[ssl.SSLContext]:
    """A certificate for each device, from the hub's authority."""
    from footlights.hub.authority import Authority

    authority, made, now = Authority(hub_folder / "authority"), [], datetime.now(UTC)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "device.pem"
        for number in range(count):
            key, certificate = authority.client(f"d{number}", now)
            file.write_text(certificate.pem + key)
            context = ssl.create_default_context(cafile=str(authority.path))
            context.load_cert_chain(str(file))
            made.append(context)
    return made


async def measure(arguments: argparse.Namespace, place: Place, pipe: Connection) -> dict[str, Any]:
    devices = [
        Device(f"d{number}", context) for number, context in enumerate(contexts(place.folder, arguments.devices))
    ]
    began = time.monotonic()
    for start in range(0, len(devices), TOGETHER):
        await asyncio.gather(*(device.connect(place.port) for device in devices[start : start + TOGETHER]))
    connected = time.monotonic() - began
    sent = await talk(devices, arguments.rate, arguments.seconds)
    stored, until = 0, time.monotonic() + PATIENCE
    while stored < sent and time.monotonic() < until:
        await asyncio.sleep(0.5)
        pipe.send("stored")
        stored = pipe.recv()
    pipe.send("end")
    told = pipe.recv()
    acknowledged = sum(device.acknowledged for device in devices)
    await asyncio.gather(*(device.close() for device in devices))
    return {"sent": sent, "stored": stored, "acknowledged": acknowledged, "connected in": connected, **told}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--devices", type=int, default=2000)
    parser.add_argument("--rate", type=float, default=3000.0)
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--database", help="postgresql://…; without it SQLite")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        place = Place(Path(folder) / "hub", port=free_port(), database=arguments.database)
        mine, theirs = multiprocessing.Pipe()
        process = multiprocessing.get_context("spawn").Process(target=serve, args=(place, arguments.devices, theirs))
        process.start()
        assert mine.recv() == "ready"
        told = asyncio.run(measure(arguments, place, mine))
        process.join(30)
    kind = "PostgreSQL" if arguments.database else "SQLite"
    print(f"{arguments.devices} devices, {told['sent'] / arguments.seconds:.0f} messages a second into {kind}")
    counts = f"sent {told['sent']}, stored {told['stored']}, in order {told['reached']}"
    print(f"connected in {told['connected in']:.1f} s; {counts}")
    print(f"to the dashboard: p50 {told['p50']:.3f} s, p95 {told['p95']:.3f} s, worst {told['worst']:.3f} s")
    print(f"the hub: {told['memory'] / 2**20:.0f} MiB, {told['cpu'] / arguments.seconds:.2f} cores")
    print(json.dumps({name: value for name, value in told.items() if name != "connected in"}))


if __name__ == "__main__":
    main()
