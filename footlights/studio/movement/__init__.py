"""Training and scoring of the movement nets, on sequences that the motion library generates."""

import importlib.util

from footlights.core.errors import InstallError

EXTRA = ("torch", "onnx", "onnxscript")


def check_extra(*names: str) -> None:
    """Raises InstallError, with the line to type, where one of these packages (default: all of EXTRA) is absent."""
    missing = [name for name in names or EXTRA if importlib.util.find_spec(name) is None]
    if missing:
        raise InstallError(f"{', '.join(missing)} is not installed; type: pip install 'footlights[train]'")
