"""The autoregressive model of recourse: R_θ(x⁺ | x), one feature at a time.

.. math:: R_\\theta(x^+ \\mid x) = \\prod_{j=1}^{d} R_\\theta(x^+_j \\mid x^+_1, \\ldots, x^+_{j-1}, x)

An encoder reads the whole person x; a decoder writes x⁺ from left to right. Every feature is one
position, every value a token of that feature's vocabulary. The log-odds of a value v are

.. math:: \\ell_j(v) = \\langle o_j, e_j(v) \\rangle + b_j(v) - s_j\\, |v - x_j| ,

a context term, how common v is among accepted people, and what the move costs. The last two start at
their right values for independent features, so training begins where a naive model would end.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from .codec import Codec

__all__ = ["Cache", "ModelConfig", "RecourseTransformer"]


@dataclass(frozen=True)
class ModelConfig:
    """The size of the network; ``expansion`` is how much wider the feed-forward part is."""

    encoder_layers: int = 1
    decoder_layers: int = 1
    width: int = 32
    heads: int = 2
    expansion: int = 2
    dropout: float = 0.0


class Attention(nn.Module):
    """Multi-head attention (Vaswani et al., 2017), with keys and values computed apart for caching.

    Equation: :eq:`autoregressive-attention`.
    """

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.heads, self.dropout = config.heads, config.dropout
        self.query = nn.Linear(config.width, config.width)
        self.key_value = nn.Linear(config.width, 2 * config.width)
        self.out = nn.Linear(config.width, config.width)

    def split(self, x: Tensor) -> Tensor:
        return x.unflatten(-1, (self.heads, -1)).transpose(
            -3, -2
        )  # (..., heads, length, width/heads)

    def memory(self, x: Tensor) -> tuple[Tensor, Tensor]:
        key, value = self.key_value(x).chunk(2, dim=-1)
        return self.split(key), self.split(value)

    def forward(self, x: Tensor, memory: tuple[Tensor, Tensor], causal: bool = False) -> Tensor:
        key, value = memory
        # Written out, to be read; a fused kernel gains a few per cent (results/kernels.json).
        query = self.split(self.query(x)) / math.sqrt(key.shape[-1])
        score = query @ key.transpose(-1, -2)
        if causal:
            after = torch.ones(score.shape[-2:], dtype=torch.bool, device=x.device).triu(1)
            score = score.masked_fill(after, -torch.inf)
        weight = F.dropout(score.softmax(dim=-1), self.dropout, self.training)
        return self.out((weight @ value).transpose(-3, -2).flatten(-2))

    def last(self, x: Tensor, seen: Tensor, j: int) -> Tensor:
        """Each row's position j looks at its positions up to j, (rows, width).

        ``seen`` keeps keys and values, (2, positions, heads, width/heads, rows), and takes up those
        of j. A row's few products are too small for a matrix product to be quick. So the rows lie
        last, and all of them are multiplied side by side.
        """

        def across(linear: nn.Linear) -> Tensor:
            return torch.addmm(linear.bias[:, None], linear.weight, x.T)  # (outputs, rows)

        seen[:, j] = across(self.key_value).unflatten(0, (2, self.heads, -1))
        key, value = seen[:, : j + 1]
        query = across(self.query).unflatten(0, (self.heads, -1)) / math.sqrt(key.shape[2])
        weight = (query * key).sum(dim=2).softmax(dim=0)
        return self.out((weight.unsqueeze(2) * value).sum(dim=0).flatten(0, 1).T)


class FeedForward(nn.Sequential):
    """Two linear maps with a bend between them, at each position alone."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__(
            nn.Linear(config.width, config.expansion * config.width),
            nn.GELU(),
            nn.Linear(config.expansion * config.width, config.width),
        )


