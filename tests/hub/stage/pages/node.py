"""The pages' own modules under node: what needs no page is tried without a browser."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from footlights.hub.stage import browser

STATIC = Path(browser.__file__).parent / "pages" / "static"


def run_module(folder: Path, script: Path | str, modules: tuple[str, ...], given: Any = None) -> Any:
    """What a script makes of JSON. Skips where node is not installed."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("node is not installed: apt-get install nodejs")
    (folder / "package.json").write_text('{"type": "module"}')
    for name in modules:
        shutil.copy(STATIC / name, folder)
    text = script.read_text() if isinstance(script, Path) else script
    (folder / "script.mjs").write_text(text)
    command = [node, str(folder / "script.mjs")]
    done = subprocess.run(command, input=json.dumps(given), capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)
