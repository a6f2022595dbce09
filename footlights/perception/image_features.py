"""Features of any picture, from a backbone that stays as it is: what is learned on them is small, and learned fast."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from footlights.core.frame import Frame, Image
from footlights.core.scene import Region
from footlights.models.cards import card
from footlights.models.session import open_session
from footlights.perception.crops import crop

BACKBONE = "image-features"  # its card
SIDE = 224  # pixels
STEP = 0.02352848  # of a feature: value = level * STEP

Levels = NDArray[np.uint8]


@dataclass(frozen=True, slots=True, eq=False)
class FeatureMaps:
    """What the backbone makes of one picture, in its own levels."""

    fine: Levels  # (28, 28, 256), of spots 8 pixels apart
    coarse: Levels  # (14, 14, 512), of spots 16 pixels apart


class ImageFeatures:
    """The backbone. May be called from several threads at once.

    Raises ModelMissingError, which says how to get it, or ModelCorruptError.
    """

    def __init__(self, threads: int = 1) -> None:
        self.card = card(BACKBONE)
        self._session = open_session(BACKBONE, threads)
        self._fine, self._coarse = self.card.keep

    def maps(self, picture: Image) -> FeatureMaps:
        """Of a picture of (224, 224, 3) RGB."""
        found = self._session.run(picture[None])
        return FeatureMaps(found[self._fine][0], found[self._coarse][0])

    def look(self, frame: Frame, region: Region | None = None) -> Image:
        """(224, 224, 3) what the backbone is shown: the whole picture, stretched, or a turned square of it."""
        if region is None:
            return frame.rgb(SIDE, SIDE)
        values, _ = crop(frame, region, self.card.input)
        return np.asarray(np.rint(values[0]), np.uint8)
