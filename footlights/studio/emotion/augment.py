"""What is done to the training pictures, a batch at a time, in torch. Every draw comes from the generator passed in."""

import math

import torch
from torch import Generator, Tensor
from torch.nn import functional

from footlights.studio.emotion.net import standardise

TURN = math.radians(18)  # largest turn
STRETCH = 0.16  # largest change of the logarithm of the size: 0.85 to 1.17
ASPECT = 0.06  # the same, of the aspect ratio
SHIFT = 0.16  # largest shift, in half widths: 8 % of the picture
GAMMA = 0.5  # largest change of the logarithm of gamma
SHADE = 0.4  # largest slope of light across the picture, in each direction
BLUR = 0.15  # share of pictures that come from fewer pixels
ERASE = 0.5  # share of pictures with a patch of nothing


def augment(grey: Tensor, draw: Generator) -> Tensor:
    """(N, 1, 48, 48) grey values in 0..1 -> the same shape, standardised, ready for the net."""
    return erase(standardise(relight(blur(warp(grey, draw), draw), draw)), draw)


def uniform(count: int, spread: float, draw: Generator) -> Tensor:
    """(count,) values in -spread..spread."""
    return (torch.rand(count, generator=draw) * 2 - 1) * spread


def warp(grey: Tensor, draw: Generator) -> Tensor:
    """Mirror, turn, stretch and shift."""
    count = len(grey)
    angle = uniform(count, TURN, draw)
    size, aspect = uniform(count, STRETCH, draw).exp(), uniform(count, ASPECT, draw).exp()
    mirror = torch.randint(0, 2, (count,), generator=draw) * 2 - 1
    cosine, sine = angle.cos() * size, angle.sin() * size
    across = torch.stack([cosine * aspect * mirror, -sine * aspect, uniform(count, SHIFT, draw)], dim=1)
    down = torch.stack([sine / aspect * mirror, cosine / aspect, uniform(count, SHIFT, draw)], dim=1)
    grid = functional.affine_grid(torch.stack([across, down], dim=1), list(grey.shape), align_corners=False)
    return functional.grid_sample(grey, grid, padding_mode="border", align_corners=False)


def blur(grey: Tensor, draw: Generator) -> Tensor:
    """Some pictures as they would be if the face were further away."""
    chosen = torch.rand(len(grey), generator=draw) < BLUR
    side = int(torch.randint(16, 40, (1,), generator=draw))
    small = functional.interpolate(grey[chosen], size=side, mode="bilinear", antialias=True)
    grey = grey.clone()
    grey[chosen] = functional.interpolate(small, size=grey.shape[-1], mode="bilinear", align_corners=False)
    return grey


def relight(grey: Tensor, draw: Generator) -> Tensor:
    """Another gamma, and light from a side."""
    count, side = len(grey), grey.shape[-1]
    ramp = torch.linspace(-1, 1, side)
    gamma = uniform(count, GAMMA, draw).exp().view(-1, 1, 1, 1)
    across = uniform(count, SHADE, draw).view(-1, 1, 1, 1) * ramp.view(1, 1, 1, -1)
    down = uniform(count, SHADE, draw).view(-1, 1, 1, 1) * ramp.view(1, 1, -1, 1)
    return grey.clamp(1e-4, 1) ** gamma * (1 + across + down)


def erase(x: Tensor, draw: Generator) -> Tensor:
    """Some pictures with a patch of zeros (Zhong et al., "Random Erasing", 2020), up to half as wide as the picture."""
    count, side = len(x), x.shape[-1]
    place = torch.arange(side)
    chosen = (torch.rand(count, generator=draw) < ERASE).view(-1, 1, 1)
    inside = chosen
    for shape in ((-1, 1, side), (-1, side, 1)):
        length = torch.randint(side // 8, side // 2 + 1, (count, 1), generator=draw)
        start = (torch.rand(count, 1, generator=draw) * (side - length)).long()
        inside = inside & ((place >= start) & (place < start + length)).view(shape)
    return x.masked_fill(inside.unsqueeze(1), 0.0)
