"""What a letter says and leaves out, in plain text and as a card, in English and in German."""

from __future__ import annotations

import html
import json
import logging
import re
from dataclasses import fields
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import genre_lite as gl
from genre_lite import Feature, GenReError, Recourses, Schema
from genre_lite.schema import Refusal
from genre_lite.wording import ENGLISH, Wording

SCHEMA = Schema(
    [
        Feature("age", unit="years", step=1, actionability="clock"),
        Feature(
            "job_time",
            "ordinal",
            ("none", "under 1", "1 to 4", "4 or more"),
            label="time in the job",
            actionability="clock",
            edges=(None, 0, 1, 4),
        ),
        Feature("sex", "nominal", ("f", "m"), actionability="immutable"),
        Feature("stay", unit="days", step=1, label="length of stay"),
        Feature(
            "savings", "ordinal", ("some", "none at all", "<b>much</b>"), label="savings, in all"
        ),
        Feature("owner", "nominal", (False, True)),
        Feature("income", unit="dollars", low=0.0, gaps=True),
    ]
)
FACTUAL = pd.DataFrame(
    [
        (34, "1 to 4", "f", 12, "some", False, 33600.4),
        (50, "none", "m", 1, "none at all", True, 9e5),
        (23, "under 1", "f", 30, "some", False, np.nan),
    ],
    columns=SCHEMA.names,
    index=["ana", "ben", "cy"],
)
INDEX = pd.MultiIndex.from_product([FACTUAL.index, [0, 1, 2]], names=["person", "option"])
NOTHING = (np.nan,) * 7
# ana has three options, ben was accepted already, cy has one of the three asked for.
FRAME = pd.DataFrame(
    [
        (34, "1 to 4", "f", 2, "<b>much</b>", False, 33600.4),
        (37, "4 or more", "f", 12, "some", True, 33600.404),
        (36, "1 to 4", "f", 12, "some", False, 33600.4),
        (50, "none", "m", 1, "none at all", True, 9e5),
        NOTHING,
        NOTHING,
        (23, "under 1", "f", 30, "none at all", False, 1000.5),
        NOTHING,
        NOTHING,
    ],
    index=INDEX,
    columns=SCHEMA.names,
)


def answer_with(**parts: object) -> Recourses:
    gap = [np.nan] * 2
    whole = {
        "factual": FACTUAL,
        "frame": FRAME,
        "cost": pd.Series([0.51, 0.72, 0.9, 0.0, *gap, 0.37, *gap], INDEX),
        "probability": pd.Series([0.83, 0.31, 0.4996, 0.9, *gap, 0.998, *gap], INDEX),
        "log_prob": pd.Series(np.nan, INDEX),
        "schema": SCHEMA,
        "accepted": pd.Series([False, True, False], FACTUAL.index),
        "outcome": "a loan",
        "score": pd.Series([0.312, 0.9, 0.001], FACTUAL.index),
    }
    return Recourses(**(whole | parts))


def nothing_for_ana(**parts: object) -> Recourses:
    frame = FRAME.copy().astype(object)
    frame.loc["ana"] = np.nan
    return answer_with(frame=frame, **parts)


@pytest.fixture
def answer() -> Recourses:
    return answer_with()


def flat(text: str) -> str:
    return " ".join(text.split())


# -- an option ----------------------------------------------------------------------------------


def test_a_letter_of_one_option_word_by_word(answer: Recourses) -> None:
    assert answer.describe("ana", 0) == (
        "You were denied a loan.\n"
        "The model gives you a probability of 31%, as you are today. It says yes to\n"
        "everybody above 50%.\n"
        "\n"
        "Option A. With these changes, the model would give you 83% and say yes:\n"
        "- lower length of stay from 12 days to 2 days\n"
        "- raise “savings, in all” from some to <b>much</b>\n"
        "Nothing else on your form has to change.\n"
        "\n"
        "Fewer of these changes may be enough for the model. If one of them is out of\n"
        "your reach, say which, and ask for a way without it.\n"
        "\n"
        "You may contest this decision, have wrong data about you corrected, and ask\n"
        "for a person to decide.\n"
        "This describes how the model decides today. It is not a promise of\n"
        "acceptance, and not advice on causes: changing one thing in life may move\n"
        "others."
    )


