"""A fitted GenRe as one file, and back: safetensors with JSON, never pickle, and nobody's row.

Beside the networks the file holds the codec (ranges and vocabularies), what the bank's decision is, and
a fingerprint of the bank: h(x) at a few rows made up of single values from the vocabularies. By it
:func:`load` sees when it is given another bank.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import torch

from . import storage
from .codec import Codec
from .decision import (
    Classifier,
    Decision,
    Perceptron,
    SupportsProba,
    fingerprint,
    same_bank,
)
from .errors import GenReError, warn
from .model import ModelConfig
from .schema import Schema
from .threads import one_thread
from .training import TrainingConfig

if TYPE_CHECKING:
    from .genre import GenRe

__all__ = ["learnt", "load", "save"]

FORMAT = "3"
SHIPPED = Path(__file__).parent / "models"
MADE_UP = 32  # rows of the fingerprint
ANOTHER = 1e-3  # a difference in h(x) by which a bank is another one


def save(genre: GenRe, path: Path, *, half: bool) -> None:
    """Write a fitted model whole, or not at all."""
    tensors = learnt(genre, half=half)
    decision = genre.decision_
    about = {
        "format": FORMAT,
        "codec": genre.codec.to_dict(),
        "cost_weight": genre.cost_weight,
        "validity_margin": genre.validity_margin,
        "recipe": genre.recipe,
        "model": None if genre.model is None else asdict(genre.model),
        "training": None if genre.training is None else asdict(genre.training),
        "outcome": genre.outcome,
        "seed": genre.seed,
        "report": genre.report_,
        "history": genre.history_.to_dict("list"),
        "decision": {
            "favourable": decision.favourable,
            "threshold": decision.threshold,
            "contrary": decision.contrary,
            "binding": decision.binding,
            "fingerprint": fingerprint(decision, made_up(genre.codec)),
        },
    }
    if genre.unread_:
        about["unread"] = list(genre.unread_)
    if isinstance(decision.model, Classifier) and isinstance(decision.model.module, Perceptron):
        tensors |= storage.joined({"classifier": decision.model.module.state_dict()})
        about["classifier"] = decision.model.codec.to_dict()
    try:
        json.dumps(about)
    except TypeError as error:
        raise GenReError(
            f"This model cannot be written ({error}); use text, numbers or booleans as levels and "
            "classes."
        ) from None
    storage.write(path, tensors, about)


def learnt(genre: GenRe, *, half: bool = False) -> dict[str, torch.Tensor]:
    """All tensors of a fitted GenRe by name, but for the bank's: networks and profiles."""

    def state(module: torch.nn.Module) -> dict[str, torch.Tensor]:
        # Weights were learnt in single precision. What was not learnt, as the vocabularies, stays exact.
        return {
            name: (tensor.half() if half else tensor.float()) if tensor.requires_grad else tensor
            for name, tensor in module.state_dict(keep_vars=True).items()
        }

    # Profiles consist of values from the vocabularies, so tokens are enough.
    tokens = genre.codec.tokens(genre.profiles_).astype("int16")
    parts = {"network": state(genre.network_), "profiles": {"tokens": torch.as_tensor(tokens)}}
    if genre.surrogate_ is not None:
        parts["surrogate"] = state(genre.surrogate_)
    return storage.joined(parts)


