"""Every word of a letter: templates in English, and what it takes to have them in another language.

A bank's lawyer, or a translator, works on one file: ``Wording().to_json()`` writes it, and
``Wording.from_json`` reads it again and refuses what would leave a hole in a letter.
"""

from __future__ import annotations

import json
import re
import string
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from typing import Self

from .errors import GenReError
from .feature import Feature

__all__ = ["ENGLISH", "Wording"]

_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*")


@dataclass(frozen=True)
class Wording:
    """Every word of a letter and of a card: templates with {places}, and the marks of numbers.

    The defaults are English; ``language`` is the tag of another one, such as ``"nl"`` or ``"pt-BR"``, for what
    reads letters aloud or translates them. A place that a template's English does not have is an error, for nothing
    would fill it; places may be left out, and may change their order.

    Raises
    ------
    GenReError
        Naming the template and the place, or the names that there are.

    Examples
    --------
    >>> words = {"denied": "Uw aanvraag voor {outcome} is afgewezen.", "decimal": ",", "thousands": "."}
    >>> dutch = Wording(language="nl", **words)
    >>> dutch.say("denied", outcome="een lening")
    'Uw aanvraag voor een lening is afgewezen.'
    >>> Wording(denied="No {loan}.")
    Traceback (most recent call last):
    genre_lite.errors.GenReError: The wording of 'denied' has a place {loan}; it may have {outcome}.
    """

    language: str = "en"
    # How it stands today.
    denied: str = "You were denied {outcome}."
    now: str = (
        "The model gives you a probability of {chance}, as you are today. "
        "It says yes to everybody above {bar}."
    )
    now_first: str = (
        "The model gives you a probability of {chance}, as you are today. "
        "It says yes to everybody for whom a yes is its first choice."
    )
    accepted: str = (
        "Good news: nothing has to change. The model already says yes to {outcome}; "
        "the probability is {chance}, and the bar is {bar}."
    )
    accepted_first: str = (
        "Good news: nothing has to change. A yes to {outcome} is the model's first choice already; "
        "the probability is {chance}."
    )
    # An option: on which condition, and what then.
    option: str = "Option {letter}"
    offer: str = "{condition}, {verdict}"
    with_changes: str = "With these changes"
    with_time: str = "If you wait"
    with_nothing: str = "As you are"
    yes_then: str = "the model would give you {chance} and say yes"
    no_then: str = "the model would give you {chance} and still say no"
    chance_then: str = "the model would give you {chance}"
    raising: str = "raise {title} from {before} to {after}"
    lowering: str = "lower {title} from {before} to {after}"
    changing: str = "change {title} from {before} to {after}"
    stating: str = "state {title}, if it is {after}"
    following: str = "By that, {passing}."
    waiting: str = "Allow {time} for this; meanwhile, {passing}."
    passing: str = "{title} goes from {before} to {after}"
    nothing_else: str = "Nothing else on your form has to change."
    out_of_reach: str = (
        "Fewer of these changes may be enough for the model. If one of them is out of your reach, say "
        "which, and ask for a way without it."
    )
    fewer: str = "Of the {asked} options asked for, {found} could be found."
    # No option.
    none: str = (
        "No option was found for you. Of the changes that the search tried, the model would say yes to "
        "none. That is what was tried, and no proof that there is no way."
    )
    none_sure: str = (
        "No option was found for you. Of the changes that the search tried, the model would say yes to "
        "none with as much certainty as is asked for. That is what was tried, and no proof that there is "
        "no way."
    )
    none_wished: str = (
        "No option was found for you. Of the changes that the search tried within your own wishes, the "
        "model would say yes to none. That is what was tried, and no proof that there is no way."
    )
    binding: str = "As far as the search shows, these limits stand in the way:"
    bind: str = "{wish}: without this limit, {found} of {draws} sets of changes led to a yes"
    wish_freeze: str = "that {title} stays as it is"
    wish_low: str = "that {title} is at least {low}"
    wish_high: str = "that {title} is at most {high}"
    wish_between: str = "that {title} lies between {low} and {high}"
    wish_largest: str = "that {title} changes by at most {largest}"
    wish_changes: str = "that the number of changes is at most {most}"
    wish_wait: str = "that you wait no longer than {time}"
    wish_now: str = "that there is no time to wait"
    what_to_do: str = (
        "What you can do: ask for a person to look at your case, and ask again when something about you "
        "has changed."
    )
    what_to_wish: str = (
        "What you can do: ask again without one of these limits, and ask for a person to look at your "
        "case."
    )
    what_to_loosen: str = (
        "What you can do: ask again with fewer wishes, and ask for a person to look at your case."
    )
    # Somebody whose form cannot be read.
    unreadable: str = (
        "There is no answer yet: for {title} your form says {value}, which cannot be read."
    )
    absent: str = "There is no answer yet: in your form, {title} is missing."
    refused: str = "There is no answer yet: {reason}"
    hand_in: str = "Please hand in {wanted}."
    wanted_number: str = "a number"
    wanted_unit: str = "a number in {unit}"
    wanted_year: str = "a year, in four digits"
    wanted_low: str = "{wanted}, at least {low}"
    wanted_high: str = "{wanted}, at most {high}"
    wanted_level: str = "one of these: {levels}"
    wanted_near: str = "one of the known values, such as: {levels}"
    # What is always said.
    rights: str = (
        "You may contest this decision, have wrong data about you corrected, and ask for a person to "
        "decide."
    )
    care: str = (
        "This describes how the model decides today. It is not a promise of acceptance, and not advice "
        "on causes: changing one thing in life may move others."
    )
    # The card.
    card: str = "Answer for {person}"
    caption: str = "What could change for {person}"
    column_feature: str = "What changes"
    row_then: str = "What then"
    row_time: str = "Time"
    stays: str = "stays"
    more: str = "and {count} more"
    # Numbers and small words.
    thousands: str = ","
    decimal: str = "."
    chance: str = "{number}%"
    little: str = "less than 1%"
    nearly: str = "more than 99%"
    one_year: str = "1 year"
    years: str = "{number} years"
    missing: str = "missing"
    true: str = "yes"
    false: str = "no"
    quoted: str = "“{text}”"
    comma: str = ", "
    ampersand: str = " and "

    def __post_init__(self) -> None:
        for field in fields(self):
            text = getattr(self, field.name)
            if not isinstance(text, str):
                raise GenReError(f"The wording of {field.name!r} is {text!r}; give text.")
            english = getattr(type(self), field.name)  # a dataclass keeps its defaults there
            known = _places(field.name, english)
            for place in _places(field.name, text):
                if place not in known:
                    may = ", ".join(f"{{{name}}}" for name in known) or "none"
                    raise GenReError(
                        f"The wording of {field.name!r} has a place {{{place}}}; it may have {may}."
                    )
        if not _LANGUAGE.fullmatch(self.language):
            raise GenReError(
                f"The wording of 'language' is {self.language!r}; give the tag of a language, such as 'nl' or 'pt-BR'."
            )
        for name in ("thousands", "decimal"):
            if len(getattr(self, name)) != 1:
                raise GenReError(
                    f"The wording of {name!r} is {getattr(self, name)!r}; give one character."
                )

    def say(self, template: str, **places: object) -> str:
        """A template with its places filled in."""
        return getattr(self, template).format(**places)

    def to_json(self) -> str:
        """Every template by name, as JSON text: a file for a translator."""
        return json.dumps(asdict(self), ensure_ascii=False, indent=2)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """The wording that :meth:`to_json` wrote, whole.

        Raises
        ------
        GenReError
            If a template is missing or unknown, or has a place that nothing fills.

        Examples
        --------
        >>> Wording.from_json(ENGLISH.to_json()) == ENGLISH
        True
        """
        from .reading import each_once  # which knows tables, and wordings do not

        try:
            given = json.loads(text, object_pairs_hook=each_once)
        except json.JSONDecodeError as error:
            raise GenReError(
                f"This wording is no JSON ({error}); begin with Wording.to_json."
            ) from None
        names = [field.name for field in fields(cls)]
        if not isinstance(given, dict):
            raise GenReError("This wording is no JSON object; begin with Wording.to_json.")
        for what, wrong in (
            ("unknown", [name for name in given if name not in names]),
            ("missing", [name for name in names if name not in given]),
        ):
            if wrong:
                raise GenReError(
                    f"Templates that are {what}: {', '.join(wrong)}. A wording has {', '.join(names)}."
                )
        return cls(**given)

    # -- small words ----------------------------------------------------------------------------

    def number(self, value: float, beside: float | None = None) -> str:
        """A number in these marks."""
        return Feature("number").format(value, beside, marks=self.thousands + self.decimal)

    def value(self, feature: Feature, value: object, beside: object = None) -> str:
        """A feature's value; a level of several words is quoted, so that “0 to 200” keeps together."""
        if value is None:
            return self.missing
        if isinstance(value, bool):
            return self.true if value else self.false
        if feature.is_categorical:
            whole = isinstance(value, float) and value.is_integer()  # a code beside gaps
            text = f"{value:.0f}" if whole else str(value)
            return self.say("quoted", text=text) if " " in text or "," in text else text
        return feature.format(value, beside, marks=self.thousands + self.decimal)

    def name(self, text: str) -> str:
        """A title as part of a sentence; one with a comma inside is quoted."""
        return self.say("quoted", text=text) if "," in text else text

    def bar(self, threshold: float) -> str:
        """A threshold in full."""
        return self.say("chance", number=self.number(100 * threshold))

    def percent(self, chance: float, bar: float | None) -> str:
        """A probability in whole percents, or with as many digits as tell it from the bar, from none and from all."""
        if bar is None or 0.01 < bar < 0.99:
            if 0 < chance < 0.005:
                return self.little
            if 0.995 <= chance < 1:
                return self.nearly
        whole = round(100 * chance)
        number = self.number(whole)
        if bar is not None and whole == round(100 * bar):
            number = self.number(100 * chance, beside=100 * bar)
        elif whole in (0, 100) and 100 * chance != whole:  # where the bar leaves no room for words
            number = self.number(100 * chance, beside=whole)
        return self.say("chance", number=number)

    def time(self, years: float) -> str:
        """So many years."""
        return self.one_year if years == 1 else self.say("years", number=self.number(years))

    def listed(self, parts: Sequence[str]) -> str:
        """Parts of a sentence, one after the other."""
        *first, last = parts
        return self.comma.join(first) + self.ampersand + last if first else last


def _places(name: str, text: str) -> list[str]:
    """The places of a template, in turn."""
    try:
        parts = list(string.Formatter().parse(text))
    except ValueError as error:
        raise GenReError(f"The wording of {name!r} cannot be read ({error}): {text!r}.") from None
    # A place is a bare name: formats and attributes of what fills it are none of a wording's business.
    return [
        place + (f"!{conversion}" if conversion else "") + (f":{form}" if form else "")
        for _, place, form, conversion in parts
        if place is not None
    ]


ENGLISH = Wording()
