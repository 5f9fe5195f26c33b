"""Read what you hand in: a table as CSV, a person's terms as JSON, the bank's model by its name.

The notebook and the command line read with the same functions, so they see the same people. Nothing is
guessed: an empty cell is missing and nothing else is, and what may be meant in two ways is an error
that names the option to say it with.
"""

from __future__ import annotations

import csv
import importlib
import json
import math
import os
import re
import sys
from collections.abc import Callable, Hashable, Sequence
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from .errors import GenReError, kind_of, nearest, warn
from .terms import EVERYBODY, Terms, terms_of

if TYPE_CHECKING:
    from .decision import SupportsProba
    from .feature import Feature
    from .schema import Schema

__all__ = ["import_model", "read_csv", "read_terms"]

TRUTHS = {
    word: word.lower() == "true" for word in ("True", "TRUE", "true", "False", "FALSE", "false")
}
DIGITS = 15  # as many as a float holds exactly
SHOWN = 5
# 12,5 and 1,234.50, where a comma is no decimal mark; and 12.5 and 1.234,50, where a dot is none.
_MARKED = {
    mark: re.compile(rf"[+-]?\d+{re.escape(mark)}\d+({re.escape(mark)}\d{{3}})*({other}\d+)?")
    for mark, other in ((",", r"\."), (".", ","))
}


# -- tables -----------------------------------------------------------------------------------------


def read_csv(
    path: str | os.PathLike,
    schema: Schema | None = None,
    *,
    index: str | None = None,
    sep: str = ",",
    decimal: str = ".",
    encoding: str = "utf-8",
    missing: Sequence[str] = (),
) -> pd.DataFrame:
    """A table from a CSV file; the command line reads with this function too.

    Only an empty cell is missing: ``None``, ``NA`` and ``nan`` are words. With a ``schema`` its words
    are read as text and its numbers as numbers; a word among them stays itself, so that the schema can
    name row and value. A column that the schema does not know is text, as it is written. Without a
    schema a column is numbers if all of its cells are, booleans if all are true or false, and else
    text. Numbers that begin with a needless 0 (``007``) or have more than 15 digits are ids, and text.

    Parameters
    ----------
    path
        The file; its first line names the columns. A byte-order mark is skipped.
    schema
        What the columns are.
    index
        The column that names the people, each once. It becomes the index, as text, and is no feature.
    sep, decimal, encoding
        What stands between cells, what stands in a fraction, and how the file was saved.
    missing
        Words that stand for an empty cell, such as ``["NA"]``.

    Warns
    -----
    UserWarning
        If most cells of a column are numbers and the rest are words, where no schema says what is meant.

    Raises
    ------
    GenReError
        If the file has other cells, another separator, decimal mark or encoding than said, or a column
        has no name or the name of another.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "people.csv")
    ...     _ = path.write_text("id,age,guarantor\\n007,34,None\\n008,,parent\\n")
    ...     read_csv(path, index="id")
          age guarantor
    id
    007  34.0      None
    008   NaN    parent
    """
    if isinstance(missing, str):
        raise GenReError(f"missing={missing!r} is one word; write [{missing!r}].")
    header, rows = _cells(path, sep, encoding)
    known = {} if schema is None else {str(f.name): f for f in schema}
    number = _number_reader(decimal)
    columns = {}
    for place, name in enumerate(header):
        if name == index:
            continue
        cells = ["" if row[place] in missing else row[place] for row in rows]
        told = f"{path}, column {name!r}"
        if schema is None:
            columns[name] = _plain(cells, number, decimal, told)
        elif name not in known:
            columns[name] = _series(cells, str)
        elif known[name].is_categorical:
            columns[known[name].name] = _series(cells, _level_reader(known[name], number))
        else:
            _refuse_marks(cells, number, decimal, told)
            columns[known[name].name] = _series(cells, lambda cell: _or_itself(number(cell), cell))
    frame = pd.DataFrame(columns)
    if index is None:
        return frame
    if index in known:
        raise GenReError(
            f"Column {index!r} is a feature of the schema, so it cannot be the one that names people; "
            "name another."
        )
    return frame.set_axis(_labels(path, header, rows, index))


