"""What FFmpeg's and the system's errors mean, in words for the person in front of the camera."""

import errno
import os
import socket
from urllib.parse import urlsplit

import av

_MEANING: tuple[tuple[type[BaseException], str], ...] = (
    (av.error.HTTPUnauthorizedError, "asks for a user and a password; write them as SCHEME://USER:PASSWORD@HOST/…"),
    (av.error.HTTPForbiddenError, "refuses this user (403); look at the rights on the server"),
    (av.error.HTTPNotFoundError, "has nothing under this path (404); correct the path"),
    (av.error.HTTPError, "answers with an error; look at the server"),
    (av.error.InvalidDataError, "is damaged, cut off or not a video at all; play it elsewhere or make it again"),
    (av.error.DecoderNotFoundError, "is in a format that this FFmpeg cannot decode; convert it to H.264"),
    (av.error.DemuxerNotFoundError, "is in a format that this FFmpeg cannot read; convert it to MP4"),
    (av.error.ExitError, "gave no answer in time; look at the network and at the device"),
    (TimeoutError, "gave no answer in time; look at the network and at the device"),
    (ConnectionRefusedError, "refuses the connection; start the server, or correct the port"),
    (ConnectionError, "broke the connection"),
    (FileNotFoundError, "does not exist; correct the path"),
    (PermissionError, "may not be opened by this user; change the rights"),
    (EOFError, "ended before the first picture"),
)
_NUMBERS = {
    errno.ENODEV: "is gone; plug it in again",
    errno.ENXIO: "is gone; plug it in again",
    errno.EBUSY: "is used by another program; close that one",
    errno.ENETUNREACH: "cannot be reached; look at the network",
    errno.EHOSTUNREACH: "cannot be reached; look at the network and the address",
    errno.ENOTTY: "is not a camera; choose another device",
    errno.EINVAL: "is not a camera that gives pictures like this; choose another device or size",
}


def meaning(fault: BaseException) -> str:
    """The end of a sentence that begins with the name of a source. Holds no address, thus no password."""
    for kind, words in _MEANING:
        if isinstance(fault, kind):
            return words
    number = getattr(fault, "errno", None)
    if number in _NUMBERS:
        return _NUMBERS[number]
    if number and number <= 255:
        return f"cannot be read: {os.strerror(number).lower()}"
    return f"cannot be read: {getattr(fault, 'strerror', None) or type(fault).__name__}"


def unknown_host(url: str) -> str | None:
    """What is wrong with the host of an address, where its name cannot be resolved; FFmpeg only says "I/O error"."""
    host = urlsplit(url).hostname or ""
    try:
        socket.getaddrinfo(host, None)
    except (OSError, UnicodeError):
        return f"the host {host!r} is not known; correct its name, or look at the network"
    return None


def place_fault(fault: BaseException) -> str:
    """Why a file cannot be written, and what to do; the end of a sentence."""
    if isinstance(fault, FileNotFoundError | NotADirectoryError):
        return "there is no such folder; make it first"
    if isinstance(fault, PermissionError):
        return "this user may not write there; change the rights or choose another place"
    if isinstance(fault, IsADirectoryError):
        return "it is a folder; give the name of a file"
    if getattr(fault, "errno", None) in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return "the disk is full; free some space or choose another disk"
    return f"{getattr(fault, 'strerror', None) or type(fault).__name__}; look at the disk"
