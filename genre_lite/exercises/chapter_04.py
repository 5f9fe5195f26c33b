"""Exercises of chapter 4: Searching in latent space."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import numpy as np
import pandas as pd

from .exercise import Exercise, Mistake

__all__ = ["EXERCISES", "half_way", "rare", "ring_decoder"]


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


def half_way(one: int, other: int) -> pd.DataFrame:
    """The person whom the decoder writes half way between the codes of two, one row.

    Both are labels of the training part. Half way between somebody and themselves is how the decoder
    tells them.
    """
    import torch

    vae, codec = ring_decoder()
    two = torch.as_tensor(codec.cube(_circles().X_train.loc[[one, other]]))
    code = vae.encode(two).mean(dim=0, keepdim=True)
    cube = vae.decode(code, torch.zeros_like(code)).numpy()
    return pd.DataFrame(cube * codec.width + codec.low, columns=["x1", "x2"])


@cache
def _rarest() -> float:
    toy = _circles()
    return float(np.quantile(toy.density(toy.X_train[toy.y_train == 1]), 0.01))


def rare(points: pd.DataFrame) -> np.ndarray:
    """Whether nobody favourable lives there: less dense than all but a hundredth of them, (n,)."""
    return _circles().density(points) < _rarest()


def _two_people() -> tuple[int, int]:
    import numpy as np

    import genre_lite as gl
    from genre_lite.exercises.chapter_04 import half_way, rare

    toy = gl.load_dataset("circles")
    inner = toy.X_train.index[toy.y_train == 1]

    def breaks(one, other):
        between = half_way(one, other)
        ends = rare(half_way(one, one)) | rare(half_way(other, other))
        return toy.probability(between)[0] > 0.5 and rare(between)[0] and not ends[0]

    # Pairs are many, and one in a dozen or so has nobody between them.
    pairs = np.random.default_rng(0).choice(inner, (500, 2))
    return next((int(one), int(other)) for one, other in pairs if breaks(one, other))


def _labels(answer: Sequence[int]) -> tuple[int, int]:
    labels = np.ravel(answer).tolist()
    if len(labels) != 2 or any(label != int(label) for label in labels):
        raise ValueError("two labels are asked for, whole numbers")
    return int(labels[0]), int(labels[1])


def _favourable(answer: Sequence[int]) -> bool:
    toy = _circles()
    return all(toy.y_train.get(label, 0) == 1 for label in _labels(answer))


def _somebody_between(answer: Sequence[int]) -> bool:
    return not rare(half_way(*_labels(answer)))[0]


def _is_broken(answer: Sequence[int]) -> bool:
    one, other = _labels(answer)
    between = half_way(one, other)
    told = not any(rare(half_way(each, each))[0] for each in (one, other))
    return bool(told and _circles().probability(between)[0] > 0.5 and rare(between)[0])


def _at(kind: int, *way: float) -> int:
    """Of the people with an outcome, the one who stands farthest in a direction."""
    toy = _circles()
    return int((toy.X_train[toy.y_train == kind] @ np.array(way)).idxmax())


def _crowded() -> tuple[int, int]:
    """Of some pairs of favourable people, the one with the densest place between them."""
    toy = _circles()
    inner = toy.X_train.index[toy.y_train == 1][:20]
    pairs = [(int(inner[k]), int(inner[k + 1])) for k in range(len(inner) - 1)]
    return max(pairs, key=lambda pair: toy.density(half_way(*pair))[0])


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
        hint="Write the mean squared error of one number o for everybody. Then find its least.",
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
        hint="Take one coordinate after the other. The first differs in its mean only, the second in its "
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
        hint="Look at what stands under each arg min. Which letter moves, and what is weighed?",
        takeaway="They share the decoder and its faults; they differ in who moves, and how.",
    ),
    Exercise(
        key="4.5",
        title="Nobody between two people",
        solution=_two_people,
        accepts=_is_broken,
        mistakes=(
            Mistake(
                "Anybody will do.",
                lambda: (_at(0, 1, 0), _at(0, -1, 0)),
                "Both are to be favourable people of the training part. Look up their outcomes.",
                lambda answer: not _favourable(answer),
                part="who the two may be",
            ),
            Mistake(
                "One person who is told badly is enough.",
                lambda: (_at(1, 0, 1), _at(1, 0, 1)),
                "There is nothing between a person and themselves. Who is the other one?",
                lambda answer: len({*_labels(answer)}) == 1,
                part="who the two are",
            ),
            Mistake(
                "Between two people there is somebody.",
                lambda: _crowded(),
                "Somebody lives half way between these two codes. Two codes can lie on either side of a place "
                "that no code of a person comes near; try others, and many of them.",
                _somebody_between,
                part="who lives half way between them",
            ),
        ),
        hint="Draw pairs of favourable people, and look at half_way of each. Keep one that is accepted and rare, "
        "while both of the two, each half way to themselves, are not.",
        takeaway="A decoder fills the gaps between people. What comes out of it is not plausible by "
        "construction.",
    ),
)
