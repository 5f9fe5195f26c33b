"""The desk: a fitted model in a page, for a reader who edits a form and terms and sees the answers.

:func:`page` writes one file that needs neither Python nor a network. Its engine is plain JavaScript, in the
files beside this one: it draws by the same keys as Python (:mod:`~genre_lite.threefry`), and its letters are the
package's. :func:`exported` is what the engine knows of a model.
"""

from __future__ import annotations

import ast
import base64
import json
import math
from dataclasses import asdict, dataclass
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import torch

from ..errors import GenReError, kind_of, warn
from ..feature import plain
from ..relations import Relation
from ..saving import learnt
from ..storage import part
from ..terminal import write
from ..wording import ENGLISH, Wording
from .banks import carried
from .stand_in import FEWEST, StandIn

if TYPE_CHECKING:
    from ..codec import Codec
    from ..genre import GenRe

__all__ = ["ENGINE", "VIEWS", "Page", "StandIn", "exported", "page"]

VIEWS = ("hands.js", "proposal.js", "compare.js", "writer.js", "desk.js")

FOLDER = Path(__file__).parent
FRAME = 760  # pixels a page is high inside a notebook
KNOWN = 0.99  # of the answers found in training: to so many the bank of the fit says yes

ENGINE = (
    "threefry.js",
    "limits.js",
    "networks.js",
    "banks.js",
    "search.js",
    "climb.js",
    "letter.js",
)


@dataclass(frozen=True)
class Page:
    """A page as text; in a notebook it shows itself.

    Parameters
    ----------
    html
        The whole page.
    note
        What a reader has to know before they trust it; empty where the bank that the model was fitted to
        answers itself.
    """

    html: str
    note: str = ""

    def __repr__(self) -> str:
        return f"<a page of {len(self.html):,} characters; its text is .html>"

    def _repr_html_(self) -> str:
        frame = f"width: 100%; height: {FRAME}px; border: 0"
        return f'<iframe title="The desk" srcdoc="{escape(self.html)}" style="{frame}"></iframe>'