def load(
    cls: type[GenRe],
    path: Path,
    classifier: SupportsProba | None,
    *,
    schema: Schema | None,
    device: str,
    progress: bool,
) -> GenRe:
    """Read what :func:`save` wrote."""
    tensors, about = storage.read(_locate(path))
    if about.get("format") != FORMAT:
        raise GenReError(
            f"{path} has format {about.get('format')!r}, this version reads {FORMAT!r}; "
            "fit and save the model with this version."
        )
    codec = Codec.from_dict(about["codec"])
    if schema is not None:
        _require_same(codec.schema, schema, path)
    own = classifier is None
    if classifier is None:
        if "classifier" not in about:
            raise GenReError(
                f"{path} was fitted to a classifier of your own; give it: "
                "GenRe.load(path, classifier=h)."
            )
        weights = storage.part(tensors, "classifier")
        module = Perceptron(weights["0.weight"].shape[1]).double()
        module.load_state_dict(weights)
        classifier = Classifier(Codec.from_dict(about["classifier"]), module.eval())
    kept = about["decision"]
    if isinstance(classifier, Decision):
        decision = classifier
    else:
        decision = Decision(
            classifier,
            favourable=kept["favourable"],
            threshold=kept["threshold"],
            contrary=kept["contrary"],
        )
    genre = cls(
        decision if not own or kept["threshold"] != 0.5 else classifier,
        codec.schema,
        cost_weight=about["cost_weight"],
        validity_margin=about["validity_margin"],
        recipe=about["recipe"],
        model=None if about["model"] is None else ModelConfig(**about["model"]),
        training=None if about["training"] is None else TrainingConfig(**about["training"]),
        outcome=about["outcome"],
        device=device,
        seed=about["seed"],
        progress=progress,
    )
    genre.decision_ = decision.bind(kept["binding"])
    genre.codec_, genre.unread_ = codec, about.get("unread", [])
    genre.report_ = about["report"]
    genre.history_ = pd.DataFrame(about["history"])
    genre.network_ = genre._network().double().eval()
    genre.network_.load_state_dict(storage.part(tensors, "network"))
    genre.profiles_ = codec.values_of(tensors["profiles.tokens"].numpy().astype(int))
    genre.surrogate_ = None
    weights = storage.part(tensors, "surrogate")
    if weights:
        genre.surrogate_ = genre._new_surrogate(weights["steps"].shape[1]).double().eval()
        genre.surrogate_.load_state_dict(weights)
    if isinstance(classifier, Decision) and classifier.threshold != kept["threshold"]:
        warn(
            f"{path} was fitted to a bank that says yes above {kept['threshold']}; the one given does so above "
            f"{classifier.threshold}, and answers are for that. For the other, give "
            f"gl.Decision(h, threshold={kept['threshold']})."
        )
    if not own:
        with one_thread():
            apart = same_bank(genre.decision_, made_up(codec), kept["fingerprint"])
        if apart > ANOTHER:
            warn(
                f"This is another bank than the one that {path} was fitted to: on {MADE_UP} made-up rows "
                f"its h differs by up to {apart:.2f}. Answers are checked by the bank given, but the "
                "model learnt from another; fit it anew."
            )
    return genre


def made_up(codec: Codec) -> pd.DataFrame:
    """Rows of values drawn one by one from the vocabularies: nobody's, and the same each time."""
    chance = np.random.default_rng(0)
    columns = {}
    for f, values in zip(codec.schema, codec.values, strict=True):
        drawn = values[chance.integers(len(values), size=MADE_UP)]
        columns[f.name] = pd.Series(drawn).infer_objects()
    return pd.DataFrame(columns)


def _locate(path: Path) -> Path:
    """The path itself, or where the package keeps the model of that bare name."""
    if path.is_file() or path.parent != Path() or path.suffix:
        return path
    shipped = sorted(file.stem for file in SHIPPED.glob("*.genre"))
    if path.name not in shipped:
        raise GenReError(
            f"There is no file {path}, and the package brings no model of that name; "
            f"it brings {', '.join(shipped)}. Name one of them, or a file that GenRe.save wrote."
        )
    return SHIPPED / f"{path.name}.genre"


def _require_same(saved: Schema, given: Schema, path: str | Path) -> None:
    if saved.names != given.names:
        raise GenReError(
            f"{path} was fitted to the columns {saved.names}, your schema has {given.names}; "
            "give the same columns in the same order, or fit anew."
        )
    for a, b in zip(saved, given, strict=True):
        if a != b:
            raise GenReError(
                f"Feature {a.name!r} differs: {path} was fitted to {a}, your schema says {b}; "
                "use the saved schema, or fit anew."
            )