def _cells(path: str | os.PathLike, sep: str, encoding: str) -> tuple[list[str], list[list[str]]]:
    """The names of the columns, and the cells of each row, as text."""
    wrong = f"{path} cannot be read as a CSV file:"
    if len(sep) != 1:
        raise GenReError(f"sep is {sep!r}; give the one character between two cells.")
    # utf-8-sig is utf-8 that skips a byte-order mark.
    coding = "utf-8-sig" if encoding.lower().replace("_", "-") in ("utf-8", "utf8") else encoding
    rows: list[list[str]] = []
    try:
        with open(path, newline="", encoding=coding) as file:
            reader = csv.reader(file, delimiter=sep, strict=True)
            header = next(reader, [])
            for row in reader:
                if not row and len(header) == 1:
                    row = [""]  # the one cell is empty
                if row and len(row) != len(header):
                    raise GenReError(
                        f"{wrong} line {reader.line_num} has {len(row)} cells, and the header has "
                        f"{len(header)}; a cell that holds {sep!r} stands in double quotes."
                    )
                rows += [row] if row else []
    except csv.Error as error:
        raise GenReError(f"{wrong} line {reader.line_num}: {error}.") from None
    except UnicodeError as error:
        raise GenReError(
            f"{wrong} it is not saved in {encoding} ({error}); say how it is, for instance "
            "encoding='cp1252' or encoding='utf-16'."
        ) from None
    except LookupError:
        raise GenReError(f"encoding is {encoding!r}, which is not known; try 'cp1252'.") from None
    _check_header(header, wrong, sep)
    if not rows:
        raise GenReError(f"{wrong} it has a header and no rows.")
    return header, rows


def _check_header(header: list[str], wrong: str, sep: str) -> None:
    if not header:
        raise GenReError(f"{wrong} its first line is empty; it must name the columns.")
    if len(header) == 1:
        for other in (";", "\t", ",", "|"):
            if other != sep and other in header[0]:
                raise GenReError(
                    f"{wrong} it has one column, {header[0]!r}; if its cells are parted by "
                    f"{other!r}, say sep={other!r}."
                )
    for place, name in enumerate(header):
        if not name.strip():
            raise GenReError(
                f"{wrong} column {place + 1} has no name; give it one in the first line, or take it out "
                "(pandas writes such a column unless told to_csv(index=False))."
            )
        if name in header[:place]:
            raise GenReError(
                f"{wrong} column {name!r} stands in it twice; rename one, or take it out."
            )


def _labels(
    path: str | os.PathLike, header: list[str], rows: list[list[str]], index: str
) -> pd.Index:
    if index not in header:
        raise GenReError(f"{path} has no column {index!r}{nearest(index, header)}")
    labels = [row[header.index(index)] for row in rows]
    if "" in labels:
        raise GenReError(
            f"{path}, column {index!r}, row {labels.index('') + 1}: the cell is empty, so this person has "
            "no name; give everybody one."
        )
    names = pd.Index(labels, name=index)
    if not names.is_unique:
        raise GenReError(
            f"{path}, column {index!r}: {names[names.duplicated()][0]!r} names more than one person, so their letters could not "
            "be told apart; give each a name of their own."
        )
    return names


# -- cells ------------------------------------------------------------------------------------------


def _number_reader(decimal: str) -> Callable[[str], int | float | None]:
    """From a cell to the number that it is, or None if it is none."""
    if decimal not in (".", ","):
        raise GenReError(f"decimal is {decimal!r}; choose '.' or ','.")
    mark = re.escape(decimal)
    whole = re.compile(r"[+-]?\d+")
    number = re.compile(rf"[+-]?((\d+({mark}\d*)?|{mark}\d+)([eE][+-]?\d+)?|inf|infinity)", re.I)

    def read(cell: str) -> int | float | None:
        cell = cell.strip()
        if whole.fullmatch(cell):
            return int(cell)
        return float(cell.replace(decimal, ".")) if number.fullmatch(cell) else None

    return read


