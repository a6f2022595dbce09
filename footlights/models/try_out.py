"""Tries a model that somebody brought, in a process of its own: what breaks it, breaks nothing else.

    python -m footlights.models.try_out FILE NAME

FILE is called `NAME.onnx`, `.tflite` or `.zip`. It prints one JSON object: its labels, or what is wrong with it.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

from footlights.core.errors import FootlightsError, InstallError, ModelCorruptError
from footlights.models.bundle import open_path
from footlights.models.session import open_session

PATIENCE = 120.0  # seconds


def try_out(path: Path, name: str) -> list[str]:
    """The labels that came with a model. Raises ModelCorruptError: it is none, in one line."""
    command = [sys.executable, "-m", "footlights.models.try_out", str(path), name]
    try:
        done = subprocess.run(command, capture_output=True, timeout=PATIENCE, check=False)
        said = json.loads(done.stdout)
    except subprocess.TimeoutExpired:
        raise ModelCorruptError(f"{name} cannot be opened in {PATIENCE:.0f} s") from None
    except ValueError:
        raise ModelCorruptError(f"{name} ends the program that tries to open it") from None
    if "error" in said:
        raise ModelCorruptError(str(said["error"]))
    return [str(label) for label in said["labels"]]


def _look(path: Path, name: str) -> dict[str, object]:
    with tempfile.TemporaryDirectory(dir=path.parent) as folder:
        try:
            bundle = open_path(path, name, Path(folder))
            open_session(bundle.path)
        except InstallError:  # what would run it is not on this machine; devices will see
            pass
        except FootlightsError as error:
            return {"error": str(error).replace(f"{path.parent}/", "").replace(f"{folder}/", "")}
        return {"labels": bundle.labels}


if __name__ == "__main__":
    print(json.dumps(_look(Path(sys.argv[1]), sys.argv[2])))
