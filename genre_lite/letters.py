"""An answer said to the person whom it concerns: a letter in plain text, and a card in HTML.

Both are written from the same sentences, and every word of them stands in a
:class:`~genre_lite.wording.Wording`. So a bank has its lawyer's words, or another language, without
touching code:
``answer.describe(person, wording=gl.Wording.from_json(text))``.

A letter says what was asked for, how likely a yes is now and where the bar is, what each option asks for
and what it leads to. What stays, and what nobody can change, is not in it; neither is the cost.
"""

from __future__ import annotations

import math
import string
import textwrap
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from functools import cached_property
from html import escape
from itertools import groupby, islice
from typing import TYPE_CHECKING, Any

import pandas as pd

from .errors import GenReError
from .feature import Feature
from .relations import Relation
from .schema import Refusal
from .wording import ENGLISH, Wording

if TYPE_CHECKING:
    from .recourses import Recourses

__all__ = ["ENGLISH", "Letter", "Offer", "Wording", "cards", "headline", "table"]

WIDTH = 76  # characters a line: what a page of the book shows without scrolling
ITEM = "- "  # begins a line of a list
UNCHANGED = "·"
LEVELS = 12  # of a feature, named to somebody whose own is none of them
# Colours are the page's own, so that a card can be read on a light and on a dark page.
STYLE = """<style>
.genre-recourse {overflow-x: auto; margin: 0 0 1.5em; color: inherit}
.genre-recourse table {border-collapse: collapse; margin: 0 0 1em; color: inherit}
.genre-recourse caption {text-align: left; caption-side: top; color: inherit; padding: 0 0 .5em}
.genre-recourse th, .genre-recourse td {text-align: left; vertical-align: top; color: inherit;
  padding: .3em .8em; border: 0; border-bottom: 1px solid #8888; background: none}
.genre-recourse td.changed {font-weight: bold; box-shadow: inset 3px 0 0 currentColor}
.genre-recourse del {font-weight: normal; text-decoration: none; opacity: .8}
.genre-recourse ins {text-decoration-thickness: 2px}
.genre-recourse p {max-width: 40em}
</style>"""


@dataclass(frozen=True)
class Offer:
    """One option in words."""

    name: str
    condition: str
    verdict: str
    yes: bool  # as far as is known, the model says it
    asks: dict[int, str]  # by the feature's place: what to change, as a sentence
    moves: dict[int, tuple[str, str]]  # the same as from and to
    following: str  # what relations then compute, such as a total
    waiting: str


