"""Tensors and plain data in one file: safetensors with JSON in its header, never pickle."""

from __future__ import annotations

import json
from pathlib import Path

from torch import Tensor

from . import atomic
from .errors import GenReError

__all__ = ["joined", "part", "read", "write"]

KEY = "genre_lite"


def write(path: Path, tensors: dict[str, Tensor], about: dict) -> None:
    """Write a file whole or not at all."""
    from safetensors.torch import save

    plain = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    atomic.write(path, save(plain, metadata={KEY: json.dumps(about)}))


def read(path: Path) -> tuple[dict[str, Tensor], dict]:
    """What :func:`write` wrote: the tensors by name, and the plain data.

    Raises
    ------
    GenReError
        If the file is missing, cut short, or something else.
    """
    from safetensors import SafetensorError, safe_open

    if not path.is_file():
        raise GenReError(f"There is no file {path}; write one first, or check the name.")
    try:
        with safe_open(path, framework="pt") as file:
            about = json.loads((file.metadata() or {})[KEY])
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (SafetensorError, json.JSONDecodeError, KeyError) as error:
        raise GenReError(
            f"{path} is cut short or not a file of this package ({error}); write it anew."
        ) from None
    return tensors, about


def part(tensors: dict[str, Tensor], name: str) -> dict[str, Tensor]:
    """The tensors whose names begin with ``name.``, without that beginning."""
    return {k.removeprefix(f"{name}."): v for k, v in tensors.items() if k.startswith(f"{name}.")}


def joined(parts: dict[str, dict[str, Tensor]]) -> dict[str, Tensor]:
    """The inverse of :func:`part`, for several names at once."""
    return {f"{name}.{k}": v for name, tensors in parts.items() for k, v in tensors.items()}
