"""What the hub needs besides the core."""

from importlib.util import find_spec

from footlights.core.errors import InstallError


def check_extra() -> None:
    """Raises InstallError, with the line to type, where the extra `hub` is not installed."""
    if any(find_spec(name) is None for name in ("cryptography", "sqlalchemy", "nicegui", "segno")):
        raise InstallError("the hub needs more packages: pip install 'footlights[hub]'")