class Letter:
    """What one person is told, in words: :attr:`text`, or a card by :func:`cards`.

    Parameters
    ----------
    answer
        Of any method.
    person
        Their label; of those who were skipped as well.
    option
        The number of one option; all that were found if left out.
    wording
        The words.

    Raises
    ------
    GenReError
        If the person or the option is not known.
    """

    def __init__(
        self,
        answer: Recourses,
        person: Hashable,
        option: int | None = None,
        wording: Wording = ENGLISH,
    ) -> None:
        self.answer, self.label, self.wording = answer, person, wording
        self.schema = answer.schema
        self.skipped = answer.why_skipped(person)
        if self.skipped is not None:
            return
        self.person = answer.person(person)
        numbers = [o["option"] for o in self.person["options"]]
        if option is not None and option not in numbers:
            raise GenReError(f"Person {person!r} has no option {option!r}; known: {numbers}.")
        self.option = option

    # -- the sentences --------------------------------------------------------------------------

    @cached_property
    def opening(self) -> list[str]:
        """How it stands today."""
        if self.skipped is not None:
            return self._unread()
        say, bar, score = self.wording.say, self.answer.threshold, self.person["score"]
        places = {"outcome": self.answer.outcome}
        if self.person["accepted"] and score is None:
            score = self.person["options"][0]["probability"]
        if score is not None:
            places |= {"chance": self.wording.percent(score, bar)}
        if bar is not None:
            places |= {"bar": self.wording.bar(bar)}
        first = "_first" if bar is None else ""
        if self.person["accepted"]:
            return [say(f"accepted{first}", **places)]
        return [
            say("denied", **places),
            *([say(f"now{first}", **places)] if score is not None else []),
        ]

    @cached_property
    def offers(self) -> list[Offer]:
        """The options that were found."""
        if self.skipped is not None or self.person["accepted"]:
            return []
        wanted = (o for o in self.person["options"] if self.option in (None, o["option"]))
        return [self._offer(option) for option in wanted if option["found"]]

    @cached_property
    def closing(self) -> list[str]:
        """That fewer changes may do, and that some of the options, or all, were not found."""
        if self.skipped is not None or self.person["accepted"]:
            return []
        say, asked = self.wording.say, len(self.person["options"])
        if not self.offers:
            return self._nothing()
        told = []
        if any(len(offer.asks) > 1 and offer.yes for offer in self.offers):
            told.append(self.wording.out_of_reach)
        if self.option is None and len(self.offers) < asked:
            told.append(say("fewer", asked=asked, found=len(self.offers)))
        return told

    @cached_property
    def always(self) -> list[str]:
        """Their rights, and what this is not, for everybody who was denied."""
        denied = self.skipped is None and not self.person["accepted"]
        return [self.wording.rights, self.wording.care] if denied else []

    @property
    def blocks(self) -> list[list[str]]:
        """The letter in parts, a sentence a line; a line of a list begins with a dash."""
        told = [self.opening]
        several = self.skipped is None and len(self.person["options"]) > 1
        for offer in self.offers:
            say = self.wording.say
            head = say("offer", condition=offer.condition, verdict=offer.verdict)
            head = f"{offer.name}. {head}" if several else head
            lines = [head + (":" if offer.asks else ".")]
            lines += [ITEM + ask for ask in offer.asks.values()]
            lines += [said for said in (offer.following, offer.waiting) if said]
            told.append([*lines, self.wording.nothing_else])
        return [block for block in (*told, self.closing, self.always) if block]

    @property
    def text(self) -> str:
        """The letter in plain text."""
        return "\n\n".join("\n".join(map(_filled, block)) for block in self.blocks)

    @property
    def html(self) -> str:
        """The letter in paragraphs of HTML, with what :attr:`always` says in small print."""
        *told, last = ["".join(_paragraphs(block)) for block in self.blocks]
        small = f'<div class="small">{last}</div>' if self.always else last
        return "".join([*told, small])

    def _offer(self, option: dict) -> Offer:
        w, time = self.wording, _Time(self.schema, option["changes"])
        asks, moves, computed = {}, {}, self._computed
        for change in option["changes"]:
            j = self.schema.names.index(change["feature"])
            if j in time.clocks:
                continue
            before, after = change["from"], change["to"]
            moves[j] = self._from_to(self.schema[j], before, after)
            if j in computed:
                continue
            asks[j] = w.say(
                _verb(self.schema[j], before, after),
                title=w.name(self.schema[j].title),
                **dict(zip(("before", "after"), moves[j], strict=True)),
            )
        verdict = self._verdict(option["probability"])
        condition = w.with_changes if asks else w.with_time if time.clocks else w.with_nothing
        following = waiting = ""
        if any(j in computed for j in moves):
            passing = [self._passing(j, moves[j]) for j in moves if j in computed]
            following = w.say("following", passing=w.listed(passing))
        if time.clocks:
            passing = [
                self._passing(j, self._from_to(self.schema[j], *ends))
                for j, ends in time.clocks.items()
            ]
            waiting = w.say("waiting", time=w.time(time.years), passing=w.listed(passing))
        return Offer(
            w.say("option", letter=lettered(option["option"])),
            condition,
            w.say(verdict, chance=w.percent(option["probability"], self.answer.threshold)),
            verdict == "yes_then",
            asks,
            moves,
            following,
            waiting,
        )

    def _passing(self, j: int, move: tuple[str, str]) -> str:
        before, after = move
        title = self.wording.name(self.schema[j].title)
        return self.wording.say("passing", title=title, before=before, after=after)

    @cached_property
    def _computed(self) -> set[int]:
        """The features that a relation computes which this person's row keeps."""
        row = self.answer.factual.loc[[self.label]]
        codes = self.schema.codes(row)
        relations = (Relation.parse(text, self.schema) for text in self.schema.relations)
        return {
            self.schema.names.index(relation.defines)
            for relation in relations
            if relation.defines is not None and relation.holds(codes).all()
        }

    def _from_to(self, feature: Feature, before: object, after: object) -> tuple[str, str]:
        return (
            self.wording.value(feature, before, after),
            self.wording.value(feature, after, before),
        )

    def _verdict(self, probability: float) -> str:
        """Which words tell what the model then says."""
        bar = self.answer.threshold
        if bar is not None:
            return "yes_then" if probability > bar else "no_then"
        # Who checks its options gives none that is denied.
        return "yes_then" if self.answer.origin.get("checked", True) else "chance_then"

    def _nothing(self) -> list[str]:
        """Why there is no option, as far as that can be said, and what to do."""
        w, terms = self.wording, self.person["terms"]
        wishes, unsure = [], pd.Series(dtype=bool)
        if self.option is None and len(self.answer.why):
            why = self.answer.why
            mine = why[[_same(label, self.label) for label in why["person"]]]
            unsure = mine["term"].astype(str).str.startswith("a margin of ") & (mine["found"] > 0)
            for term, draws, found in mine[["term", "draws", "found"]].itertuples(index=False):
                wish = self._wish(str(term), terms)
                if wish and found:
                    wishes.append(w.say("bind", wish=wish, found=int(found), draws=int(draws)))
        told = [w.none_sure if unsure.any() else w.none_wished if terms else w.none]
        if wishes:
            return [*told, w.binding, *(ITEM + wish for wish in wishes), w.what_to_wish]
        return [*told, w.what_to_loosen if terms else w.what_to_do]

    def _wish(self, term: str, terms: dict) -> str | None:
        """A term as :meth:`~genre_lite.limits.Limits.relaxed` names it, if it is the person's own."""
        w = self.wording
        for f in self.schema:
            if f.actionability == "immutable":
                continue
            title = w.name(f.title)
            if term == f"{f.name}: frozen" and f.name in terms.get("freeze", ()):
                return w.say("wish_freeze", title=title)
            if term == f"{f.name}: bounds" and f.name in terms.get("bounds", {}):
                low, high = terms["bounds"][f.name]
                kind = (
                    "wish_low" if high is None else "wish_high" if low is None else "wish_between"
                )
                ends = {"low": w.value(f, low), "high": w.value(f, high)}
                return w.say(kind, title=title, **ends)
            if term == f"{f.name}: largest step" and f.name in terms.get("largest", {}):
                return w.say(
                    "wish_largest", title=title, largest=w.value(f, terms["largest"][f.name])
                )
        if term.startswith("at most ") and "max_changes" in terms:
            return w.say("wish_changes", most=w.number(int(terms["max_changes"])))
        if term.startswith("no waiting beyond "):
            wait = terms.get("wait", 0)
            return w.say("wish_wait", time=w.time(wait)) if wait else w.wish_now
        return None

    def _unread(self) -> list[str]:
        """Which entry of a form cannot be read, and what to hand in."""
        w, reason = self.wording, self.skipped
        if not isinstance(reason, Refusal) or reason.column not in self.schema.names:
            return [w.say("refused", reason=reason)]
        f = self.schema[self.schema.names.index(reason.column)]
        title = w.name(f.title)
        if reason.value is None:
            said = w.say("absent", title=title)
        else:
            said = w.say("unreadable", title=title, value=w.say("quoted", text=reason.value))
        return [said, w.say("hand_in", wanted=self._wanted(f))]

    def _wanted(self, f: Feature) -> str:
        w = self.wording
        if f.is_categorical:
            kind = "wanted_level" if len(f.categories) <= LEVELS else "wanted_near"
            # As a form has to have them: a truth value is no "yes".
            known = (str(c) if isinstance(c, bool) else w.value(f, c) for c in f.categories)
            return w.say(kind, levels=w.comma.join(islice(known, LEVELS)))
        kind = {"": "wanted_number", "year": "wanted_year"}.get(f.unit, "wanted_unit")
        wanted = w.say(kind, unit=f.unit)
        for end in ("low", "high"):
            if getattr(f, end) is not None:
                wanted = w.say(f"wanted_{end}", wanted=wanted, **{end: w.value(f, getattr(f, end))})
        return wanted

    # -- the card -------------------------------------------------------------------------------

    @property
    def card(self) -> str:
        """The letter as HTML, but for what :attr:`always` says."""
        w, name = self.wording, _called(self.label)
        label = escape(w.say("card", person=name))
        parts = [f"<p><strong>{label}</strong></p>", *_paragraphs(self.opening)]
        if self.offers:
            parts.append(self._table(escape(w.say("caption", person=name))))
            parts += _paragraphs([w.nothing_else])
        parts += _paragraphs(self.closing)
        inside = "\n".join(parts)
        return (
            f'<div class="genre-recourse" role="region" tabindex="0" aria-label="{label}">\n'
            f"{inside}</div>"
        )

    def _table(self, caption: str) -> str:
        w, offers = self.wording, self.offers
        heads = "".join(
            f'<th scope="col">{escape(head)}</th>'
            for head in (w.column_feature, *(offer.name for offer in offers))
        )
        changed = sorted({j for offer in offers for j in offer.moves})
        rows = [
            _row(self.schema[j].title, [self._cell(offer.moves.get(j)) for offer in offers])
            for j in changed
        ]
        if any(offer.waiting for offer in offers):
            rows.append(_row(w.row_time, [f"<td>{escape(offer.waiting)}</td>" for offer in offers]))
        rows.append(_row(w.row_then, [f"<td>{escape(offer.verdict)}</td>" for offer in offers]))
        return (
            f"<table><caption>{caption}</caption>\n<thead><tr>{heads}</tr></thead>\n"
            f"<tbody>{''.join(rows)}</tbody></table>"
        )

    def _cell(self, move: tuple[str, str] | None) -> str:
        if move is None:
            return f"<td>{escape(self.wording.stays)}</td>"
        before, after = map(escape, move)
        return f'<td class="changed"><del>{before}</del> → <ins>{after}</ins></td>'


