"""Exercises of chapter 4: Searching in latent space."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import numpy as np
import pandas as pd

from .exercise import Exercise, Mistake

__all__ = ["EXERCISES", "decoded", "rare", "ring_decoder"]


# -- 4.1 ------------------------------------------------------------------------------------------


def _collapsed_output() -> float:
    # The mean squared error of writing o is 0.9 (0 − o)² + 0.1 (1 − o)².
    # Its derivative, 2 o − 0.2, is zero at the mean.
    return 0.9 * 0 + 0.1 * 1


# -- 4.2 ------------------------------------------------------------------------------------------


def _two_coordinates() -> float:
    import numpy as np

    mean = np.array([1.0, 0.0])
    deviation = np.array([1.0, 0.25])
    charge = (deviation**2 + mean**2 - 1) / 2 - np.log(deviation)
    return charge.sum()


# -- 4.3 ------------------------------------------------------------------------------------------

DRAWS = (
    (np.array([0.0, 1.0]), np.array([0.0, -1.0]), np.array([1.0, -2.0])),
    (np.array([0.5]), np.array([0.7]), np.array([0.3])),
)


def _reparameterized() -> Callable:
    import numpy as np

    def draw(mean, log_deviation, noise):
        return mean + np.exp(log_deviation) * noise

    return draw


# -- 4.4 ------------------------------------------------------------------------------------------


def _who_does_what() -> dict[str, str]:
    return {
        "a": "C-CHVAE",  # it asks for answers of h, and for no gradient
        "b": "all",  # c enters every decoder, and is never decoded
        "c": "CRUDS",  # w moves, z stays
        "d": "REVISE",  # λ C stands in its loss
        "e": "all",  # each of them decodes
    }


def _says(letter: str, *names: str) -> Callable[[dict], bool]:
    return lambda answer: answer[letter].strip().casefold() in [n.casefold() for n in names]


# -- 4.5 ------------------------------------------------------------------------------------------


@cache
def _circles() -> Any:
    from ..datasets import load_dataset

    return load_dataset("circles")


@cache
def ring_decoder() -> tuple:
    """An autoencoder of the circles with a code of two numbers, and its codec."""
    from ..baselines.autoencoder import VAE, train
    from ..codec import Codec

    toy = _circles()
    codec = Codec(toy.schema).fit(toy.X_train)
    settings: dict[str, Any] = {
        "steps": 300,
        "hidden": (32, 32),
        "code": 2,
        "seed": 0,
        "progress": False,
    }
    return train(VAE, codec, toy.X_train, toy.y_train, **settings), codec


def decoded(z: Sequence[float] | np.ndarray) -> pd.DataFrame:
    """The points of the circles that codes decode to, one row a code of two numbers."""
    import torch

    vae, codec = ring_decoder()
    codes = torch.as_tensor(np.atleast_2d(np.asarray(z, dtype=float)), dtype=torch.float32)
    cube = vae.decode(codes, torch.zeros_like(codes)).numpy()
    return pd.DataFrame(cube * codec.width + codec.low, columns=["x1", "x2"])


@cache
def _rarest() -> float:
    toy = _circles()
    return float(np.quantile(toy.density(toy.X_train[toy.y_train == 1]), 0.01))


def rare(points: pd.DataFrame) -> np.ndarray:
    """Whether nobody favourable lives there: less dense than all but a hundredth of them, (n,)."""
    return _circles().density(points) < _rarest()


def _likely(z: Sequence[float] | np.ndarray) -> np.ndarray:
    return _circles().probability(decoded(z)) > 0.5


def _hole() -> np.ndarray:
    import numpy as np

    import genre_lite as gl

    # A grid over the codes; of those that are accepted and rare, the one nearest to the middle.
    axis = np.linspace(-2, 2, 41)
    codes = np.stack(np.meshgrid(axis, axis), axis=-1).reshape(-1, 2)
    points = decoded(codes)
    accepted = gl.load_dataset("circles").probability(points) > 0.5
    broken = codes[accepted & rare(points)]
    return broken[np.square(broken).sum(axis=1).argmin()]


def _ordinary(accepted: bool) -> np.ndarray:
    """A code whose point is densely populated, or denied."""
    axis = np.linspace(-2, 2, 41)
    codes = np.stack(np.meshgrid(axis, axis), axis=-1).reshape(-1, 2)
    toy, points = _circles(), decoded(codes)
    return codes[(toy.density(points) if accepted else -toy.probability(points)).argmax()]


def _code(answer: Sequence[float]) -> np.ndarray:
    z = np.asarray(answer, dtype=float)
    if z.shape != (2,):
        raise ValueError(f"a code is two numbers, and this has shape {z.shape}")
    return z


def _is_broken(answer: Sequence[float]) -> bool:
    z = _code(answer)
    return bool(np.hypot(*z) <= 3 and _likely(z)[0] and rare(decoded(z))[0])


EXERCISES = (
    Exercise(
        key="4.1",
        title="A collapsed decoder",
        solution=_collapsed_output,
        mistakes=(
            Mistake(
                "A decoder writes the most frequent value.",
                lambda: 0.0,
                "Zero is the most frequent value, and the best under absolute error. What is paid "
                "here is the square.",
            ),
            Mistake(
                "Without information a decoder writes the middle of the range.",
                lambda: 0.5,
                "It knows nothing about the person, but it has seen the table: how often is the "
                "feature 1?",
            ),
        ),
        hint="Write the mean squared error of one number o for everybody, and find its least.",
        takeaway="It is a value that nobody has. Rounded, it is the majority; the tenth person has "
        "vanished.",
    ),
    Exercise(
        key="4.2",
        title="KL by hand",
        solution=_two_coordinates,
        mistakes=(
            Mistake(
                "The formula has no logarithm.",
                lambda: 0.5 + (1 / 16 - 1) / 2,
                "The narrower coordinate seems to earn something. Where is −log σ?",
            ),
            Mistake(
                "σ enters as it is, and not squared.",
                lambda: 0.5 + (0.25 - 1) / 2 + np.log(4),
                "Is it σ or σ² that stands in the bracket?",
            ),
            Mistake(
                "The half belongs to nothing.",
                lambda: 1 / 16 + np.log(4),
                "What stands before the bracket?",
            ),
            Mistake(
                "KL is symmetric.",
                lambda: 0.5 + (16 - 1) / 2 - np.log(4),
                "You have exchanged q and p. The expectation is under q.",
            ),
        ),
        hint="One coordinate after the other: the first differs in its mean only, the second in its "
        "deviation only.",
        takeaway="To be certain costs, and to be unusual costs.",
        tolerance=2e-3,
    ),
    Exercise(
        key="4.3",
        title="Through the noise",
        solution=_reparameterized,
        probes=DRAWS,
        mistakes=(
            Mistake(
                "The encoder writes the deviation itself.",
                lambda: lambda mean, log_deviation, noise: mean + log_deviation * noise,
                "The encoder wrote the logarithm of the deviation. With 0 your z would be exact.",
            ),
            Mistake(
                "The logarithm is that of the variance.",
                lambda: lambda mean, log_deviation, noise: mean + np.exp(log_deviation / 2) * noise,
                "Halving belongs to a log-variance. Here it is the log of the deviation.",
            ),
            Mistake(
                "z is the mean.",
                lambda: lambda mean, log_deviation, noise: mean,
                "Then the deviation gets no gradient at all, and nothing is drawn.",
            ),
        ),
        hint="Shift and stretch the noise. What makes any number positive?",
        takeaway="The randomness stands outside, so the gradient passes by it.",
    ),
    Exercise(
        key="4.4",
        title="Which of the three?",
        solution=_who_does_what,
        mistakes=(
            Mistake(
                "Only the method with 'conditional' in its name keeps what is immutable.",
                lambda: _who_does_what() | {"b": "C-CHVAE"},
                "C-CHVAE has the C in its name. But look at c in the other two equations.",
                _says("b", "C-CHVAE"),
            ),
            Mistake(
                "To walk in a latent space takes the gradient of h.",
                lambda: _who_does_what() | {"a": "REVISE"},
                "REVISE differentiates h through the decoder. Who only asks h for answers?",
                _says("a", "REVISE", "CRUDS", "all"),
            ),
            Mistake(
                "A good search makes up for a bad reconstruction.",
                lambda: _who_does_what() | {"e": "CRUDS"},
                "Every answer of all three comes out of a decoder. Where does its search start?",
                lambda answer: not _says("e", "all")(answer),
            ),
        ),
        hint="Look at what stands under each arg min: which letter moves, and what is weighed?",
        takeaway="They share the decoder and its faults; they differ in who moves, and how.",
    ),
    Exercise(
        key="4.5",
        title="Break the decoder",
        solution=_hole,
        accepts=_is_broken,
        mistakes=(
            Mistake(
                "A code far outside shows what a decoder does.",
                lambda: np.array([40.0, -40.0]),
                "So long a code no search would ever reach. It breaks nearer to the middle, too.",
                lambda answer: np.hypot(*_code(answer)) > 3,
            ),
            Mistake(
                "Any code that decodes to an unusual point will do.",
                lambda: _ordinary(accepted=False),
                "That point is denied, so no search would stop there. Go inside the smaller ring.",
                lambda answer: not _likely(_code(answer))[0],
            ),
            Mistake(
                "Where the classifier says yes, somebody lives.",
                lambda: _ordinary(accepted=True),
                "Accepted, but people live there. What is there in the middle of a ring?",
                lambda answer: not rare(decoded(_code(answer)))[0],
            ),
        ),
        hint="Two numbers, such as [0.3, -0.2]; look at what decoded(...) and rare(...) say of them.",
        takeaway="A decoder fills the holes between people. What comes out of it is not plausible by "
        "construction.",
    ),
)
