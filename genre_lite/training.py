"""The fit loop: maximum likelihood on synthesized pairs, drawn afresh at every step.

.. math:: \\max_\\theta\\; \\mathbb{E}_{x \\sim D^-}\\, \\mathbb{E}_{x^+ \\sim Q(\\cdot \\mid x)} \\log R_\\theta(x^+ \\mid x)
"""

from __future__ import annotations

import copy
import hashlib
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import torch
from torch import Tensor
from torch.nn import functional as F
from tqdm.auto import tqdm

from . import storage
from .codec import Codec
from .errors import GenReError
from .model import RecourseTransformer
from .supervision import Pairs

__all__ = ["TrainingConfig", "fit", "negative_log_likelihood"]

HELD_OUT = 600  # pairs, at most, by which checks are compared
LARGE = 10_000  # training rows


@dataclass(frozen=True)
class TrainingConfig:
    """How long and how boldly to train.

    ``steps`` of ``batch_size`` pairs each, ``targets_each`` of them of the same source, which is then
    read once; AdamW with a one-cycle learning rate; every
    ``check_every`` steps the loss on held-out sources is taken, the best weights so far are kept,
    and training stops after ``patience`` checks without a better one. ``distil_steps`` is for how many
    steps the surrogate of the estimates is taught, and ``distil_width`` how many units it has.
    ``rounds`` is how often the network then learns from refined answers (:mod:`~genre_lite.teaching`),
    for ``round_steps`` each, and the surrogate with it; ``people`` is how many denied training rows are
    answered in a round.
    """

    steps: int = 300
    batch_size: int = 64
    targets_each: int = 4
    learning_rate: float = 1e-2
    weight_decay: float = 0.1
    check_every: int = 50
    patience: int = 4
    held_out: float = 0.1
    distil_steps: int = 400
    distil_width: int = 64
    rounds: int = 2
    round_steps: int = 150
    people: int = 900

    @classmethod
    def of(cls, rows: int) -> TrainingConfig:
        """The package's own for a table of so many rows.

        The more people there are, the more places has P̂ where somebody is usual. So on a large table the
        surrogate has twice as many units, and twice as many lessons of twice as many people.

        Examples
        --------
        >>> TrainingConfig.of(1_000) == TrainingConfig()
        True
        >>> TrainingConfig.of(30_000).people
        1800
        """
        if rows <= LARGE:
            return cls()
        return cls(
            distil_steps=2 * cls.distil_steps,
            distil_width=2 * cls.distil_width,
            people=2 * cls.people,
        )


def negative_log_likelihood(logits: Tensor, tokens: Tensor) -> Tensor:
    """−log R_θ(x⁺ | x) of each row: log-odds (rows, d, v) and tokens (rows, d) to (rows,), in nats.

    Equations: :eq:`consistency-objective`, :eq:`autoregressive-loss`.
    """
    return F.cross_entropy(logits.transpose(1, 2), tokens, reduction="none").sum(dim=1)


