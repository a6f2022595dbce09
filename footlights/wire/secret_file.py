"""Files that nobody else on this machine can read."""

import os
from pathlib import Path


def write_secret(path: Path, text: str) -> None:
    """Write a file for its owner alone, whole or not at all."""
    beside = path.with_name(f"{path.name}.new")
    beside.unlink(missing_ok=True)
    with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
    beside.replace(path)
