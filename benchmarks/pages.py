"""What the pages of results share: plain names, numbers, tables, and what a comparison shows.

A page reads a record with :class:`Field` or :func:`read`. What is not made yet is no error: a missing
number is a dash, and :meth:`Field.missing` says which command makes it.
"""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence
from html import escape

import pandas as pd
from IPython.display import HTML, Markdown, display

from . import provenance, statistics
from .field import PARTS, TABLES
from .peers import PEERS
from .stage import AIDED, SEARCHES

__all__ = [
    "GROUPS",
    "Field",
    "against",
    "bound",
    "differences",
    "grouped",
    "interval",
    "listed",
    "number",
    "points",
    "read",
    "row_name",
    "say",
    "share",
    "stale",
    "standing",
    "table",
    "table_name",
    "the",
    "verdict",
    "worlds",
]

SPACE, MINUS, UNKNOWN = "\N{NO-BREAK SPACE}", "\N{MINUS SIGN}", "–"
ALIKE = "all worlds differ by the same, which gives no bound"
FEW = 4  # names in a row that a reader takes in

NAMES = {
    "nothing": "doing nothing",
    "genre": "GenRe",
    "genre-paper": "GenRe, paper's recipe",
    "genre-consistent": "GenRe, consistent recipe",
    "neighbour": "nearest neighbour",
    "grafted": "grafted neighbour",
    "wachter": "Wachter",
    "wachter-costly": "Wachter, cost counts",
    "roar": "ROAR",
    "probe": "PROBE",
    "dice": "DiCE",
    "growing-spheres": "Growing Spheres",
    "cchvae": "C-CHVAE",
    "revise": "REVISE",
    "cruds": "CRUDS",
    "density": "density on its own",
    "oracle-copies": "oracle that copies",
    "oracle-writes": "oracle that writes",
    "nice": "NICE",
    "ellice": "ElliCE",
    "dice-ml": "dice-ml",
    "dice-ml-genetic": "dice-ml, genetic",
    "treecf": "treecf",
}
ENDINGS = {
    "-aided": "aided",
    "-forward": "forward alone",
    "-cheapest": "the cheapest yes",
    "-plausible": "plausible",
}
TITLES = {"compas": "COMPAS", "heloc": "HELOC", "adult": "Adult", "german": "German Credit"}

GROUPS: dict[str, tuple[str, ...]] = {
    "Recipes of GenRe": ("genre", "genre-forward", "genre-paper", "genre-consistent"),
    "With GenRe's aids": (
        "grafted",
        "density",
        *(f"{name}-aided" for name in AIDED),
    ),
    "On their own": ("neighbour", "wachter", "wachter-costly", *SEARCHES[1:]),
    "Packages of others": tuple(PEERS),
    "Yardsticks": ("nothing", "oracle-copies", "oracle-writes"),
}
"""The rows of the part ``main``, in the order in which a reader meets them."""

# Narrow enough for six tables side by side, on a screen beside its menus and on A4.
COMPACT = """<style>
.bd-article table.dataframe.compact { font-size: 0.72rem; line-height: 1.2; margin-bottom: 1rem; }
.bd-article table.dataframe.compact :is(th, td) { padding: 0.15rem 0.14rem; }
.bd-article table.dataframe.compact td { white-space: nowrap; }
.bd-article table.dataframe.compact th[scope="row"] { font-weight: normal; }
</style>"""


# -- names and numbers ------------------------------------------------------------------------------


def row_name(row: str) -> str:
    """A row in plain words; a row that is not known keeps its name.

    Examples
    --------
    >>> row_name("growing-spheres-aided"), row_name("genre-forward@0.7")
    ('Growing Spheres, aided', 'GenRe, forward alone, margin 0.7')
    """
    name, _, margin = row.partition("@")
    ending = next((end for end in ENDINGS if name.endswith(end)), "")
    name = name.removesuffix(ending)
    parts = [NAMES.get(name, name), ENDINGS.get(ending), f"margin {margin}" if margin else None]
    return ", ".join(part for part in parts if part)


def the(row: str) -> str:
    """A row as a sentence names it.

    Examples
    --------
    >>> the("grafted"), the("neighbour-aided"), the("wachter")
    ('the grafted neighbour', 'the aided nearest neighbour', 'Wachter')
    """
    common = "the " * row.startswith(("neighbour", "grafted", "density", "oracle"))
    aided = "aided " * row.endswith("-aided")
    return f"{common}{aided}{row_name(row.removesuffix('-aided'))}"