def _level_reader(feature: Feature, number: Callable) -> Callable[[str], object]:
    """From a cell to the level that it names; a word that is none stays itself."""
    named = {str(level): level for level in feature.categories}
    counted = {
        level: level
        for level in feature.categories
        if isinstance(level, (int, float)) and not isinstance(level, bool)
    }
    if all(isinstance(level, bool) for level in feature.categories):
        named |= TRUTHS

    def read(cell: str) -> object:
        if cell in named or not counted:
            return named.get(cell, cell)
        value = number(cell)  # 1.0 is the level 1
        return cell if value is None else counted.get(value, value)

    return read


def _or_itself(value: object, cell: str) -> object:
    return cell if value is None else value


def _series(cells: list[str], read: Callable[[str], object]) -> pd.Series:
    return pd.Series([math.nan if cell == "" else read(cell) for cell in cells])


def _plain(cells: list[str], number: Callable, decimal: str, told: str) -> pd.Series:
    """A column without a schema: numbers, booleans or text."""
    there = [cell for cell in cells if cell != ""]
    words = list(dict.fromkeys(cell for cell in there if number(cell) is None))
    if any(_is_id(cell) for cell in there):
        return _series(cells, str)
    if not words:
        return _series(cells, number)
    if all(word in TRUTHS for word in words) and all(cell in TRUTHS for cell in there):
        return _series(cells, TRUTHS.__getitem__)
    _refuse_marks(cells, number, decimal, told)
    numbers = sum(number(cell) is not None for cell in there)
    if 2 * numbers >= len(there):
        few = ", ".join(map(repr, words[:SHOWN]))
        warn(
            f"{told}: {numbers} cells are numbers and {len(there) - numbers} are words ({few}), so all are "
            f"read as text. If a word stands for a missing number, say missing=[{words[0]!r}]."
        )
    return _series(cells, str)


def _is_id(cell: str) -> bool:
    digits = cell.strip().lstrip("+-")
    return digits.isdigit() and (len(digits) > DIGITS or (digits[0] == "0" and len(digits) > 1))


def _refuse_marks(cells: list[str], number: Callable, decimal: str, told: str) -> None:
    """Words that all look like 12,5 or 1.234,50 are numbers to somebody, and which is not for us to say."""
    words = [cell for cell in cells if cell != "" and number(cell) is None]
    other, name = (",", "comma") if decimal == "." else (".", "dot")
    if words and all(_MARKED[other].fullmatch(word.strip()) for word in words):
        raise GenReError(
            f"{told}: {words[0]!r} is no number here. If its {name} is a decimal mark, say "
            f"decimal={other!r}; if it marks thousands, take it out."
        )


# -- terms ------------------------------------------------------------------------------------------


def read_terms(path: str | os.PathLike, schema: Schema, labels: Sequence[Hashable]) -> dict:
    """People's own terms from a JSON file, as ``recommend(people, **terms)`` takes them.

    The file holds terms for all, by the names of :class:`~genre_lite.terms.Terms`; and, under
    ``"for"``, those of single people by their labels. A person's own entry stands in place of the one
    for all.

    Parameters
    ----------
    path
        The file: ``{"max_changes": 3, "for": {"007": {"freeze": ["job"], "wait": 1}}}``.
    schema
        What the columns are.
    labels
        Who asks.

    Raises
    ------
    GenReError
        If the file is no such JSON, or a term or a person is not known.

    Examples
    --------
    >>> import tempfile
    >>> import genre_lite as gl
    >>> schema = gl.Schema([gl.Feature("income")])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "terms.json")
    ...     _ = path.write_text('{"wait": 1, "for": {"ben": {"wait": 2, "max_changes": 1}}}')
    ...     read_terms(path, schema, ["ana", "ben"])
    {'wait': {'ana': 1, 'ben': 2}, 'max_changes': {'ana': None, 'ben': 1}}
    """
    common = _json(path)
    single = common.pop("for", {})
    if not isinstance(single, dict) or not all(isinstance(own, dict) for own in single.values()):
        raise GenReError(f'{path}: "for" holds terms by person: {{"007": {{"wait": 1}}}}.')
    names = {str(label): label for label in labels}
    for person in single:
        if person not in names:
            few = ", ".join(list(names)[:SHOWN])
            raise GenReError(
                f"{path} has terms for {person!r}, and nobody is so called; known: {few}."
            )
    for whose, terms in ((str(path), common), *((f"{path}, {p!r}", t) for p, t in single.items())):
        for term, value in terms.items():
            _check_term(whose, term, value, schema)
    return terms_of({names[person]: own for person, own in single.items()}, labels, schema, common)


