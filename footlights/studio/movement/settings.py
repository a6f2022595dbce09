"""What a training can be told."""

from dataclasses import dataclass


@dataclass
class Settings:
    """All that changes what comes out. Stored in the checkpoint: a run goes on only with the settings it began with."""

    seed: int = 1
    steps: int = 20000
    batch: int = 24  # sequences
    seconds: float = 20.0  # of a sequence
    fresh: int = 2  # new sequences a step; each is learned from about batch / fresh times
    pool: int = 1200  # sequences that are kept to draw from
    channels: int = 96
    rate: float = 3e-3  # peak of the learning rate: it rises over a twentieth of the steps, then falls to 0
    decay: float = 0.01  # weight decay
    dropout: float = 0.08
    average: float = 0.998  # of the moving average of the weights, for each step
