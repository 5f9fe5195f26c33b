"""How long a fit and an answer take in one edition of the package, whichever stands first on the path.

``benchmarks.pace`` runs it as a process of its own: ``python pace_worker.py TABLE SPLIT PARTS``. It uses
only what all editions have, and writes one line of JSON: seconds of a whole fit and of the classifier's
training beside it; with the part ``answers``, seconds a person for one person alone and in a crowd of
200; with ``many``, the memory of answering 20,000 as well.
"""

from __future__ import annotations

import json
import resource
import sys
import time
import warnings
from collections.abc import Callable

import genre_lite as gl

ALONE, CROWD, MANY = 20, 200, 20_000


def seconds(call: Callable[[], object]) -> float:
    """Seconds of one call by the clock on the wall."""
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def peak() -> float:
    """The most memory this process has held so far, in MB."""
    scale = 1e6 if sys.platform == "darwin" else 1e3
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / scale


def main(table: str, split: str, parts: str) -> None:
    """Fit and ask, with a clock beside; ``parts`` is ``fit``, ``answers`` or ``many``."""
    warnings.simplefilter("ignore")
    bank = gl.load_dataset(table, split=split)
    # The paper weighs classes equally, except on HELOC.
    balanced = getattr(bank, "balanced", table != "heloc")
    start = time.perf_counter()
    h = gl.train_classifier(bank, balanced=balanced, progress=False)
    told = {"classifier_seconds": time.perf_counter() - start}
    genre = gl.GenRe(h, bank.schema, progress=False)
    told["fit_seconds"] = seconds(lambda: genre.fit(bank.X_train, bank.y_train))
    if parts != "fit":
        denied = bank.X_test[h.predict_proba(bank.X_test)[:, 1] <= 0.5]
        people = denied.sample(MANY, replace=True, random_state=0).reset_index(drop=True)
        genre.recommend(people.head(5))  # to warm up
        alone = sorted(seconds(lambda i=i: genre.recommend(people.iloc[[i]])) for i in range(ALONE))
        told["alone_seconds"] = alone[len(alone) // 2]
        told["crowd_seconds"] = min(
            seconds(lambda: genre.recommend(people.head(CROWD))) / CROWD for _ in range(3)
        )
    if parts == "many":
        told["many_seconds"] = seconds(lambda: genre.recommend(people)) / MANY
        told["megabytes"] = peak()
    print(json.dumps(told))


if __name__ == "__main__":
    main(*sys.argv[1:])