def cards(
    answer: Recourses,
    people: Sequence[Hashable],
    wording: Wording = ENGLISH,
    most: int | None = None,
) -> str:
    """The cards of some people, one below the other, as HTML that is escaped and needs no colour.

    With ``most``, only the first so many, and how many more there are.
    """
    letters = [Letter(answer, label, wording=wording) for label in people[:most]]
    more = len(people) - len(letters)
    always = dict.fromkeys(line for letter in letters for line in letter.always)
    return "\n".join(
        [
            STYLE,
            *(letter.card for letter in letters),
            *(_paragraphs([wording.say("more", count=more)]) if more else []),
            *(f"<p><small>{escape(line)}</small></p>" for line in always),
        ]
    )


def headline(answer: Recourses, person: Hashable) -> str:
    """One person's answer in one line; see :meth:`~genre_lite.recourses.Recourses.headline`."""
    if answer.why_skipped(person) is not None:
        return f"Person {person}: skipped, for their row cannot be read"
    told = answer.person(person)
    if told["accepted"]:
        return f"Person {person}: already accepted, nothing needs to change"
    found = [option for option in told["options"] if option["found"]]
    if not found:
        return f"Person {person}: denied, and {answer.method} found no option"
    number, changes = found[0]["option"], len(found[0]["changes"])
    return f"Person {person}: denied; option {number} changes {changes} of {len(answer.schema)} features"


