"""What a training can be told."""

from dataclasses import dataclass


@dataclass
class Settings:
    """All that changes what comes out. Stored in the checkpoint: a run goes on only with the settings it began with."""

    seed: int = 1
    epochs: int = 40
    batch: int = 128
    parts: int = 2  # of a batch: normalised apart, worked on side by side
    rate: float = 0.08  # peak of the learning rate: it rises over `warm` epochs, then falls along a cosine to 0
    warm: float = 2.0  # epochs
    decay: float = 5e-4  # weight decay, on the weights of convolutions and of the last layer
    average: float = 0.999  # of the moving average of the weights, for each step
    balance: float = 0.25  # class weight: frequency to the power of minus this; 0.5 is the square root, 0 is none
    patience: int = 15  # epochs without a better valid accuracy
