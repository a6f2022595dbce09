"""A car from the side, drawn in metres: x from its nose to its tail, y up from the road."""

from dataclasses import dataclass

import cv2
import numpy as np

from footlights.media.rehearsal.arrays import Float, Reals

WHEEL = 0.325  # metres, radius
SHADE = 0.10  # metres below the road's level that the picture shows: the shadow
_FINE = 2  # pixels drawn for one shown, along each side
_MARGIN = 0.25  # metres around the car
_SILL = 0.24  # metres above the road
_GLASS = (52.0, 60.0, 68.0)
_COLOURS = (
    (186, 24, 30), (28, 62, 128), (222, 224, 226), (46, 48, 52), (150, 156, 162), (18, 92, 78), (206, 158, 40),
    (92, 28, 40), (118, 146, 172), (236, 232, 220),
)  # fmt: skip
# Height of the outline in metres at shares of the length, and where the side windows begin and end.
_SHAPES: dict[str, tuple[float, tuple[tuple[float, float], ...], tuple[float, float]]] = {
    "hatchback": (3.95, ((0, 0.62), (0.03, 0.74), (0.24, 0.93), (0.42, 1.40), (0.55, 1.49), (0.82, 1.44), (0.95, 1.06),
                         (1, 0.72)), (0.295, 0.885)),
    "saloon": (4.55, ((0, 0.60), (0.03, 0.72), (0.27, 0.92), (0.43, 1.36), (0.55, 1.44), (0.68, 1.40), (0.84, 1.03),
                      (0.97, 0.98), (1, 0.70)), (0.315, 0.80)),
    "estate": (4.50, ((0, 0.62), (0.03, 0.74), (0.25, 0.93), (0.40, 1.40), (0.53, 1.48), (0.88, 1.44), (0.97, 1.02),
                      (1, 0.72)), (0.295, 0.93)),
    "off-roader": (4.45, ((0, 0.76), (0.02, 0.92), (0.24, 1.06), (0.36, 1.58), (0.48, 1.68), (0.90, 1.64), (0.97, 1.10),
                          (1, 0.80)), (0.275, 0.945)),
}  # fmt: skip


@dataclass(frozen=True)
class Car:
    """Which car it is."""

    shape: str
    colour: tuple[int, int, int]  # RGB

    @property
    def length(self) -> float:
        """Metres."""
        return _SHAPES[self.shape][0]

    @property
    def height(self) -> float:
        """Metres."""
        return max(high for _, high in _SHAPES[self.shape][1])


def car(rng: np.random.Generator) -> Car:
    """Draw one of many."""
    return Car(str(rng.choice(list(_SHAPES))), _COLOURS[int(rng.integers(len(_COLOURS)))])


