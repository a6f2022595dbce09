"""What was measured and what happened, as CSV or Parquet: read in portions and written as it is read.

Rows come device by device, in the order of their time; roll-ups one measurement after the other. The columns of each
kind are those of `COLUMNS`.
"""

import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO

from sqlalchemy import Select, select, tuple_

from footlights.core.errors import InstallError, SettingsError, SinkError
from footlights.hub import schema
from footlights.hub.database import Database
from footlights.hub.measurements import series_of
from footlights.wire.near_miss import near_miss

PORTION = 500  # rows of the database that are read at once
ROW_GROUP = 20_000  # rows of a part of a Parquet file
FORMS = ("csv", "parquet")
GRAINS = {"minutes": 60, "hours": 3600}
_ROLLUP = ("count", "total", "lowest", "highest", "last")
COLUMNS: Mapping[str, Mapping[str, type]] = {
    "telemetry": {"time": datetime, "device": str, "stream": str, "name": str, "value": float, "text": str},
    "events": {
        "time": datetime, "device": str, "stream": str, "kind": str, "track": int, "media_time": float, "data": str,
    },
    **{
        what: {
            "start": datetime, "device": str, "stream": str, "name": str, "count": int, "mean": float, "lowest": float,
            "highest": float, "last": float,
        }
        for what in GRAINS
    },
}  # fmt: skip
# What a spreadsheet takes for a formula where a text begins with it; an apostrophe before it says that it is text.
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
Row = tuple[Any, ...]


@dataclass(frozen=True)
class Wanted:
    """What is to be exported. Moments are seconds since 1970."""

    what: str = "telemetry"  # of `COLUMNS`
    since: float = 0.0
    until: float = 1e11
    devices: tuple[str, ...] = ()  # empty: every device
    group: str | None = None  # only devices of this group
    names: tuple[str, ...] = ()  # measurements, or kinds of events; empty: all

    def __post_init__(self) -> None:
        """Raises SettingsError: no such kind, or a range that ends before it begins."""
        if self.what not in COLUMNS:
            raise SettingsError(f"'{self.what[:40]}' cannot be exported; {near_miss(self.what[:40], COLUMNS)}")
        if not self.since < self.until:
            raise SettingsError("the range ends before it begins: is 'from' before 'to'?")


def moment(text: str) -> float:
    """Seconds since 1970 of a time that somebody typed: seconds, or ISO 8601, in UTC where it names no zone.

    Raises:
        SettingsError: it is neither.
    """
    try:
        return float(text)
    except ValueError:
        pass
    try:
        read = datetime.fromisoformat(text)
    except ValueError:
        raise SettingsError(f"'{text[:40]}' is no time: write 2026-11-21T13:30 (UTC), or seconds since 1970") from None
    return (read if read.tzinfo else read.replace(tzinfo=UTC)).timestamp()


def rows(database: Database, wanted: Wanted) -> Iterator[list[Row]]:
    """What is wanted, in portions. Each is read by a transaction of its own, so that nobody waits for a long export.

    Raises:
        SettingsError: a device or group that is not there.
    """
    for device in _devices(database, wanted):
        if wanted.what in GRAINS:
            yield from _rollups(database, wanted, device)
        else:
            yield from _messages(database, wanted, device)


