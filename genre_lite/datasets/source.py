"""Where the rows come from: tables in the package, and files that are found or fetched.

A file of the paper's splits is looked for in the ``data_home`` argument, in the folder that the
environment variable ``GENRE_LITE_DATA`` names, and in the user's cache, in this order; then it is
downloaded to the cache. Wherever it lay, its content must have the known checksum.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import os
import zlib
from importlib.resources import files
from pathlib import Path

import pandas as pd
import pooch

from ..errors import DataUnavailableError

__all__ = ["fetch", "read_bundled", "read_paper"]

ENVIRONMENT = "GENRE_LITE_DATA"
BASE_URL = (
    "https://raw.githubusercontent.com/carla-recourse/cf-data/"
    "2d56677095bd11deba5d8e3731f8941b95e0a880"
)
# Seconds to connect and to wait for data: without a network the answer must come soon.
TIMEOUT = (3, 10)
SHA256 = {
    "adult_train": "949236c2502a3daa4b660ba35093ee133e1d152f865a5323768b0b7a50a8e292",
    "adult_test": "5fa0554e72173473f4f826ed28daec5f2ce76c3af7a9f1cb6fe3a806f87b6b6b",
    "compas_train": "d9cab073348a902bc09e4e0792f2b73aab1c6e419db1da655bbad978f33b80cf",
    "compas_test": "6849f34e0edad380bfa3b62c5a947bd0a9122cc639496e3048f04c6c674127eb",
    "heloc_train": "92187da9daab7d1b074192d45d29fd3c1aca1f3cac8f37800780310ea7cf2b36",
    "heloc_test": "56a00b4f7b96bf1020a8d05d3b61ea3a4bc6fe637376c0b929dceb3f319a0e58",
}


def read_bundled(name: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The training and test rows of a table that the package carries."""
    packed = files(__package__).joinpath("tables", f"{name}.csv.gz").read_bytes()
    frame = pd.read_csv(io.BytesIO(gzip.decompress(packed)), keep_default_na=False)
    part = frame.pop("split")
    return frame[part == "train"], frame[part == "test"]


def read_paper(
    name: str, data_home: str | os.PathLike | None = None
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The training and test rows of the paper's split, in the files' order.

    Raises
    ------
    DataUnavailableError
        If a file is damaged, or is neither on disk nor reachable.
    """
    train, test = (
        pd.read_csv(io.BytesIO(_checked(_find(stem, data_home) or _download(stem), stem)))
        for stem in (f"{name}_train", f"{name}_test")
    )
    test.index += len(train)
    return train, test


def fetch(name: str) -> list[Path]:
    """Bring the files of the paper's split into the user's cache, mending damaged ones there.

    Parameters
    ----------
    name
        ``"adult"``, ``"compas"`` or ``"heloc"``.

    Returns
    -------
    list of Path
        The plain CSV files, training part first.

    Raises
    ------
    DataUnavailableError
        If ``name`` has no such files, or they cannot be reached.
    """
    known = sorted({stem.split("_")[0] for stem in SHA256})
    if name not in known:
        raise DataUnavailableError(f"{name!r} has no files to fetch; choose one of {known}.")
    return [_download(f"{name}_train"), _download(f"{name}_test")]


def _cache() -> Path:
    return Path(pooch.os_cache("genre_lite"))


def _find(stem: str, data_home: str | os.PathLike | None) -> Path | None:
    folders = [data_home, os.environ.get(ENVIRONMENT), _cache()]
    places = (
        Path(folder).expanduser() / f"{stem}.csv{ending}"
        for folder in folders
        if folder
        for ending in ("", ".gz")
    )
    return next((place for place in places if place.is_file()), None)


def _checked(path: Path, stem: str) -> bytes:
    way_out = f"delete it, then run `genre-lite data fetch {stem.split('_')[0]}`."
    content = path.read_bytes()
    if path.suffix == ".gz":
        try:
            content = gzip.decompress(content)
        except (EOFError, OSError, zlib.error) as error:
            raise DataUnavailableError(
                f"{path} is cut short or is not gzip ({error}); {way_out}"
            ) from error
    found = hashlib.sha256(content).hexdigest()
    if found != SHA256[stem]:
        raise DataUnavailableError(
            f"{path} is not the file it should be: its CSV has sha256 {found}, "
            f"expected {SHA256[stem]}; {way_out}"
        )
    return content


def _download(stem: str) -> Path:
    url = f"{BASE_URL}/{stem}.csv"
    try:
        path = pooch.retrieve(
            url,
            known_hash=f"sha256:{SHA256[stem]}",
            fname=f"{stem}.csv",
            path=_cache(),
            downloader=pooch.HTTPDownloader(timeout=TIMEOUT),
        )
    except (OSError, ValueError) as error:
        name = stem.split("_")[0]
        raise DataUnavailableError(
            f"{stem}.csv is not on this machine and could not be had from {url}: {error}\n"
            f"Put {name}_train.csv and {name}_test.csv (or .csv.gz) into a folder and name it, by "
            f"its full path, in the environment variable {ENVIRONMENT} (it is now "
            f"{os.environ.get(ENVIRONMENT, 'not set')}) or as data_home=...; or run "
            f"`genre-lite data fetch {name}` where there is a network."
        ) from error
    return Path(path)