def page(
    genre: GenRe,
    people: pd.DataFrame,
    path: str | Path | None = None,
    *,
    title: str = "At the desk",
    wording: Wording = ENGLISH,
    guess: bool = False,
    distil: pd.DataFrame | bool = False,
    note: str = "",
) -> Page:
    """One file in which a reader edits a form and terms, and sees the letters change.

    The bank's model is in the file as it is where it is the package's own classifier, a linear model, or
    trees of scikit-learn, LightGBM or XGBoost, alone or behind scalers, encoders and imputers. For any
    other, ``distil`` puts a :class:`StandIn` in its place, and the page says so. It also says where the bank
    is hardly the one that the model was fitted to.

    Parameters
    ----------
    genre
        Fitted by the recipe ``"estimated"``.
    people
        Whose forms are in the file, one row each; the index names them. Nobody else's row is in it.
    path
        Where to write the file, whole or not at all; not written if left out.
    title
        Of the page.
    wording
        The words of its letters, and their language; the page around them is English.
    guess
        Whether a reader first says what they would tell the person, before the letter shows.
    distil
        Rows to learn a stand-in from, such as those of the fit, for a model that the page cannot carry;
        ``True`` for the people themselves, if they are many.
    note
        What else a reader has to know before they trust it, said at the letter and at the foot.

    Warns
    -----
    UserWarning
        If a stand-in takes the place of a model that the page could carry.

    Raises
    ------
    GenReError
        If the model cannot be carried by the engine, there are no rows to distil from, a form cannot
        be read, or two people or two levels read alike.

    Examples
    --------
    >>> import genre_lite as gl
    >>> genre = gl.GenRe.load("german", progress=False)
    >>> people = gl.load_dataset("german").X_test.head(2)
    >>> "Recourse.Desk" in gl.desk.page(genre, people).html
    True
    """
    if not isinstance(title, str) or not title.strip():
        raise GenReError(f"title is {title!r}; give the words that stand above the page.")
    if not isinstance(wording, Wording):
        raise GenReError(
            f"wording is {kind_of(wording)}; give a Wording: gl.Wording(denied=...), or "
            "gl.Wording.from_json(text)."
        )
    people = genre.schema.validate(people)
    require_apart(people, genre, wording)
    notes, bank = [note], genre.decision_
    share = accepted(genre, people)
    if share < KNOWN:
        notes.append(
            f"The bank says yes to {share:.0%} of the answers that the model found in training, where the "
            "bank of its fit says yes to nearly all: it is hardly the same bank."
        )
    if distil is not False:
        if can_carry(genre):
            warn(
                f"The page can carry h as it is, {kind_of(bank.model)}; leave distil out, and the bank itself "
                "answers, not a stand-in that learns from it."
            )
        if distil is True and len(people) < FEWEST:
            raise GenReError(
                f"A stand-in learns from rows, {FEWEST} or more. A fitted model keeps none, and these are the "
                f"forms of {len(people)}; give some rows that it was fitted to: page(..., distil=X)."
            )
        stand_in = StandIn.of(genre, people if distil is True else distil)
        genre = stand_in.genre
        notes.append(stand_in.said)
    note = " ".join(filter(None, notes))
    about = exported(genre, wording) | {"note": note}
    # A "<" inside a string might end the script, or begin a comment.
    data = json.dumps([about, forms(people)]).replace("<", "\\u003c")
    told = f"<p><strong>{escape(note, quote=False)}</strong></p>" if note else ""
    made = Page(
        TEMPLATE.format(
            title=escape(title),
            style=(FOLDER / "desk.css").read_text(encoding="utf-8"),
            still=told + stills(genre, people, wording),
            note=told,
            inside="".join(
                f"<li>{escape(part, quote=False)}</li>\n"
                for part in inside(
                    about, people, share, genre.report_, stand_in=genre.decision_ is not bank
                )
            ),
            script=script(),
            data=data,
            guess=json.dumps(bool(guess)),
        ),
        note,
    )
    if path is not None:
        write(Path(path), made.html)
    return made


def require_apart(people: pd.DataFrame, genre: GenRe, wording: Wording) -> None:
    """Refuse two people, or two levels of a feature, that a reader could not tell apart."""
    levels = {f"Column {f.name!r}: the levels": (f, f.categories) for f in genre.schema}
    for what, (f, those) in {"The labels": (None, list(people.index)), **levels}.items():
        said: dict[str, object] = {}
        for one in map(plain, those):
            text = str(one) if f is None else wording.value(f, one)
            if text in said:
                raise GenReError(
                    f"{what} {said[text]!r} and {one!r} read alike on a page; name one of them otherwise."
                )
            said[text] = one


def accepted(genre: GenRe, people: pd.DataFrame) -> float:
    """To which share of the answers found in training the bank says yes, from 0 to 1."""
    tokens = genre.codec.tokens(genre.profiles_)
    if not len(tokens):
        return 1.0
    rows = people.iloc[np.zeros(len(tokens), int)].reset_index(drop=True)
    found = genre.codec.frame(tokens, rows, np.full_like(tokens, -1))
    return float(genre.decision_.accepts(found).mean())


def can_carry(genre: GenRe) -> bool:
    """Whether the engine carries the bank's model as it is."""
    try:
        carried(genre.decision_, genre.codec)
    except GenReError:
        return False
    return True


