"""A project of the studio: a folder whose files are plain, so that every step can also be done by hand.

project.toml    kind, title, labels in order, [training]
manifest.csv    every file with its sha256, label, split, recording and when it came
photos/LABEL/   the examples of a project of photos
videos_train/LABEL/, videos_valid/LABEL/, recordings/    the examples of clips, and what they are cut from
frames/, labels/    pictures, and their boxes in YOLO form
models/001/     what one training made
trash/001/      what one removal took away: `undo` brings it back
"""

import hashlib
import json
import shutil
import tempfile
import threading
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import Any, Literal, Self, get_args

from footlights.core.errors import SettingsError, SinkError, SourceError
from footlights.media.images import SUFFIXES
from footlights.studio import manifest
from footlights.studio.intake import LARGEST, Medium, check_label, ending, safe_stem
from footlights.studio.manifest import Item, Split, replace_text
from footlights.studio.sharing import divided, number_free

Kind = Literal["photos", "clips", "boxes"]
KINDS: tuple[Kind, ...] = get_args(Kind)
CLIPS = frozenset({".mp4", ".webm", ".avi", ".ogv", ".mov", ".mkv", ".m4v"})
_EXAMPLES = {"photos": "photos", "clips": "clips", "boxes": "frames"}  # what people call them
_KEYS = {"kind": str, "title": str, "labels": list, "training": dict}


