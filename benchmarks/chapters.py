"""What each chapter costs to run: seconds and memory, one after the other, each in a new kernel.

    python -m benchmarks.chapters                       # every chapter
    python -m benchmarks.chapters 01_denied_what_now    # one; the rest stays as it is

Run it alone. Seconds are those of the clock, from the start of the kernel to the end of the last
cell; seconds of computing are added up over cores. Memory is the most that the kernel, or a process
of its own, ever held. Writes ``results/chapters.json``. What counts as the code of a chapter is
what stands in its cells and its exercises; words do not count, and neither does the package, which
has measurements of its own.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from tqdm.auto import tqdm

from .provenance import ROOT, made_by, write

RESULTS = ROOT / "results" / "chapters.json"
# Asked of the kernel itself, after its last cell. Memory comes in KiB, but in bytes on a Mac.
ASK = """
import json, resource, sys
own, others = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
print(json.dumps({
    "cpu_seconds": sum(used.ru_utime + used.ru_stime for used in (own, others)),
    "peak_memory_mb": max(own.ru_maxrss, others.ru_maxrss)
    * (1 if sys.platform == "darwin" else 1024) / 1e6,
}))
"""


def sources(name: str) -> list[str]:
    """The files whose code makes a chapter: its notebook, and its exercises if it has any."""
    exercises = f"genre_lite/exercises/chapter_{name[:2]}.py"
    return [f"notebooks/{name}.ipynb", *([exercises] if (ROOT / exercises).is_file() else [])]


def measure(path: Path) -> dict[str, float]:
    """Seconds and memory of one notebook; a failing cell fails the measurement."""
    notebook = nbformat.read(path, as_version=4)
    client = NotebookClient(
        notebook, timeout=600, resources={"metadata": {"path": str(path.parent)}}
    )
    start = time.perf_counter()
    with client.setup_kernel():
        for index, cell in enumerate(notebook.cells):
            client.execute_cell(cell, index)
        seconds = time.perf_counter() - start
        cell = nbformat.v4.new_code_cell(ASK)
        notebook.cells.append(cell)
        client.execute_cell(cell, len(notebook.cells) - 1)
    return {"seconds": seconds} | json.loads(cell.outputs[0]["text"])


def main() -> None:
    """Measure the chapters, and write the file."""
    known = [path.stem for path in sorted((ROOT / "notebooks").glob("*.ipynb"))]
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    asked.add_argument("names", nargs="*", metavar="name", help="only these; all if left out")
    asked.add_argument("--out", type=Path, default=RESULTS)
    given = asked.parse_args()
    if unknown := set(given.names) - set(known):
        asked.error(f"no chapter {', '.join(sorted(unknown))}; there are {', '.join(known)}")

    names = given.names or known
    by = made_by("benchmarks.chapters", also=[file for name in names for file in sources(name)])
    found = {}
    if given.names and given.out.is_file():
        before = json.loads(given.out.read_text())
        found = {name: was for name, was in before["chapters"].items() if name in known}
        kept = {file for name in found for file in sources(name)}
        by["code"] = {f: h for f, h in before["made_by"]["code"].items() if f in kept} | by["code"]
    with tempfile.TemporaryDirectory() as folder:
        # What a measurement solves is not the reader's progress.
        os.environ["GENRE_LITE_PROGRESS"] = str(Path(folder, "solved.json"))
        for name in tqdm(names, desc="chapters"):
            found[name] = measure(ROOT / "notebooks" / f"{name}.ipynb")
    by["code"] = dict(sorted(by["code"].items()))
    record = {
        "command": "python -m benchmarks.chapters",
        "made_by": by,
        "chapters": dict(sorted(found.items())),
    }
    write(record, given.out)
    for name, of in record["chapters"].items():
        print(
            f"{name:32} {of['seconds']:6.1f} s {of['cpu_seconds']:6.1f} s CPU {of['peak_memory_mb']:6.0f} MB"
        )


if __name__ == "__main__":
    main()
