"""Where devices stand: on the earth, and on pictures of a hall or a plant that somebody uploads.

A device's `place` is {"latitude", "longitude"} in degrees, {"plan", "x", "y"} with 0..1 from the left top corner of
a plan, or both. `by` says who put it on the earth: a user, or the device itself, which never moves what a user placed.
"""

import io
import math
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from PIL import Image, ImageOps, UnidentifiedImageError
from sqlalchemy import Connection, delete, insert, select, update

from footlights.core.errors import SettingsError
from footlights.hub import schema
from footlights.hub.database import Database

BY_DEVICE = "device"
LARGEST = 8 * 2**20  # bytes of a picture that is uploaded
MOST_PIXELS = 40_000_000  # of it: what unpacks to more is not unpacked
SIDE = 2400  # pixels of the longer side as it is kept
QUALITY = 85  # of JPEG
MOST_PLANS = 200
FORMATS = ("PNG", "JPEG")


@dataclass(frozen=True)
class Plan:
    """A picture on which devices are placed."""

    id: int
    title: str
    width: int  # pixels
    height: int
    created: float  # seconds since 1970


class Places:
    """Plans and places in the hub's database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def plans(self) -> list[Plan]:
        """Every plan, by title."""
        table = schema.plans.c
        columns = (table.id, table.title, table.width, table.height, table.created)
        with self._database.read() as connection:
            return [Plan(*row) for row in connection.execute(select(*columns).order_by(table.title))]

    def picture(self, plan: int) -> bytes | None:
        """The picture of a plan as JPEG; None where there is none."""
        with self._database.read() as connection:
            return connection.scalar(select(schema.plans.c.jpeg).where(schema.plans.c.id == plan))

    def add(self, title: str, content: bytes) -> Plan:
        """Keep a picture as a plan. It is made anew, so that nothing is kept of the file but what is seen.

        Raises:
            SettingsError: it is no PNG or JPEG, or too large; or there are too many plans.
        """
        jpeg, width, height = remade(content)
        named, now = title.strip()[:200] or "Plan", time.time()
        row = {"title": named, "width": width, "height": height, "jpeg": jpeg, "created": now}
        with self._database.write() as connection:
            if len(connection.execute(select(schema.plans.c.id)).all()) >= MOST_PLANS:
                raise SettingsError(f"there are {MOST_PLANS} plans already: remove one first")
            number: Any = connection.execute(insert(schema.plans), row).inserted_primary_key
        return Plan(int(number[0]), named, width, height, now)

    def remove(self, plan: int) -> None:
        """Forget a plan; devices stand on it no more. Raises SettingsError: there is none."""
        with self._database.write() as connection:
            if connection.execute(delete(schema.plans).where(schema.plans.c.id == plan)).rowcount == 0:
                raise SettingsError(f"there is no plan {plan}")
            for device, place in _placed(connection):
                if place.get("plan") == plan:
                    _put(connection, device, {name: place[name] for name in place if name not in ("plan", "x", "y")})

    def place(self, device: str, place: Mapping[str, Any], by: str) -> dict[str, Any]:
        """Put a device somewhere; where it stands now. What is not named stays; nothing at all: it stands nowhere.

        Raises:
            SettingsError: there is no such device, or no such place.
        """
        wanted = checked(place)
        with self._database.write() as connection:
            row = connection.execute(select(schema.devices.c.place).where(schema.devices.c.id == device)).one_or_none()
            if row is None:
                raise SettingsError(f"there is no device '{device[:80]}'")
            plan = wanted.get("plan")
            known = select(schema.plans.c.id).where(schema.plans.c.id == plan)
            if plan is not None and connection.scalar(known) is None:
                raise SettingsError(f"there is no plan {plan}")
            new = {**(row.place or {}), **wanted} if wanted else {}
            if "latitude" in wanted:
                new["by"] = by
            _put(connection, device, new)
        return new


def say(connection: Connection, device: str, place: object) -> None:
    """A device says where on the earth it is. It counts unless a user has said something else."""
    try:
        wanted = checked(place) if isinstance(place, Mapping) else {}
    except SettingsError:
        return  # a device cannot be asked to say it better
    found = connection.scalar(select(schema.devices.c.place).where(schema.devices.c.id == device)) or {}
    if "latitude" in wanted and found.get("by", BY_DEVICE) == BY_DEVICE:
        _put(connection, device, {"latitude": wanted["latitude"], "longitude": wanted["longitude"], "by": BY_DEVICE})


def checked(place: Mapping[str, Any]) -> dict[str, Any]:
    """A place that can be one. Raises SettingsError."""
    known = {"latitude": 90.0, "longitude": 180.0, "plan": None, "x": 1.0, "y": 1.0}
    if wrong := sorted(set(place) - {*known, "by"}):
        raise SettingsError(f"a place has latitude and longitude, or plan, x and y; not '{str(wrong[0])[:40]}'")
    out: dict[str, Any] = {}
    for names in (("latitude", "longitude"), ("plan", "x", "y")):
        given = [name for name in names if name in place]
        if given and len(given) < len(names):
            raise SettingsError(f"{' and '.join(names)} belong together")
        for name in given:
            value, most = place[name], known[name]
            if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
                raise SettingsError(f"{name} is a number")
            if most is None:
                out[name] = int(value)
            elif not (0.0 if most == 1.0 else -most) <= value <= most:
                raise SettingsError(f"{name} lies between {0 if most == 1.0 else -most:g} and {most:g}")
            else:
                out[name] = float(value)
    return out


def remade(content: bytes) -> tuple[bytes, int, int]:
    """A picture as JPEG, of `SIDE` pixels at most, with its width and height. Raises SettingsError: it is none."""
    if len(content) > LARGEST:
        raise SettingsError(f"a plan has at most {LARGEST // 2**20} MB")
    try:
        with Image.open(io.BytesIO(content), formats=FORMATS) as opened:
            if opened.width * opened.height > MOST_PIXELS:
                raise SettingsError(f"a plan has at most {MOST_PIXELS // 10**6} million pixels")
            turned = ImageOps.exif_transpose(opened)
            image = Image.new("RGB", turned.size, "white")
            image.paste(turned, mask=turned.convert("RGBA").getchannel("A") if turned.has_transparency_data else None)
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        if isinstance(error, SettingsError):
            raise
        raise SettingsError("a plan is a PNG or JPEG picture; this is none") from None
    image.thumbnail((SIDE, SIDE))
    out = io.BytesIO()
    image.save(out, "JPEG", quality=QUALITY)
    return out.getvalue(), image.width, image.height


def _placed(connection: Connection) -> list[tuple[str, Mapping[str, Any]]]:
    table = schema.devices.c
    rows = connection.execute(select(table.id, table.place).where(table.place.is_not(None)))
    return [(device, place) for device, place in rows if place]  # JSON's null is a value of its own


def _put(connection: Connection, device: str, place: Mapping[str, Any]) -> None:
    connection.execute(update(schema.devices).where(schema.devices.c.id == device), {"place": dict(place)})
