"""What a detector learns from: which cells answer for which box (SimOTA), and how far their answers are off."""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from footlights.perception.heads.yolo import yolox_grid
from footlights.studio.boxes.net import STRIDES

NEAR = 2.5  # cells around a box's centre from which a cell may answer for it
BEST = 10  # best overlaps of a box, whose sum says how many cells answer for it
PLACE, FAR = 5.0, 1e5  # weight of the overlap; cost of a cell that lies outside


@dataclass(frozen=True)
class Cells:
    """The cells of an input of one size."""

    corners: Tensor  # (A, 2) in cells
    strides: Tensor  # (A, 1) pixels

    @classmethod
    def of(cls, width: int, height: int) -> "Cells":
        """The cells of an input of this size, in pixels."""
        corners, strides = yolox_grid(width, height, STRIDES)
        return cls(torch.from_numpy(corners), torch.from_numpy(strides))

    def decode(self, answer: Tensor) -> Tensor:
        """(..., A, 4) centre and size in pixels of (..., A, 5 + C) answers."""
        centre = (answer[..., :2] + self.corners) * self.strides
        return torch.cat([centre, torch.exp(answer[..., 2:4].clamp(max=8)) * self.strides], -1)


def loss(answers: Tensor, boxes: list[Tensor], kinds: list[Tensor], cells: Cells) -> Tensor:
    """A number to make small. `answers` (N, A, 5 + C); for each picture (B, 4) centre and size, and (B,) classes."""
    places = cells.decode(answers)
    things = torch.zeros(answers.shape[:2])
    overlap, classes, count = answers.new_zeros(()), answers.new_zeros(()), 0
    for picture, (wanted, kind) in enumerate(zip(boxes, kinds, strict=True)):
        if len(wanted) == 0:
            continue
        cell, box, shared = assign(answers[picture].detach(), places[picture].detach(), wanted, kind, cells)
        things[picture, cell] = 1.0
        count += len(cell)
        overlap = overlap + (1 - iou(places[picture, cell], wanted[box]) ** 2).sum()
        target = functional.one_hot(kind[box], answers.shape[-1] - 5) * shared[:, None]
        classes = classes + functional.binary_cross_entropy_with_logits(
            answers[picture, cell, 5:], target, reduction="sum"
        )
    thing = functional.binary_cross_entropy_with_logits(answers[..., 4], things, reduction="sum")
    return (PLACE * overlap + classes + thing) / max(1, count)


@torch.no_grad()
def assign(answer: Tensor, places: Tensor, boxes: Tensor, kinds: Tensor, cells: Cells) -> tuple[Tensor, Tensor, Tensor]:
    """Which cells answer for which boxes: (M,) cells, (M,) boxes, (M,) overlap of the two now.

    A box takes as many cells as its best overlaps add up to: those that answer best for it now. A cell that several
    boxes want goes to the one it answers best for.
    """
    centres = (cells.corners + 0.5) * cells.strides
    away = (centres[None] - boxes[:, None, :2]).abs()
    inside = (away < boxes[:, None, 2:] / 2).all(-1)
    near = (away < NEAR * cells.strides[None]).all(-1)
    some = torch.nonzero((inside | near).any(0))[:, 0]
    good = (inside & near)[:, some]
    shared = pairwise_iou(boxes, places[some])
    chance = (answer[some, 5:].sigmoid() * answer[some, 4:5].sigmoid()).sqrt()
    surprise = functional.binary_cross_entropy(
        chance[None].expand(len(boxes), -1, -1),
        functional.one_hot(kinds, answer.shape[-1] - 5).float()[:, None].expand(-1, len(some), -1),
        reduction="none",
    ).sum(-1)
    cost = surprise + 3.0 * -torch.log(shared + 1e-8) + FAR * ~good
    takes = shared.topk(min(BEST, len(some)), dim=1).values.sum(1).int().clamp(min=1)
    matched = torch.zeros_like(cost, dtype=torch.bool)
    for index, number in enumerate(takes.tolist()):
        matched[index, cost[index].topk(min(number, len(some)), largest=False).indices] = True
    twice = matched.sum(0) > 1
    matched[:, twice] = functional.one_hot(cost[:, twice].argmin(0), len(boxes)).T.bool()
    box, column = torch.nonzero(matched, as_tuple=True)
    return some[column], box, shared[box, column]


def iou(a: Tensor, b: Tensor) -> Tensor:
    """(M,) intersection over union of (M, 4) and (M, 4) boxes, each centre and size."""
    top_left = torch.maximum(a[:, :2] - a[:, 2:] / 2, b[:, :2] - b[:, 2:] / 2)
    bottom_right = torch.minimum(a[:, :2] + a[:, 2:] / 2, b[:, :2] + b[:, 2:] / 2)
    inner = (bottom_right - top_left).clamp(min=0).prod(1)
    return inner / (a[:, 2:].prod(1) + b[:, 2:].prod(1) - inner + 1e-9)


def pairwise_iou(a: Tensor, b: Tensor) -> Tensor:
    """(M, N) the same for every pair."""
    many = (len(a), len(b), 4)
    return iou(a[:, None].expand(many).reshape(-1, 4), b[None].expand(many).reshape(-1, 4)).reshape(many[:2])
