"""Variational autoencoders of tables: a few numbers z that tell one person from another.

Latent methods walk in z and read off the person there, so that answers look like the training rows.
The networks work on classifier inputs (:meth:`~genre_lite.codec.Codec.design`) and take what nobody
may change as given: c, the immutable inputs, enters encoder and decoder and is never decoded. They
minimize, summed over features and averaged over rows,

.. math:: -\\mathbb{E}_{q(z \\mid x, c)} \\log p(x \\mid z, c)
          + \\beta\\, \\mathrm{KL}(q(z \\mid x, c) \\,\\|\\, \\mathcal{N}(0, I)) ,

the negative evidence lower bound if β = 1. Averaging one term over features and rows and summing the
other, as CARLA's losses do (carla-recourse/CARLA at 0472635, ``autoencoder/models.py``), makes β the number
of features times the batch: then q ignores x, and
everybody is decoded to the same person.
"""

from __future__ import annotations

import itertools
from collections.abc import Container, Sequence
from typing import Any

import numpy as np
import pandas as pd
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from tqdm.auto import trange

from ..codec import Codec
from ..settings import Number, Widths

__all__ = ["VAE", "LabelledVAE", "TableLikelihood", "divergence", "train"]

# What the settings of every method that trains one may be.
SETTINGS: dict[str, Container] = {
    "hidden": Widths(),
    "code": Number(1, whole=True),
    "training_steps": Number(1, whole=True),
    "validity_margin": Number(0, 1),
}


class TableLikelihood(nn.Module):
    """p(x | output): how well a decoder's output tells a person.

    Numbers and ordinal levels are normal around the output, two-level features are Bernoulli and
    wider nominal ones categorical with the output as log-odds:

    .. math:: -\\log p(x \\mid o) = 40 \\sum_{j\\ \\mathrm{ordered}} (x_j - o_j)^2
              + \\sum_{j\\ \\mathrm{nominal}} \\mathrm{CE}(x_j, o_j) + \\mathrm{constant}

    40 is the experiments' weight; it means a deviation of 0.11 feature ranges. Immutable features
    and clocks have no output: they are given, and so is which values are missing.

    Parameters
    ----------
    codec
        A fitted codec; it says which inputs belong to which feature.

    Attributes
    ----------
    given, free
        Which inputs are given and which are not, whole numbers.
    """

    given: Tensor
    free: Tensor
    numbers: Tensor
    coins: Tensor

    def __init__(self, codec: Codec) -> None:
        super().__init__()
        given: list[int] = []
        free: list[int] = []
        numbers: list[int] = []
        coins: list[int] = []
        self.blocks: list[slice] = []
        for f, columns in zip(codec.schema, codec.blocks, strict=True):
            inputs = list(range(columns.start, columns.stop))
            if f.actionability in ("immutable", "clock"):
                given += inputs
                continue
            if f.gaps:
                given.append(inputs.pop())
            width = len(inputs)
            outputs = range(len(free), len(free) + width)
            free += inputs
            if width > 1:
                self.blocks.append(slice(outputs.start, outputs.stop))
            else:
                (coins if f.kind == "nominal" else numbers).extend(outputs)
        for name, where in {
            "given": given,
            "free": free,
            "numbers": numbers,
            "coins": coins,
        }.items():
            self.register_buffer(name, torch.tensor(where, dtype=torch.long))

    def loss(self, output: Tensor, free: Tensor) -> Tensor:
        """−log p(x | output), shape (rows,); both arguments of shape (rows, free inputs).

        Equation: :eq:`latent-mixed`.
        """
        error = 40 * (output - free)[:, self.numbers].square().sum(dim=1)
        coins = F.binary_cross_entropy_with_logits(
            output[:, self.coins], free[:, self.coins], reduction="none"
        ).sum(dim=1)
        blocks = (F.cross_entropy(output[:, b], free[:, b], reduction="none") for b in self.blocks)
        return sum(blocks, error + coins)

    def mean(self, output: Tensor, given: Tensor) -> Tensor:
        """E[x | output], whole rows of inputs with ``given`` copied in; differentiable."""
        whole = output.new_empty(len(output), len(self.given) + len(self.free))
        whole[:, self.given] = given
        whole[:, self.free[self.numbers]] = output[:, self.numbers]
        whole[:, self.free[self.coins]] = torch.sigmoid(output[:, self.coins])
        for b in self.blocks:
            whole[:, self.free[b]] = torch.softmax(output[:, b], dim=1)
        return whole


