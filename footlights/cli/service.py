"""A part of footlights as a service of systemd: started with the machine, again where it ends, and shut in."""

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from footlights.core.errors import InstallError, SettingsError

SYSTEM = Path("/etc/systemd/system")
# Cameras and graphics cards are to be seen, so that PrivateDevices and ProtectClock, which hide devices, are not here;
# models are compiled while they run, so that MemoryDenyWriteExecute is not either.
SHUT_IN = (
    "NoNewPrivileges=yes", "LockPersonality=yes", "RestrictRealtime=yes", "RestrictSUIDSGID=yes",
    "RestrictNamespaces=yes", "RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX AF_NETLINK",
    "SystemCallArchitectures=native", "UMask=0077",
)  # fmt: skip
SHUT_IN_BY_ROOT = (
    "ProtectSystem=strict", "ProtectHome=read-only", "PrivateTmp=yes", "ProtectKernelTunables=yes",
    "ProtectKernelModules=yes", "ProtectKernelLogs=yes", "ProtectControlGroups=yes", "ProtectHostname=yes",
    "CapabilityBoundingSet=", "AmbientCapabilities=",
)  # fmt: skip


@dataclass(frozen=True)
class Service:
    """A unit: of the system, where `account` says as whom it runs, or of the user who installs it."""

    name: str  # footlights-agent
    title: str
    arguments: tuple[str, ...]  # of the command `footlights`
    folder: Path  # that it writes to
    account: str | None = None

    @property
    def path(self) -> Path:
        """Where the unit belongs."""
        return places(self.name)[0 if self.account else 1]

    def text(self) -> str:
        """The unit.

        Raises SettingsError: there is no such account.
        """
        command = " ".join(_quoted(word) for word in (sys.executable, "-m", "footlights", *self.arguments))
        lines = ["[Unit]", f"Description={self.title}"]
        if self.account:
            lines += ["Wants=network-online.target", "After=network-online.target time-sync.target"]
        lines += ["StartLimitIntervalSec=0", "", "[Service]", f"ExecStart={command}", "Restart=always", "RestartSec=5"]
        lines += ["TimeoutStopSec=30", *SHUT_IN]
        if self.account:
            written = (self.folder, home(self.account) / ".cache/footlights")
            lines += [f"User={self.account}", *SHUT_IN_BY_ROOT]
            lines += ["ReadWritePaths=" + " ".join(_quoted(f"-{path}") for path in written)]
        return "\n".join(
            [*lines, "", "[Install]", f"WantedBy={'multi-user' if self.account else 'default'}.target", ""]
        )

    def install(self) -> None:
        """Write the unit, start it now and whenever the machine starts.

        Raises:
            InstallError: there is no systemd; SettingsError: this user may not.
        """
        text = self.text()
        try:
            if self.account and not self.folder.exists():  # the service itself could not make it
                self.folder.mkdir(parents=True, mode=0o700)
                shutil.chown(self.folder, self.account)
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self.path.write_text(text, encoding="utf-8")
        except OSError as error:
            raise SettingsError(f"{self.path} cannot be written: {error.strerror}") from None
        _systemctl(self.path, "daemon-reload")
        _systemctl(self.path, "enable", "--now", self.path.name)


def remove(name: str) -> list[Path]:
    """End a service and forget its unit, of the system and of this user; where they were.

    Raises:
        SettingsError: this user may not.
    """
    found = [path for path in places(name) if path.exists()]
    for path in found:
        _systemctl(path, "disable", "--now", path.name)
        try:
            path.unlink()
        except OSError as error:
            raise SettingsError(f"{path} cannot be removed: {error.strerror}") from None
        _systemctl(path, "daemon-reload")
    return found


def places(name: str) -> tuple[Path, Path]:
    """Where the unit of a service is: of the system, and of this user."""
    own = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config") / "systemd/user"
    return SYSTEM / f"{name}.service", own / f"{name}.service"


def home(account: str) -> Path:
    """Raises SettingsError: there is no such account."""
    import pwd

    try:
        return Path(pwd.getpwnam(account).pw_dir)
    except KeyError:
        raise SettingsError(f"there is no account '{account[:64]}' on this machine: sudo useradd -m NAME") from None


def _systemctl(unit: Path, *arguments: str) -> None:
    program = shutil.which("systemctl")
    if program is None:
        raise InstallError(f"there is no systemd on this machine: start what {unit} says by other means")
    scope: Sequence[str] = () if unit.parent == SYSTEM else ("--user",)
    done = subprocess.run([program, *scope, *arguments], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        said = done.stderr.strip().split("\n")[0][:200]
        raise SettingsError(f"systemctl {' '.join([*scope, *arguments])}: {said}")


def _quoted(word: str) -> str:
    """A word as systemd reads it."""
    escaped = word.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%").replace("$", "$$")
    return f'"{escaped}"' if escaped != word or not word or any(sign.isspace() for sign in word) else word