def grouped(row: str) -> tuple[str, str]:
    """The group of a row of the part ``main``, and its name within the group.

    Examples
    --------
    >>> grouped("wachter-aided")
    ("With GenRe's aids", 'Wachter')
    """
    group = next(group for group, rows in GROUPS.items() if row in rows)
    return group, row_name(row).removesuffix(", aided")


def table_name(table: str) -> str:
    """A table in plain words: which rows, and where they come from.

    Examples
    --------
    >>> table_name("compas:paper"), table_name("adult"), table_name("german~2")
    ('COMPAS (paper)', 'Adult (bundled)', 'German Credit (split 2)')
    """
    rest, _, split = table.partition("~")
    name, _, source = rest.partition(":")
    told = [source or ("" if name == "german" else "bundled"), f"split {split}" if split else ""]
    about = ", ".join(filter(None, told))
    return TITLES.get(name, name) + (f" ({about})" if about else "")


def number(value: float | None, digits: int = 3, *, sign: bool = False) -> str:
    """A number with a true minus sign, or a dash.

    Examples
    --------
    >>> number(-0.12345), number(0.5, 1, sign=True), number(None)
    ('−0.123', '+0.5', '–')
    """
    if value is None or math.isnan(value):
        return UNKNOWN
    return f"{value:{'+' if sign else ''}z.{digits}f}".replace("-", MINUS)


def interval(of: Mapping, digits: int = 3, *, sign: bool = False, compact: bool = False) -> str:
    """A mean and half the width of its interval, where it has one; the line does not break in between.

    Examples
    --------
    >>> interval({"mean": 1.5, "half_width": 0.25}, 2).split()
    ['1.50', '±', '0.25']
    >>> interval({"mean": 1.5, "half_width": 0.25}, 2, compact=True).split()
    ['1.50', '±.25']
    """
    mean, half = number(of.get("mean"), digits, sign=sign), number(of.get("half_width"), digits)
    if half == UNKNOWN:
        return mean
    return f"{mean}{SPACE}±{half.removeprefix('0') if compact else SPACE + half}"


def listed(words: Iterable[str]) -> str:
    """Words as a sentence lists them.

    Examples
    --------
    >>> listed(["a", "b", "c"])
    'a, b and c'
    """
    *most, last = [*words] or [""]
    return f"{', '.join(most)} and {last}" if most else last


def share(value: float | None) -> str:
    """A share in percent, or a dash."""
    return UNKNOWN if value is None or math.isnan(value) else f"{100 * value:.0f}{SPACE}%"


# -- records ----------------------------------------------------------------------------------------


def read(name: str) -> dict:
    """The record ``results/<name>``; empty where it is not made yet."""
    path = provenance.RESULTS / name
    return json.loads(path.read_text()) if path.is_file() else {}


def stale(name: str) -> str:
    """What a page says at its top of ``results/<name>.json`` when it is not there, or not whole.

    That a file is of other code is told by the extension ``stale`` of the book, on every page.
    """
    note = provenance.stale_note(name)
    if note and "STALE" not in note:
        return f"{note}; each part below says which command makes it."
    if name != "field":
        return ""
    field = Field()
    made, wanted = (sum(counts) for counts in zip(*map(field.made, PARTS), strict=True))
    if made == wanted:
        return ""
    return (
        f"This page is of a grid that is not whole: {made:,} of {wanted:,} cells are made. What is "
        "missing stands as a dash, and intervals are of the worlds that are there."
    )


