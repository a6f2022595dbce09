"""The two nets of the learned dancer: a codec that turns motion into tokens, and a composer that writes tokens.

The codec (finite scalar quantisation: Mentzer et al., ICLR 2024) has a stream for the upper body, one code a token, and
one for the lower body and the way over the stage, two codes a token. The composer is a causal transformer that sees 128
tokens back, and the music two beats ahead and back.
"""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

from footlights.recognition.dance import music
from footlights.recognition.dance.tokens import LOWER, STEP, TOKENS, UPPER
from footlights.recognition.dance.tokens import SIZE as MOTION

LEVELS = (8, 6, 5, 5)
CODES = math.prod(LEVELS)  # 1200
UPPER_CODES, LOWER_CODES = 1, 2  # a token
PARTS = UPPER_CODES + LOWER_CODES  # of a token: each has a code, drawn one after the other
MEMORY = 32 * TOKENS  # tokens that the composer sees, this one included
AROUND = 2 * TOKENS  # tokens of music before and after: two beats


class Quantiser(nn.Module):
    """Rounds four bounded numbers to a few levels each; the gradient passes as if nothing was rounded."""

    def __init__(self) -> None:
        super().__init__()
        self.levels: Tensor
        self.basis: Tensor
        self.register_buffer("levels", torch.tensor(LEVELS, dtype=torch.float32), persistent=False)
        steps = [math.prod(LEVELS[:place]) for place in range(len(LEVELS))]
        self.register_buffer("basis", torch.tensor(steps, dtype=torch.float32), persistent=False)

    def forward(self, raw: Tensor) -> Tensor:
        """(..., 4) any numbers -> (..., 4) levels, about -1..1."""
        half = (self.levels - 1) * (1 - 1e-3) / 2
        offset = torch.where(self.levels % 2 == 0, 0.5, 0.0)
        bounded = torch.tanh(raw + torch.tan(offset / half)) * half - offset
        rounded: Tensor = bounded + (bounded.round() - bounded).detach()
        return rounded / (self.levels // 2)

    def codes(self, levels: Tensor) -> Tensor:
        """(..., 4) levels -> (...) the number of the code, 0..1199."""
        half = self.levels // 2
        return ((levels * half + half).round() * self.basis).sum(-1).long()

    def of(self, codes: Tensor) -> Tensor:
        """(...) numbers of codes -> (..., 4) levels."""
        half = self.levels // 2
        whole = torch.floor(codes[..., None].float() / self.basis) % self.levels
        return (whole - half) / half


class Scale(nn.Module):
    """Every moment's channels at the same loudness: it looks at nothing but the moment, so windows leave no seams."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.gain = nn.Parameter(torch.ones(channels, 1))

    def forward(self, x: Tensor) -> Tensor:
        return x * torch.rsqrt(x.square().mean(1, keepdim=True) + 1e-5) * self.gain


class Around(nn.Module):
    """Three moments, `apart` steps from each other, added to what was known."""

    def __init__(self, channels: int, apart: int) -> None:
        super().__init__()
        self.scale = Scale(channels)
        self.wide = nn.Conv1d(channels, channels, 3, padding=apart, dilation=apart)
        self.out = nn.Conv1d(channels, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        added: Tensor = self.out(functional.silu(self.wide(functional.silu(self.scale(x)))))
        return x + added


class Stream(nn.Module):
    """The codec of one half of the body: (N, D, T) normalised motion <-> (N, T / 4, codes, 4) levels."""

    def __init__(self, width: int, codes: int, channels: int) -> None:
        super().__init__()
        kept = codes * len(LEVELS)
        self.encoder = nn.Sequential(
            nn.Conv1d(width, channels, 4, 2, 1), Around(channels, 1),
            nn.Conv1d(channels, channels, 4, 2, 1), Around(channels, 1), Around(channels, 3),
            Scale(channels), nn.Conv1d(channels, kept, 1),
        )  # fmt: skip
        self.decoder = nn.Sequential(
            nn.Conv1d(kept, channels, 3, padding=1), Around(channels, 1), Around(channels, 3),
            nn.ConvTranspose1d(channels, channels, 4, 2, 1), Around(channels, 1), Scale(channels),
            nn.ConvTranspose1d(channels, channels, 4, 2, 1), nn.SiLU(), nn.Conv1d(channels, width, 3, padding=1),
        )  # fmt: skip
        self.quantiser = Quantiser()

    def encode(self, x: Tensor) -> Tensor:
        raw = self.encoder(x).transpose(1, 2)
        levels: Tensor = self.quantiser(raw.unflatten(-1, (-1, len(LEVELS))))
        return levels

    def decode(self, levels: Tensor) -> Tensor:
        motion: Tensor = self.decoder(levels.flatten(2).transpose(1, 2))
        return motion


class Codec(nn.Module):
    """(N, T, 152) motion <-> (N, T / 4, 3) codes: the upper body's, then the two of the lower one."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.mean: Tensor
        self.deviation: Tensor
        self.upper_places: Tensor
        self.lower_places: Tensor
        self.back: Tensor
        self.register_buffer("mean", torch.zeros(MOTION))
        self.register_buffer("deviation", torch.ones(MOTION))
        self.register_buffer("upper_places", torch.from_numpy(UPPER.copy()), persistent=False)
        self.register_buffer("lower_places", torch.from_numpy(LOWER.copy()), persistent=False)
        order = torch.argsort(torch.cat([self.upper_places, self.lower_places]))
        self.register_buffer("back", order, persistent=False)
        self.upper = Stream(len(UPPER), UPPER_CODES, channels)
        self.lower = Stream(len(LOWER), LOWER_CODES, channels)

    def levels(self, motion: Tensor) -> Tensor:
        """What is kept of (N, T, 152) motion: (N, T / 4, 3, 4)."""
        x = ((motion - self.mean) / self.deviation).transpose(1, 2)
        return torch.cat([self.upper.encode(x[:, self.upper_places]), self.lower.encode(x[:, self.lower_places])], 2)

    def codes(self, motion: Tensor) -> Tensor:
        """(N, T, 152) -> (N, T / 4, 3)."""
        return self.upper.quantiser.codes(self.levels(motion))

    def rebuilt(self, levels: Tensor) -> Tensor:
        """(N, T / 4, 3, 4) levels -> (N, T, 152) motion."""
        upper, lower = levels[:, :, :UPPER_CODES], levels[:, :, UPPER_CODES:]
        x = torch.cat([self.upper.decode(upper), self.lower.decode(lower)], 1)[:, self.back]
        return x.transpose(1, 2) * self.deviation + self.mean

    def decode(self, codes: Tensor) -> Tensor:
        """(N, K, 3) codes -> (N, 4 K, 152) motion."""
        return self.rebuilt(self.upper.quantiser.of(codes))

    def forward(self, motion: Tensor) -> Tensor:
        return self.rebuilt(self.levels(motion))


class Layer(nn.Module):
    """One layer of the transformer. Places are turned into the keys (rotary: Su et al., 2021), so only gaps count."""

    def __init__(self, width: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.heads = heads
        self.before, self.after = nn.LayerNorm(width), nn.LayerNorm(width)
        self.ask, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.think = nn.Sequential(nn.Linear(width, 3 * width), nn.GELU(), nn.Linear(3 * width, width))
        self.dropout = nn.Dropout(dropout)

    def asked(self, x: Tensor, cos: Tensor, sin: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Query, key, value of (N, T, W), each (N, heads, T, W / heads)."""
        count, steps, width = x.shape
        parts = self.ask(self.before(x)).view(count, steps, 3, self.heads, width // self.heads)
        query, key, value = parts.permute(2, 0, 3, 1, 4)
        return _turned(query, cos, sin), _turned(key, cos, sin), value

    def told(self, x: Tensor, seen: Tensor) -> Tensor:
        """What attention brought, (N, heads, T, W / heads), taken in."""
        x = x + self.dropout(self.out(seen.transpose(1, 2).reshape(x.shape)))
        thought: Tensor = x + self.dropout(self.think(self.after(x)))
        return thought


def _turned(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    one, other = x.chunk(2, -1)
    return torch.cat([one * cos - other * sin, one * sin + other * cos], -1)


class Composer(nn.Module):
    """Which codes come next, part by part of a token; each part is told what those before it do."""

    def __init__(self, styles: int, width: int, layers: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.width, self.heads = width, heads
        self.mean: Tensor
        self.deviation: Tensor
        self.pace: Tensor
        self.register_buffer("mean", torch.zeros(music.SIZE))
        self.register_buffer("deviation", torch.ones(music.SIZE))
        gaps = 10_000.0 ** (-torch.arange(0, width // heads, 2) / (width // heads))
        self.register_buffer("pace", gaps, persistent=False)
        self.codes = nn.ModuleList([nn.Embedding(CODES + 1, width) for _ in range(PARTS)])  # the last: none yet
        self.style = nn.Embedding(styles + 1, width)  # the last: any
        self.near = nn.Conv1d(music.SIZE, width, 5)
        self.far = nn.Conv1d(width, width, 5, dilation=3)
        self.unheard = nn.Parameter(torch.zeros(width))  # instead of music and style, where it is to play by itself
        self.layers = nn.ModuleList([Layer(width, heads, dropout) for _ in range(layers)])
        self.norm = nn.LayerNorm(width)
        self.first = nn.Linear(width, CODES)
        self.later = nn.ModuleList(
            [
                nn.Sequential(nn.Linear((1 + part) * width, width), nn.GELU(), nn.Linear(width, CODES))
                for part in range(1, PARTS)
            ]
        )

    def heard(self, music_tokens: Tensor, styles: Tensor, with_music: Tensor) -> Tensor:
        """(N, T + 16, 163) music, (N, T) styles, (N, 1) 1 or 0 -> (N, T, W)."""
        x = ((music_tokens - self.mean) / self.deviation).clamp(-6, 6).transpose(1, 2)
        x = self.far(functional.silu(self.near(x))).transpose(1, 2) + self.style(styles)
        share = with_music[..., None]
        told: Tensor = x * share + self.unheard * (1 - share)
        return told

    def forward(self, before: Tensor, heard: Tensor) -> Tensor:
        """(N, T, 3) the codes one step earlier (1200: none yet) and what is heard -> (N, T, W)."""
        steps = before.shape[1]
        x = heard + self.known(before)
        cos, sin = self.angles(torch.arange(steps, device=x.device))
        gap = torch.arange(steps, device=x.device)[:, None] - torch.arange(steps, device=x.device)
        seen = (gap >= 0) & (gap < MEMORY)
        for layer in self.layers:
            assert isinstance(layer, Layer)
            query, key, value = layer.asked(x, cos, sin)
            x = layer.told(x, functional.scaled_dot_product_attention(query, key, value, seen))
        normed: Tensor = self.norm(x)
        return normed

    def angles(self, places: Tensor) -> tuple[Tensor, Tensor]:
        """(T,) places -> cosine and sine, (T, W / heads / 2)."""
        angles = places[:, None].float() * self.pace
        return angles.cos(), angles.sin()

    def known(self, codes: Tensor) -> Tensor:
        """(..., 3) codes -> (..., W)."""
        total: Tensor = sum(table(codes[..., part]) for part, table in enumerate(self.codes))
        return total

    def logits(self, told: Tensor, drawn: Tensor) -> Tensor:
        """Of the next part of a token: (..., W) and the (..., n) codes of the parts before it -> (..., 1200)."""
        count = drawn.shape[-1]
        if not count:
            first: Tensor = self.first(told)
            return first
        parts = [told, *(self.codes[part](drawn[..., part]) for part in range(count))]
        later: Tensor = self.later[count - 1](torch.cat(parts, -1))
        return later


class OneStep(nn.Module):
    """The composer taking one step. `keys` and `values` hold the last 127 tokens, empty places at the front."""

    def __init__(self, net: Composer) -> None:
        super().__init__()
        self.net = net

    def forward(
        self, before: Tensor, heard: Tensor, style: Tensor, with_music: Tensor, place: Tensor, keys: Tensor,
        values: Tensor,
    ) -> tuple[Tensor, Tensor, Tensor, Tensor]:  # fmt: skip
        """(N, 3), (N, 17, 163), (N,), (N, 1), (1,), 2 x (N, layers, heads, 127, W / heads)."""
        net = self.net
        x = net.heard(heard, style[:, None], with_music)
        x = x + net.known(before)[:, None]
        cos, sin = net.angles(place)
        empty = torch.arange(MEMORY, device=x.device) < (MEMORY - 1 - place)
        shut = torch.where(empty, -1e9, 0.0)
        held_keys, held_values = [], []
        for index, layer in enumerate(net.layers):
            assert isinstance(layer, Layer)
            query, key, value = layer.asked(x, cos, sin)
            key, value = torch.cat([keys[:, index], key], 2), torch.cat([values[:, index], value], 2)
            weights = query @ key.transpose(2, 3) / math.sqrt(query.shape[-1]) + shut
            x = layer.told(x, weights.softmax(-1) @ value)
            held_keys.append(key[:, :, 1:])
            held_values.append(value[:, :, 1:])
        told = net.norm(x)[:, 0]
        return told, net.first(told), torch.stack(held_keys, 1), torch.stack(held_values, 1)


class Later(nn.Module):
    """The logits of a token's next part, once n codes are drawn: (N, W), (N, n) -> (N, 1200)."""

    def __init__(self, net: Composer) -> None:
        super().__init__()
        self.net = net

    def forward(self, told: Tensor, drawn: Tensor) -> Tensor:
        return self.net.logits(told, drawn)


class Decoder(nn.Module):
    """(1, K, 3) codes -> (1, 4 K, 152) motion."""

    def __init__(self, codec: Codec) -> None:
        super().__init__()
        self.codec = codec

    def forward(self, codes: Tensor) -> Tensor:
        return self.codec.decode(codes)


def rotations(motion: Tensor) -> Tensor:
    """(..., 152) -> (..., 24, 3, 3), as `tokens.matrices`."""
    pairs = motion[..., :144].reshape(*motion.shape[:-1], 24, 2, 3)
    up = functional.normalize(pairs[..., 0, :], dim=-1, eps=1e-6)
    forward = pairs[..., 1, :]
    forward = functional.normalize(forward - up * (up * forward).sum(-1, keepdim=True), dim=-1, eps=1e-6)
    return torch.stack([torch.cross(up, forward, dim=-1), up, forward], -1)


assert MOTION == 152 and STEP == 4