def as_csv(portions: Iterable[Sequence[Row]], what: str) -> Iterator[bytes]:
    """RFC 4180 in UTF-8, with a line of names; no text of it is a formula to a spreadsheet."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(COLUMNS[what])
    for portion in portions:
        writer.writerows([[_cell(value) for value in row] for row in portion])
        yield out.getvalue().encode()
        out.seek(0)
        out.truncate()
    yield out.getvalue().encode()  # where there was nothing: the names alone


def as_parquet(portions: Iterable[Sequence[Row]], what: str) -> Iterator[bytes]:
    """A Parquet file, a row group at a time. Raises InstallError: the package for it is missing."""
    pa, parquet = _arrow()
    kinds = {datetime: pa.timestamp("us", "UTC"), str: pa.string(), int: pa.int64(), float: pa.float64()}
    layout = pa.schema([(name, kinds[kind]) for name, kind in COLUMNS[what].items()])
    out = _Pieces()

    def group(collected: Sequence[Row]) -> Any:
        columns = list(zip(*collected, strict=True)) or [()] * len(layout)
        return pa.table([pa.array(column, field.type) for column, field in zip(columns, layout, strict=True)], layout)

    with parquet.ParquetWriter(pa.PythonFile(out, mode="w"), layout, compression="zstd") as writer:
        collected: list[Row] = []
        for portion in portions:
            collected += portion
            if len(collected) >= ROW_GROUP:
                writer.write_table(group(collected))
                collected = []
                yield out.taken()
        if collected:
            writer.write_table(group(collected))
    yield out.taken()


def writer_of(form: str) -> Callable[[Iterable[Sequence[Row]], str], Iterator[bytes]]:
    """How a form is written. Raises SettingsError: no such form; InstallError: its package is missing."""
    if form not in FORMS:
        raise SettingsError(f"'{form[:20]}' is no form of an export; there are {' and '.join(FORMS)}")
    if form == "parquet":
        _arrow()
    return as_csv if form == "csv" else as_parquet


def write(database: Database, wanted: Wanted, target: Path) -> int:
    """Export into a file, whose name says the form; how many rows that were. What was there stays until it is whole.

    Raises:
        SettingsError: the name ends in neither .csv nor .parquet; SinkError: the file cannot be written.
    """
    if target.suffix.removeprefix(".") not in FORMS:
        raise SettingsError(f"{target.name}: an export ends in .csv or .parquet")
    pieces, count = writer_of(target.suffix.removeprefix(".")), 0

    def counted() -> Iterator[Sequence[Row]]:
        nonlocal count
        for portion in rows(database, wanted):
            count += len(portion)
            yield portion

    beside = target.with_name(f"{target.name}.new")
    try:
        with beside.open("wb") as file:
            for piece in pieces(counted(), wanted.what):
                file.write(piece)
        beside.replace(target)
    except OSError as error:
        raise SinkError(f"{target} cannot be written: {error.strerror}") from None
    finally:
        beside.unlink(missing_ok=True)
    return count


class _Pieces(io.RawIOBase, BinaryIO):
    """A file that gives away what is written to it."""

    def __init__(self) -> None:
        super().__init__()
        self._parts: list[bytes] = []
        self._place = 0

    def writable(self) -> bool:
        return True

    def write(self, piece: Any) -> int:
        part = bytes(piece)
        self._parts.append(part)
        self._place += len(part)
        return len(part)

    def tell(self) -> int:
        return self._place

    def taken(self) -> bytes:
        parts, self._parts = self._parts, []
        return b"".join(parts)


def _devices(database: Database, wanted: Wanted) -> list[str]:
    """Whose rows are wanted, by name."""
    table = schema.devices.c
    query = select(table.id).order_by(table.id)
    with database.read() as connection:
        if wanted.group is not None:
            if connection.scalar(select(schema.groups.c.id).where(schema.groups.c.id == wanted.group)) is None:
                raise SettingsError(f"there is no group '{wanted.group[:80]}'")
            query = query.where(table.group == wanted.group)
        if wanted.devices:
            query = query.where(table.id.in_(wanted.devices))
        found = list(connection.scalars(query))
    if missing := set(wanted.devices) - set(found):
        where = f" in the group '{wanted.group[:80]}'" if wanted.group else ""
        raise SettingsError(f"there is no device '{min(missing)[:80]}'{where}")
    return found


def _messages(database: Database, wanted: Wanted, device: str) -> Iterator[list[Row]]:
    table = schema.messages.c
    kind, rows_of = ("telemetry", _measured) if wanted.what == "telemetry" else ("event", _happened)
    query = select(table.time, table.id, table.body).where(
        table.device == device, table.kind == kind, table.time >= wanted.since, table.time < wanted.until
    )
    place = (table.time, table.id)
    for portion in _portions(database, query, place, lambda row: (row.time, row.id)):
        yield [made for row in portion for made in rows_of(device, row.time, row.body, wanted.names)]


def _rollups(database: Database, wanted: Wanted, device: str) -> Iterator[list[Row]]:
    table = schema.rollups.c
    for stream, name in series_of(database, device):
        if wanted.names and name not in wanted.names:
            continue
        query = select(table.start, *(table[column] for column in _ROLLUP)).where(
            table.device == device, table.stream == stream, table.name == name,
            table.seconds == GRAINS[wanted.what], table.start >= int(wanted.since), table.start < wanted.until,
        )  # fmt: skip
        for portion in _portions(database, query, (table.start,), lambda row: (row.start,)):
            yield [
                (_time(row.start), device, stream, name, row.count, row.total / max(1, row.count), row.lowest,
                 row.highest, row.last)
                for row in portion
            ]  # fmt: skip


def _portions(
    database: Database, query: Select[Any], place: tuple[Any, ...], place_of: Callable[[Any], tuple[Any, ...]]
) -> Iterator[Sequence[Any]]:
    """The rows of a query in the order of `place`, from where the portion before ended."""
    ordered = query.order_by(*place).limit(PORTION)
    last: tuple[Any, ...] | None = None
    while True:
        with database.read() as connection:
            found = connection.execute(ordered if last is None else ordered.where(tuple_(*place) > tuple_(*last))).all()
        if found:
            yield found
            last = place_of(found[-1])
        if len(found) < PORTION:
            return


def _measured(device: str, moment: float, body: Mapping[str, Any], names: Sequence[str]) -> Iterator[Row]:
    when, stream = _time(moment), str(body.get("stream") or "")
    for name, value in body["values"].items():
        if not names or name in names:
            number, text = (None, value) if isinstance(value, str) else (float(value), None)
            yield when, device, stream, name, number, text


def _happened(device: str, moment: float, body: Mapping[str, Any], names: Sequence[str]) -> Iterator[Row]:
    kind, track, media = str(body.get("kind", "")), body.get("track"), body.get("time")
    if names and kind not in names:
        return
    whole = isinstance(track, int) and abs(track) < 2**63
    data = json.dumps(body.get("data") or {}, ensure_ascii=False, sort_keys=True)
    yield (
        _time(moment), device, str(body.get("stream", "")), kind, int(track) if whole and track is not None else None,
        float(media) if isinstance(media, int | float) else None, data,
    )  # fmt: skip


def _time(moment: float) -> datetime:
    return datetime.fromtimestamp(moment, UTC)


def _cell(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value


def _arrow() -> tuple[Any, Any]:
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError:
        raise InstallError("Parquet needs one more package: pip install 'footlights[parquet]'") from None
    return pyarrow, pyarrow.parquet