class Field:
    """``results/field.json`` as the pages read it; what is not made yet is empty.

    Examples
    --------
    >>> Field({}).told("main", "german", "genre")
    {}
    """

    def __init__(self, record: Mapping | None = None) -> None:
        found = read("field.json") if record is None else record
        self.cells: Mapping[str, Mapping] = found.get("cells", {})
        self.summary: Mapping = found.get("summary", {})
        # In how many worlds a row's method refused the table, by the start of its keys.
        self.refused = Counter(
            key.rpartition("/")[0] for key, cell in self.cells.items() if "refused" in cell
        )

    def tables(self, part: str) -> list[str]:
        """The tables of a part of which something is made, in the order of the part."""
        known = self.summary.get("means", {}).get(part, {})
        order = PARTS[part].tables if part in PARTS else TABLES
        return [table for table in order if table in known]

    def rows(self, part: str, some: Iterable[str] | None = None) -> list[str]:
        """The rows of a part of which something is made, as the groups order them; some alone if named."""
        means = self.summary.get("means", {}).get(part, {})
        known = {row for of in means.values() for row in of}
        order = [row for of in GROUPS.values() for row in of]
        order = dict.fromkeys([*order, *PARTS[part].rows] if some is None else some)
        return [row for row in order if row in known]

    def told(self, part: str, table: str, row: str, what: str = "score") -> Mapping:
        """The mean of a metric and its interval."""
        means = self.summary.get("means", {}).get(part, {})
        return means.get(table, {}).get(row, {}).get(what, {})

    def refuses(self, part: str, table: str, row: str) -> bool:
        """Whether a row's method refused a table in most of its worlds."""
        return 2 * self.refused[f"{part}/{table}/{row}"] > PARTS[part].rows.get(row, 0)

    def shown(self, part: str, table: str, row: str, what: str = "score") -> Mapping:
        """As :meth:`told`; but of a row that refused most of its worlds there is no mean to be shown."""
        return {} if self.refuses(part, table, row) else self.told(part, table, row, what)

    def difference(self, part: str, table: str, row: str, reference: str = "genre") -> Mapping:
        """The reference's Score less the row's, paired by world, with Holm's verdict over the part."""
        of = self.summary.get("compared", {}).get(part, {})
        return of.get(reference, {}).get(table, {}).get(row, {})

    def possible(self, table: str, row: str) -> Mapping:
        """The share of the way from doing nothing to the oracle that writes."""
        return self.summary.get("possible", {}).get(table, {}).get(row, {})

    def grid(
        self, part: str, what: str = "score", rows: Iterable[str] | None = None
    ) -> pd.DataFrame:
        """A metric of a part, rows by tables, all in plain words, each cell as :meth:`shown`."""
        return pd.DataFrame(
            {
                table_name(table): {
                    row_name(row): self.shown(part, table, row, what)
                    for row in self.rows(part, rows)
                }
                for table in self.tables(part)
            }
        ).rename_axis("Method")

    def worlds(self, part: str, what: str = "score") -> dict[str, dict[str, dict[int, float]]]:
        """A metric world by world: ``[table][row][seed]``."""
        values = statistics.by_world(self.cells, part, what)
        return {table: values[table] for table in self.tables(part) if table in values}

    def paired(
        self, part: str, pairs: Mapping[str, tuple[str, str]], what: str = "score"
    ) -> dict[str, dict[str, Mapping]]:
        """One row less another, by a name for the pair and by table; Holm over all that are asked for.

        The summary holds GenRe's Score against all others; this is for other metrics, and other pairs.
        """
        found = {
            name: {
                table: statistics.paired(of[one], of[other])
                for table, of in self.worlds(part, what).items()
                if of.get(one, {}).keys() & of.get(other, {}).keys()
            }
            for name, (one, other) in pairs.items()
        }
        statistics.judged_together(
            {(name, table): of for name, told in found.items() for table, of in told.items()}
        )
        return {name: told for name, told in found.items() if told}

    def made(self, part: str) -> tuple[int, int]:
        """How many cells of a part are made, or failed; and how many there will be."""
        keys = list(PARTS[part].keys(part))
        return sum(key in self.cells for key in keys), len(keys)

    def standing(self) -> tuple[int, int, float]:
        """How many cells today's code made, how many stand by these, and the hours of all.

        Examples
        --------
        >>> cells = {"main/german/genre/0": {"seconds": 1800}}
        >>> cells["main/german/genre/1"] = {"seconds": 1800, "stands_by": ["main/german/genre/0"]}
        >>> Field({"cells": cells}).standing()
        (1, 1, 1.0)
        """
        stand = sum("stands_by" in cell for cell in self.cells.values())
        seconds = sum(cell.get("seconds") or 0 for cell in self.cells.values())
        return len(self.cells) - stand, stand, seconds / 3600

    def missing(self, part: str) -> str:
        """What is not made of a part, and what makes it; empty if nothing is missing."""
        made, wanted = self.made(part)
        if made == wanted:
            return ""
        command = f"`python -m benchmarks.field --parts {part}`"
        if not made:
            return f"Not made yet: {command}."
        return f"Of this part {made:,} of {wanted:,} cells are made; the rest: {command}."


# -- sentences ---------------------------------------------------------------------------------------


def say(text: str) -> None:
    """Show a paragraph, if there is one."""
    if text:
        display(Markdown(text))


def points(*lines: str) -> None:
    """Show sentences as a list, without the empty ones; one alone is a paragraph."""
    known = [line for line in lines if line]
    say(known[0] if len(known) == 1 else "\n".join(f"- {line}" for line in known))


# -- what a comparison shows ------------------------------------------------------------------------