def test_fewer_may_be_enough_where_there_are_several_and_a_yes(answer: Recourses) -> None:
    said = "Fewer of these changes may be enough for the model."
    asks = {option: answer.describe("ana", option).count("\n- ") for option in (0, 1, 2)}
    yes = {option: "and say yes" in flat(answer.describe("ana", option)) for option in asks}
    assert asks[0] > 1 and yes[0] and not all(yes.values())
    for option in asks:
        assert (said in answer.describe("ana", option)) == (asks[option] > 1 and yes[option])
    assert answer.describe("ana").count(said) == answer.to_html("ana").count(said) == 1


def test_time_that_passes_is_told_as_time_and_never_as_advice(answer: Recourses) -> None:
    text = flat(answer.describe("ana", 1))
    assert (
        "Allow 3 years for this; meanwhile, age goes from 34 years to 37 years and time in the job "
        "goes from “1 to 4” to “4 or more”." in text
    )
    assert "raise age" not in text
    assert "raise time in the job" not in text
    assert "- change owner from no to yes" in text


def test_an_option_of_waiting_alone_says_so(answer: Recourses) -> None:
    text = flat(answer.describe("ana", 2))
    assert "Option C. If you wait, the model would give you 49.96% and still say no" in text
    assert "Allow 2 years for this; meanwhile, age goes from 34 years to 36 years." in text
    assert "\n- " not in answer.describe("ana", 2)


def test_a_no_is_not_called_a_yes_and_is_told_from_the_bar(answer: Recourses) -> None:
    assert "would give you 31% and still say no" in flat(answer.describe("ana", 1))
    # 0.4996 would round to the bar itself.
    assert "would give you 49.96% and still say no" in flat(answer.describe("ana", 2))


def test_a_probability_at_the_bar_itself_is_a_no() -> None:
    number = pd.Series(0.5, INDEX)
    text = flat(answer_with(probability=number).describe("ana", 0))
    assert "the model would give you 50% and still say no" in text
    assert "say no" not in answer_with(probability=number, threshold=0.499).describe("ana", 0)


def test_numbers_differ_wherever_values_do(answer: Recourses) -> None:
    text = answer.describe("ana", 1)
    assert "raise income from 33,600.40 dollars to 33,600.404 dollars" in text


def test_a_gap_is_stated_and_extremes_are_not_certainties(answer: Recourses) -> None:
    text = flat(answer.describe("cy"))
    assert "- state income, if it is 1,000.50 dollars" in text
    assert "gives you a probability of less than 1%, as" in text
    assert "would give you more than 99% and say yes:" in text
    assert "Of the 3 options asked for, 1 could be found." in text


def test_an_ordinal_level_rises_by_its_place_and_not_by_the_alphabet(answer: Recourses) -> None:
    assert "- raise “savings, in all” from some to “none at all”" in answer.describe("cy")


@pytest.mark.parametrize("person", ["ana", "cy"])
def test_what_stays_the_cost_and_what_nobody_can_change_are_not_in_a_letter(
    answer: Recourses, person: str
) -> None:
    for text in (answer.describe(person), answer.to_html(person)):
        assert "option 0" not in text
        assert "sex" not in text
        assert "cost" not in text
        for number in ("0.51", "0.72", "0.37"):
            assert number not in text


def test_an_option_without_any_change_is_told_as_one() -> None:
    frame = FRAME.copy()
    frame.loc[("ana", 0)] = FACTUAL.loc["ana"]
    text = flat(answer_with(frame=frame).describe("ana", 0))
    assert "Option A. As you are, the model would give you 83% and say yes. Nothing" in text


def test_a_single_option_has_no_letter() -> None:
    one = INDEX[INDEX.get_level_values(1) == 0]
    whole = answer_with()
    parts = {n: getattr(whole, n).loc[one] for n in ("frame", "cost", "probability", "log_prob")}
    text = answer_with(**parts).describe("ana")
    assert "Option" not in text
    assert "\nWith these changes, the model would give you 83% and say yes" in text


