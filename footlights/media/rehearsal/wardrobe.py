"""The textures of one person's clothes, skin and hair, made once."""

from dataclasses import dataclass

import cv2
import numpy as np

from footlights.core.frame import Image
from footlights.media.rehearsal.arrays import Float
from footlights.media.rehearsal.looks import Look
from footlights.media.rehearsal.textures import (
    Colour,
    HandSkin,
    cloth,
    darkened,
    finished,
    hair,
    hand_skin,
    noise,
    plain,
    skin,
    striped,
)

_WIDE, _TALL = 256, 192  # of one half of the torso's texture


@dataclass(frozen=True, eq=False)
class Wardrobe:
    """Every texture but the face."""

    chest: Image  # front and back side by side, waist to neck
    belly: Image  # front and back side by side, hem to waist
    shoulder: Image
    sleeve: Image
    cuff: Image
    hips: Image
    thigh: Image
    shank: Image
    shoe: Image
    sole: Image
    skin: Image
    nose: Image
    neck: Image
    scalp: Image  # the back of the head
    hair: Image
    band: Image  # what holds the hair
    hand: HandSkin


def wardrobe(look: Look, seed: int) -> Wardrobe:
    """Make the textures of a look."""
    chest, belly = _top(look, seed)
    outer = look.accent if look.pattern == "open" else look.top
    sleeve = cloth(outer, seed + 21, 128, 64, 0.14)
    if look.pattern == "stripes":
        sleeve = striped(sleeve, look.accent, 5, 0.4)
    return Wardrobe(
        chest=finished(chest),
        belly=finished(belly),
        shoulder=finished(cloth(outer, seed + 22, 64, 64, 0.08)),
        sleeve=finished(sleeve if look.sleeves >= 1 else darkened(sleeve, 118, 122, 0.75)),
        cuff=finished(darkened(cloth(outer, seed + 23, 128, 64, 0.14), 116, 120, 0.75)),
        hips=finished(_belt(cloth(look.bottoms, seed + 42, 96, 2 * _WIDE, 0.14))),
        thigh=finished(cloth(look.bottoms, seed + 41, 128, 64, 0.18)),
        shank=finished(darkened(cloth(look.bottoms, seed + 43, 128, 64, 0.18), 122, 125, 0.75)),
        shoe=finished(_laces(cloth(look.shoes, seed + 61, 64, 64, 0.06))),
        sole=finished(plain((232, 230, 224) if sum(look.shoes) < 600 else (120, 116, 112), 16)),
        skin=finished(skin(look.skin, seed + 31)),
        nose=finished(skin(look.skin, seed + 32, 32) * _ridge(32)),
        neck=finished(skin(look.skin, seed + 91) * np.linspace(0.97, 0.80, 64, dtype=np.float32)[:, None, None]),
        scalp=_scalp(look),
        hair=hair(look.hair, seed + 8),
        band=finished(plain(look.accent, 8)),
        hand=hand_skin(look.skin),
    )


def _top(look: Look, seed: int) -> tuple[Float, Float]:
    """The chest and the belly of the shirt."""
    whole = cloth(look.top, seed + 11, 2 * _TALL, 2 * _WIDE, 0.13)
    if look.pattern == "stripes":
        whole = striped(whole, look.accent, 13, 0.35)
    rows, columns = np.mgrid[0 : 2 * _TALL, 0 : 2 * _WIDE].astype(np.float32)
    x, y = columns / (_WIDE / 2) - 1, rows / (2 * _TALL)  # x: -1..1 on the front; y: 0 at the hem, 1 at the neck
    if look.pattern == "print":
        ring = np.hypot(x * 0.85, (y - 0.66) * 2.3)
        mask = ((ring < 0.30) & ~((ring > 0.17) & (ring < 0.23))) | (np.abs(y - 0.66) + np.abs(x) * 0.3 < 0.03)
        _paint(whole, mask & (np.abs(x) < 0.6), look.accent)
    elif look.pattern == "open":
        _paint(whole, (np.abs(x) > 0.26 + 0.10 * (1 - y)) | (columns >= _WIDE), look.accent)
        edge = np.abs(np.abs(x) - 0.26 - 0.10 * (1 - y)) < 0.025
        whole[edge & (columns < _WIDE)] *= 0.7
    for side in (-1, 1):  # the bust, as light and shadow
        across = (x - side * 0.42) / 0.36
        whole *= (1 - 0.20 * look.bust * np.exp(-(across**2) - ((y - 0.615) / 0.035) ** 2))[..., None]
        whole *= (1 + 0.11 * look.bust * np.exp(-(across**2) - ((y - 0.70) / 0.05) ** 2))[..., None]
    depth = 0.13 if look.sleeves > 0 else 0.20
    neckline = (x / 0.40) ** 2 + ((y - 1.0) / depth) ** 2
    front = columns < _WIDE
    whole[front & (np.abs(neckline - 1.1) < 0.13)] *= 0.80
    bare = skin(look.skin, seed + 12, 2 * _TALL)
    bare = np.concatenate([bare, bare], axis=1)[:, : 2 * _WIDE]
    inside = front & (neckline < 1)
    whole[inside] = bare[inside] * 0.95
    bottom, top = whole[:_TALL], whole[_TALL:]
    return top.copy(), darkened(bottom.copy(), 4, 8, 0.75)


def _paint(picture: Float, mask: np.ndarray, colour: Colour) -> None:
    """Another colour with the same folds."""
    shade = picture.mean(axis=2) / max(float(picture.mean()), 1.0)
    soft = cv2.GaussianBlur(mask.astype(np.float32), (0, 0), 0.8)[..., None]
    picture += (shade[..., None] * np.array(colour, np.float32) - picture) * soft


def _belt(picture: Float) -> Float:
    return darkened(picture, 70, 88, 0.62)


def _ridge(size: int) -> Float:
    """(size, size, 1) the light along a nose, and the shade on its sides."""
    across = np.linspace(-1, 1, size, dtype=np.float32)[None, :, None]
    return np.asarray(np.broadcast_to(1.07 - 0.14 * across * across, (size, size, 1)), np.float32)


def _laces(picture: Float) -> Float:
    for row in (22, 30, 38):
        picture[row : row + 3, 20:44] = picture[row : row + 3, 20:44] * 0.4 + 140
    return picture


def _scalp(look: Look) -> Image:
    """The back of the head: hair above, skin below."""
    size = 128
    bare = skin(look.skin, 5, size) * 0.88
    if look.style == "bald":
        return finished(bare * 1.08)
    rows = np.mgrid[0:size, 0:size][0] / (size / 2) - 1
    edge = 0.42 + 0.04 * noise(size, size, 3, 6, 12)
    mask = (1 / (1 + np.exp((rows - edge) / 0.02)))[..., None].astype(np.float32)
    return finished(bare + (hair(look.hair, 8, size) - bare) * mask)