@dataclass(frozen=True)
class ModelRun:
    """One training of a project."""

    name: str  # "001"
    folder: Path

    @property
    def model(self) -> Path | None:
        """The file that the engine loads; None where the training has not ended."""
        path = self.folder / "model.zip"
        return path if path.is_file() else None

    @property
    def report(self) -> dict[str, Any] | None:
        """How good it is, see `studio.report`; None where that was not measured."""
        try:
            told: dict[str, Any] = json.loads((self.folder / "report.json").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        return told


class Project:
    """An opened project. May be used by several threads of one process at once."""

    def __init__(
        self, folder: Path, kind: Kind, title: str, labels: Sequence[str], training: Mapping[str, Any]
    ) -> None:
        self.folder = folder
        self.kind: Kind = kind
        self.title = title
        self.labels = tuple(labels)
        self.training: Mapping[str, Any] = dict(training)  # settings that the recipe of this kind knows
        self._lock = threading.RLock()

    @classmethod
    def create(cls, folder: Path, kind: Kind, title: str = "", labels: Sequence[str] = ()) -> Self:
        """A new project in an empty or new folder. Raises SettingsError, SinkError."""
        if kind not in KINDS:
            raise SettingsError(f"a project holds {', '.join(KINDS)}, not {kind!r}")
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            raise SettingsError(f"{folder} is there already and not empty; choose another folder")
        names = [check_label(label) for label in labels]
        if len({name.casefold() for name in names}) != len(names):
            raise SettingsError(f"the labels must differ: {', '.join(names)}")
        project = cls(folder, kind, title.strip() or folder.name, names, {})
        project._write()
        manifest.write(project._manifest, [])
        return project

    @classmethod
    def open(cls, folder: Path) -> Self:
        """The project in a folder. Raises SourceError (none there), SettingsError (project.toml is wrong)."""
        path = folder / "project.toml"
        try:
            told = tomllib.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise SourceError(f"{folder} is no project: it has no project.toml; see footlights studio new") from None
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            raise SettingsError(f"{path} cannot be read: {error}") from error
        for key, value in told.items():
            if key not in _KEYS or not isinstance(value, _KEYS[key]):
                raise SettingsError(f"{path} says {key} = {value!r}; it knows {', '.join(_KEYS)}")
        if told.get("kind") not in KINDS:
            raise SettingsError(f"{path} says kind = {told.get('kind')!r}; it must be one of {', '.join(KINDS)}")
        labels = [check_label(str(label)) for label in told.get("labels", [])]
        return cls(folder, told["kind"], told.get("title", folder.name), labels, told.get("training", {}))

    @property
    def medium(self) -> Medium:
        """What its examples are."""
        return "clip" if self.kind == "clips" else "picture"

    @property
    def _manifest(self) -> Path:
        return self.folder / "manifest.csv"

    def items(self, label: str | None = None) -> list[Item]:
        """Every file, in the order in which they came; with a label: only its own."""
        with self._lock:
            return [item for item in manifest.read(self._manifest) if label is None or item.label == label]

    def examples(self) -> list[Item]:
        """The files that are learned from and judged with: all but the recordings that clips are cut from."""
        return [item for item in self.items() if not item.path.startswith("recordings/")]

    def file(self, item: Item | str) -> Path:
        """Where a file of the manifest lies. Raises SourceError for anything else: no path leads out of the project."""
        wanted = item if isinstance(item, str) else item.path
        if not any(known.path == wanted for known in self.items()):
            raise SourceError(f"the project has no file {wanted!r}")
        return self.folder / wanted

    def add(
        self, content: bytes | Path, label: str = "", *, name: str = "", recording: str = "", split: Split | None = None
    ) -> Item:
        """Take a copy of a file in. Of clips, one without a label is a recording, which clips are cut from.

        `name`: what to call it, any text. `recording`: what it was taken with; else its name without the number at its
        end. `split`: else as its recording's others, or train.

        Raises:
            SourceError: it is too large, does not decode, or is there already.
            SettingsError: an unknown label. SinkError: it cannot be written.
        """
        called = name or (content.name if isinstance(content, Path) else "unnamed")
        self._check_use(label)
        with tempfile.TemporaryDirectory(prefix=".incoming-", dir=self.folder) as place:
            draft = self._draft(content, Path(place), called)
            suffix = ending(draft, self.medium, called[-80:])
            with draft.open("rb") as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
            with self._lock:
                known = self.items()
                same = next((item for item in known if item.sha256 == digest), None)
                if same is not None:
                    raise SourceError(f"{called[-80:]} is in the project already: {same.path}")
                stem = safe_stem(called)
                group = safe_stem(recording) if recording else number_free(stem)
                side = split or _side(known, group)
                path = self._place(label, side) / f"{stem}{suffix}"
                target = free_path(self.folder / path)
                target.parent.mkdir(parents=True, exist_ok=True)
                draft.replace(target)
                added = datetime.now(UTC).isoformat(timespec="seconds")
                item = Item(target.relative_to(self.folder).as_posix(), digest, label, side, group, added)
                manifest.write(self._manifest, [*known, item])
        return item

    def remove(self, paths: Iterable[str]) -> int:
        """Move files, with what belongs to them, into the trash; how many. Raises SourceError for unknown ones."""
        with self._lock:
            known, gone = self.items(), set(paths)
            unknown = gone - {item.path for item in known}
            if unknown:
                raise SourceError(f"the project has no file {sorted(unknown)[0]!r}")
            if not gone:
                return 0
            bin_ = self._next(self.folder / "trash")
            for path in sorted(gone):
                self._move_files(self.folder / path, bin_ / path)
            manifest.write(bin_ / "manifest.csv", [item for item in known if item.path in gone])
            manifest.write(self._manifest, [item for item in known if item.path not in gone])
        return len(gone)

    def undo(self) -> list[Item]:
        """Bring back what the last removal took away; empty where there was none."""
        with self._lock:
            bins = sorted((self.folder / "trash").glob("[0-9]*"))
            if not bins:
                return []
            back = []
            for item in manifest.read(bins[-1] / "manifest.csv"):
                target = free_path(self.folder / item.path)
                self._move_files(bins[-1] / item.path, target)
                back.append(replace(item, path=target.relative_to(self.folder).as_posix()))
            manifest.write(self._manifest, [*self.items(), *back])
            shutil.rmtree(bins[-1])
            self.labels += tuple(dict.fromkeys(i.label for i in back if i.label and i.label not in self.labels))
            self._write()
        return back

    def move(self, paths: Iterable[str], label: str | None = None, split: Split | None = None) -> None:
        """Give files another label or another side of the split. Raises SourceError, SettingsError."""
        if label is not None:
            self._check_use(label)
        with self._lock:
            known, chosen = self.items(), set(paths)
            for place, item in enumerate(known):
                if item.path not in chosen:
                    continue
                new = replace(item, label=item.label if label is None else label, split=split or item.split)
                folder = self._place(new.label, new.split)
                if folder != PurePosixPath(item.path).parent and not item.path.startswith("recordings/"):
                    target = free_path(self.folder / folder / new.name)
                    self._move_files(self.folder / item.path, target)
                    new = replace(new, path=target.relative_to(self.folder).as_posix())
                known[place] = new
            manifest.write(self._manifest, known)

    def split(self, seed: int = 1, share: float = 0.2) -> list[str]:
        """Divide the examples anew, whole recordings to one side; a line for everything that could not be done well.

        A class that comes from one recording alone is cut in two in the order of its names: its last part is valid.
        Raises SettingsError where there is nothing to divide.
        """
        with self._lock:
            self.check(both=False)
            examples = self.examples()
            valid, lines = divided(examples, seed, share)
            into = [item.path for item in examples if item.path in valid and item.split == "train"]
            back = [item.path for item in examples if item.path not in valid and item.split == "valid"]
            self.move(into, split="valid")
            self.move(back, split="train")
        return lines

    def check(self, both: bool = True) -> None:
        """Raises SettingsError, in one line that says what to do, where nothing can be learned from the project.

        `both`: valid must hold something, too.
        """
        things, examples = _EXAMPLES[self.kind], self.examples()
        if not examples:
            raise SettingsError(f"the project '{self.title}' holds no {things} yet; add some first")
        full = [label for label in self.labels if any(item.label == label for item in examples)]
        if self.kind == "boxes" and not self.labels:
            raise SettingsError(f"the project '{self.title}' has no labels yet; add one, such as can")
        if self.kind != "boxes" and len(full) < 2:
            raise SettingsError(
                f"the project '{self.title}' has {things} of '{full[0]}' only; a second class is needed, of what is "
                "something else"
            )
        there = {(item.label, item.split) for item in examples}
        for side in get_args(Split) if both else ():
            for label in ("",) if self.kind == "boxes" else full:
                if (label, side) not in there:
                    of = f" of '{label}'" if label else ""
                    raise SettingsError(
                        f"the project '{self.title}' has no {things}{of} in {side}: footlights studio split divides it"
                    )

    def leaks(self) -> list[str]:
        """A line for each kind of thing that stands on both sides of the split: then valid says nothing new."""
        from footlights.studio.leaks import leaks

        return leaks(self)

    def refresh(self) -> tuple[list[Item], list[str], list[str]]:
        """Take in what was put into the folders by hand, and forget what is gone from there.

        Gives the new items, the paths that are gone, and a line for each file that cannot be used.
        """
        with self._lock:
            known = self.items()
            stay = [item for item in known if (self.folder / item.path).is_file()]
            gone = [item.path for item in known if item not in stay]
            there, new, lines = {item.path for item in stay}, [], []
            for path, label, side in self._found():
                relative = path.relative_to(self.folder).as_posix()
                if relative in there:
                    continue
                try:
                    ending(path, self.medium, relative)
                except SourceError as error:
                    lines.append(str(error))
                    continue
                with path.open("rb") as file:
                    digest = hashlib.file_digest(file, "sha256").hexdigest()
                group = number_free(path.stem)
                wanted = side or _side(stay, group)
                added = datetime.now(UTC).isoformat(timespec="seconds")
                new.append(Item(relative, digest, label, wanted, group, added))
            self.labels += tuple(dict.fromkeys(i.label for i in new if i.label and i.label not in self.labels))
            if new or gone:
                manifest.write(self._manifest, [*stay, *new])
                self._write()
        return new, gone, lines

    def add_label(self, label: str) -> str:
        """One more class; gives its name as it is kept. Raises SettingsError where there is one of that name."""
        name = check_label(label)
        if name.casefold() in (known.casefold() for known in self.labels):
            raise SettingsError(f"the project has the label '{name}' already")
        with self._lock:
            self.labels += (name,)
            self._write()
        return name

    def rename_label(self, old: str, new: str) -> None:
        """Raises SettingsError for a name that is none or taken."""
        name = check_label(new)
        if old not in self.labels or (name.casefold() != old.casefold() and name in self.labels):
            raise SettingsError(f"the label '{old}' cannot be called '{name}'; there are: {', '.join(self.labels)}")
        with self._lock:
            mine = [item.path for item in self.items() if item.label == old]
            self.labels = tuple(name if label == old else label for label in self.labels)
            self._write()
            self.move(mine, label=name)

    def remove_label(self, label: str) -> int:
        """Take a class away, its examples into the trash; how many. A class with boxes drawn cannot go."""
        if label not in self.labels:
            raise SettingsError(f"the project has no label '{label}'; there are: {', '.join(self.labels)}")
        if self.kind == "boxes" and any((self.folder / "labels").glob("*.txt")):
            raise SettingsError(f"boxes are drawn already, and name their classes by number; rename '{label}' instead")
        with self._lock:
            count = self.remove(item.path for item in self.items() if item.label == label)
            self.labels = tuple(known for known in self.labels if known != label)
            self._write()
        return count

    def set_training(self, settings: Mapping[str, Any]) -> None:
        """Keep settings of the trainings to come in project.toml."""
        with self._lock:
            self.training = dict(settings)
            self._write()

    def runs(self) -> list[ModelRun]:
        """Every training, the newest last."""
        return [ModelRun(path.name, path) for path in sorted((self.folder / "models").glob("[0-9]*")) if path.is_dir()]

    def new_run(self) -> ModelRun:
        """A folder for a training that begins."""
        with self._lock:
            folder = self._next(self.folder / "models")
        return ModelRun(folder.name, folder)

    def unfinished(self) -> ModelRun | None:
        """The newest training, if it was interrupted and can go on."""
        runs = self.runs()
        return runs[-1] if runs and runs[-1].model is None and (runs[-1].folder / "checkpoint.pt").is_file() else None

    def digest(self) -> str:
        """sha256 of what there is to learn from: every example's content with label and side, under any name."""
        rows = sorted(f"{item.sha256} {item.label} {item.split}" for item in self.examples())
        if self.kind == "boxes":
            notes = sorted((self.folder / "labels").glob("*.txt"))
            rows += [hashlib.sha256(path.read_bytes()).hexdigest() for path in notes]
        return hashlib.sha256("\n".join([*self.labels, *rows]).encode()).hexdigest()

    def boxes_file(self, item: Item | str) -> Path:
        """Where the boxes of a frame are written, in YOLO form; without the file, nobody has looked at it yet."""
        return self.folder / "labels" / f"{self.file(item).stem}.txt"

    def _check_use(self, label: str) -> None:
        """Raises SettingsError where nothing of this label may be added."""
        if self.kind == "boxes" and label:
            raise SettingsError("frames have no label of their own: their boxes have")
        if label not in self.labels and (label or self.kind == "photos"):
            known = ", ".join(self.labels) or "none yet"
            raise SettingsError(f"the project has no label '{label}'; there are: {known}")

    def _place(self, label: str, split: Split) -> PurePosixPath:
        """The folder of such a file."""
        if self.kind == "boxes":
            return PurePosixPath("frames")
        if not label:
            return PurePosixPath("recordings")
        return PurePosixPath("photos" if self.kind == "photos" else f"videos_{split}") / label

    def _draft(self, content: bytes | Path, place: Path, called: str) -> Path:
        draft, most = place / "draft", LARGEST[self.medium]
        size = len(content) if isinstance(content, bytes) else 0
        try:
            if isinstance(content, Path):
                size = content.stat().st_size
            if size > most:
                raise SourceError(f"{called[-80:]} has {size >> 20} MB; a {self.medium} may have {most >> 20} MB")
            if isinstance(content, bytes):
                draft.write_bytes(content)
            else:
                shutil.copyfile(content, draft)
        except OSError as error:
            raise SourceError(f"{called} cannot be copied: {error.strerror or error}") from error
        return draft

    def _found(self) -> list[tuple[Path, str, Split | None]]:
        """Every file that lies where examples lie, with the label and the side that its folder says."""
        suffixes = CLIPS if self.kind == "clips" else SUFFIXES
        tops: dict[str, Split | None] = {"photos" if self.kind == "photos" else "frames": None}
        if self.kind == "clips":
            tops = {"videos_train": "train", "videos_valid": "valid", "recordings": None}
        found = []
        for top, side in tops.items():
            for path in sorted((self.folder / top).rglob("*")):
                inner = path.relative_to(self.folder / top).parts
                label = inner[0] if len(inner) == 2 else ""
                plain = path.suffix.lower() in suffixes and path.is_file() and not path.is_symlink()
                if plain and not path.name.startswith(".") and bool(label) == (top not in ("frames", "recordings")):
                    found.append((path, check_label(label) if label else "", side))
        return found

    def _move_files(self, source: Path, target: Path) -> None:
        """A file, and what lies beside it for it."""
        pairs = [(source, target)]
        if self.kind == "clips":
            pairs.append((source.with_suffix(".tags.csv"), target.with_suffix(".tags.csv")))
        if self.kind == "boxes":
            notes = [path.parent.parent / "labels" / f"{path.stem}.txt" for path in (source, target)]
            pairs.append((notes[0], notes[1]))
        for old, new in pairs:
            if old.is_file():
                new.parent.mkdir(parents=True, exist_ok=True)
                old.replace(new)

    @staticmethod
    def _next(parent: Path) -> Path:
        """A new folder with the next number. Raises SinkError."""
        numbers = [int(path.name) for path in parent.glob("[0-9]*") if path.name.isdecimal()]
        folder = parent / f"{max(numbers, default=0) + 1:03}"
        try:
            folder.mkdir(parents=True)
        except OSError as error:
            raise SinkError(f"{folder} cannot be made: {error.strerror or error}") from error
        return folder

    def _write(self) -> None:
        """project.toml."""
        lines = [f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in (
            ("kind", self.kind), ("title", self.title), ("labels", list(self.labels)),
        )]  # fmt: skip
        if self.training:
            lines += ["", "[training]"]
            lines += [f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in self.training.items()]
        replace_text(self.folder / "project.toml", "\n".join(lines) + "\n")


def _side(items: Iterable[Item], recording: str) -> Split:
    """Where the others of a recording are."""
    for item in items:
        if item.recording == recording:
            return item.split
    return "train"


def free_path(path: Path) -> Path:
    """The path, or with a number where something is there, whatever its ending."""
    taken = {other.stem.casefold() for other in path.parent.glob("*")}
    number, stem = 1, path.stem
    while stem.casefold() in taken:
        number += 1
        stem = f"{path.stem}+{number}"
    return path.with_name(f"{stem}{path.suffix}")
