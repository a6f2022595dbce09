"""What a device has to say, on disk until the hub has stored it: bounded, in order, still there after a power cut."""

import json
import secrets
import sqlite3
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from footlights.core.errors import SinkError
from footlights.wire.fleet import Kind, Message

MOST_BYTES = 64 * 2**20  # of what waits
KEEP = ("event", "reported", "answer", "state")  # what is forgotten last, where there is no room
_TABLES = """
CREATE TABLE IF NOT EXISTS about (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS messages (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT, time REAL NOT NULL, kind TEXT NOT NULL, body TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS messages_of_a_kind ON messages (kind, sequence);
"""


class Outbox:
    """Messages that wait, in an SQLite file. May be used by several threads.

    Where there is no room for more, pictures are forgotten first, then telemetry, then everything else, the oldest
    before the newer ones; `forgotten` says how many.

    Raises:
        SinkError: the file cannot be opened. A damaged one is put aside, and a new one begun.
    """

    def __init__(self, path: Path, most_bytes: int = MOST_BYTES) -> None:
        self._most_bytes = most_bytes
        self._lock = threading.Lock()
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            self._open(path)
        except sqlite3.DatabaseError:
            path.replace(path.with_name(f"{path.name}.damaged"))
            self._open(path)
        except OSError as error:
            raise SinkError(f"the outbox {path} cannot be opened: {error.strerror}") from None
        self._file.execute("INSERT OR IGNORE INTO about VALUES ('session', ?)", (secrets.token_hex(8),))
        self._file.execute("INSERT OR IGNORE INTO about VALUES ('forgotten', '0')")
        self.session = self._about("session")
        self._bytes = int(self._file.execute("SELECT coalesce(sum(length(body)), 0) FROM messages").fetchone()[0])

    @property
    def forgotten(self) -> int:
        """Messages for which there was no room, ever."""
        with self._lock:
            return int(self._about("forgotten"))

    def put(self, kind: Kind, body: Mapping[str, Any], moment: float | None = None) -> int:
        """Keep a message; its number. It is on the disk when this returns."""
        text = json.dumps(body, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        with self._lock:
            self._make_room(len(text))
            added = self._file.execute(
                "INSERT INTO messages (time, kind, body) VALUES (?, ?, ?)", (moment or time.time(), kind, text)
            )
            self._bytes += len(text)
        return int(added.lastrowid or 0)

    def after(self, sequence: int, most: int) -> list[Message]:
        """The next messages behind this number, in order."""
        with self._lock:
            before = self._file.execute("SELECT max(sequence) FROM messages WHERE sequence <= ?", (sequence,))
            last = before.fetchone()[0] or 0
            rows = self._file.execute(
                "SELECT sequence, time, kind, body FROM messages WHERE sequence > ? ORDER BY sequence LIMIT ?",
                (sequence, most),
            ).fetchall()
        found = []
        for number, moment, kind, body in rows:
            found.append(Message(self.session, number, last, moment, kind, json.loads(body)))
            last = number
        return found

    def received(self, sequence: int) -> None:
        """Let go of everything up to this number: the hub has it."""
        with self._lock:
            size = self._file.execute(
                "SELECT coalesce(sum(length(body)), 0) FROM messages WHERE sequence <= ?", (sequence,)
            ).fetchone()[0]
            self._file.execute("DELETE FROM messages WHERE sequence <= ?", (sequence,))
            self._bytes -= int(size)

    def __len__(self) -> int:
        with self._lock:
            return int(self._file.execute("SELECT count(*) FROM messages").fetchone()[0])

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            self._file.close()

    def _open(self, path: Path) -> None:
        self._file = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=10)
        self._file.execute("PRAGMA journal_mode=WAL")
        self._file.execute("PRAGMA synchronous=FULL")
        self._file.executescript(_TABLES)
        if self._file.execute("PRAGMA quick_check").fetchone()[0] != "ok":
            self._file.close()
            raise sqlite3.DatabaseError("damaged")

    def _about(self, name: str) -> str:
        return str(self._file.execute("SELECT value FROM about WHERE name = ?", (name,)).fetchone()[0])

    def _make_room(self, size: int) -> None:
        """Forget the least worthy until there is room. Called with the lock held."""
        marks = ",".join("?" * len(KEEP))
        for wanted, names in (("kind = 'picture'", ()), (f"kind NOT IN ({marks})", KEEP), ("1", ())):
            while self._bytes + size > self._most_bytes:
                rows = self._file.execute(
                    f"SELECT sequence, length(body) FROM messages WHERE {wanted} ORDER BY sequence LIMIT 100", names
                ).fetchall()
                if not rows:
                    break
                self._forget(rows, self._bytes + size - self._most_bytes)

    def _forget(self, rows: list[tuple[int, int]], needed: int) -> None:
        freed, gone = 0, []
        for sequence, size in rows:
            if freed >= needed:
                break
            freed += size
            gone.append((sequence,))
        self._file.executemany("DELETE FROM messages WHERE sequence = ?", gone)
        self._file.execute("UPDATE about SET value = value + ? WHERE name = 'forgotten'", (len(gone),))
        self._bytes -= freed