def _check_term(whose: str, term: str, value: Any, schema: Schema) -> None:
    known = [field.name for field in fields(Terms)]
    if term not in known:
        raise GenReError(f"{whose}: {term!r} is no term{nearest(term, known)} Known: {known}.")
    if term not in EVERYBODY and not isinstance(value, dict):
        raise GenReError(
            f"{whose}: {term} is {value!r}; give a value for each feature it is about."
        )
    if term == "freeze" and not isinstance(value, list):
        raise GenReError(f"{whose}: freeze is {value!r}; give a list of features.")
    features = value if term == "freeze" or term not in EVERYBODY else ()
    for name in features:
        if name not in schema.names:
            raise GenReError(
                f"{whose}: {term} names {name!r}, which is no feature{nearest(name, schema.names)} "
                f"Known: {schema.names}."
            )


def each_once(pairs: list[tuple[str, Any]]) -> dict:
    """An object of a JSON text whose names stand in it once; of a doubled one, JSON would drop the first.

    Examples
    --------
    >>> json.loads('{"wait": 1, "wait": 2}', object_pairs_hook=each_once)
    Traceback (most recent call last):
    genre_lite.errors.GenReError: 'wait' stands twice in one object; keep one of them.
    """
    told = dict(pairs)
    if len(told) < len(pairs):
        names = [name for name, _ in pairs]
        double = next(name for name in names if names.count(name) > 1)
        raise GenReError(f"{double!r} stands twice in one object; keep one of them.")
    return told


def _json(path: str | os.PathLike) -> dict:
    try:
        told = json.loads(Path(path).read_text(encoding="utf-8"), object_pairs_hook=each_once)
    except GenReError as error:
        raise GenReError(f"{path}: {error}") from None
    except ValueError as error:
        raise GenReError(f"{path} is no JSON: {error}.") from None
    if not isinstance(told, dict):
        raise GenReError(f"{path} holds {kind_of(told)}; it must hold an object: {{...}}.")
    return told


# -- the bank's model -------------------------------------------------------------------------------


def import_model(name: str) -> SupportsProba:
    """The object that a module holds, as ``"package.module:name"``; the current folder is looked in first.

    A model is imported and never unpickled: the module says how it is made or loaded.

    Raises
    ------
    GenReError
        If there is no such module or name in it, or importing it fails.

    Examples
    --------
    >>> import_model("math:pi")
    3.141592653589793
    """
    module, colon, attribute = name.rpartition(":")
    if module.endswith(".py") or not {"/", "\\"}.isdisjoint(module):
        stem = Path(module.replace("\\", "/")).stem
        raise GenReError(
            f"{module!r} is a file; be in its folder, and name the module: {stem}:{attribute}."
        )
    if not (module and colon and attribute):
        raise GenReError(
            f"The model is {name!r}; name it as package.module:name, as my_bank:model."
        )
    here = os.getcwd()
    if here not in sys.path:
        sys.path.insert(0, here)
    try:
        found = importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name is None or not f"{module}.".startswith(f"{error.name}."):
            raise GenReError(f"Importing {module} failed: {error}.") from error
        raise GenReError(
            f"There is no module {module!r} in {here} or among the installed packages."
        ) from None
    except Exception as error:
        raise GenReError(f"Importing {module} failed: {type(error).__name__}: {error}.") from error
    for part in attribute.split("."):
        if not hasattr(found, part):
            names = [n for n in vars(found) if not n.startswith("_")]
            raise GenReError(f"{module} has no {part!r}{nearest(part, names)}")
        found = getattr(found, part)
    return found
