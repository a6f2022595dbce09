"""A PostgreSQL of one's own, from the programs that are installed, in a folder that is thrown away at its end."""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

PATIENCE = 30.0  # seconds for a start, and for an end
PROGRAMS = Path("/usr/lib/postgresql")


def programs() -> Path | None:
    """Where they are; None where PostgreSQL is not installed."""
    return max(PROGRAMS.glob("*/bin"), default=None)


class Postgres:
    """A server without passwords on this machine. Raises OSError or CalledProcessError where it cannot be made."""

    def __init__(self, *, sync: bool = False) -> None:
        found = programs()
        assert found is not None, "PostgreSQL is not installed"
        self._found, self._sync = found, sync
        self._folder = Path(tempfile.mkdtemp(prefix="footlights-postgres-"))
        # The server refuses to be started by root: then it is somebody else's.
        self._user = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"] if os.geteuid() == 0 else []
        if self._user:
            shutil.chown(self._folder, "postgres")
        init = [str(found / "initdb"), "-D", str(self._folder / "data"), "-A", "trust", "-U", "footlights", "-N"]
        subprocess.run([*self._user, *init], check=True, capture_output=True, cwd="/")
        with socket.socket() as sock:
            sock.bind(("127.0.0.1", 0))
            self.port = int(sock.getsockname()[1])
        self.address = f"postgresql://footlights@127.0.0.1:{self.port}/postgres"
        self.server = self._open()

    def start(self) -> None:
        """Start it where it has ended, and wait until it answers."""
        deadline = time.monotonic() + PATIENCE
        while not self._answers():
            if self.server.poll() is not None:  # the processes of one that was killed may still hold its memory
                self.server = self._open()
            if time.monotonic() > deadline:
                raise TimeoutError(f"PostgreSQL does not start: see {self._folder / 'log'}")
            time.sleep(0.05)

    def close(self) -> None:
        """End it at once: nobody needs what it holds."""
        self.server.send_signal(signal.SIGQUIT)
        self.server.wait(PATIENCE)
        shutil.rmtree(self._folder, ignore_errors=True)

    def _open(self) -> subprocess.Popen[bytes]:
        where = [f"-cport={self.port}", "-clisten_addresses=127.0.0.1", f"-cunix_socket_directories={self._folder}"]
        run = [*self._user, str(self._found / "postgres"), "-D", str(self._folder / "data"), *where]
        with (self._folder / "log").open("ab") as log:
            return subprocess.Popen([*run, f"-cfsync={'on' if self._sync else 'off'}"], stdout=log, stderr=log, cwd="/")

    def _answers(self) -> bool:
        import psycopg

        try:
            psycopg.connect(self.address, connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True