class EncoderLayer(nn.Module):
    """Every feature of x looks at every other."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.norm_1, self.norm_2 = nn.LayerNorm(config.width), nn.LayerNorm(config.width)
        self.attention, self.feed = Attention(config), FeedForward(config)
        self.dropout = nn.Dropout(config.dropout)

    def forward(self, x: Tensor) -> Tensor:
        y = self.norm_1(x)
        x = x + self.dropout(self.attention(y, self.attention.memory(y)))
        return x + self.dropout(self.feed(self.norm_2(x)))


class DecoderLayer(nn.Module):
    """Every position of x⁺ looks at the positions before it, and at all of x."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.norm_1, self.norm_2, self.norm_3 = (nn.LayerNorm(config.width) for _ in range(3))
        self.own, self.cross = Attention(config), Attention(config)
        self.feed = FeedForward(config)
        self.dropout = nn.Dropout(config.dropout)

    def forward(self, x: Tensor, memory: tuple) -> Tensor:
        """All positions at once, (batch, d, width), or of k recourses a person, (batch, k, d, width)."""
        y = self.norm_1(x)
        x = x + self.dropout(self.own(y, self.own.memory(y), causal=True))
        return self.outward(x, memory)

    def step(self, x: Tensor, memory: tuple, seen: Tensor, j: int) -> Tensor:
        """Position j of k candidates a person, (batch, k, width); it is added to what was ``seen``."""
        y = self.norm_1(x).flatten(0, 1)  # each candidate looks at itself alone
        x = x + self.own.last(y, seen, j).reshape(x.shape)
        return self.outward(x, memory)

    def outward(self, x: Tensor, memory: tuple) -> Tensor:
        # All positions of all of a person's recourses query the person's memory side by side.
        asked = self.norm_2(x).flatten(1, -2)
        x = x + self.dropout(self.cross(asked, memory)).view(x.shape)
        return x + self.dropout(self.feed(self.norm_3(x)))


@dataclass
class Cache:
    """What decoding has seen so far, so that no step computes it again."""

    beside: Tensor  # what stands beside x⁺ at each position: embedded x, (batch, d, width)
    prior: Tensor  # log-odds before x⁺ is begun, (batch, d, v)
    memory: list[tuple[Tensor, Tensor]]  # keys and values of x, one pair a layer
    seen: list[Tensor]  # keys and values of x⁺, one store a layer, filled step by step


