"""Names for the arrays of the rehearsal."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Reals = NDArray[np.float64]  # places, directions, postures
Float = NDArray[Any]  # float32: one number for each pixel; OpenCV's own types do not say which it gives back
Mask = NDArray[np.bool_]