def test_the_27th_option_is_called_aa() -> None:
    index = pd.MultiIndex.from_product([["ana"], range(28)])
    number = pd.Series(0.6, index)
    many = Recourses(
        FACTUAL.loc[["ana"]],
        pd.concat([FRAME.iloc[[0]]] * 28).set_axis(index),
        *[number] * 3,
        SCHEMA,
        pd.Series([False], ["ana"]),
    )
    names = re.findall(r"Option (\w+)\.", many.describe("ana"))
    assert [names[i] for i in (0, 25, 26, 27)] == ["A", "Z", "AA", "AB"]


# -- a bar of another height, and several classes -----------------------------------------------


def test_the_bar_is_the_banks_own() -> None:
    text = flat(answer_with(threshold=0.825).describe("ana", 0))
    assert "It says yes to everybody above 82.5%." in text
    assert "would give you 83% and say yes" in text


def test_several_classes_have_a_first_choice_and_no_bar() -> None:
    several = answer_with(threshold=None)
    text = flat(several.describe("ana", 1))
    assert "It says yes to everybody for whom a yes is its first choice." in text
    # Who checks its options gives none that is denied, however low its probability.
    assert "would give you 31% and say yes" in text
    assert "is the model's first choice already; the probability is 90%." in flat(
        several.describe("ben")
    )
    drawn = answer_with(threshold=None, origin={"checked": False})
    text = flat(drawn.describe("ana", 1))
    assert "With these changes, the model would give you 31%:" in text
    assert "and say yes" not in text


def test_without_a_score_nothing_is_said_of_today() -> None:
    text = answer_with(score=None).describe("ana", 0)
    assert text.startswith("You were denied a loan.\n\nOption A.")


# -- accepted, without an option, unreadable ----------------------------------------------------


def test_who_was_accepted_gets_one_kind_sentence(answer: Recourses) -> None:
    assert flat(answer.describe("ben")) == (
        "Good news: nothing has to change. The model already says yes to a loan; the probability is "
        "90%, and the bar is 50%."
    )


WHY = pd.DataFrame(
    [
        ("ana", "stay: frozen", 50, 12),
        ("ana", "income: bounds", 50, 3),
        ("ana", "income: largest step", 50, 2),
        ("ana", "at most 1 change", 50, 9),
        ("ana", "no waiting beyond 0 years", 50, 4),
        ("ana", "sex: immutable", 50, 20),
        ("ana", "owner: bounds", 50, 5),
        ("cy", "stay: frozen", 50, 33),
    ],
    columns=["person", "term", "draws", "found"],
)
TERMS = {
    "freeze": ["stay", "sex"],
    "bounds": {"income": [None, 40000]},
    "largest": {"income": 500.0},
    "max_changes": 2,
}


def test_whoever_has_no_option_reads_which_own_wishes_stand_in_the_way() -> None:
    terms = pd.Series([TERMS, {}, {}], FACTUAL.index)
    text = nothing_for_ana(why=WHY, terms=terms).describe("ana")
    assert re.findall(r"(?m)^- (.*)$", text) == [
        "that length of stay stays as it is: without this limit, 12 of 50 sets of changes led to a yes",
        "that income is at most 40,000 dollars: without this limit, 3 of 50 sets of changes led to a yes",
        "that income changes by at most 500 dollars: without this limit, 2 of 50 sets of changes led to "
        "a yes",
        "that the number of changes is at most 2: without this limit, 9 of 50 sets of changes led to a yes",
        "that there is no time to wait: without this limit, 4 of 50 sets of changes led to a yes",
    ]
    assert "within your own wishes" in flat(text)
    assert "no proof that there is no way" in flat(text)
    assert "ask again without one of these limits" in flat(text)


def test_a_count_is_no_fraction() -> None:
    """A Series of terms by person that holds a gap holds floats."""
    terms = pd.Series([{"max_changes": 1.0}, {}, {}], FACTUAL.index)
    text = flat(nothing_for_ana(why=WHY, terms=terms).describe("ana"))
    assert "that the number of changes is at most 1: without" in text


