"""Ask a hub who is there, change what a device is to be, and wait until it is so.

    python examples/hub_client.py https://hub.example.com:8700 hub.token PIN

PIN is the SHA-256 of the hub's authority, which the hub prints at its start (`-v`); leave it out for a hub on this
machine (http://localhost:8700), or one with a public certificate.
"""

import sys
import time
from pathlib import Path

from footlights.hub.client import HubClient


def main(url: str, token: str, pin: str | None = None) -> None:
    """Everything that the first lines of this file say."""
    with HubClient(url, Path(token), pin) as hub:
        for device in hub.devices():
            print(f"{device.id:20} {device.state:8} {'online' if device.online else 'away'}")
        there = [device for device in hub.devices() if device.online]
        if not there:
            return
        name = there[0].id
        ping = hub.command(name, "ping", wait=10)
        print(f"ping {name}: {ping.answer if ping.done else 'no answer'}")
        version = hub.patch_twin(name, {"app": "gestures", "sources": [{"url": "rehearsal:wave"}]}, why="an example")
        print(f"version {version} is on its way")
        for _ in range(30):
            if hub.twin(name).agrees:
                print("the device has it")
                break
            time.sleep(1)
        for event in hub.events(name, most=5):
            print(time.strftime("%H:%M:%S", time.localtime(event.time)), event.kind, dict(event.data))
        hub.export(Path("people.csv"), "minutes", names=["people"], devices=[name])


if __name__ == "__main__":
    main(*sys.argv[1:])
