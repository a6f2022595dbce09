"""What the command line prints: log lines, in one form, on the error output."""

import logging
import re
import sys

_SECRET = re.compile(r"(://[^/\s:@]*:)[^/\s@]+@|([?&](?:token|key|password|secret)=)[^&\s]+", re.IGNORECASE)


class OneLine(logging.Formatter):
    """One clear line for each record; a traceback only where one was asked for by `--verbose`."""

    def __init__(self, *, verbose: bool) -> None:
        super().__init__("%(message)s")
        self._verbose = verbose

    def format(self, record: logging.LogRecord) -> str:
        mark = {logging.WARNING: "warning: ", logging.ERROR: "error: "}.get(record.levelno, "")
        text = record.getMessage()
        if self._verbose and record.exc_info:
            text += "\n" + self.formatException(record.exc_info)
        return mark + without_secrets(text)


def without_secrets(text: str) -> str:
    """The text with passwords in addresses and tokens in queries replaced by dots."""
    return _SECRET.sub(lambda m: f"{m[1]}…@" if m[1] else f"{m[2]}…", text)


def set_up_logging(*, verbose: bool, quiet: bool) -> None:
    """Send our own log lines to the error output; libraries speak only from warnings upwards."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(OneLine(verbose=verbose))
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.WARNING)
    ours = logging.getLogger("footlights")
    ours.setLevel(logging.DEBUG if verbose else logging.WARNING if quiet else logging.INFO)
