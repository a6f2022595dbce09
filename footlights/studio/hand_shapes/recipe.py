"""Trains the net of hand shapes, writes the ONNX file and says how well it does.

python -m footlights.studio.hand_shapes.recipe DATA --out out/hand_shapes
"""

import argparse
import hashlib
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from footlights.recognition.hand_shapes import SHAPES, SIZE
from footlights.studio import onnx_file
from footlights.studio.hand_shapes.hands import Hands, generated, joined, kazuhito, posekit
from footlights.studio.hand_shapes.pictures import drawn, emre

STEPS, BATCH, RATE = 6000, 512, 2e-3
WIDTH = 64
SHARES = (0.36, 0.36, 0.14, 0.10, 0.04)  # of each set in a batch, in the order of `main`
DEPTH = slice(42, 64)  # depth, and whether it is known


class ShapeNet(nn.Module):
    """(N, 64) of `measure` -> (N, 8) probabilities in the order of `SHAPES`."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Linear(SIZE, WIDTH), nn.ReLU(), nn.Linear(WIDTH, WIDTH), nn.ReLU(), nn.Linear(WIDTH, len(SHAPES))
        )

    def forward(self, seen: Tensor) -> Tensor:
        return torch.softmax(self.layers(seen), dim=1)


def main() -> None:
    """Train, report, export."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path, help="the folder that holds gesture/")
    parser.add_argument("--out", type=Path, default=Path("out/hand_shapes"))
    parser.add_argument("--pictures", type=int, default=9000, help="puppets to draw and to read with the hand model")
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    torch.manual_seed(args.seed)
    torch.set_num_threads(1)
    args.out.mkdir(parents=True, exist_ok=True)
    sets = {
        "generated": generated(40_000, np.random.default_rng([args.seed, 1])),
        "drawn, read by the hand model": drawn(args.pictures, args.seed, args.out / "drawn.npz"),
        "posekit": posekit(args.data),
        "kazuhito": kazuhito(args.data),
        "emre_frames hand": emre(args.data),
    }
    net = train(sets, np.random.default_rng([args.seed, 2]))
    report(net, sets)
    export(net, args.out / "hand_shapes.onnx")


def train(sets: dict[str, Hands], rng: np.random.Generator) -> ShapeNet:
    """Every set by its share, every shape of a set as often as the others, "none" twice as often."""
    net = ShapeNet()
    descent = torch.optim.AdamW(net.parameters(), lr=RATE, weight_decay=1e-2)
    plan = torch.optim.lr_scheduler.OneCycleLR(descent, RATE, total_steps=STEPS)
    every = joined(*(hands.part(~hands.test) for hands in sets.values()))
    weight = np.concatenate(
        [_weights(hands.part(~hands.test), share) for hands, share in zip(sets.values(), SHARES, strict=True)]
    )
    for _ in range(STEPS):
        chosen = rng.choice(len(every), BATCH, p=weight)
        seen = _jittered(every.seen[chosen], rng)
        logits = net.layers(torch.from_numpy(seen))
        loss = nn.functional.cross_entropy(logits, torch.from_numpy(every.shape[chosen]), label_smoothing=0.03)
        descent.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        descent.step()
        plan.step()
    return net.eval()


def _weights(hands: Hands, share: float) -> np.ndarray:
    """(N,) how often each hand is taken."""
    counts = np.bincount(hands.shape, minlength=len(SHAPES))
    weight = np.array([2.0 if shape == 0 else 1.0 for shape in range(len(SHAPES))]) / np.maximum(counts, 1)
    taken = weight[hands.shape]
    return np.asarray(share * taken / taken.sum())


def _jittered(seen: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The same hands a little turned, trembling, mirrored (the other face of the hand), with or without depth."""
    seen = seen.copy()
    count = len(seen)
    xy = seen[:, :42].reshape(count, 21, 2)
    angle = rng.normal(0, 0.12, count)
    turn = np.stack([np.cos(angle), -np.sin(angle), np.sin(angle), np.cos(angle)], 1).reshape(count, 2, 2)
    xy = xy @ turn + rng.normal(0, 0.03, xy.shape)
    xy[..., 0] *= np.where(rng.random(count) < 0.3, -1, 1)[:, None]
    seen[:, :42] = xy.reshape(count, 42)
    seen[rng.random(count) < 0.3, DEPTH] = 0
    return seen.astype(np.float32)


@torch.no_grad()
def report(net: ShapeNet, sets: dict[str, Hands]) -> None:
    """Of the hands that were not trained on: how many are named right, and of "none" how many are taken for a shape."""
    for name, hands in sets.items():
        rest = hands.part(hands.test)
        found = net(torch.from_numpy(rest.seen)).numpy()
        sure = np.where(found.max(1) >= 0.6, found.argmax(1), 0)
        print(f"{name}: {len(rest)} hands, {np.mean(found.argmax(1) == rest.shape):.1%} right")
        for shape, label in enumerate(SHAPES):
            mine = rest.shape == shape
            if mine.any():
                taken = np.bincount(sure[mine], minlength=len(SHAPES))
                print(f"  {label:14} {mine.sum():5} " + " ".join(f"{SHAPES[k]}:{n}" for k, n in enumerate(taken) if n))


def export(net: ShapeNet, path: Path) -> None:
    """The ONNX file: input `hand` (N, 64), output `probabilities` (N, 8), N is free."""
    example = (torch.zeros(2, SIZE),)
    onnx_file.write(onnx_file.exported(net, example, ["hand"], ["probabilities"], "hands"), path)
    content = path.read_bytes()
    print(f"{path}: {len(content)} bytes, sha256 {hashlib.sha256(content).hexdigest()}")


if __name__ == "__main__":
    main()