def table(answer: Recourses, person: Hashable) -> pd.DataFrame:
    """One person's options side by side; see :meth:`~genre_lite.recourses.Recourses.table`."""
    told, schema = answer.person(person), answer.schema
    now = told["factual"]
    columns = {"now": [f.format(now[f.name]) for f in schema]}
    for option in told["options"]:
        if option["found"] and not told["accepted"]:
            moves = {change["feature"]: change["to"] for change in option["changes"]}
            columns[f"option {option['option']}"] = [
                f.format(moves[f.name], now[f.name]) if f.name in moves else UNCHANGED
                for f in schema
            ]
    return pd.DataFrame(columns, index=pd.Index([f.title for f in schema], name="feature"))


class _Time:
    """The clocks that an option moves, and the years that this takes."""

    def __init__(self, schema: Sequence[Feature], changes: list[dict]) -> None:
        self.clocks: dict[int, tuple[object, object]] = {}
        years = []
        for j, f in enumerate(schema):
            for change in changes:
                ends = change["from"], change["to"]
                if change["feature"] != f.name or f.actionability != "clock" or None in ends:
                    continue
                passed = _passed(f, *ends)
                if passed > 0:
                    self.clocks[j] = ends
                    years.append((f.is_categorical, passed))
        # A number tells the years exactly; a level only how many it takes at most.
        exact = [passed for rough, passed in years if not rough]
        self.years = max(exact or [passed for _, passed in years], default=0)


def _passed(clock: Feature, before: Any, after: Any) -> float:
    if not clock.is_categorical:
        return round((after - before) / clock.a_year, 6)
    edges = dict(zip(clock.categories, clock.edges, strict=False))
    if None in (edges.get(before), edges.get(after)):
        return math.nan
    return edges[after] - edges[before]


def _verb(feature: Feature, before: Any, after: Any) -> str:
    if before is None:
        return "stating"
    if feature.kind == "nominal" or after is None:
        return "changing"
    rank = feature.categories.index if feature.is_categorical else float
    return "raising" if rank(after) > rank(before) else "lowering"


def lettered(number: int) -> str:
    """A, B, …, Z, AA, AB, …"""
    more, last = divmod(number, 26)
    return (lettered(more - 1) if more else "") + string.ascii_uppercase[last]


def _same(a: object, b: object) -> bool:
    return a == b or (a != a and b != b)


def _called(person: Hashable) -> str:
    return " ".join(map(str, person)) if isinstance(person, tuple) else str(person)


def _filled(line: str) -> str:
    if line.startswith(ITEM):
        return line
    return textwrap.fill(line, WIDTH, break_long_words=False, break_on_hyphens=False)


def _paragraphs(lines: Sequence[str]) -> list[str]:
    """Sentences as paragraphs, and what stands in a list as one."""
    parts = []
    for is_item, group in groupby(lines, key=lambda line: line.startswith(ITEM)):
        if is_item:
            items = "".join(f"<li>{escape(line.removeprefix(ITEM))}</li>" for line in group)
            parts.append(f"<ul>{items}</ul>")
        else:
            parts += [f"<p>{escape(line)}</p>" for line in group]
    return parts


def _row(title: str, cells: Sequence[str]) -> str:
    return f'<tr><th scope="row">{escape(title)}</th>{"".join(cells)}</tr>\n'
