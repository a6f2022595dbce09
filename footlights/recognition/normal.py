"""How unusual a picture is for a camera that stands still, learned from normal pictures alone: every spot is compared
with a bank of spots that are known to be normal.

After Roth et al., "Towards Total Recall in Industrial Anomaly Detection" (PatchCore, CVPR 2022): features of two inner
layers of a frozen backbone, averaged over neighbours; a bank thinned out to a coreset; the distance to the nearest.
`footlights train normal` makes the models.
"""

import io
import json
import tomllib
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from footlights.core.errors import ModelCorruptError, ModelMissingError, SettingsError, SinkError
from footlights.core.frame import Frame
from footlights.core.scene import Floats
from footlights.models.bundle import fetched
from footlights.perception.image_features import BACKBONE, FeatureMaps, ImageFeatures

GRID = 28  # spots across and down a picture
WIDTH = 256 + 512  # numbers of a spot, of both layers
REDUCED = 128  # numbers of a spot after the random projection
SPREAD = 1.0  # spots: over so many the map of distances is smoothed
STRANGE = 1.25  # how much further than in normal pictures most spots are where the scene is another one
LARGEST = 64 << 20  # bytes of a part of the file
REGIONS = 5  # unusual regions that are told
MEMBERS = ("card.toml", "bank.npy", "projection.npy")


@dataclass(frozen=True, eq=False)
class Look:
    """What one look at a picture gave."""

    score: float  # 1: as unusual as the threshold
    heat: Floats  # (28, 28) the same for every spot
    another: bool  # this is not the scene that was learned

    def regions(self) -> Iterator[tuple[float, float, float, float]]:
        """The unusual parts, in shares of the picture: left, top, right, bottom; the largest first."""
        _, _, stats, _ = cv2.connectedComponentsWithStats((self.heat >= 1).astype(np.uint8), connectivity=8)
        order = np.argsort(-stats[1:, cv2.CC_STAT_AREA], kind="stable")[:REGIONS] + 1
        for left, top, width, height, _ in stats[order].tolist():
            yield left / GRID, top / GRID, (left + width) / GRID, (top + height) / GRID


@dataclass(frozen=True, eq=False)
class Bank:
    """What is normal."""

    spots: Floats  # (N, 128)
    projection: Floats  # (768, 128)
    threshold: float  # distance from which a spot is unusual
    usual: float  # the largest median distance of a normal picture
    backbone: str  # sha256
    data: str = ""  # sha256 of the pictures it was learned from

    def distances(self, spots: Floats) -> Floats:
        """(28, 28) how far each of (784, 128) spots is from the nearest normal one, smoothed."""
        squares = (spots**2).sum(1)[:, None] - 2 * spots @ self.spots.T + (self.spots**2).sum(1)
        nearest = np.sqrt(np.maximum(squares.min(axis=1), 0)).reshape(GRID, GRID)
        return np.asarray(cv2.GaussianBlur(nearest, (0, 0), SPREAD), np.float32)

    def judge(self, spots: Floats) -> Look:
        """A picture, from its (784, 128) spots."""
        heat = self.distances(spots) / self.threshold
        another = float(np.median(heat)) * self.threshold > STRANGE * self.usual
        return Look(float(heat.max()), heat, another)

    def write(self, path: Path) -> None:
        """A zip with the arrays in half precision and a card. Raises SinkError."""
        card = {"threshold": self.threshold, "usual": self.usual}
        texts = {"backbone": BACKBONE, "backbone_sha256": self.backbone, "data": self.data}
        lines = [f"{key} = {value!r}\n" for key, value in card.items()]
        lines += [f"{key} = {json.dumps(value)}\n" for key, value in texts.items()]
        try:
            with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
                archive.writestr("card.toml", "[normal]\n" + "".join(lines))
                for name, array in (("bank.npy", self.spots), ("projection.npy", self.projection)):
                    content = io.BytesIO()
                    np.save(content, array.astype(np.float16))
                    archive.writestr(name, content.getvalue())
        except OSError as error:
            raise SinkError(f"{path} cannot be written: {error.strerror or error}") from error


def read_bank(model: str | Path) -> Bank:
    """The bank in a zip, by path or http(s) address. Raises ModelMissingError or ModelCorruptError."""
    text = str(model)
    path = fetched(text) if text.startswith(("http://", "https://")) else Path(text).expanduser()
    try:
        with zipfile.ZipFile(path) as archive:
            large = [name for name in MEMBERS if archive.getinfo(name).file_size > LARGEST]
            if large:
                raise ModelCorruptError(f"{path.name} holds a {large[0]} of more than {LARGEST >> 20} MB")
            told = tomllib.loads(archive.read("card.toml").decode())["normal"]
            spots, projection = (
                np.load(io.BytesIO(archive.read(name)), allow_pickle=False).astype(np.float32) for name in MEMBERS[1:]
            )
        bank = Bank(
            spots, projection, float(told["threshold"]), float(told["usual"]), told["backbone_sha256"], told["data"]
        )
    except FileNotFoundError as error:
        raise ModelMissingError(f"there is no model file {path}; footlights train normal makes one") from error
    except OSError as error:
        raise ModelMissingError(f"cannot read the model file {path}: {error.strerror or error}") from error
    except (zipfile.BadZipFile, zlib.error, KeyError, TypeError, ValueError) as error:
        raise ModelCorruptError(f"{path.name} is no model of a normal scene: {error}") from error
    if projection.shape != (WIDTH, REDUCED) or spots.ndim != 2 or spots.shape[1] != REDUCED or not len(spots):
        raise ModelCorruptError(f"{path.name} is no model of a normal scene: arrays {spots.shape}, {projection.shape}")
    return bank


class NormalScene:
    """Compares pictures of a camera with what is normal there. May be called from several threads at once."""

    def __init__(self, bank: Bank, name: str, threads: int = 1) -> None:
        self.bank, self.name = bank, name
        self._features = ImageFeatures(threads)
        if self._features.card.sha256 != bank.backbone:
            raise SettingsError(f"{name} was learned on another backbone than the {BACKBONE} here; learn it again")

    @classmethod
    def open(cls, model: str | Path, threads: int = 1) -> "NormalScene":
        """By path or address. Raises ModelMissingError, ModelCorruptError, SettingsError."""
        return cls(read_bank(model), Path(str(model)).name, threads)

    def look(self, frame: Frame) -> Look:
        """How unusual a picture is, and where."""
        return self.bank.judge(describe(self._features.maps(self._features.look(frame)), self.bank.projection))


def describe(maps: FeatureMaps, projection: Floats) -> Floats:
    """(784, 128) the spots of a picture: both layers averaged over neighbours, each of length 1, then projected."""
    fine = cv2.blur(maps.fine.astype(np.float32), (3, 3))
    coarse = cv2.resize(cv2.blur(maps.coarse.astype(np.float32), (3, 3)), (GRID, GRID), interpolation=cv2.INTER_LINEAR)
    parts = [part / (np.linalg.norm(part, axis=2, keepdims=True) + 1e-3) for part in (fine, coarse)]
    return np.asarray(np.concatenate(parts, axis=2).reshape(GRID * GRID, WIDTH) @ projection, np.float32)