def standing(of: Mapping) -> str:
    """``"ahead"``, ``"behind"``, ``"open"`` (neither stands), ``"once"`` (one world), or ``""``."""
    if not of:
        return ""
    if of.get("p") is None or math.isnan(of["p"]):
        return "once"
    if not of["stands"]:
        return "open"
    return "ahead" if of["mean"] > 0 else "behind"


def verdict(of: Mapping, digits: int = 3) -> str:
    """A paired difference in words: what stands after Holm, or how far apart the two may be at most.

    Examples
    --------
    >>> told = {"mean": -0.02, "half_width": 0.01, "p": 1e-6, "stands": True}
    >>> verdict(told).replace(SPACE, " ")
    'behind by 0.020 ± 0.010, and that stands'
    """
    kind = standing(of)
    if kind in ("ahead", "behind"):
        return f"{kind} by {_size(of, digits)}, and that stands"
    if kind == "open":
        return f"not told apart ({interval(of, digits, sign=True)}): {bound([of], digits)}"
    return {"once": "one world alone, which shows nothing", "": "not made yet"}[kind]


def bound(of: Collection[Mapping], digits: int = 3) -> str:
    """How far apart two rows are at most that are not told apart, and what would have been shown.

    Of several comparisons it is the widest bound, and what the least sharp of them would have shown. Where
    all worlds differ by the same there is no bound.
    """
    known = [one for one in of if number(one["within"]) != UNKNOWN]
    if not known:
        return ALIKE
    many = len(known) > 1
    within = number(max(one["within"] for one in known), digits)
    level = f"{share(1 - statistics.LEVEL)} bound"
    level = f"{level}s, each for itself" if many else f"a {level}"
    dull = max(known, key=lambda one: one["could"])
    count = f"{dull['worlds']} worlds"
    who = f"the least sharp of these comparisons, with {count}," if many else count
    said = (
        f"at most {within} lies between them ({level}), and {who} would have shown a difference of "
        f"{number(dull['could'], digits)} in four of five cases"
    )
    alike = len(of) - len(known)
    rest = f"; in {alike} of {len(of)} comparisons {ALIKE}"
    return said + rest * bool(alike)


def _size(of: Mapping, digits: int = 3) -> str:
    """How large a difference is, whatever its sign."""
    return interval({**of, "mean": abs(of["mean"])}, digits)


def worlds(count: Mapping[str, int]) -> str:
    """How many worlds some rows have, as a sentence; most rows have as many as each other.

    Examples
    --------
    >>> worlds({"genre": 20, "nice": 5, "roar": 10, "dice": 10})
    'Worlds a table: 20 for GenRe; 5 for NICE; 10 for all others.'
    """
    rows: dict[int, list[str]] = {}
    for row, n in count.items():
        rows.setdefault(n, []).append(row_name(row))
    if not rows:
        return ""
    usual = max(rows, key=lambda n: len(rows[n]))
    told = [f"{n} for {listed(of)}" for n, of in sorted(rows.items(), reverse=True) if n != usual]
    rest = f"{usual} for all others" if told else f"{usual}"
    return f"Worlds a table: {'; '.join([*told, rest])}."


def against(
    field: Field, whom: str, rows: Sequence[str], *, part: str = "main", reference: str = "genre"
) -> str:
    """Where a row is ahead of some others, level with them within a bound, and behind: a sentence.

    Parameters
    ----------
    whom
        What the others are called together; the sentence begins with it.
    rows
        The others.
    """
    found: dict[str, dict[tuple[str, str], Mapping]] = {}
    for row in rows:
        for table in field.tables(part):
            of = field.difference(part, table, row, reference)
            if of:
                found.setdefault(standing(of), {})[row, table] = of
    total = sum(map(len, found.values()))
    if not total:
        return f"**{whom}.** {'Not made yet.' if field.missing(part) else 'Not asked.'}"

    me, said = row_name(reference), []
    asked = {row: [t for of in found.values() for r, t in of if r == row] for row in rows}

    def where(kind: str, link: str, every: str) -> str:
        keys = found[kind]
        alone = sum(map(bool, asked.values())) == 1
        if len(keys) == total > 1 and not alone:
            return f"in {every} {total} comparisons"
        together: dict[str, list[str]] = {}  # rows of the same tables
        for row in dict.fromkeys(row for row, _ in keys):
            on = [t for r, t in keys if r == row]
            whole = len(on) == len(asked[row]) > 1
            place = f"{every} {len(on)} tables" if whole else listed(map(table_name, on))
            together.setdefault(place, []).append(the(row))
        if len(together) > 2 or max(map(len, together.values())) > FEW:
            return f"in {len(keys)} of {total} comparisons"
        if alone:
            return f"on {next(iter(together))}"
        return listed(f"{link}{listed(names)} on {place}" for place, names in together.items())

    for kind, link in (("ahead", "of "), ("behind", "")):
        if kind in found:
            sizes = sorted(found[kind].values(), key=lambda of: abs(of["mean"]))
            size = " to ".join(dict.fromkeys(_size(of) for of in (sizes[0], sizes[-1])))
            said.append(f"**{kind}** {where(kind, link, 'all')}, by {size}, and that stands")
    if "open" in found:
        apart = bound(found["open"].values())
        said.append(f"**not told apart** {where('open', 'from ', 'any of the')}: {apart}")
    if "once" in found:
        said.append(f"seen in one world, which shows nothing, {where('once', 'beside ', 'all')}")
    return f"**{whom}.** {me} is {'; it is '.join(said)}."


