"""Hub, worker, broker, database and agents as processes, killed while devices talk; for long: `bench/killing.py`."""

import random
import time
from pathlib import Path

import pytest

from bench.sides.fire import Fleet, edited
from bench.sides.postgres import programs

SEED = 3


def test_whoever_is_killed_nothing_is_lost_and_nothing_is_there_twice(mosquitto: str, tmp_path: Path) -> None:
    if programs() is None:
        pytest.skip("PostgreSQL is not installed: sudo apt install postgresql")
    victims = ["hub", "worker", "broker", "agent", "backend"]
    random.Random(SEED).shuffle(victims)
    fleet = Fleet(tmp_path, agents=2, rate=20.0, seed=SEED)
    try:
        with edited(fleet):
            for victim in victims:
                time.sleep(0.7)
                fleet.kill(victim)
            time.sleep(0.7)
        fleet.settle()
        found = fleet.check()
    finally:
        fleet.close()
    assert fleet.deaths.keys() <= {"hub", "worker"}, "who starts while the database is away"
    assert found["messages"] > 50 and found["firings"] > 2 and found["edits"] > 3
