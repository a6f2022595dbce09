"""What the recipes need besides footlights itself: the extra `train`."""

import importlib.util

from footlights.core.errors import InstallError

TRAIN = ("torch", "onnx", "onnxscript", "matplotlib")


def check_extra(*names: str) -> None:
    """Raises InstallError, with the line to type, where one of these packages (without names: all) is absent."""
    missing = [name for name in names or TRAIN if importlib.util.find_spec(name) is None]
    if missing:
        raise InstallError(f"{', '.join(missing)} is not installed; type: pip install 'footlights[train]'")