def inside(
    about: dict[str, Any],
    people: pd.DataFrame,
    share: float,
    report: dict[str, int],
    *,
    stand_in: bool,
) -> list[str]:
    """What is in the file, one part a line."""
    weights = sum(
        math.prod(tensor["shape"])
        for name in ("network", "surrogate")
        for tensor in about[name]["tensors"].values()
    )
    bank = "the stand-in's" if stand_in else "the bank's"
    decision = f"{bank} decision: {about['bank']['said']}"
    if about["bank"]["kind"] == "trees":
        decision += (
            ". Its thresholds were learnt from rows: each is a value that somebody had, or lies between two "
            "of them. No threshold says whose"
        )
    profiles = (
        f"{len(about['profiles']):,} profiles to start from: answers found in training, to "
        f"{ENGLISH.percent(share, None)} of which the bank says yes; none is a training row, "
    )
    if least := report.get("least_distance"):
        profiles += f"and each differs from every such row in {least} or more features"
    else:
        profiles += "some are close to one"
    name = people.index.name
    ids = (
        "the labels of these people's rows, by which they are called"
        if name is None
        else f"the ids of these people, from the column “{name}”"
    )
    return [
        f"{weights:,} weights of the model that writes, and of its estimates",
        f"the names, ranges and vocabularies of {len(about['codec']['features'])} features: values and levels "
        "that occurred in training, each column for itself",
        decision,
        profiles,
        "the words of the letters",
        f"{ids}: whoever has the file can read them",
        f"the forms of {', '.join(str(label) for label in people.index)}; nobody else's row",
    ]


def forms(people: pd.DataFrame) -> list[dict[str, Any]]:
    """People as the engine takes them up: their names, which are their labels, and their values."""
    columns = {
        name: [None if gap else plain(one) for one, gap in zip(of.tolist(), of.isna(), strict=True)]
        for name, of in people.items()
    }
    return [
        {"name": str(k), "values": {name: of[i] for name, of in columns.items()}}
        for i, k in enumerate(people.index)
    ]


def stills(genre: GenRe, people: pd.DataFrame, wording: Wording = ENGLISH) -> str:
    """Each one's letter as HTML, which stands in the desk's place where no script runs."""
    answer = genre.recommend(people)
    return "".join(
        f'<h2>{escape(str(k))}</h2><pre lang="{wording.language}">'
        f"{escape(answer.describe(k, wording=wording))}</pre>"
        for k in people.index
    )


def script() -> str:
    """The engine and the views, one file after the other."""
    return "\n".join((FOLDER / name).read_text(encoding="utf-8") for name in (*ENGINE, *VIEWS))


TEMPLATE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
:root {{ color-scheme: light dark; }}
body {{ background: Canvas; color: CanvasText; font: 1rem system-ui, sans-serif; margin: 0 auto; max-width: 72rem; padding: 1rem; }}
footer {{ font-size: .85rem; margin-top: 2rem; opacity: .85; }}
pre {{ font: inherit; white-space: pre-wrap; }}
{style}</style>
</head>
<body>
<header><h1>{title}</h1></header>
<main id="desk">{still}</main>
<footer>
{note}<p>In this file:</p>
<ul>
{inside}</ul>
</footer>
<script>
{script}
</script>
<script>
const [about, people] = {data};
new Recourse.Desk(document.getElementById("desk"), about, people, {{ guess: {guess} }});
</script>
</body>
</html>
"""


def exported(genre: GenRe, wording: Wording = ENGLISH) -> dict[str, Any]:
    """A fitted model as plain data for the engine: weights with half their digits, and nobody's row.

    Raises
    ------
    GenReError
        If the model is of another recipe, or its bank is none that the engine can carry.
    """
    from ..genre import RECIPES

    if genre.surrogate_ is None:
        raise GenReError(f"A desk needs the recipe 'estimated'; this model has {genre.recipe!r}.")
    decision = genre.decision_
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
        "unread": list(genre.unread_),
        "bank": carried(decision, genre.codec).plain(),
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
                "money": f.is_money,
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
        "values": codec.to_dict()["values"],
        "gap": codec.gap.tolist(),
        "relations": [
            {
                "text": relation.text,
                "names": [names.index(name) for name in relation.names],
                "defines": None if relation.defines is None else names.index(relation.defines),
                "step": relation.step,
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
