import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from footlights.agent.outbox import Outbox

BODY = {"values": {"fps": 30.0}}


def test_what_was_put_comes_out_in_order_until_it_was_received(tmp_path: Path) -> None:
    outbox = Outbox(tmp_path / "outbox.sqlite")
    numbers = [outbox.put("event", {"n": n}, moment=float(n)) for n in range(5)]
    assert numbers == [1, 2, 3, 4, 5]
    waiting = outbox.after(0, 100)
    assert [m.body["n"] for m in waiting] == [0, 1, 2, 3, 4] and waiting[3].time == 3.0
    assert [(m.sequence, m.after) for m in waiting] == [(1, 0), (2, 1), (3, 2), (4, 3), (5, 4)]
    outbox.received(3)
    assert [(m.sequence, m.after) for m in outbox.after(0, 100)] == [(4, 0), (5, 4)]
    assert [(m.sequence, m.after) for m in outbox.after(4, 100)] == [(5, 4)]
    assert len(outbox) == 2


def test_numbers_go_on_after_a_restart_and_when_all_is_received(tmp_path: Path) -> None:
    outbox = Outbox(tmp_path / "outbox.sqlite")
    outbox.put("event", {})
    outbox.received(1)
    session = outbox.session
    outbox.close()
    again = Outbox(tmp_path / "outbox.sqlite")
    assert again.session == session and again.put("event", {}) == 2


def test_a_killed_process_loses_nothing_that_was_put(tmp_path: Path) -> None:
    program = (
        "import sys\nfrom pathlib import Path\nfrom footlights.agent.outbox import Outbox\n"
        "outbox = Outbox(Path(sys.argv[1]))\n"
        "while True:\n    print(outbox.put('event', {'x': 'y' * 200}), flush=True)\n"
    )
    command = [sys.executable, "-c", program, str(tmp_path / "outbox.sqlite")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        said = [process.stdout.readline() for _ in range(50)]
        os.kill(process.pid, signal.SIGKILL)
        said += process.stdout.readlines()
    promised = [int(line) for line in said if line.endswith("\n")]
    kept = [m.sequence for m in Outbox(tmp_path / "outbox.sqlite").after(0, 10**6)]
    assert kept[: len(promised)] == promised == list(range(1, len(promised) + 1))


def test_a_full_outbox_forgets_pictures_then_telemetry_then_the_oldest(tmp_path: Path) -> None:
    outbox = Outbox(tmp_path / "outbox.sqlite", most_bytes=1000)
    text = {"x": "y" * 91}  # 100 bytes with its frame
    for kind in ("event", "picture", "telemetry", "event", "telemetry", "answer", "picture", "event", "state", "event"):
        outbox.put(kind, text)  # type: ignore[arg-type]
    assert outbox.forgotten == 0
    for expected in (2, 7, 3, 5, 1, 4):
        before = {m.sequence for m in outbox.after(0, 100)}
        outbox.put("event", text)
        assert before - {m.sequence for m in outbox.after(0, 100)} == {expected}
    assert outbox.forgotten == 6


def test_the_gap_of_what_was_forgotten_is_told(tmp_path: Path) -> None:
    outbox = Outbox(tmp_path / "outbox.sqlite", most_bytes=300)
    for kind in ("event", "telemetry", "event", "event"):
        outbox.put(kind, {"x": "y" * 91})  # type: ignore[arg-type]
    assert [(m.sequence, m.after) for m in outbox.after(0, 10)] == [(1, 0), (3, 1), (4, 3)]


def test_a_damaged_file_is_put_aside(tmp_path: Path) -> None:
    path = tmp_path / "outbox.sqlite"
    path.write_bytes(b"this is no database, it only looks like a file" * 100)
    assert Outbox(path).put("event", {}) == 1
    assert (tmp_path / "outbox.sqlite.damaged").exists()


def test_several_threads(tmp_path: Path) -> None:
    outbox = Outbox(tmp_path / "outbox.sqlite")
    threads = [threading.Thread(target=lambda: [outbox.put("event", BODY) for _ in range(25)]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [m.sequence for m in outbox.after(0, 1000)] == list(range(1, 101))


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.sampled_from(["event", "telemetry", "picture"]), st.integers(0, 400)), max_size=30))
def test_it_stays_within_its_bound(tmp_path_factory: pytest.TempPathFactory, puts: list) -> None:
    outbox = Outbox(tmp_path_factory.mktemp("outbox") / "outbox.sqlite", most_bytes=1000)
    for kind, size in puts:
        outbox.put(kind, {"x": "y" * size})
    waiting = outbox.after(0, 1000)
    assert sum(len(m.body["x"]) for m in waiting) <= 1000
    assert len(waiting) + outbox.forgotten == len(puts)
    assert [m.after for m in waiting] == [0, *(m.sequence for m in waiting)][: len(waiting)]
    outbox.close()
