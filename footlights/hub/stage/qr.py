"""The address to join as a QR code, where segno is installed (it comes with the extra `hub`)."""

import io


def svg(address: str) -> bytes | None:
    """As a picture; None: segno is not installed."""
    try:
        import segno
    except ImportError:
        return None
    out = io.BytesIO()
    segno.make(address, error="m").save(out, kind="svg", scale=8, border=3, dark="#000", light="#fff")
    return out.getvalue()


def terminal(address: str) -> str | None:
    """As text for a terminal; None: segno is not installed."""
    try:
        import segno
    except ImportError:
        return None
    out = io.StringIO()
    segno.make(address, error="l").terminal(out, compact=True, border=2)
    return out.getvalue()
