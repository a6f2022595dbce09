"""The table of everything in a project: one row a file, as CSV that any spreadsheet opens."""

import csv
import io
import os
from collections.abc import Iterable
from dataclasses import astuple, dataclass, fields
from pathlib import Path
from typing import Literal, get_args

from footlights.core.errors import SettingsError, SinkError, SourceError

Split = Literal["train", "valid"]


@dataclass(frozen=True, slots=True)
class Item:
    """One file of a project."""

    path: str  # from the project's folder, with slashes
    sha256: str  # of the file
    label: str  # "" for what has none: frames with boxes, recordings that clips are cut from
    split: Split
    recording: str  # what was taken in one go lies on one side of a split
    added: str  # ISO 8601, UTC

    @property
    def name(self) -> str:
        """The file's name."""
        return self.path.rpartition("/")[2]


COLUMNS = tuple(field.name for field in fields(Item))


def read(path: Path) -> list[Item]:
    """The rows of a manifest; none where there is no file yet. Raises SourceError, SettingsError."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file))
    except FileNotFoundError:
        return []
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise SourceError(f"{path} cannot be read: {error}") from error
    items = []
    for number, row in enumerate(rows, 2):
        missing = [column for column in COLUMNS if row.get(column) is None]
        if missing:
            raise SettingsError(
                f"{path}, line {number} lacks {', '.join(missing)}; its columns are {','.join(COLUMNS)}"
            )
        side = next((known for known in get_args(Split) if known == row["split"]), None)
        if side is None:
            raise SettingsError(f"{path}, line {number}: the split is '{row['split']}'; it must be train or valid")
        items.append(Item(row["path"], row["sha256"], row["label"], side, row["recording"], row["added"]))
    return items


def text(items: Iterable[Item]) -> str:
    """Rows as CSV, with a heading."""
    out = io.StringIO()
    table = csv.writer(out, lineterminator="\n")
    table.writerow(COLUMNS)
    table.writerows(astuple(item) for item in items)
    return out.getvalue()


def write(path: Path, items: Iterable[Item]) -> None:
    """Replace the whole file at once. Raises SinkError."""
    replace_text(path, text(items))


def replace_text(path: Path, content: str) -> None:
    """Write a file so that no interruption leaves half of it. Raises SinkError."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        draft.write_text(content, encoding="utf-8")
        draft.replace(path)
    except OSError as error:
        raise SinkError(f"{path} cannot be written: {error.strerror or error}") from error
