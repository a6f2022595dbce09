"""How much one hub takes: thousands of devices with certificates of their own, through Mosquitto into a database.

    python bench/hub.py [--devices 2000] [--rate 3000] [--seconds 30] [--database postgresql://...] [--workers 1]

Everything runs on this machine, the devices too, so that they share its processors with the hub. Said are: messages
that devices sent, messages that are stored (each once, by its number), how long it takes from a device to whoever
watches a dashboard, and the processor time of each part while devices talk. Devices say again what the hub has not
confirmed, as agents do. One worker is the hub's own; others are processes of their own, and need PostgreSQL: what they
store is looked up in the database to know how long it took.
"""

import argparse
import asyncio
import multiprocessing
import os
import resource
import socket
import ssl
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from sqlalchemy import func, insert, select, text

from bench.sides.devices import Device
from footlights.agent.link import SAY_AGAIN
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
    messages, outboxes = schema.messages.c, schema.outboxes.c
    while (asked := pipe.recv()) != "end":
        with hub.database.read() as connection:
            if asked == "stored":
                pipe.send(connection.scalar(select(func.count()).select_from(schema.messages)))
            elif asked == "processes":
                process = hub.mosquitto._process
                ours = [] if hub.database.embedded else connection.execute(text("SELECT pid FROM pg_stat_activity"))
                pipe.send((process.pid if process else 0, [row[0] for row in ours]))
    ordered = sorted(delays)
    with hub.database.read() as connection:
        reached = connection.scalar(select(func.sum(outboxes.stored))) or 0
        others = (connection.scalar(select(func.count()).select_from(schema.messages)) or 0) - len(ordered)
        slowest = connection.scalar(select(func.max(messages.arrived - messages.time)))
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    pipe.send(
        {
            "p50": statistics.median(ordered), "p95": ordered[int(0.95 * len(ordered))], "worst": ordered[-1],
            "others": others, "slowest to a worker": slowest, "reached": int(reached), "memory": memory,
        }
    )  # fmt: skip
    hub.close()


def start_workers(place: Place, count: int) -> list[subprocess.Popen[bytes]]:
    """Workers beside the hub's own, as their user starts them."""
    footlights = [sys.executable, "-m", "footlights", "hub", "--data", str(place.folder)]
    where = ["--database", str(place.database), "--broker", f"mqtts://localhost:{place.port}"]
    processes = []
    for number in range(count):
        subprocess.run([*footlights, "worker", f"w{number}", *where[:2]], check=True, stdout=subprocess.DEVNULL)
        processes.append(subprocess.Popen([*footlights, "ingest", "--as", f"w{number}", *where]))
    time.sleep(5.0 if count else 0.0)  # the broker is told of them within two seconds
    return processes


def used(process: int) -> float:
    """Processor time of a process, in seconds; 0 where it is not there any more."""
    try:
        after_name = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(after_name[11]) + int(after_name[12])) / os.sysconf("SC_CLK_TCK")


async def talk(devices: list[Device], rate: float, seconds: float) -> int:
    """Everybody says something in turn, so that it is `rate` messages a second in all; how many that were."""
    start, sent, numbers, looked = time.monotonic(), 0, [0] * len(devices), 0.0
    while (elapsed := time.monotonic() - start) < seconds:
        due = int(elapsed * rate)
        while sent < due:
            place = sent % len(devices)
            numbers[place] += 1
            body = {"stream": "line-1", "values": {"fps": 29.7, "people": sent % 7, "dropped": 0}}
            message = fleet.Message(SESSION, numbers[place], numbers[place] - 1, time.time(), "telemetry", body)
            devices[place].say(numbers[place], fleet.encode(message))
            sent += 1
            if sent % 200 == 0:
                await asyncio.sleep(0)
        if elapsed - looked > 1.0:
            looked = elapsed
            say_again(devices)
        await asyncio.sleep(0.005)
    return sent


def say_again(devices: list[Device]) -> None:
    """What was not confirmed, as agents do."""
    for device in devices:
        device.say_again(SAY_AGAIN[0])


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


async def measure(
    arguments: argparse.Namespace, place: Place, hub: int, workers: list[subprocess.Popen[bytes]], pipe: Connection
) -> dict[str, Any]:
    devices = [
        Device(f"d{number}", context) for number, context in enumerate(contexts(place.folder, arguments.devices))
    ]
    began = time.monotonic()
    for start in range(0, len(devices), TOGETHER):
        await asyncio.gather(*(device.connect(place.port) for device in devices[start : start + TOGETHER]))
    connected = time.monotonic() - began
    await asyncio.sleep(2.0)  # so that the parts are quiet
    before = processor_time(hub, workers, pipe)
    sent = await talk(devices, arguments.rate, arguments.seconds)
    stored, until = 0, time.monotonic() + PATIENCE
    while stored < sent and time.monotonic() < until:
        await asyncio.sleep(0.5)
        say_again(devices)
        pipe.send("stored")
        stored = pipe.recv()
    after = processor_time(hub, workers, pipe)
    pipe.send("end")
    told = pipe.recv()
    await asyncio.gather(*(device.close() for device in devices))
    return {
        "sent": sent, "stored": stored, "again": sum(device.again for device in devices), "connected in": connected,
        "cores": {name: (after[name] - before[name]) / arguments.seconds for name in after}, **told,
    }  # fmt: skip


def processor_time(hub: int, workers: list[subprocess.Popen[bytes]], pipe: Connection) -> dict[str, float]:
    """Of each part, in seconds."""
    pipe.send("processes")
    broker, database = pipe.recv()
    return {
        "devices": time.process_time(), "broker": used(broker), "hub": used(hub),
        "workers": sum(used(worker.pid) for worker in workers), "database": sum(map(used, database)),
    }  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--devices", type=int, default=2000)
    parser.add_argument("--rate", type=float, default=3000.0)
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--database", help="postgresql://…; without it SQLite")
    parser.add_argument("--workers", type=int, default=1, help="the hub's own among them")
    arguments = parser.parse_args()
    if arguments.workers > 1 and not arguments.database:
        parser.error("several workers need --database")
    with tempfile.TemporaryDirectory() as folder:
        place = Place(Path(folder) / "hub", port=free_port(), database=arguments.database)
        mine, theirs = multiprocessing.Pipe()
        process = multiprocessing.get_context("spawn").Process(target=serve, args=(place, arguments.devices, theirs))
        process.start()
        assert mine.recv() == "ready"
        workers = start_workers(place, arguments.workers - 1)
        told = asyncio.run(measure(arguments, place, process.pid or 0, workers, mine))
        for worker in workers:
            worker.terminate()
            worker.wait()
        process.join(30)
    kind = "PostgreSQL" if arguments.database else "SQLite"
    print(f"{arguments.devices} devices, {told['sent'] / arguments.seconds:.0f} messages a second into {kind}")
    counts = f"sent {told['sent']}, stored {told['stored']}, in order {told['reached']}, said again {told['again']}"
    print(f"connected in {told['connected in']:.1f} s; {counts}")
    print(f"to the dashboard: p50 {told['p50']:.3f} s, p95 {told['p95']:.3f} s, worst {told['worst']:.3f} s")
    if told["others"]:
        print(f"stored by other workers: {told['others']}; slowest to any worker {told['slowest to a worker']:.3f} s")
    cores = ", ".join(f"{name} {share:.2f}" for name, share in told["cores"].items())
    print(
        f"processors: {cores}, together {sum(told['cores'].values()):.2f}; the hub has {told['memory'] / 2**20:.0f} MiB"
    )


if __name__ == "__main__":
    main()
