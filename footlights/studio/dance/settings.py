"""What a training of the dancer can be told."""

from dataclasses import dataclass


@dataclass
class Settings:
    """All that changes what comes out. Stored in the checkpoint: a run goes on only with the settings it began with."""

    seed: int = 1
    codec_steps: int = 9000
    composer_steps: int = 4000
    codec_batch: int = 24  # windows
    composer_batch: int = 8  # stretches
    window: int = 64  # ticks of motion in a window: four counts
    length: int = 160  # tokens in a stretch: forty counts, more than the composer's memory
    channels: int = 128  # of the codec
    width: int = 192  # of the composer; 256 with 6 layers and 8 heads where there is a GPU
    layers: int = 4
    heads: int = 6
    codec_rate: float = 2e-3  # peaks of the learning rates: up over a twentieth of the steps, then down to 0
    composer_rate: float = 1e-3
    dropout: float = 0.1
    corruption: float = 0.15  # share of the past tokens that are exchanged, so that it learns to recover
    unheard: float = 0.15  # share of stretches without music and style, for guidance
    smoothing: float = 0.05  # of the labels
    mirror: bool = True  # every dance on the other side, too
    average: float = 0.998  # of the moving average of the weights, for each step
