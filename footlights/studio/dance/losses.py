"""How far a rebuilt motion is from the true one: rotations, places, speeds, and feet that should stand."""

import torch
from torch import Tensor
from torch.nn import functional

from footlights.media.rehearsal.body import Body
from footlights.recognition.dance.tokens import CONTACTS, FORWARD, HEIGHT, LEFTWARD, TURNING, bones
from footlights.studio.dance.net import rotations

_FEET = (24, 10, 25, 11)  # left heel, left toes, right heel, right toes: in the order of the contacts
_POINTS = 26


class Figure:
    """Places of the joints of a model body, from motion."""

    def __init__(self, device: torch.device) -> None:
        body = Body()
        self.leg, self.hip_height = body.leg, body.hip_height
        self.bones = {
            child: (parent, part, torch.tensor(way, dtype=torch.float32, device=device))
            for child, (parent, part, way) in bones(body).items()
        }

    def places(self, motion: Tensor) -> Tensor:
        """(N, T, 26, 3) metres: joints and heels, the pelvis above the origin, facing forward."""
        parts = rotations(motion)
        height = (motion[..., HEIGHT] + 1) * self.hip_height
        points: dict[int, Tensor] = {0: torch.stack([torch.zeros_like(height), height, torch.zeros_like(height)], -1)}
        for child, (parent, part, way) in self.bones.items():
            points[child] = points[parent] + parts[..., part, :, :] @ way
        return torch.stack([points[index] for index in range(_POINTS)], -2)

    def on_stage(self, motion: Tensor, places: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """(N, T, 2) the way gone, x and z, (N, T) how far it turned, and (N, T, 26, 3) where that puts the places."""
        turn = functional.pad(motion[:, :-1, TURNING].cumsum(1), (1, 0))
        cos, sin = turn.cos()[..., None], turn.sin()[..., None]
        left, forward = motion[..., LEFTWARD : LEFTWARD + 1], motion[..., FORWARD : FORWARD + 1]
        step = torch.cat([left * cos + forward * sin, forward * cos - left * sin], -1) * self.leg
        way = functional.pad(step[:, :-1].cumsum(1), (0, 0, 1, 0))
        x, y, z = places.unbind(-1)
        turned = torch.stack([x * cos + z * sin + way[..., :1], y, z * cos - x * sin + way[..., 1:]], -1)
        return way, turn, turned


def codec_loss(figure: Figure, wanted: Tensor, got: Tensor, deviation: Tensor) -> Tensor:
    """Of (N, T, 152) motions: one number. Weights make the terms about equally large at the beginning."""
    mine, true = figure.places(got), figure.places(wanted)
    my_way, my_turn, me = figure.on_stage(got, mine)
    true_way, true_turn, them = figure.on_stage(wanted, true)
    stands = wanted[:, 1:, CONTACTS:] * wanted[:, :-1, CONTACTS:]
    slides = (me[:, :, _FEET].diff(dim=1).norm(dim=-1) * stands).mean()
    speed, bend = (functional.l1_loss(me.diff(n, dim=1), them.diff(n, dim=1)) for n in (1, 2))
    away = functional.smooth_l1_loss((got - wanted) / deviation, torch.zeros_like(got), reduction="none")
    numbers = away.mean() + 0.3 * away[..., HEIGHT:CONTACTS].mean()  # the four of the pelvis are few, and move it all
    gone = functional.l1_loss(my_way, true_way) + functional.l1_loss(my_turn, true_turn)
    places = functional.l1_loss(mine, true)
    loss: Tensor = numbers + 8 * places + 40 * speed + 20 * bend + 4 * gone + 10 * slides
    return loss