def fit(
    model: RecourseTransformer,
    codec: Codec,
    pairs: Pairs,
    config: TrainingConfig,
    *,
    seed: int,
    progress: bool = True,
    checkpoint: Path | None = None,
) -> pd.DataFrame:
    """Train ``model`` in place on draws of ``pairs``; it ends with its best weights.

    With a ``checkpoint`` file, the state of training is kept there at every check and taken up
    again if the file exists; on the CPU the result is bit-equal to a training never interrupted.
    The file is removed at the end.

    Returns
    -------
    DataFrame with columns step, train_loss, valid_loss (nats a pair), one row a check.

    Raises
    ------
    GenReError
        If no source can reach a target, the loss is no finite number, or the checkpoint is of another
        training.
    """
    device = model.grid.device
    generator = torch.Generator().manual_seed(seed)
    source_tokens = torch.as_tensor(codec.tokens(pairs.sources.numpy()), device=device)
    target_tokens = torch.as_tensor(codec.tokens(pairs.targets.numpy()), device=device)
    # Beside its token, a gap has the middle value, as in an answer.
    sources = pairs.sources.float().nan_to_num(0.5).to(device)

    usable = torch.nonzero(torch.as_tensor(pairs.reachable)).flatten()
    if not len(usable):
        fixed = [f.name for f in codec.schema if f.actionability in ("immutable", "clock")]
        raise GenReError(
            "No source can reach any target under the constraints: nobody accepted has the same values in what "
            f"cannot change ({fixed}). Round the columns that have many values, free one, or take "
            "recipe='estimated', which writes targets of its own."
        )
    usable = usable[torch.randperm(len(usable), generator=generator)]
    held = min(max(1, int(config.held_out * len(usable))), HELD_OUT // config.targets_each)
    valid, train = (usable[:held], usable[held:]) if len(usable) > 1 else (usable, usable)
    # The held-out pairs are drawn once, so that checks can be compared.
    each = min(config.targets_each, config.batch_size)

    def drawn(rows: Tensor) -> Tensor:
        """Targets of each source, as tokens (rows, each, d)."""
        return target_tokens[pairs.draw(rows.repeat_interleave(each), generator)].unflatten(
            0, (len(rows), each)
        )

    valid = valid.repeat(math.ceil(HELD_OUT / each / len(valid)))
    valid_targets = drawn(valid)

    def loss_on(rows: Tensor, targets: Tensor) -> Tensor:
        logits = model(sources[rows], source_tokens[rows], targets)
        return negative_log_likelihood(logits.flatten(0, 1), targets.flatten(0, 1)).mean()

    def check() -> float:
        model.eval()
        with torch.inference_mode():
            value = loss_on(valid, valid_targets).item()
        model.train()
        return value

    optimizer = torch.optim.AdamW(
        model.parameters(),
        lr=config.learning_rate,
        weight_decay=config.weight_decay,
        fused=True,
    )
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer,
        config.learning_rate,
        total_steps=config.steps,
        pct_start=0.1 if config.steps > 10 else 0.0,  # the schedule cannot warm up in one step
    )
    state: dict[str, Any] = {"step": 0, "history": [], "stale": 0, "best": check()}
    best = copy.deepcopy(model.state_dict())
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)  # dropout has no generator of its own
        if checkpoint is not None:
            training = _fingerprint(model, pairs, config, seed)
            if checkpoint.exists():
                state, best = _resume(checkpoint, training, model, optimizer, schedule, generator)
        bar = tqdm(
            total=config.steps,
            initial=state["step"],
            desc="GenRe",
            unit="step",
            disable=not progress,
            leave=False,
        )
        recent = []
        while state["step"] < config.steps and state["stale"] < config.patience:
            count = config.batch_size // each
            rows = train[torch.randint(len(train), (count,), generator=generator)]
            loss = loss_on(rows, drawn(rows))
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            schedule.step()
            recent.append(loss.item())
            state["step"] += 1
            bar.update()
            if state["step"] % config.check_every and state["step"] < config.steps:
                continue
            value, mean = check(), sum(recent) / len(recent)
            if not math.isfinite(mean + value):
                raise GenReError(
                    f"The loss is {value} after {state['step']} steps, so nothing is learnt; a lower "
                    "learning_rate in TrainingConfig may help."
                )
            recent = []
            state["history"].append((state["step"], mean, value))
            state["stale"] += 1
            if value < state["best"]:
                state["best"], state["stale"] = value, 0
                best = copy.deepcopy(model.state_dict())
            bar.set_postfix(train=f"{mean:.3f}", valid=f"{value:.3f}")
            if checkpoint is not None:
                _keep(checkpoint, training, state, best, model, optimizer, schedule, generator)
        bar.close()
    model.load_state_dict(best)
    model.eval()
    if checkpoint is not None:
        checkpoint.unlink(missing_ok=True)
    return pd.DataFrame(state["history"], columns=["step", "train_loss", "valid_loss"])


def _fingerprint(
    model: RecourseTransformer, pairs: Pairs, config: TrainingConfig, seed: int
) -> str:
    """What makes a training this one: its rows, its settings, its first weights."""
    digest = hashlib.sha256(repr((config, model.config, pairs.settings, seed)).encode())
    for tensor in (pairs.sources, pairs.targets, *model.state_dict().values()):
        digest.update(tensor.cpu().numpy().tobytes())
    return digest.hexdigest()


def _keep(
    path: Path,
    training: str,
    state: dict,
    best: dict[str, Tensor],
    model: RecourseTransformer,
    optimizer: torch.optim.Optimizer,
    schedule: torch.optim.lr_scheduler.LRScheduler,
    generator: torch.Generator,
) -> None:
    moments = optimizer.state_dict()
    parts = {
        "model": model.state_dict(),
        "best": best,
        "random": {"pairs": generator.get_state(), "dropout": torch.get_rng_state()},
    } | {f"moment-{i}": values for i, values in moments["state"].items()}
    about = {
        "training": training,
        "state": state,
        "groups": moments["param_groups"],
        "schedule": schedule.state_dict(),
    }
    storage.write(path, storage.joined(parts), about)


def _resume(
    path: Path,
    training: str,
    model: RecourseTransformer,
    optimizer: torch.optim.Optimizer,
    schedule: torch.optim.lr_scheduler.LRScheduler,
    generator: torch.Generator,
) -> tuple[dict, dict[str, Tensor]]:
    """Put everything back as :func:`_keep` found it; returns the state and the best weights."""
    tensors, about = storage.read(path)
    if about.get("training") != training:
        raise GenReError(
            f"{path} is the checkpoint of another training (other rows, settings, seed or version); "
            "delete it, or name another file."
        )
    model.load_state_dict(storage.part(tensors, "model"))
    count = len(list(model.parameters()))
    moments = {i: storage.part(tensors, f"moment-{i}") for i in range(count)}
    optimizer.load_state_dict({"state": moments, "param_groups": about["groups"]})
    schedule.load_state_dict(about["schedule"])
    random = storage.part(tensors, "random")
    generator.set_state(random["pairs"])
    torch.set_rng_state(random["dropout"])
    return about["state"], storage.part(tensors, "best")
