"""The fit loop: maximum likelihood on synthesized pairs, drawn afresh at every step.

.. math:: \\max_\\theta\\; \\mathbb{E}_{x \\sim D^-}\\, \\mathbb{E}_{x^+ \\sim Q(\\cdot \\mid x)} \\log R_\\theta(x^+ \\mid x)
"""

from __future__ import annotations

import copy
import math
from dataclasses import dataclass

import pandas as pd
import torch
from torch import Tensor
from torch.nn import functional as F
from tqdm.auto import tqdm

from .codec import Codec
from .errors import GenReError
from .model import RecourseTransformer
from .supervision import PairSampler

__all__ = ["TrainingConfig", "fit", "negative_log_likelihood"]


@dataclass(frozen=True)
class TrainingConfig:
    """How long and how boldly to train.

    ``steps`` of ``batch_size`` pairs each, AdamW with a one-cycle learning rate; every
    ``check_every`` steps the loss on held-out sources is taken, the best weights so far are kept,
    and training stops after ``patience`` checks without a better one.
    """

    steps: int = 600
    batch_size: int = 256
    learning_rate: float = 1e-2
    weight_decay: float = 0.1
    check_every: int = 50
    patience: int = 4
    held_out: float = 0.1


def negative_log_likelihood(logits: Tensor, tokens: Tensor) -> Tensor:
    """−log R_θ(x⁺ | x) of each row: log-odds (rows, d, v) and tokens (rows, d) to (rows,), in nats."""
    return F.cross_entropy(logits.transpose(1, 2), tokens, reduction="none").sum(dim=1)


def fit(
    model: RecourseTransformer,
    codec: Codec,
    pairs: PairSampler,
    config: TrainingConfig,
    *,
    seed: int,
    progress: bool = True,
) -> pd.DataFrame:
    """Train ``model`` in place on draws of ``pairs``; it ends with its best weights.

    Returns
    -------
    DataFrame with columns step, train_loss, valid_loss (nats a pair), one row a check.
    """
    device = model.grid.device
    generator = torch.Generator().manual_seed(seed)
    source_tokens = torch.as_tensor(codec.tokens(pairs.sources.double().numpy()), device=device)
    target_tokens = torch.as_tensor(codec.tokens(pairs.targets.double().numpy()), device=device)
    sources = pairs.sources.to(device)

    usable = torch.nonzero(torch.as_tensor(pairs.reachable)).flatten()
    if not len(usable):
        raise GenReError("No source can reach any target under the constraints; free some feature.")
    usable = usable[torch.randperm(len(usable), generator=generator)]
    held = min(max(1, int(config.held_out * len(usable))), 1000)
    valid, train = (usable[:held], usable[held:]) if len(usable) > 1 else (usable, usable)
    # The held-out pairs are drawn once, so that checks can be compared.
    valid = valid.repeat(math.ceil(1000 / len(valid)))
    valid_targets = target_tokens[pairs.draw(valid, generator)]

    def loss_on(rows: Tensor, targets: Tensor) -> Tensor:
        logits = model(sources[rows], source_tokens[rows], targets)
        return negative_log_likelihood(logits, targets).mean()

    def check() -> float:
        model.eval()
        with torch.inference_mode():
            value = loss_on(valid, valid_targets).item()
        model.train()
        return value

    optimizer = torch.optim.AdamW(
        model.parameters(), lr=config.learning_rate, weight_decay=config.weight_decay
    )
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer,
        config.learning_rate,
        total_steps=config.steps,
        pct_start=0.1 if config.steps > 10 else 0.0,  # the schedule cannot warm up in one step
    )
    history, recent, stale = [], [], 0
    best = {"loss": check(), "weights": copy.deepcopy(model.state_dict())}
    bar = tqdm(total=config.steps, desc="GenRe", unit="step", disable=not progress, leave=False)
    with bar, torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)  # dropout has no generator of its own
        for step in range(1, config.steps + 1):
            rows = train[torch.randint(len(train), (config.batch_size,), generator=generator)]
            loss = loss_on(rows, target_tokens[pairs.draw(rows, generator)])
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            schedule.step()
            recent.append(loss.item())
            bar.update()
            if step % config.check_every == 0 or step == config.steps:
                value = check()
                history.append((step, sum(recent) / len(recent), value))
                bar.set_postfix(train=f"{history[-1][1]:.3f}", valid=f"{value:.3f}")
                recent, stale = [], stale + 1
                if value < best["loss"]:
                    best, stale = {"loss": value, "weights": copy.deepcopy(model.state_dict())}, 0
                if stale >= config.patience:
                    break
    model.load_state_dict(best["weights"])
    model.eval()
    return pd.DataFrame(history, columns=["step", "train_loss", "valid_loss"])
