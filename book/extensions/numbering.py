"""Numbers as a reader counts: a chapter in two halves counts on, and a page without a number begins at 1.

The halves are files such as ``02_...`` and ``02b_...``. In the contents the second has no number of its own, so Sphinx
would count its figures, equations and exercises from 1. Those of all pages that are no chapters it would count in one
go, and the first figure of the results would be the fifth.
"""

from __future__ import annotations

import re

from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment

SECOND = re.compile(r"(.*/|)(\d\d)b_[^/]*")


def count(app: Sphinx, env: BuildEnvironment) -> list[str]:
    """Renumber each second half, and each page by itself that is no chapter; returns which pages these are."""
    renumbered = begin_at_one(env)
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
        renumbered.append(second)
    return renumbered


def begin_at_one(env: BuildEnvironment) -> list[str]:
    """Renumber what has no chapter's number before its own."""
    alone = []
    for page, kinds in env.toc_fignumbers.items():
        for numbers in kinds.values():
            if not SECOND.fullmatch(page) and any(len(number) == 1 for number in numbers.values()):
                numbers.update({name: (place,) for place, name in enumerate(numbers, start=1)})
                alone.append(page)
    return sorted({*alone})


def setup(app: Sphinx) -> dict[str, bool]:
    """Connect it after Sphinx has counted."""
    app.connect("env-get-updated", count, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
