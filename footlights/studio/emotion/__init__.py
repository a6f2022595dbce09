"""Training and scoring of the emotion model. What needs PyTorch says so; `check_extra` tells what is missing."""

import importlib.util

from footlights.core.errors import InstallError

EXTRA = ("torch", "onnx", "onnxscript", "matplotlib")


def check_extra(*names: str) -> None:
    """Raises InstallError, with the line to type, where one of these packages (default: all of EXTRA) is absent."""
    missing = [name for name in names or EXTRA if importlib.util.find_spec(name) is None]
    if missing:
        raise InstallError(f"{', '.join(missing)} is not installed; type: pip install 'footlights[train]'")
