"""Files that are there whole or not at all, also beside another writer."""

from __future__ import annotations

import os
from pathlib import Path
from uuid import uuid4

__all__ = ["write"]


def write(path: Path, content: str | bytes) -> None:
    """Write a file, text as UTF-8. Where that fails, what was there stays, and nothing is left behind.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write(Path(folder, "letter.txt"), "λ")
    ...     [file.name for file in Path(folder).iterdir()]
    ['letter.txt']
    """
    if not path.parent.is_dir():
        raise FileNotFoundError(f"{path} has no folder to lie in; make {path.parent} first.")
    if path.is_dir():
        raise IsADirectoryError(f"{path} is a folder; name a file in it.")
    unfinished = path.with_name(f"{path.name}.{uuid4().hex}.part")
    try:
        unfinished.write_bytes(content.encode() if isinstance(content, str) else content)
        os.replace(unfinished, path)
    finally:
        unfinished.unlink(missing_ok=True)
