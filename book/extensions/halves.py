"""A chapter in two halves counts on: what the second half numbers follows on the first.

The halves are files such as ``02_...`` and ``02b_...``. In the contents the second has no number of its own, so Sphinx
would count its figures, equations and exercises from 1.
"""

from __future__ import annotations

import re

from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment

SECOND = re.compile(r"(.*/|)(\d\d)b_[^/]*")


def count_on(app: Sphinx, env: BuildEnvironment) -> list[str]:
    """Renumber each second half; returns which pages these are."""
    halves = []
    for second in sorted(env.found_docs):
        if not (named := SECOND.fullmatch(second)):
            continue
        # A half that is built alone has nothing before it.
        first = next(
            (d for d in env.found_docs if re.fullmatch(rf"{named[1]}{named[2]}_[^/]*", d)), ""
        )
        chapter = (int(named[2]),)
        before, own = env.toc_fignumbers.get(first, {}), env.toc_fignumbers.get(second, {})
        for kind, numbers in own.items():
            start = len(before.get(kind, {}))
            for place, name in enumerate(numbers, start=1):
                numbers[name] = (*chapter, start + place)
        halves.append(second)
    return halves


def setup(app: Sphinx) -> dict[str, bool]:
    """Connect it after Sphinx has counted."""
    app.connect("env-get-updated", count_on, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