def draw(which: Car, scale: float, *, to_the_right: bool) -> Float:
    """(H, W, 4) RGB 0..255 times alpha, and alpha 0..1; `scale` in pixels a metre. The road's level lies `SHADE` metres
    above the lower edge, the car in the middle.
    """
    brush = _Brush(which, scale * _FINE)
    brush.shadow()
    brush.body()
    brush.windows()
    brush.details()
    for share in (0.19, 0.80):
        brush.wheel(share * which.length)
    whole = np.dstack([brush.colour * brush.alpha[..., None], brush.alpha])
    size = (whole.shape[1] // _FINE, whole.shape[0] // _FINE)
    small = np.asarray(cv2.resize(whole, size, interpolation=cv2.INTER_AREA), np.float32)
    return small[:, ::-1].copy() if to_the_right else small


class _Brush:
    """One large picture of a car whose nose is to the left."""

    def __init__(self, which: Car, scale: float) -> None:
        self.which, self.scale = which, scale
        self.ground = round((which.height + 0.1) * scale)  # row of the road's level
        height = -(-(self.ground + round(SHADE * scale)) // _FINE) * _FINE
        width = -(-round((which.length + 2 * _MARGIN) * scale) // _FINE) * _FINE
        self.colour: Float = np.zeros((height, width, 3), np.float32)
        self.alpha: Float = np.zeros((height, width), np.float32)
        shares, heights = np.array(_SHAPES[which.shape][1]).T
        self.x = (np.arange(width) + 0.5) / scale - _MARGIN  # metres, of each column
        self.y = (self.ground - np.arange(height) - 0.5) / scale  # metres, of each row
        outline = np.interp(self.x / which.length, shares, heights, left=0, right=0)
        soft = max(3, round(0.16 * scale)) | 1
        self.top: Reals = np.convolve(np.pad(outline, soft // 2, "edge"), np.ones(soft) / soft, "valid")
        self.inside: Float = np.zeros_like(self.alpha)  # 1 on the paint
        self.belt = float(np.interp(0.30, shares, heights)) * 0.55 + 0.42  # metres: the lower edge of the windows

    def lay(self, mask: Float, colour: Float | tuple[float, ...], strength: float = 1.0) -> None:
        """Colour where a mask of 0..1 is."""
        mask = mask[..., None] * np.float32(strength)
        self.colour[:] = self.colour * (1 - mask) + np.asarray(colour, np.float32) * mask
        self.alpha[:] = np.maximum(self.alpha, mask[..., 0])

    def disc(self, x: float, y: float, radius: float, high: float | None = None) -> Float:
        """A mask of a circle, or of an ellipse `high` metres from its middle to its top."""
        across = (self.x[None] - x) / radius
        up = (self.y[:, None] - y) / (high or radius)
        return np.asarray(np.clip((1 - np.hypot(across, up)) * radius * self.scale, 0, 1), np.float32)

    def shadow(self) -> None:
        dark = self.disc(self.which.length / 2, 0.02, self.which.length * 0.53, 0.14)
        soft = cv2.GaussianBlur(dark, (0, 0), 0.05 * self.scale)
        self.alpha[:] = soft * 0.75

    def body(self) -> None:
        """Paint that is light above, dark below, with a line of light along the shoulder."""
        inside = (self.y[:, None] < self.top[None]) & (self.y[:, None] > _SILL)
        inside &= (self.x[None] > 0.01) & (self.x[None] < self.which.length - 0.01)
        y = self.y[:, None]
        light = 0.62 + 0.50 * np.clip((y - 0.3) / 0.9, 0, 1) - 0.30 * np.exp(-(((y - 0.62) / 0.09) ** 2))
        light = light + 0.22 * np.exp(-(((y - self.belt + 0.10) / 0.045) ** 2)) - 0.25 * (y < _SILL + 0.09)
        end = np.minimum(self.x, self.which.length - self.x)[None]
        light = light * (0.72 + 0.28 * np.clip(end / 0.30, 0, 1))
        self.inside = inside.astype(np.float32)
        paint = np.array(self.which.colour, np.float32) * light[..., None] + 16 * np.clip(light[..., None] - 0.9, 0, 1)
        self.lay(self.inside, np.clip(paint, 0, 255).astype(np.float32))

    def windows(self) -> None:
        """Glass between the belt line and the roof, with pillars, and the sky in it."""
        begin, end = (share * self.which.length for share in _SHAPES[self.which.shape][2])
        inside = (self.y[:, None] < self.top[None] - 0.085) & (self.y[:, None] > self.belt)
        lean = (self.y[:, None] - self.belt) * 0.55
        inside &= (self.x[None] > begin + lean) & (self.x[None] < end - 0.6 * lean)
        for share in (0.50, 0.745):
            inside &= np.abs(self.x[None] - share * self.which.length - 0.06 * lean) > 0.035
        sky = 40 * np.clip((self.y[:, None] - self.belt) / 0.5, 0, 1) + np.zeros_like(self.x)[None]
        streak = np.abs((self.x[None] - self.y[:, None] * 0.8) % 1.3 - 0.4) < 0.13
        glass = np.array(_GLASS, np.float32) + (sky + 24 * streak)[..., None]
        self.lay(inside.astype(np.float32), glass.astype(np.float32))

    def details(self) -> None:
        """Doors, handles, lamps, bumpers, mirror."""
        length, low, high = self.which.length, _SILL + 0.10, self.belt
        dark = np.array(self.which.colour, np.float32) * 0.35
        for share in (0.31, 0.52, 0.745):
            seam = (np.abs(self.x[None] - share * length) < 0.008) & (self.y[:, None] > low) & (self.y[:, None] < high)
            self.lay(seam.astype(np.float32), tuple(dark), 0.8)
        for share in (0.47, 0.70):
            self.lay(self.disc(share * length, high - 0.12, 0.085, 0.018), (225, 225, 225), 0.8)
        self.lay(self.disc(0.10, 0.66, 0.20, 0.062) * self.inside, (245, 244, 228))
        self.lay(self.disc(length - 0.04, 0.80, 0.11, 0.10) * self.inside, (196, 22, 20))
        trim = (self.y[:, None] > _SILL - 0.03) & (self.y[:, None] < _SILL + 0.10)
        ends = (self.x[None] > 0.02) & (self.x[None] < length - 0.02)
        self.lay((trim & ends).astype(np.float32), (34, 35, 37))
        self.lay(self.disc(0.335 * length, high + 0.05, 0.075, 0.055), tuple(dark * 1.8))

    def wheel(self, x: float) -> None:
        """A wheel in its arch."""
        self.lay(self.disc(x, WHEEL + 0.02, WHEEL * 1.17), (16, 16, 17))
        self.lay(self.disc(x, WHEEL, WHEEL), (30, 30, 31))
        self.lay(self.disc(x, WHEEL, WHEEL * 0.66), (176, 179, 183))
        angle = np.arctan2(self.y[:, None] - WHEEL, self.x[None] - x)
        gaps = (np.cos(5 * angle) < -0.1).astype(np.float32) * self.disc(x, WHEEL, WHEEL * 0.60)
        self.lay(gaps * (1 - self.disc(x, WHEEL, WHEEL * 0.16)), (62, 63, 66))
        self.lay(self.disc(x, WHEEL, WHEEL * 0.12), (210, 212, 215))