def test_a_yes_that_is_not_sure_enough_is_no_no() -> None:
    """The lender's margin stands in the way, and the letter does not say that the model said no."""
    why = pd.DataFrame([("ana", "a margin of 0.97", 50, 41)], columns=WHY.columns)
    text = flat(nothing_for_ana(why=why).describe("ana"))
    assert "say yes to none with as much certainty as is asked for" in text
    assert "would say yes to none. That" not in text
    assert "ask for a person to look at your case" in text


def test_a_truth_value_is_asked_for_as_a_form_has_it() -> None:
    frame = pd.DataFrame({"smoker": [True, False] * 20, "pay": np.linspace(1, 40, 40)})
    wanted = "your form says “yes”, which cannot be read. Please hand in one of these: False, True."
    schema = Schema.infer(frame)
    person = frame.astype({"smoker": object}).head(1).assign(smoker="yes")

    class Rich:
        def predict_proba(self, frame: pd.DataFrame) -> np.ndarray:
            yes = (frame["pay"] > 20).to_numpy(dtype=float)
            return np.stack([1 - yes, yes], axis=1)

    method = gl.baselines.NearestNeighbour(Rich(), schema, progress=False).fit(frame)
    people = pd.concat([person.set_axis(["ana"]), frame.head(1).set_axis(["ben"])])
    answer = method.recommend(people, invalid="skip")
    assert wanted in flat(answer.describe("ana"))


def test_advice_for_developers_is_not_in_the_letter() -> None:
    text = flat(nothing_for_ana().describe("ana"))
    assert "Of the changes that the search tried, the model would say yes to none." in text
    assert "ask for a person to look at your case" in text
    for word in ("candidate", "margin", "schema", "GenRe", "wish"):
        assert word not in text
    wished = nothing_for_ana(terms=pd.Series([{"wait": 1}, {}, {}], FACTUAL.index))
    assert "ask again with fewer wishes" in flat(wished.describe("ana"))


def test_the_log_tells_the_developer_once(caplog: pytest.LogCaptureFixture) -> None:
    frame = pd.DataFrame({"income": np.arange(60.0), "age": np.arange(60) % 7})

    class Rich:
        def predict_proba(self, frame: pd.DataFrame) -> np.ndarray:
            yes = (frame["income"] > 40).to_numpy(dtype=float)
            return np.stack([1 - yes, yes], axis=1)

    method = gl.baselines.NearestNeighbour(Rich(), Schema.infer(frame), progress=False).fit(frame)
    with caplog.at_level(logging.INFO, logger="genre_lite"):
        method.recommend(frame.head(5), freeze=["income"])
        method.recommend(frame.head(5))
    (record,) = [r for r in caplog.records if r.name == "genre_lite"]
    assert "no option for 5 of 5 people" in record.getMessage()
    assert "candidates=" in record.getMessage()


@pytest.mark.parametrize(
    ("column", "value", "expected"),
    [
        (
            "stay",
            "long",
            "for length of stay your form says “long”, which cannot be read. Please hand in a number "
            "in days.",
        ),
        (
            "savings",
            "sum",
            "for “savings, in all” your form says “sum”, which cannot be read. Please hand in one of "
            "these: some, “none at all”, <b>much</b>.",
        ),
        (
            "income",
            -5,
            "for income your form says “-5”, which cannot be read. Please hand in a number in dollars, "
            "at least 0 dollars.",
        ),
        ("age", np.nan, "in your form, age is missing. Please hand in a number in years."),
    ],
)
def test_whoever_was_skipped_reads_which_entry_and_what_to_hand_in(
    column: str, value: object, expected: str
) -> None:
    people = FACTUAL.astype(object)
    people.loc["ben", column] = value
    skipped = SCHEMA.broken_rows(people)
    assert list(skipped) == ["ben"]
    assert isinstance(skipped["ben"], Refusal)
    answer = answer_with(skipped={"dan": skipped["ben"]})
    again = Recourses.from_json(answer.to_json())
    for one in (answer, again):
        assert flat(one.describe("dan")) == f"There is no answer yet: {expected}"
        assert "cannot be read" in one.headline("dan")
        assert html.escape(expected.split(". ")[1]) in one.to_html("dan")
    with pytest.raises(GenReError, match="Person dan was skipped: Column"):
        answer.table("dan")


