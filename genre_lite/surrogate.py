"""A bank's outsider guesses the truth: would this person really succeed, and do such people exist?

The classifier h is one guess of the truth. :class:`Teacher` makes a second one from the training
rows alone: a random forest for p̂(y = 1 | x), and the local outlier factor among the people it
believes in. :class:`Surrogate` is a small network taught to give the teacher's answers. It is what a
fitted model keeps: fast, differentiable, and without a single person's row in it.
"""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from tqdm.auto import tqdm

from .objectives import LocalOutliers

__all__ = ["Surrogate", "Teacher"]


class Teacher:
    """Estimates of the truth from training rows and their labels.

    Parameters
    ----------
    trees, leaf
        Of the forest: how many trees, and the fewest rows a leaf may hold.

    Attributes
    ----------
    believed
        p̂(y = 1 | x) of the training rows, shape (rows,).
    usual
        Whether each training row looks like the people believed in, booleans of shape (rows,).
    """

    def __init__(self, trees: int = 200, leaf: int = 5) -> None:
        self.trees = trees
        self.leaf = leaf

    def fit(self, design: np.ndarray, labels: np.ndarray, *, seed: int, progress: bool) -> Teacher:
        """Learn from rows as classifier inputs, shape (rows, inputs), and 0/1 labels."""
        from sklearn.ensemble import RandomForestClassifier

        self.forest = RandomForestClassifier(
            0, min_samples_leaf=self.leaf, random_state=seed, n_jobs=-1, warm_start=True
        )
        # Grown in parts, so that there is progress to show.
        for _ in tqdm(range(10), desc="estimate", unit="part", disable=not progress, leave=False):
            self.forest.n_estimators += self.trees // 10
            self.forest.fit(design, labels)
        self.forest.n_jobs = 1  # threads would add up the trees in another order each time
        self.believed = self.truth(design)
        self.outliers = LocalOutliers().fit(design[self.believed > 0.5])
        self.usual = self.outliers.is_plausible(design)
        return self

    def truth(self, design: np.ndarray) -> np.ndarray:
        """p̂(y = 1 | x), shape (rows,)."""
        chances = self.forest.predict_proba(design)
        return (
            chances[:, list(self.forest.classes_).index(1)]
            if 1 in self.forest.classes_
            else np.zeros(len(design))
        )

    def answers(self, design: np.ndarray) -> np.ndarray:
        """p̂(y = 1 | x) and whether x is plausible (0 or 1), shape (rows, 2)."""
        return np.stack([self.truth(design), self.outliers.is_plausible(design)], axis=1)


class Surrogate(nn.Module):
    """A network that answers like its :class:`Teacher`: (p̂(y = 1 | x), P(x plausible)).

    Sines and cosines of the inputs let a small network follow a forest's steps (Tancik et al., 2020).

    Parameters
    ----------
    inputs
        Width of a row as classifier inputs.
    """

    def __init__(self, inputs: int, width: int = 128) -> None:
        super().__init__()
        self.inputs = inputs
        self.register_buffer("pitch", torch.tensor([3.0, 9.0, 27.0]))
        self.net = nn.Sequential(
            nn.Linear(inputs * 7, width),
            nn.GELU(),
            nn.Linear(width, width),
            nn.GELU(),
            nn.Linear(width, 2),
        )

    def forward(self, design: Tensor) -> Tensor:
        """Log-odds of both answers, shape (rows, 2), from rows of shape (rows, inputs)."""
        waves = (design[..., None] * self.pitch).flatten(1)
        return self.net(torch.cat([design, waves.sin(), waves.cos()], dim=1))

    @torch.inference_mode()
    def answers(self, design: np.ndarray) -> np.ndarray:
        """Both answers as probabilities, shape (rows, 2)."""
        device = self.pitch.device
        rows = torch.as_tensor(design, dtype=torch.float32, device=device)
        return torch.sigmoid(self(rows)).cpu().numpy().astype(float)

    def learn(
        self,
        design: np.ndarray,
        answers: np.ndarray,
        *,
        seed: int,
        epochs: int = 20,
        batch_size: int = 512,
        progress: bool,
    ) -> Surrogate:
        """Imitate a teacher's answers on the rows given (Hinton et al., 2015)."""
        device = self.pitch.device
        x = torch.as_tensor(design, dtype=torch.float32, device=device)
        y = torch.as_tensor(answers, dtype=torch.float32, device=device)
        generator = torch.Generator().manual_seed(seed)
        steps = epochs * math.ceil(len(x) / batch_size)
        optimizer = torch.optim.AdamW(self.parameters(), lr=3e-3)
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 3e-3, total_steps=steps)
        for _ in tqdm(range(steps), desc="distil", unit="step", disable=not progress, leave=False):
            rows = torch.randint(len(x), (batch_size,), generator=generator)
            loss = F.binary_cross_entropy_with_logits(self(x[rows]), y[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
        return self.eval()