class VAE(nn.Module):
    """A conditional variational autoencoder (Kingma and Welling, 2014; Sohn, Lee and Yan, 2015).

    Parameters
    ----------
    codec
        A fitted codec.
    hidden
        Widths of the encoder's hidden layers; the decoder has them in reverse. The experiments have
        (512, 256); these reconstruct as well in less than half the time.
    code
        Width of z; 8 in the experiments.
    kl_weight
        β. At the experiments' 0.2, more of a person fits into z than at 1.

    Examples
    --------
    >>> import genre_lite as gl
    >>> bank = gl.load_dataset("moons", n=300)
    >>> codec = gl.Codec(bank.schema).fit(bank.X_train)
    >>> vae = train(VAE, codec, bank.X_train, bank.y_train, steps=5, seed=0, progress=False)
    >>> rows = torch.as_tensor(codec.design(codec.cube(bank.X_test)))
    >>> vae.encode(rows).shape[1], vae.decode(vae.encode(rows), rows).shape == rows.shape
    (8, True)
    """

    label_code = 0

    def __init__(
        self,
        codec: Codec,
        hidden: Sequence[int] = (128, 64),
        code: int = 8,
        kl_weight: float = 0.2,
    ) -> None:
        super().__init__()
        self.kl_weight = kl_weight
        self.likelihood = TableLikelihood(codec)
        given, free = len(self.likelihood.given), len(self.likelihood.free)
        self.encoder = network(given + free, hidden, 2 * code)
        self.decoder = network(code + self.label_code + given, hidden[::-1], free)

    def posterior(self, design: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and log deviation of q(z | x, c), both (rows, code), from inputs (rows, inputs)."""
        return gaussian(self.encoder(self._mine(design)))

    def encode(self, design: Tensor) -> Tensor:
        """The middle of q(z | x, c): inputs (rows, inputs) to (rows, code)."""
        return self.posterior(design)[0]

    def decode(self, z: Tensor, people: Tensor) -> Tensor:
        """The mean person at z, (rows, inputs), with the immutable inputs of ``people``."""
        return self.likelihood.mean(*self._output(z, people)).to(people.dtype)

    def _mine(self, numbers: Tensor) -> Tensor:
        """Numbers in the precision of the weights: single in training, double afterwards."""
        return numbers.to(next(self.decoder.parameters()).dtype)

    def _output(self, z: Tensor, people: Tensor) -> tuple[Tensor, Tensor]:
        given = self._mine(people[:, self.likelihood.given])
        return self.decoder(torch.cat([self._mine(z), given], dim=1)), given

    def reconstruction(self, z: Tensor, design: Tensor) -> Tensor:
        """−log p(x | z, c) of each row, shape (rows,)."""
        return self.likelihood.loss(self._output(z, design)[0], design[:, self.likelihood.free])

    def loss(self, design: Tensor, labels: Tensor, generator: torch.Generator) -> Tensor:
        """What training minimizes, for each row, shape (rows,); labels count only in subclasses.

        Equation: :eq:`latent-bound`.
        """
        q = self.posterior(design)
        error = self.reconstruction(draw(*q, generator), design)
        return error + self.kl_weight * divergence(*q).sum(dim=1)


class LabelledVAE(VAE):
    """An autoencoder with a subspace for the label: CSVAE (Klys, Snell and Zemel, 2018).

    Beside z there is w, of two dimensions, with a prior that depends on the label, and an adversary
    r(y | z) that tries to read the label off z. The autoencoder hides it there, so that it must
    stand in w:

    .. math:: 40\\,\\mathrm{SE} + \\mathrm{CE} + 0.2\\, \\mathrm{KL}(q(z \\mid x) \\| \\mathcal{N}(0, I))
              + \\mathrm{KL}(q(w \\mid x, y) \\| \\mathcal{N}(\\mu_y, I))
              + 110 \\sum_{y'} r(y' \\mid z) \\log r(y' \\mid z) ,

    while the adversary minimizes :math:`-100 \\log r(y \\mid z)`. The middles of the prior are
    :math:`\\mu_0 = (-1, -1)` and :math:`\\mu_1 = (1, 1)`. Codes are z and w side by side.

    Parameters
    ----------
    codec, hidden, code, kl_weight
        As for :class:`VAE`.
    hiding
        How strongly the label is kept out of z; 110 in the experiments. With less, people are
        reconstructed better, and w moves the decision less.
    """

    label_code = 2

    def __init__(
        self,
        codec: Codec,
        hidden: Sequence[int] = (128, 64),
        code: int = 8,
        kl_weight: float = 0.2,
        hiding: float = 110.0,
    ) -> None:
        super().__init__(codec, hidden, code, kl_weight)
        self.hiding = hiding
        inputs = len(self.likelihood.given) + len(self.likelihood.free)
        self.label_encoder = network(inputs + 1, hidden, 2 * self.label_code)
        self.adversary = network(code, hidden[-1:], 1)

    def label_posterior(self, design: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and log deviation of q(w | x, y), both (rows, 2)."""
        inputs = torch.cat([self._mine(design), self._mine(labels)[:, None]], dim=1)
        return gaussian(self.label_encoder(inputs))

    def loss(self, design: Tensor, labels: Tensor, generator: torch.Generator) -> Tensor:
        """What training minimizes, the adversary's loss included, shape (rows,)."""
        q, q_label = self.posterior(design), self.label_posterior(design, labels)
        z, w = draw(*q, generator), draw(*q_label, generator)
        error = self.reconstruction(torch.cat([z, w], dim=1), design)
        prior = (2 * labels - 1)[:, None]
        kl = self.kl_weight * divergence(*q).sum(dim=1) + divergence(*q_label, prior).sum(dim=1)
        # One step trains both sides: each sees the other's part as constant.
        frozen = {name: p.detach() for name, p in self.adversary.named_parameters()}
        guess = torch.func.functional_call(self.adversary, frozen, z).squeeze(1)
        yes = torch.sigmoid(guess)
        negentropy = yes * F.logsigmoid(guess) + (1 - yes) * F.logsigmoid(-guess)
        caught = F.binary_cross_entropy_with_logits(
            self.adversary(z.detach()).squeeze(1), labels, reduction="none"
        )
        return error + kl + self.hiding * negentropy + 100 * caught


def train(
    kind: type[VAE],
    codec: Codec,
    X: pd.DataFrame,
    labels: np.ndarray,
    *,
    steps: int = 2000,
    batch_size: int = 256,
    learning_rate: float = 5e-3,
    seed: int,
    progress: bool = True,
    **settings: Any,
) -> VAE:
    """Train an autoencoder on a table.

    A number of steps and not of epochs, so that time does not grow with the table: some five
    seconds on one core.

    Parameters
    ----------
    kind
        :class:`VAE` or :class:`LabelledVAE`; ``settings`` go to it.
    codec
        Fitted.
    X, labels
        Training rows, in original units, and 0/1 labels of shape (rows,).
    steps, batch_size, learning_rate
        Of Adam, with a one-cycle learning rate that peaks at the one given.
    seed
        Of the first weights, the batches and the noise.
    """
    rows = torch.as_tensor(codec.design(codec.cube(X)), dtype=torch.float32)
    y = torch.as_tensor(np.array(labels), dtype=torch.float32)
    generator = torch.Generator().manual_seed(seed)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = kind(codec, **settings)
    optimizer = torch.optim.Adam(model.parameters(), lr=learning_rate, fused=True)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, learning_rate, total_steps=steps)
    for _ in trange(steps, desc="autoencoder", unit="step", disable=not progress, leave=False):
        batch = torch.randint(len(rows), (batch_size,), generator=generator)
        loss = model.loss(rows[batch], y[batch], generator).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
    # Searches compute in double precision, so that a row's place in a batch does not matter.
    return model.eval().requires_grad_(False).double()


def network(inputs: int, hidden: Sequence[int], outputs: int) -> nn.Sequential:
    """A perceptron with ReLU bends between layers of the named widths."""
    layers: list[nn.Module] = []
    for before, after in itertools.pairwise((inputs, *hidden)):
        layers += [nn.Linear(before, after), nn.ReLU()]
    return nn.Sequential(*layers, nn.Linear((inputs, *hidden)[-1], outputs))


def gaussian(output: Tensor) -> tuple[Tensor, Tensor]:
    """An encoder's output as mean and log deviation, kept where a float can hold its square."""
    mean, log_deviation = output.chunk(2, dim=1)
    return mean, log_deviation.clamp(-6, 2)


def draw(mean: Tensor, log_deviation: Tensor, generator: torch.Generator) -> Tensor:
    """One draw of N(mean, deviation²), differentiable in both.

    Equation: :eq:`latent-draw`.
    """
    noise = torch.randn(mean.shape, generator=generator, dtype=mean.dtype)
    return shifted(mean, log_deviation, noise)


def shifted(mean: Tensor, log_deviation: Tensor, noise: Tensor) -> Tensor:
    """What standard normal noise, of the same shape, is in N(mean, deviation²)."""
    return mean + log_deviation.exp() * noise


def divergence(mean: Tensor, log_deviation: Tensor, prior: Tensor | float = 0.0) -> Tensor:
    """KL(N(mean, deviation²) ‖ N(prior, 1)) of each coordinate, in nats.

    .. math:: \\tfrac12 (\\sigma^2 + (\\mu - \\mu_0)^2 - 1) - \\log \\sigma

    Equation: :eq:`latent-kl`.

    Examples
    --------
    >>> divergence(torch.tensor([1.0]), torch.tensor([0.0])).tolist()
    [0.5]
    """
    return ((2 * log_deviation).exp() + (mean - prior) ** 2 - 1) / 2 - log_deviation
