"""What the outputs of models mean: pure functions from arrays to arrays, each held by golden arrays in the tests.

Detection heads answer in pixels of the model's input; `detect` and `objects` take them back to the picture.
"""

from footlights.perception.heads.blaze import decode_ssd, refine_by_heat_map, ssd_anchors
from footlights.perception.heads.found import Found, sigmoid, suppression, weighted_suppression
from footlights.perception.heads.yolo import decode_yolox, yolox_grid

__all__ = [
    "Found",
    "decode_ssd",
    "decode_yolox",
    "refine_by_heat_map",
    "sigmoid",
    "ssd_anchors",
    "suppression",
    "weighted_suppression",
    "yolox_grid",
]