class RecourseTransformer(nn.Module):
    """R_θ(x⁺ | x) over per-feature vocabularies.

    Parameters
    ----------
    grid
        Each feature's vocabulary in the unit cube, one 1-D tensor a feature.
    nominal
        Which features have no order, booleans of shape (d,).
    config
        The network's size.
    """

    grid: Tensor
    exists: Tensor
    nominal: Tensor
    decoder: Any  # layers in a ModuleList, which does not say what it holds

    def __init__(self, grid: list[Tensor], nominal: Tensor, config: ModelConfig) -> None:
        super().__init__()
        self.config = config
        self.sizes = [len(g) for g in grid]  # of the vocabularies
        self.d, self.v = len(grid), max(self.sizes)
        padded = torch.stack([F.pad(g.float(), (0, self.v - len(g))) for g in grid])
        exists = torch.stack([torch.arange(self.v) < len(g) for g in grid])
        self.register_buffer("grid", padded)  # (d, v)
        self.register_buffer("exists", exists)  # (d, v), padding is False
        self.register_buffer("nominal", torch.as_tensor(nominal))  # (d,)
        w = config.width
        self.token = nn.Parameter(0.02 * torch.randn(self.d, self.v, w))
        self.slope = nn.Parameter(
            0.02 * torch.randn(2, self.d, w)
        )  # of the value, for x and for x⁺
        self.place = nn.Parameter(0.02 * torch.randn(3, self.d, w))  # in x, in x⁺, of x beside x⁺
        self.encoder = nn.ModuleList(EncoderLayer(config) for _ in range(config.encoder_layers))
        self.decoder = nn.ModuleList(DecoderLayer(config) for _ in range(config.decoder_layers))
        self.norm_source, self.norm_out = nn.LayerNorm(w), nn.LayerNorm(w)
        self.readout = nn.Parameter(0.02 * torch.randn(self.d, self.v, w))
        self.bias = nn.Parameter(torch.zeros(self.d, self.v))
        self.reach = nn.Parameter(torch.zeros(self.d))
        self.dropout = nn.Dropout(config.dropout)

    @classmethod
    def over(cls, codec: Codec, config: ModelConfig, *, seed: int) -> Self:
        """A new one that reads and writes what a codec's vocabularies hold; a gap has the middle value."""
        grid = [
            torch.as_tensor(np.append(g, 0.5) if gap >= 0 else np.array(g))
            for g, gap in zip(codec.grid, codec.gap, strict=True)
        ]
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            return cls(grid, torch.as_tensor(codec.nominal), config)

    def start_at(self, frequency: np.ndarray | Tensor, cost_weight: float) -> None:
        """Begin as the independent model: b = log frequency (d, v), s = λ."""
        with torch.no_grad():
            self.bias.copy_(torch.log(torch.as_tensor(frequency, dtype=torch.float32)))
            self.reach.fill_(cost_weight)

    def embed(self, tokens: Tensor, values: Tensor, side: int) -> Tensor:
        """Tokens and their values, both (..., d), in x (side 0) or x⁺ (side 1): (..., d, width)."""
        # Not self.token[which, tokens]: on several threads its gradient depends on their order.
        which = torch.arange(self.d, device=tokens.device)
        own = F.embedding(which * self.v + tokens, self.token.flatten(0, 1))
        return own + values.unsqueeze(-1) * self.slope[side]

    def values(self, tokens: Tensor) -> Tensor:
        """The values that tokens stand for, (..., d)."""
        return self.grid[torch.arange(self.d, device=tokens.device), tokens]

    def encode(self, x: Tensor, x_tokens: Tensor) -> Cache:
        """Read people x, values and tokens of shape (batch, d)."""
        source = self.embed(x_tokens, x, 0)
        y = self.dropout(source + self.place[0])
        for layer in self.encoder:
            y = layer(y)
        y = self.norm_source(y)
        memory = [layer.cross.memory(y) for layer in self.decoder]
        return Cache(source + self.place[2] + self.place[1], self.prior(x), memory, [])

    def prior(self, x: Tensor) -> Tensor:
        """The log-odds' last two terms for people x, (batch, d): (batch, d, v); −∞ past a vocabulary's end.

        Equation: :eq:`autoregressive-odds`.
        """
        move = (self.grid - x[..., None]).abs()
        move = torch.where(self.nominal[:, None], (move > 1e-6).to(move.dtype), move)
        return (self.bias - self.reach[:, None] * move).masked_fill(~self.exists, -torch.inf)

    def forward(self, x: Tensor, x_tokens: Tensor, y_tokens: Tensor) -> Tensor:
        """All conditionals at once, for people x and recourses y, (batch, d): log-odds (batch, d, v).

        Row j depends on ``y_tokens[:, :j]`` only. Of k recourses a person, (batch, k, d), the log-odds
        are (batch, k, d, v); each person is then read once.

        Equation: :eq:`autoregressive-odds`.
        """
        cache = self.encode(x, x_tokens)
        before = self.embed(y_tokens, self.values(y_tokens), 1)[..., :-1, :]  # j sees x⁺_{j-1}
        beside, prior = cache.beside, cache.prior
        if y_tokens.dim() > x.dim():
            beside, prior = beside[:, None], prior[:, None]
        h = self.dropout(beside + F.pad(before, (0, 0, 1, 0)))
        for layer, memory in zip(self.decoder, cache.memory, strict=True):
            h = layer(h, memory)
        return torch.einsum("...jw,jvw->...jv", self.norm_out(h), self.readout) + prior

    def step(self, cache: Cache, j: int, last: Tensor | None, k: int) -> Tensor:
        """The conditional of feature j after ``last`` = x⁺_{j-1}, for k candidates a person.

        ``cache`` comes from :meth:`encode`; ``last`` has shape (batch, k) and is ``None`` at j = 0.
        Returns log-odds over feature j's own vocabulary, of shape (batch, k, size of it).
        """
        batch, w, heads = len(cache.beside), self.config.width, self.config.heads
        h = cache.beside[:, None, j].expand(-1, k, -1)
        if last is None:
            store = (2, self.d, heads, w // heads, batch * k)
            cache.seen = [h.new_empty(store) for _ in self.decoder]
        else:
            value = self.grid[j - 1][last]
            h = h + F.embedding(last, self.token[j - 1]) + value[..., None] * self.slope[1, j - 1]
        for layer, memory, seen in zip(self.decoder, cache.memory, cache.seen, strict=True):
            h = layer.step(h, memory, seen, j)
        # Most vocabularies are far smaller than the largest, to which the tables are padded.
        size = self.sizes[j]
        readout = self.readout[j, :size].T.expand(batch, w, size)
        return torch.baddbmm(cache.prior[:, j, None, :size], self.norm_out(h), readout)
