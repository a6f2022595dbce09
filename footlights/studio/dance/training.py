"""Trains the codec, then the composer, step by step; an interrupted training goes on where it stopped."""

import copy
import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from footlights.core.errors import SettingsError
from footlights.recognition.dance.tokens import STEP
from footlights.studio.checkpoint import blend
from footlights.studio.dance.corpus import Corpus, Pair, mirrored
from footlights.studio.dance.losses import Figure, codec_loss
from footlights.studio.dance.net import AROUND, CODES, PARTS, Codec, Composer
from footlights.studio.dance.settings import Settings

_AT_BEGIN = 0.15  # share of the stretches that begin where the song does: so a dance learns to begin


class Trainee:
    """A net, its moving average and its optimiser."""

    def __init__(self, net: nn.Module, rate: float, steps: int, average: float, device: torch.device) -> None:
        self.net, self.rate, self.steps, self.keep, self.device = net.to(device), rate, steps, average, device
        self.average = copy.deepcopy(self.net).eval()
        self.optimiser = torch.optim.AdamW(self.net.parameters(), rate, (0.9, 0.98), weight_decay=0.01)
        self.done, self.loss = 0, math.nan

    @property
    def ended(self) -> bool:
        return self.done >= self.steps

    def learn(self, loss: Tensor) -> None:
        """Take one step down this loss."""
        for group in self.optimiser.param_groups:
            group["lr"] = self.rate * share_of_rate(self.done, self.steps)
        self.optimiser.zero_grad()
        torch.autograd.backward(loss)
        torch.nn.utils.clip_grad_norm_(self.net.parameters(), 1.0)
        self.optimiser.step()
        blend(self.average, self.net, min(self.keep, self.done / (10 + self.done)))
        now = float(loss.detach())
        self.loss = now if math.isnan(self.loss) else 0.98 * self.loss + 0.02 * now
        self.done += 1

    def state(self) -> dict[str, Any]:
        """All that `restore` needs."""
        return {
            "net": self.net.state_dict(), "average": self.average.state_dict(), "loss": self.loss,
            "optimiser": self.optimiser.state_dict(), "done": self.done,
        }  # fmt: skip

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from there."""
        self.net.load_state_dict(state["net"])
        self.average.load_state_dict(state["average"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.done, self.loss = state["done"], state["loss"]


def share_of_rate(done: int, steps: int) -> float:
    """Of the peak, after so many steps: linear up over a twentieth, cosine down."""
    warm = max(1, steps // 20)
    if done < warm:
        return (done + 1) / warm
    return 0.5 * (1 + math.cos(math.pi * (done - warm) / max(1, steps - warm)))


class Run:
    """One training: two nets, one after the other."""

    def __init__(self, corpus: Corpus, settings: Settings, device: str = "cpu") -> None:
        self.corpus, self.settings, self.device = corpus, settings, torch.device(device)
        torch.manual_seed(settings.seed)
        self._pairs = [pair for pair in corpus.split("train") if len(pair.motion) >= settings.window]
        if not self._pairs:
            raise SettingsError(f"no dance to train on is as long as a window of {settings.window} ticks")
        self._motions = [motion for pair in self._pairs for motion in self._sides(pair.motion)]
        codec = Codec(settings.channels)
        together = torch.from_numpy(np.concatenate(self._motions))
        codec.mean.copy_(together.mean(0))
        codec.deviation.copy_(together.std(0).clamp(min=0.02 * float(together.std(0).median()), max=None) + 1e-4)
        composer = Composer(len(corpus.styles), settings.width, settings.layers, settings.heads, settings.dropout)
        heard = torch.from_numpy(np.concatenate([pair.music for pair in self._pairs])).float()
        composer.mean.copy_(heard.mean(0))
        composer.deviation.copy_(heard.std(0) + 0.05)
        self.codec = Trainee(codec, settings.codec_rate, settings.codec_steps, settings.average, self.device)
        self.composer = Trainee(
            composer, settings.composer_rate, settings.composer_steps, settings.average, self.device
        )
        self._figure = Figure(self.device)
        self._stretches: list[Stretch] = []

    def _sides(self, motion: NDArray[np.float32]) -> list[NDArray[np.float32]]:
        return [motion, mirrored(motion)] if self.settings.mirror else [motion]

    @property
    def ended(self) -> bool:
        return self.codec.ended and self.composer.ended

    @property
    def done(self) -> int:
        """Steps of both nets together."""
        return self.codec.done + self.composer.done

    def step(self) -> Trainee:
        """One step of whichever net is being trained; gives it."""
        if not self.codec.ended:
            self._step_codec()
            return self.codec
        self._step_composer()
        return self.composer

    def _step_codec(self) -> None:
        settings = self.settings
        rng = np.random.default_rng((settings.seed, 1, self.codec.done))
        lengths = np.array([len(motion) for motion in self._motions], np.float64)
        chosen = rng.choice(len(lengths), settings.codec_batch, p=lengths / lengths.sum())
        rows = []
        for index in chosen:
            begin = int(rng.integers(0, len(self._motions[index]) - settings.window + 1))
            rows.append(self._motions[index][begin : begin + settings.window])
        motion = torch.from_numpy(np.stack(rows)).to(self.device)
        self.codec.net.train()
        with torch.autocast(self.device.type, torch.bfloat16):
            got = self.codec.net(motion)
        net = self.codec.net
        assert isinstance(net, Codec)
        self.codec.learn(codec_loss(self._figure, motion, got.float(), net.deviation))

    def _step_composer(self) -> None:
        settings = self.settings
        rng = np.random.default_rng((settings.seed, 2, self.composer.done))
        torch.manual_seed(settings.seed * 1_000_003 + self.composer.done)
        if not self._stretches:
            net = self.codec.average
            assert isinstance(net, Codec)
            self._stretches = [
                Stretch(pair, coded(net, motion, self.device))
                for pair in self._pairs
                for motion in self._sides(pair.motion)
            ]
        batch = [torch.from_numpy(part).to(self.device) for part in draw(self._stretches, settings, rng)]
        self.composer.net.train()
        self.composer.learn(composer_loss(self.composer.net, batch, settings, self.device))

    def state(self) -> dict[str, Any]:
        """All that `restore` needs to go on."""
        return {
            "settings": vars(self.settings), "styles": list(self.corpus.styles), "codec": self.codec.state(),
            "composer": self.composer.state(),
        }  # fmt: skip

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from a state. Raises SettingsError where settings or data are not those it was made with."""
        mine = vars(self.settings)
        other = [f"{name} {was}, not {mine.get(name)}" for name, was in state["settings"].items() if was != mine[name]]
        if state["styles"] != list(self.corpus.styles):
            other.append("other data")
        if other:
            raise SettingsError(f"the checkpoint was made with {', '.join(other)}; use the same or another folder")
        self.codec.restore(state["codec"])
        self.composer.restore(state["composer"])


