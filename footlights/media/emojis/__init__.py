"""Drawn faces, one for each emotion and one for `unsure`: SVG files of this package, or pictures of the user's own."""

import logging
from pathlib import Path

from footlights.core.errors import SettingsError
from footlights.media.emojis.raster import SUFFIXES, rasterise

log = logging.getLogger(__name__)

FOLDER = Path(__file__).parent
NAMES = ("neutral", "happiness", "surprise", "sadness", "anger", "disgust", "fear", "contempt", "unsure")
_PROOF = 64  # pixels: the size at which a picture is tried


class EmojiSet:
    """The picture of each emotion. Of a folder of the user's own, what is missing or damaged is replaced by ours.

    Raises SettingsError where the folder does not exist or holds none of the pictures.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._paths = {name: FOLDER / f"{name}.svg" for name in NAMES}
        if folder is not None:
            self._paths |= _own(folder.expanduser())

    def path(self, name: str) -> Path:
        """The file of one emotion: `rasterise` draws it. A name that has no picture is shown as `unsure`."""
        return self._paths.get(name, self._paths["unsure"])


def _own(folder: Path) -> dict[str, Path]:
    if not folder.is_dir():
        raise SettingsError(f"there is no folder {folder} to take emojis from; correct the path")
    there = {path.name.lower(): path for path in folder.iterdir() if path.is_file()}
    offered = {name: [there[name + end] for end in SUFFIXES if name + end in there] for name in NAMES}
    if not any(offered.values()):
        raise SettingsError(f"{folder} holds no emoji; name the files neutral.svg, happiness.png and so on")
    good: dict[str, Path] = {}
    for name, paths in offered.items():
        if not paths:
            log.warning("%s holds no %s.svg or .png: the built-in emoji is used", folder, name)
        for path in paths:
            try:
                if not rasterise(path, _PROOF)[..., 3].any():
                    raise SettingsError(f"the picture {path} is empty")
            except SettingsError as fault:
                log.warning("%s: the built-in emoji is used", fault)
            else:
                good[name] = path
                break
    return good