# -- tables -----------------------------------------------------------------------------------------


def table(
    frame: pd.DataFrame,
    caption: str,
    *,
    bold: Collection[tuple[Hashable, str]] = (),
    compact: bool = False,
) -> HTML:
    """A frame as a table that can be read aloud, and that scrolls in its own box where it is too wide.

    Parameters
    ----------
    frame
        What stands in the cells: texts, or means with intervals as :func:`interval` takes them. With two
        levels of rows, the first gives groups. The name of the index heads the rows.
    caption
        Above the table.
    bold
        Cells as (row, column), a row by its whole key.
    compact
        In small letters.

    Examples
    --------
    >>> frame = pd.DataFrame({"a < b": ["1"]}, index=["row"])
    >>> "<th scope=\\"col\\">a &lt; b</th>" in table(frame, "Which?").data
    True
    """
    levels = frame.index.nlevels
    names = frame.index.get_level_values(-1)
    heads = "".join(f'<th scope="col">{escape(str(column))}</th>' for column in frame.columns)
    corner = escape(str(frame.index.names[-1] or ""))
    corner = f'<th scope="col">{corner}</th>' if corner else "<td></td>"
    parts, last = [f"<thead><tr>{corner}{heads}</tr></thead>", "<tbody>"], None
    for place, (key, name) in enumerate(zip(frame.index, names, strict=True)):
        group = key[0] if levels > 1 else None
        if group != last:
            span = len(frame.columns) + 1
            parts.append("</tbody><tbody>" if last is not None else "")
            parts.append(
                f'<tr><th scope="rowgroup" colspan="{span}">{escape(str(group))}</th></tr>'
            )
            last = group
        cells = "".join(
            _cell(value, (key, column) in bold)
            for column, value in zip(frame.columns, frame.iloc[place], strict=True)
        )
        parts.append(f'<tr><th scope="row">{escape(str(name))}</th>{cells}</tr>')
    kind = "dataframe compact" if compact else "dataframe"
    return HTML(
        f"{COMPACT if compact else ''}"
        '<div class="pst-scrollable-table-container" role="region" tabindex="0" '
        f'aria-label="{escape(caption)}"><table class="{kind}"><caption>{escape(caption)}</caption>'
        f"{''.join(parts)}</tbody></table></div>"
    )


def differences(found: Mapping[str, Mapping[str, Mapping]], caption: str, digits: int = 3) -> HTML:
    """What :meth:`Field.paired` has found, as a table: in bold what stands after Holm."""
    alone = any(
        one and number(one.get("half_width")) == UNKNOWN
        for of in found.values()
        for one in of.values()
    )
    if alone:
        end = "" if caption.endswith((".", "?", "!")) else "."
        caption += f"{end} Without ±: one world, or the same difference in all."
    tables = dict.fromkeys(t for of in found.values() for t in of)
    frame = pd.DataFrame(
        {
            table_name(t): {
                name: interval(of.get(t, {}), digits, sign=True, compact=True)
                for name, of in found.items()
            }
            for t in tables
        }
    )
    bold = {(n, table_name(t)) for n, of in found.items() for t in of if of[t].get("stands")}
    return table(frame, caption, bold=bold, compact=True)


def _cell(value: object, bold: bool) -> str:
    if isinstance(value, Mapping):
        value = interval(value)
    if value is None or (isinstance(value, float) and math.isnan(value)):
        value = UNKNOWN
    text = escape(str(value))
    return f"<td>{f'<strong>{text}</strong>' if bold else text}</td>"
