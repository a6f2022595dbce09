"""The database of the hub: SQLite in a file, or PostgreSQL."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from operator import itemgetter
from pathlib import Path
from typing import Any

from sqlalchemy import (
    JSON,
    Connection,
    Engine,
    Table,
    Text,
    bindparam,
    cast,
    column,
    create_engine,
    event,
    func,
    insert,
    select,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import SQLAlchemyError

from footlights.core.errors import SettingsError
from footlights.hub import postgres, schema

PATIENCE = 20.0  # seconds for which a writer waits for the one before it


class Database:
    """One place for everything that the hub knows.

    Args:
        address: `postgresql://user:password@host/name`, or the path of an SQLite file, made where it is missing.

    Raises:
        SettingsError: it cannot be opened, or was made by a later version.
    """

    def __init__(self, address: str | Path) -> None:
        text = str(address)
        self.embedded = "://" not in text
        try:
            self._engine = _embedded(Path(text)) if self.embedded else postgres.engine(text)
            schema.METADATA.create_all(self._engine)
            self._check_version()
        except (SQLAlchemyError, OSError) as error:
            raise SettingsError(f"the database cannot be opened: {_first_line(error)}") from None

    @contextmanager
    def write(self, *, lasting: bool = True) -> Iterator[Connection]:
        """A transaction: everything inside happens, or nothing. In SQLite one at a time.

        One that need not last is on the disk with the next one that must: it is not waited for.
        """
        with self._engine.begin() as connection:
            if not lasting and not self.embedded:
                connection.exec_driver_sql("SET LOCAL synchronous_commit TO off")
            yield connection

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """One view of everything as it is now."""
        with self._engine.connect() as connection:
            yield connection.execution_options(footlights_reads=True)

    def insert(self, table: Table) -> Any:
        """An insert that can say what is to happen where a row is there already: `on_conflict_do_update`."""
        return (sqlite if self.embedded else postgresql).insert(table)

    def insert_once(self, table: Table) -> Any:
        """An insert that leaves out rows whose key is there already."""
        return self.insert(table).on_conflict_do_nothing()

    def put(self, connection: Connection, statement: Any, rows: Sequence[Mapping[str, Any]]) -> Any:
        """Execute an insert for many rows that have the same columns.

        PostgreSQL gets them in one parameter: rows or values sent one by one cost it twenty times as much.
        """
        names = tuple(rows[0])
        if self.embedded:
            made = statement.compile(self._engine, column_keys=list(names))
            if made.effective_returning:
                return connection.execute(statement, rows)
            wanted = itemgetter(*made.positiontup)  # rows go as they are: SQLAlchemy takes as long for them as SQLite
            return connection.exec_driver_sql(str(made), [wanted(row) for row in rows])
        columns = [column(name, statement.table.c[name].type) for name in names]
        given = func.json_to_recordset(cast(bindparam("rows", type_=Text), JSON))
        source = given.table_valued(*columns, name="given").render_derived(with_types=True)
        text = json.dumps(rows, ensure_ascii=False, allow_nan=False)
        return connection.execute(statement.from_select(names, select(*source.c)), {"rows": text})

    def lock(self, connection: Connection, table: Table) -> None:
        """Nobody else writes this table before the transaction ends. In SQLite nobody does anyway."""
        if not self.embedded:
            connection.exec_driver_sql(f"LOCK TABLE {table.name} IN SHARE ROW EXCLUSIVE MODE")

    def overwrite(self, connection: Connection) -> None:
        """Leave nothing in the file of what is changed on this connection: secrets were there."""
        if self.embedded:
            connection.exec_driver_sql("PRAGMA secure_delete=ON")

    def least(self, one: Any, other: Any) -> Any:
        """The smaller of two values of a row."""
        return func.min(one, other) if self.embedded else func.least(one, other)

    def greatest(self, one: Any, other: Any) -> Any:
        """The larger of two values of a row."""
        return func.max(one, other) if self.embedded else func.greatest(one, other)

    def size(self) -> int:
        """Bytes of the database."""
        with self.read() as connection:
            if not self.embedded:
                return int(connection.scalar(select(func.pg_database_size(func.current_database()))) or 0)
            return int(
                (connection.exec_driver_sql("PRAGMA page_count").scalar() or 0)
                * (connection.exec_driver_sql("PRAGMA page_size").scalar() or 0)
            )

    def close(self) -> None:
        """Let go of every connection."""
        self._engine.dispose()

    def _check_version(self) -> None:
        with self.write() as connection:
            connection.execute(self.insert_once(schema.about), {"name": "version", "value": str(schema.VERSION)})
            found = connection.scalar(select(schema.about.c.value).where(schema.about.c.name == "version"))
        if found != str(schema.VERSION):
            raise SettingsError(
                f"the database has layout {found}, this version of footlights knows {schema.VERSION}: update footlights"
            )


def about(connection: Connection, name: str, fresh: str) -> str:
    """A lasting fact about this hub; the first to ask settles it as `fresh`."""
    found = connection.scalar(select(schema.about.c.value).where(schema.about.c.name == name))
    if found is None:
        connection.execute(insert(schema.about), {"name": name, "value": fresh})
    return fresh if found is None else str(found)


def _embedded(path: Path) -> Engine:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o600)
    engine = create_engine(f"sqlite:///{path}", connect_args={"timeout": PATIENCE, "isolation_level": None})

    @event.listens_for(engine, "connect")
    def _settle(connection: Any, record: object) -> None:
        for line in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", f"busy_timeout={int(PATIENCE * 1000)}"):
            connection.execute(f"PRAGMA {line}")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        # A writer takes its turn at once: one that began as a reader could not become one any more.
        reads = connection.get_execution_options().get("footlights_reads", False)
        connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")

    return engine


def _first_line(error: Exception) -> str:
    """What went wrong, without the statement, and without what stands in addresses."""
    return str(getattr(error, "orig", None) or error).strip().split("\n")[0][:200]
