"""Asks one edition of the package, whichever stands first on the path; ``benchmarks.answers`` runs it.

Calls come as pickles, (name, arguments), on the standard input, and answers go to the standard output.
What the first edition of the package does not know is left out of what it is told.
"""

from __future__ import annotations

import inspect
import os
import pickle
import sys
import time
import traceback
import warnings
from collections.abc import Mapping

import pandas as pd
import torch

import genre_lite as gl
from genre_lite.baselines.nearest_neighbour import NearestNeighbour

# The first edition's bank was any classifier, and its answers had no terms of their own.
TODAY = hasattr(gl, "Decision")


def schema_of(data: Mapping) -> gl.Schema:
    """A schema as the edition has it; a clock was a value that may only rise."""
    if TODAY:
        return gl.Schema.from_dict(data)
    known = set(inspect.signature(gl.Feature).parameters)
    features = [{k: v for k, v in f.items() if k in known} for f in data["features"]]
    for feature in features:
        if feature["actionability"] == "clock":
            feature["actionability"] = "increasing"
        feature["categories"] = tuple(feature["categories"])
    return gl.Schema([gl.Feature(**feature) for feature in features])


class Edition:
    """GenRe and the nearest neighbour of one edition, with the few calls that all editions have."""

    def fit(
        self,
        schema: Mapping,
        X: pd.DataFrame,
        y: pd.Series,
        h: object,
        seed: int,
        quick: bool = False,
    ) -> float:
        """Fit both; seconds of computing for GenRe."""
        schema = schema_of(schema)
        if isinstance(h, torch.nn.Module):
            # The first edition computed in single precision.
            h = h.double() if TODAY else h.float()
            h = gl.Classifier(gl.Codec(schema).fit(X), h)
        taught = {"rounds": 1, "round_steps": 50} if TODAY else {}
        training = gl.TrainingConfig(steps=50, distil_steps=50, **taught) if quick else None
        self.methods = {
            "GenRe": gl.GenRe(h, schema, training=training, seed=seed, progress=False),
            "neighbour": NearestNeighbour(h, schema, seed=seed),
        }
        self.methods["neighbour"].fit(X, y)
        start = time.process_time()
        self.methods["GenRe"].fit(X, y)
        return time.process_time() - start

    def recommend(
        self, people: pd.DataFrame, n: int = 1, method: str = "GenRe", **terms: object
    ) -> tuple[pd.DataFrame, float]:
        """The options found, by person and number, and the seconds it took."""
        start = time.perf_counter()
        answer = self.methods[method].recommend(people, n=n, **terms)
        return answer.frame[answer.found], time.perf_counter() - start

    def estimates(self, frame: pd.DataFrame) -> pd.DataFrame:
        """V̂ and P̂ of rows, columns valid and plausible."""
        genre = self.methods["GenRe"]
        if TODAY:
            return genre.estimates(frame)
        cube = genre.codec.cube(frame[genre.schema.names])
        answers = genre.surrogate.answers(genre.codec.design(cube), genre.codec.tokens(cube))
        return pd.DataFrame(answers, frame.index, columns=["valid", "plausible"])


def serve() -> None:
    """Answer calls until there are no more; an error is an answer too, as text."""
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what anybody prints is no answer
    warnings.simplefilter("ignore")
    edition = Edition()
    while True:
        try:
            name, arguments = pickle.load(sys.stdin.buffer)
        except EOFError:
            return
        try:
            said = getattr(edition, name)(**arguments)
        except Exception as error:
            traceback.print_exc()
            said = f"{type(error).__name__}: {error}"
        pickle.dump(said, out)
        out.flush()


if __name__ == "__main__":
    serve()