def test_a_reason_of_somebody_elses_is_passed_on() -> None:
    answer = answer_with(skipped={"dan": "the form is torn"})
    assert answer.describe("dan") == "There is no answer yet: the form is torn"


def test_an_unknown_option_is_named(answer: Recourses) -> None:
    with pytest.raises(GenReError, match=r"'ana' has no option 7; known: \[0, 1, 2\]"):
        answer.describe("ana", 7)


# -- the card -----------------------------------------------------------------------------------


class Tags(HTMLParser):
    """Every opening tag with its attributes, and whether tags close in order."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.seen: list[tuple[str, dict]] = []
        self.open: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list) -> None:
        self.seen.append((tag, dict(attrs)))
        self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def count(self, tag: str, **attrs: str) -> int:
        return sum(t == tag and attrs.items() <= a.items() for t, a in self.seen)


def test_the_card_is_well_formed_accessible_and_escaped(answer: Recourses) -> None:
    page = answer.to_html("ana")
    tags = Tags(page)
    assert tags.open == []
    assert tags.count("caption") == 1
    assert tags.count("th", scope="col") == 4
    # What changes in some option, the time, and what then; neither sex nor what waits.
    rows = re.findall(r'<th scope="row">(.*?)</th>', page)
    expected = ["length of stay", "savings, in all", "owner", "income", "Time", "What then"]
    assert rows == expected
    assert tags.count("td", **{"class": "changed"}) == tags.count("del") == tags.count("ins") == 4
    assert page.count("<td>stays</td>") == 3 * 4 - 4
    assert tags.count("b") == 0
    assert "<del>some</del> → <ins>&lt;b&gt;much&lt;/b&gt;</ins>" in page
    assert re.findall("color: (.*?)[;}]", re.search("<style>(.*)</style>", page, re.S)[1]) == (
        ["inherit"] * 4
    ), "colours are the page's own"


def test_card_and_letter_say_the_same_sentences(answer: Recourses) -> None:
    for person in answer:
        page = answer.to_html(person).split("</style>")[1]
        told = flat(html.unescape(re.sub(r"<[^>]+>", " ", page)))
        letter = answer.describe(person)
        for block in letter.split("\n\n"):
            whole = flat(block)
            if not whole.startswith("Option"):
                assert all(said in told for said in re.split(r"(?<=\.) ", whole))
                continue
            verdict, *_ = re.findall(
                r", (the model would give you .*?%(?: and (?:still )?say (?:yes|no))?)[.:]", whole
            )
            assert verdict in told
            for said in re.findall(r"Allow .*?\.|Nothing else .*?\.", whole):
                assert said in told
            for before, after in re.findall(r"from (\S+ days) to (\S+ days)", whole):
                assert f"{before} → {after}" in re.sub(r" +", " ", told)


def test_a_card_escapes_labels_units_and_names() -> None:
    schema = Schema([Feature("x", label="<i>x</i>", unit='"&')])
    where = pd.MultiIndex.from_tuples([("<u>", 0)])
    one = pd.Series([1.0], where)
    page = Recourses(
        pd.DataFrame({"x": [1]}, index=["<u>"]),
        pd.DataFrame({"x": [2]}, index=where),
        *(one, one, one),
        schema,
        pd.Series([False], ["<u>"]),
        outcome="<s>",
    ).to_html()
    tags = Tags(page)
    assert tags.count("i") == tags.count("u") == tags.count("s") == 0
    assert "1 &quot;&amp;" in page


def test_a_notebook_shows_five_people_and_a_file_everybody() -> None:
    people = pd.RangeIndex(8)
    where = pd.MultiIndex.from_product([people, [0]])
    many = Recourses(
        pd.concat([FACTUAL] * 3)[:8].set_axis(people),
        pd.DataFrame(np.nan, where, SCHEMA.names),
        *[pd.Series(np.nan, where)] * 3,
        SCHEMA,
        pd.Series(False, people),
        skipped={"dan": "torn"},
    )
    shown = many._repr_html_()
    assert shown.count('role="region"') == 5
    assert "and 4 more" in shown
    page = many.to_html()
    assert page.count('role="region"') == 9
    assert page.count(html.escape(ENGLISH.care)) == 1
    assert many.to_html(3, 5).count('role="region"') == 2


# -- wording ------------------------------------------------------------------------------------


GERMAN = {
    "language": "de",
    "denied": "Ihr Antrag auf {outcome} wurde abgelehnt.",
    "now": "Das Modell sieht die Chance einer Zusage heute bei {chance}; zugesagt wird ab {bar}.",
    "now_first": "Das Modell sieht die Chance einer Zusage heute bei {chance}.",
    "accepted": "Gute Nachricht: {outcome} ist zugesagt, bei {chance} und einer Schwelle von {bar}.",
    "accepted_first": "Gute Nachricht: {outcome} ist zugesagt, bei {chance}.",
    "option": "Vorschlag {letter}",
    "offer": "{condition} {verdict}",
    "with_changes": "Mit diesen Änderungen",
    "with_time": "Wenn Sie warten,",
    "with_nothing": "So wie Sie sind,",
    "yes_then": "würde das Modell zusagen, zu {chance}",
    "no_then": "würde das Modell weiter ablehnen, zusagen nur zu {chance}",
    "chance_then": "läge die Chance bei {chance}",
    "raising": "{title} von {before} auf {after} erhöhen",
    "lowering": "{title} von {before} auf {after} senken",
    "changing": "{title} von {before} zu {after} ändern",
    "stating": "{title} angeben: {after}",
    "following": "Damit: {passing}.",
    "waiting": "Das dauert {time}; bis dahin: {passing}.",
    "passing": "{title} von {before} zu {after}",
    "nothing_else": "Sonst muss sich nichts ändern.",
    "out_of_reach": "Vielleicht reichen weniger Änderungen. Sagen Sie, welche Ihnen nicht möglich ist.",
    "fewer": "Von {asked} gewünschten Vorschlägen gibt es {found}.",
    "none": "Kein Vorschlag wurde gefunden.",
    "none_sure": "Es fand sich kein Weg. Zu nichts, was versucht wurde, wäre das Ja sicher genug.",
    "none_wished": "Innerhalb Ihrer Wünsche wurde kein Vorschlag gefunden.",
    "binding": "Diese Wünsche stehen wohl im Weg:",
    "bind": "{wish}: ohne ihn {found} Zusagen bei {draws} Versuchen",
    "wish_freeze": "{title} bleibt",
    "wish_low": "{title} mindestens {low}",
    "wish_high": "{title} höchstens {high}",
    "wish_between": "{title} zwischen {low} und {high}",
    "wish_largest": "{title} ändert sich um höchstens {largest}",
    "wish_changes": "höchstens {most} Änderungen",
    "wish_wait": "höchstens {time} warten",
    "wish_now": "nicht warten",
    "what_to_do": "Bitten Sie einen Menschen um Prüfung.",
    "what_to_wish": "Lassen Sie einen Wunsch fallen.",
    "what_to_loosen": "Nennen Sie weniger Wünsche.",
    "unreadable": "Bei {title} steht {value}; das ist nicht lesbar.",
    "absent": "{title} fehlt.",
    "refused": "Noch keine Antwort: {reason}",
    "hand_in": "Bitte reichen Sie nach: {wanted}.",
    "wanted_number": "eine Zahl",
    "wanted_unit": "eine Zahl ({unit})",
    "wanted_year": "ein Jahr",
    "wanted_low": "{wanted}, mindestens {low}",
    "wanted_high": "{wanted}, höchstens {high}",
    "wanted_level": "eines von: {levels}",
    "wanted_near": "etwa: {levels}",
    "rights": "Sie können widersprechen, Daten berichtigen lassen und einen Menschen verlangen.",
    "care": "So entscheidet das Modell heute. Ein Versprechen ist das nicht.",
    "card": "Antwort an {person}",
    "caption": "Was sich für {person} ändern könnte",
    "column_feature": "Merkmal",
    "row_then": "Danach",
    "row_time": "Dauer",
    "stays": "bleibt",
    "more": "und {count} weitere",
    "thousands": ".",
    "decimal": ",",
    "chance": "{number} %",
    "little": "weniger als 1 %",
    "nearly": "mehr als 99 %",
    "one_year": "1 Jahr",
    "years": "{number} Jahre",
    "missing": "fehlt",
    "true": "ja",
    "false": "nein",
    "quoted": "„{text}“",
    "comma": ", ",
    "ampersand": " und ",
}
DEUTSCH = Schema(
    [
        Feature("age", unit="Jahre", step=1, actionability="clock", label="Alter"),
        Feature(
            "job_time",
            "ordinal",
            ("none", "under 1", "1 to 4", "4 or more"),
            label="Zeit im Beruf",
            actionability="clock",
            edges=(None, 0, 1, 4),
        ),
        Feature("sex", "nominal", ("f", "m"), actionability="immutable"),
        Feature("stay", unit="Tage", step=1, label="Aufenthalt"),
        Feature("savings", "ordinal", ("some", "none at all", "<b>much</b>"), label="Erspartes"),
        Feature("owner", "nominal", (False, True), label="Eigentum"),
        Feature("income", unit="Euro", low=0.0, gaps=True, label="Einkommen"),
    ]
)
LEVELS = {"some", "none", "at", "all", "under", "to", "or", "more", "b", "much"}
SAME = {"a"}  # Vorschlag A


def test_a_whole_wording_leaves_no_english_word() -> None:
    german = Wording.from_json(json.dumps(GERMAN))
    terms = pd.Series([TERMS, {}, {}], FACTUAL.index)
    refusal = Refusal("x", "stay", "lang")
    common = {"schema": DEUTSCH, "outcome": "einen Kredit", "skipped": {"dan": refusal}}
    answers = [
        answer_with(**common),
        nothing_for_ana(**common, why=WHY, terms=terms),
        nothing_for_ana(**common),
        nothing_for_ana(**common, terms=terms),
        answer_with(**common, threshold=None, origin={"checked": False}),
    ]
    texts = [
        text
        for answer in answers
        for person in ("ana", "ben", "cy", "dan")
        for text in (
            answer.describe(person, wording=german),
            re.sub(
                r"<style>.*</style>|<[^>]+>",
                " ",
                answer.to_html(person, wording=german),
                flags=re.S,
            ),
        )
    ]
    english = set(
        re.findall(r"[a-z]+", " ".join(getattr(ENGLISH, f.name) for f in fields(ENGLISH)).lower())
    )
    spoken = set(re.findall(r"[a-zäöüß]+", " ".join(texts).lower()))
    known = set(re.findall(r"[a-zäöüß]+", " ".join(GERMAN.values()).lower()))
    assert spoken & english <= LEVELS | SAME | known
    assert "Einkommen von 33.600,40 Euro auf 33.600,404 Euro erhöhen" in texts[0]
    assert "Eigentum von nein zu ja ändern" in texts[0]
    assert "49,96 %" in flat(texts[0])
    assert all("Please" not in text for text in texts)
    assert "Bei Aufenthalt steht „lang“; das ist nicht lesbar." in flat(texts[6])


def test_a_wording_survives_json() -> None:
    german = Wording(**GERMAN)
    assert Wording.from_json(german.to_json()) == german
    assert Wording.from_json(ENGLISH.to_json()) == gl.Wording()


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"greeting": "Hi"}, r"unknown: greeting\. A wording has language, denied,"),
        ({"language": None}, r"missing: language\. A wording has"),
        (
            {"language": "Dutch, mostly"},
            r"'language' is 'Dutch, mostly'; give the tag of a language",
        ),
        ({"care": None}, r"missing: care\. A wording has"),
        ({"denied": "No {loan}."}, r"'denied' has a place \{loan\}; it may have \{outcome\}\."),
        ({"rights": "{outcome}"}, r"'rights' has a place \{outcome\}; it may have none\."),
        ({"denied": "{outcome.__class__}"}, r"a place \{outcome\.__class__\}"),
        ({"denied": "{outcome!r}"}, r"a place \{outcome!r\}"),
        ({"denied": "{outcome:>999}"}, r"a place \{outcome:>999\}"),
        ({"denied": "{"}, r"'denied' cannot be read"),
        ({"denied": 3}, r"'denied' is 3; give text"),
        ({"decimal": ""}, r"'decimal' is ''; give one character"),
    ],
)
def test_a_wording_with_a_hole_is_refused(changed: dict, message: str) -> None:
    given = {k: v for k, v in (GERMAN | changed).items() if v is not None}
    with pytest.raises(GenReError, match=message):
        Wording.from_json(json.dumps(given))


def test_a_template_that_stands_twice_is_refused() -> None:
    text = json.dumps(GERMAN)
    with pytest.raises(GenReError, match="'denied' stands twice"):
        Wording.from_json(text[:-1] + ', "denied": "Nein"}')


def test_what_is_no_wording_is_refused() -> None:
    for text in ("{", "[]"):
        with pytest.raises(GenReError, match=r"begin with Wording\.to_json"):
            Wording.from_json(text)


# -- numbers ------------------------------------------------------------------------------------

NUMBERS = st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(10**18), 10**18)


@given(NUMBERS, NUMBERS)
@example(33600.0, 33600.004)
@example(0.1, 0.1 + 1e-17)
@example(1e300, 1e300 * (1 + 1e-15))
@example(5e-324, 0.0)
def test_different_numbers_never_print_the_same_nor_in_powers_of_ten(a: float, b: float) -> None:
    feature = Feature("x", unit="dollars")
    before, after = feature.format(a, b), feature.format(b, a)
    for text in (before, after, feature.format(a), feature.format(b)):
        assert re.fullmatch(r"-?\d{1,3}(,\d{3})*(\.\d+)? dollars?", text), text
    if a != b:
        assert before != after
        assert float(before.split()[0].replace(",", "")) != float(after.split()[0].replace(",", ""))


@given(st.floats(0.0, 1.0), st.floats(0.0, 0.99))
def test_a_probability_is_never_printed_as_the_bar_unless_it_is(chance: float, bar: float) -> None:
    said = ENGLISH.percent(chance, bar)
    if chance != bar and 100 * chance != 100 * bar:
        assert said != ENGLISH.bar(bar)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (2458.75, "2,458.75"),
        (9999.5, "9,999.50"),
        (12345.67, "12,345.67"),
        (350000.25, "350,000.25"),
        (33600.0, "33,600"),
        (245.5, "245.5"),
        (0.12341, "0.1234"),
        (0.00012345, "0.0001234"),
        (-0.0, "0"),
        (2017, "2,017"),
    ],
)
def test_money_is_written_to_the_unit_or_the_cent(value: float, text: str) -> None:
    assert Feature("x").format(value) == text


def test_a_year_has_no_comma_and_no_unit() -> None:
    assert Feature("built", unit="year").format(2017) == "2017"
    assert Feature("built", unit="years").format(2017) == "2,017 years"


@pytest.mark.parametrize(
    ("name", "values", "unit"),
    [
        ("loan_year", [2017, 2019], "year"),
        ("Year", [1999, 2019], "year"),
        ("yearBuilt", [1999, 2019], "year"),
        ("saleYear", [1999, 2019], "year"),
        ("years_employed", [1000, 1001], ""),
        ("yearly_income", [1000, 2999], ""),
        ("loan_year", [1, 3], ""),
        ("loan_year", [2017.5, 2019.0], ""),
        ("customer_since", [1900, 2100], "year"),
        ("income", [2017, 2101], ""),
        ("income", [1899, 2017], ""),
    ],
)
def test_a_table_says_which_numbers_are_years(name: str, values: list, unit: str) -> None:
    schema = Schema.infer(pd.DataFrame({name: values * 2}))
    assert schema[0].unit == unit
    assert Schema.infer(pd.DataFrame({name: values * 2}), units={name: "km"})[0].unit == "km"
