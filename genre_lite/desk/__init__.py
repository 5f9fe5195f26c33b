"""The desk: a fitted model in a page, for a reader who edits a form and terms and sees the answers.

:func:`exported` writes what the engine needs, which is plain JavaScript beside this file. It draws by the same
keys as Python (:mod:`~genre_lite.threefry`), so its answers are the package's.
"""

from __future__ import annotations

import ast
import base64
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from ..decision import Classifier
from ..errors import GenReError
from ..relations import Relation
from ..saving import learnt
from ..schema import MONEY
from ..storage import part
from ..wording import ENGLISH, Wording

if TYPE_CHECKING:
    from ..codec import Codec
    from ..genre import GenRe

__all__ = ["ENGINE", "exported"]

ENGINE = ("threefry.js", "limits.js", "networks.js", "search.js", "letter.js")


def exported(genre: GenRe, wording: Wording = ENGLISH) -> dict[str, Any]:
    """A fitted model as plain data for the engine: weights with half their digits, and nobody's row.

    Raises
    ------
    GenReError
        If the model is of another recipe, or its bank is not the package's own classifier.
    """
    from ..genre import RECIPES

    if genre.surrogate_ is None:
        raise GenReError(f"A desk needs the recipe 'estimated'; this model has {genre.recipe!r}.")
    decision = genre.decision_
    bank = decision.model
    if not isinstance(bank, Classifier) or not bank.reads(genre.codec):
        raise GenReError(
            f"A desk needs the package's own classifier; h is a {type(bank).__name__}."
        )
    tensors = learnt(genre)
    recipe = RECIPES[genre.recipe]
    return {
        "seed": str(genre.seed),
        "threshold": decision.threshold,
        "outcome": genre.outcome,
        "wording": asdict(wording),
        "validity_margin": genre.validity_margin,
        "recipe": {
            name: getattr(recipe, name) for name in ("candidates", "tries", "temperature", "bolder")
        },
        "codec": _codec(genre.codec),
        "network": {
            "heads": genre.network_.config.heads,
            "tensors": _plain(part(tensors, "network"), genre.network_),
        },
        "surrogate": {"tensors": _plain(part(tensors, "surrogate"), genre.surrogate_)},
        "bank": {
            "tensors": {
                name: {"shape": list(t.shape), "data": t.double().flatten().tolist()}
                for name, t in bank.module.state_dict().items()
            },
            "codec": _scale(bank.codec),
            "favourable": bool(decision.good[1]),
        },
        "profiles": tensors["profiles.tokens"].tolist(),
    }


def _scale(codec: Codec) -> dict[str, Any]:
    """Features and ranges."""
    return {
        "features": [
            {
                "name": f.name,
                "title": f.title,
                "kind": f.kind,
                "categories": list(f.categories),
                "step": f.step,
                "unit": f.unit,
                "money": f.unit.partition(" a ")[0].removesuffix("s").lower() in MONEY,
                "actionability": f.actionability,
                "bounds": None if f.bounds is None else list(f.bounds),
                "largest": f.largest,
                "weight": f.weight,
                "a_year": f.a_year,
                "edges": list(f.edges),
                "gaps": f.gaps,
            }
            for f in codec.schema
        ],
        "low": codec.low.tolist(),
        "width": codec.width.tolist(),
        "price": codec.price.tolist(),
    }


def _codec(codec: Codec) -> dict[str, Any]:
    names = codec.schema.names
    relations = [Relation.parse(text, codec.schema) for text in codec.schema.relations]
    return _scale(codec) | {
        "grid": [np.asarray(grid, float).tolist() for grid in codec.grid],
        "values": [values.tolist() for values in codec.values],
        "gap": codec.gap.tolist(),
        "relations": [
            {
                "text": relation.text,
                "names": [names.index(name) for name in relation.names],
                "defines": None if relation.defines is None else names.index(relation.defines),
                "tree": _tree(relation._tree, names),
            }
            for relation in relations
        ],
    }


def _tree(tree: object, names: list) -> object:
    """A relation's tree with places for names, and words for signs."""
    if isinstance(tree, type) and issubclass(tree, (ast.operator, ast.cmpop)):
        return tree.__name__
    if not isinstance(tree, tuple):
        return tree
    if tree[:1] == ("name",):
        return ["name", names.index(tree[1])]
    return [_tree(item, names) for item in tree]


def _plain(tensors: dict[str, torch.Tensor], network: torch.nn.Module) -> dict[str, Any]:
    """Tensors by name: what was learnt as base64 of halves, all else as numbers."""
    taught = {name for name, weight in network.named_parameters() if weight.requires_grad}
    return {
        name: {
            "shape": list(tensor.shape),
            "data": base64.b64encode(
                tensor.detach().half().numpy().astype("<f2").tobytes()
            ).decode()
            if name in taught
            else tensor.detach().double().flatten().tolist(),
        }
        for name, tensor in tensors.items()
    }