class Stretch:
    """A whole dance in codes, with the music around it."""

    def __init__(self, pair: Pair, codes: NDArray[np.int64]) -> None:
        self.codes, self.styles = codes, pair.styles[: len(codes)]
        self.music = np.pad(pair.music[: len(codes)], ((AROUND, AROUND), (0, 0)))


@torch.no_grad()
def coded(codec: Codec, motion: NDArray[np.float32], device: torch.device) -> NDArray[np.int64]:
    """(T, 152) -> (T / 4, 3)."""
    whole = torch.from_numpy(motion[: len(motion) // STEP * STEP])[None].to(device)
    codes: NDArray[np.int64] = codec.codes(whole)[0].cpu().numpy()
    return codes


def draw(stretches: Sequence[Stretch], settings: Settings, rng: np.random.Generator) -> list[NDArray[Any]]:
    """A batch: codes before (N, T, 3), codes (N, T, 3), music (N, T + 16, 163), styles (N, T), what counts (N, T)."""
    count, length = settings.composer_batch, settings.length
    before, codes = np.full((count, length, PARTS), CODES), np.zeros((count, length, PARTS), np.int64)
    heard = np.zeros((count, length + 2 * AROUND, stretches[0].music.shape[1]), np.float32)
    styles, counts = np.zeros((count, length), np.int64), np.zeros((count, length), np.float32)
    lengths = np.array([len(stretch.codes) for stretch in stretches], np.float64)
    for row, index in enumerate(rng.choice(len(stretches), count, p=lengths / lengths.sum())):
        stretch = stretches[index]
        begin = 0 if rng.random() < _AT_BEGIN else int(rng.integers(0, max(1, len(stretch.codes) - length // 2)))
        part = stretch.codes[begin : begin + length]
        used = len(part)
        codes[row, :used], styles[row, :used], counts[row, :used] = part, stretch.styles[begin : begin + used], 1
        before[row, 1:used] = part[:-1]
        if begin:
            before[row, 0] = stretch.codes[begin - 1]
        music = stretch.music[begin : begin + used + 2 * AROUND]
        heard[row, : len(music)] = music
    return [before, codes, heard, styles, counts]


def composer_loss(net: nn.Module, batch: list[Tensor], settings: Settings, device: torch.device) -> Tensor:
    """Mean cross entropy of all parts of a token."""
    assert isinstance(net, Composer)
    before, codes, heard, styles, counts = batch
    wrong = torch.rand(before.shape, device=device) < settings.corruption
    before = torch.where(wrong & (before < CODES), torch.randint_like(before, CODES), before)
    with_music = (torch.rand(len(codes), 1, device=device) >= settings.unheard).float()
    anyhow = torch.rand(len(codes), 1, device=device) < 0.3  # the style is not always known, or wished for
    styles = torch.where(anyhow, net.style.num_embeddings - 1, styles)
    with torch.autocast(device.type, torch.bfloat16):
        told = net(before, net.heard(heard, styles, with_music))
        logits = [net.logits(told, codes[..., :part]) for part in range(PARTS)]
    losses = [
        functional.cross_entropy(
            answer.float().flatten(0, 1), codes[..., part].flatten(), reduction="none",
            label_smoothing=settings.smoothing,
        )
        for part, answer in enumerate(logits)
    ]  # fmt: skip
    weights = counts.flatten()
    return (sum(losses) * weights).sum() / (PARTS * weights.sum())
