"""Reading what somebody hands in: tables, terms and models, each with nothing guessed."""

from __future__ import annotations

import math
import re
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import genre_lite as gl
from genre_lite.limits import Limits
from genre_lite.reading import import_model, read_csv, read_terms
from genre_lite.terms import Terms


@pytest.fixture
def write(tmp_path: Path):
    def write(text: str, encoding: str = "utf-8") -> Path:
        path = tmp_path / "table.csv"
        path.write_bytes(text.encode(encoding))
        return path

    return write


TRICKY = "id,age,word,code,count,rate\n007,34,None,1.0,1,0.1\n8,,NA,2.0,2,1e3\n009,50,nan,1.0,3,2\n"


# -- without a schema ------------------------------------------------------------------------------


def test_only_an_empty_cell_is_missing(write) -> None:
    frame = read_csv(write(TRICKY))
    assert frame["word"].tolist() == ["None", "NA", "nan"]
    assert frame["age"].tolist()[::2] == [34, 50]
    assert math.isnan(frame["age"][1])
    assert frame.isna().sum().sum() == 1


def test_plain_types_without_a_schema(write) -> None:
    frame = read_csv(write("a,b,c,d,e\n1,1.5,True,x,1\n-2, 2 ,false,y,\n"))
    assert frame["a"].dtype == "int64"
    assert frame["b"].tolist() == [1.5, 2.0]
    assert frame["c"].dtype == bool
    assert frame["c"].tolist() == [True, False]
    assert frame["d"].tolist() == ["x", "y"]
    assert frame["e"].dtype == float


def test_an_id_stays_as_it_is_written(write) -> None:
    frame = read_csv(write("id,zip,long,zero\n007,1000,12345678901234567,0\n8,0999,1,0.5\n"))
    assert frame["id"].tolist() == ["007", "8"]
    assert frame["zip"].tolist() == ["1000", "0999"]
    assert frame["long"].tolist() == ["12345678901234567", "1"]
    assert frame["zero"].tolist() == [0, 0.5]


def test_a_float_is_read_to_its_last_digit(write) -> None:
    numbers = [0.1 + 0.2, 1 / 3, 123456.789012345, 5e-324, 1.7976931348623157e308]
    frame = read_csv(write("x\n" + "\n".join(map(repr, numbers)) + "\n"))
    assert frame["x"].tolist() == numbers


def test_the_table_is_what_pandas_wrote(tmp_path: Path) -> None:
    table = gl.load_dataset("german").train
    table.to_csv(tmp_path / "german.csv", index=False)
    pd.testing.assert_frame_equal(
        read_csv(tmp_path / "german.csv"), table.reset_index(drop=True), check_dtype=False
    )


def test_words_among_numbers_are_told(write) -> None:
    path = write("age\n30\n40\nNA\n")
    with pytest.warns(UserWarning, match=r"2 cells are numbers and 1 are words \('NA'\).*missing="):
        assert read_csv(path)["age"].tolist() == ["30", "40", "NA"]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert read_csv(path, missing=["NA"])["age"].tolist()[:2] == [30, 40]


def test_an_empty_line_is_a_gap_only_where_there_is_one_column(write) -> None:
    assert len(read_csv(write("a,b\n1,2\n\n3,4\n"))) == 2
    assert read_csv(write("a\n1\n\n3\n"))["a"].isna().tolist() == [False, True, False]


# -- with a schema ---------------------------------------------------------------------------------

SCHEMA = gl.Schema(
    [
        gl.Feature("age", step=1, gaps=True),
        gl.Feature("word", "nominal", ("NA", "None", "nan", "1.0")),
        gl.Feature("code", "nominal", (1, 2)),
        gl.Feature("owner", "nominal", (False, True)),
    ]
)


def test_a_schema_says_what_is_a_word_and_what_a_number(write) -> None:
    frame = read_csv(write("id,age,word,code,owner\n007,34,1.0,1.0,true\n8,,NA,2,False\n"), SCHEMA)
    assert frame["id"].tolist() == ["007", "8"]
    assert frame["word"].tolist() == ["1.0", "NA"]
    assert frame["code"].tolist() == [1, 2]
    assert frame["owner"].tolist() == [True, False]
    assert frame["owner"].dtype == bool
    assert SCHEMA.validate(frame, extra="ignore")["age"].isna().tolist() == [False, True]


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("old,NA,1,True", "Column 'age', row 1: 'old' is not a number"),
        ("30,NA,three,True", "Column 'code', row 1: category 'three' was never seen"),
        ("30,NA,3,True", "Column 'code', row 1: category 3 was never seen"),
        ("30,uncle,1,True", "Column 'word', row 1: category 'uncle' was never seen"),
        ("30,NA,1,yes", "Column 'owner', row 1: category 'yes' was never seen"),
    ],
)
def test_a_stray_word_stays_itself_so_that_the_schema_names_it(write, row, message) -> None:
    frame = read_csv(write(f"age,word,code,owner\n34,None,1,True\n{row}\n"), SCHEMA)
    with pytest.raises(gl.SchemaError, match=message):
        SCHEMA.validate(frame)


def test_schema_and_package_read_with_the_same_function(write) -> None:
    path = write("age,word,code,owner\n34,None,1,True\n")
    pd.testing.assert_frame_equal(SCHEMA.read_csv(path), gl.read_csv(path, SCHEMA))


def test_columns_called_by_numbers_are_found(write) -> None:
    schema = gl.Schema([gl.Feature(3)])
    assert schema.read_csv(write("3\n1.5\n")).columns.tolist() == [3]


# -- who is who ------------------------------------------------------------------------------------


def test_the_index_names_people_in_text(write) -> None:
    frame = read_csv(write(TRICKY), index="id")
    assert frame.index.tolist() == ["007", "8", "009"]
    assert frame.index.name == "id"
    assert "id" not in frame


@pytest.mark.parametrize(
    ("text", "index", "message"),
    [
        ("id,a\n1,2\n1,3\n", "id", "'1' names more than one person"),
        ("id,a\n1,2\n,3\n", "id", "column 'id', row 2: the cell is empty"),
        ("id,a\n1,2\n", "ids", "no column 'ids'; did you mean 'id'?"),
    ],
)
def test_labels_that_name_nobody_alone_are_refused(write, text, index, message) -> None:
    with pytest.raises(gl.GenReError, match=message):
        read_csv(write(text), index=index)


def test_a_feature_cannot_name_people(write) -> None:
    with pytest.raises(gl.GenReError, match="'age' is a feature of the schema"):
        read_csv(write("age\n3\n"), SCHEMA, index="age")


# -- other files -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "message", "way_out", "expected"),
    [
        ("a;b\n1;2\n", "say sep=';'", {"sep": ";"}, [1, 2]),
        ("a\tb\n1\t2\n", r"say sep='\\t'", {"sep": "\t"}, [1, 2]),
        ('a,b\n"1,5",2\n', "say decimal=','", {"decimal": ","}, [1.5, 2]),
        ("a,b\nNA,2\n", None, {"missing": ["NA"]}, [None, 2]),
    ],
)
def test_another_form_is_named_with_its_option(write, text, message, way_out, expected) -> None:
    path = write(text)
    if message is not None:
        with pytest.raises(gl.GenReError, match=message):
            read_csv(path)
    row = read_csv(path, **way_out).astype(object).iloc[0]
    assert row.where(row.notna(), None).tolist() == expected


def test_a_decimal_comma_is_named_where_a_schema_wants_numbers(write) -> None:
    schema = gl.Schema([gl.Feature("rate"), gl.Feature("pair", "nominal", ("1,2", "2,1"))])
    path = write('rate,pair\n"1,5","1,2"\n')
    with pytest.raises(gl.GenReError, match="column 'rate': '1,5' is no number here"):
        schema.read_csv(path)
    assert schema.read_csv(path, decimal=",").iloc[0].tolist() == [1.5, "1,2"]


@pytest.mark.parametrize(
    ("cell", "decimal", "name", "other"),
    [
        ("1.234,50", ",", "dot", "."),
        ("2.950", ",", "dot", "."),
        ("1.234.567", ",", "dot", "."),
        ("1,234.50", ".", "comma", ","),
        ("1,234,567", ".", "comma", ","),
    ],
)
def test_a_mark_of_thousands_is_named(write, cell, decimal, name, other) -> None:
    path = write(f"id;amount\n1;{cell}\n2;12\n")
    with pytest.raises(
        gl.GenReError, match=f"'{re.escape(cell)}' is no number here.*its {name} is"
    ) as told:
        gl.read_csv(path, index="id", sep=";", decimal=decimal)
    assert f"decimal={other!r}" in str(told.value) and "take it out" in str(told.value)
    plain = write(f"id;amount\n1;{cell.replace(other, '')}\n2;12\n")
    assert gl.read_csv(plain, index="id", sep=";", decimal=decimal)["amount"].iloc[0] > 1000


def test_one_word_for_a_gap_is_no_list_of_its_letters(write) -> None:
    path = write("id,grade\n1,A\n2,NA\n")
    with pytest.raises(gl.GenReError, match=r"missing='NA' is one word; write \['NA'\]"):
        gl.read_csv(path, index="id", missing="NA")
    assert gl.read_csv(path, index="id", missing=["NA"])["grade"].tolist()[0] == "A"


def test_another_encoding_is_named_with_its_option(write) -> None:
    path = write("straße\nMüller\n", encoding="cp1252")
    with pytest.raises(gl.GenReError, match=r"not saved in utf-8.*encoding='cp1252'"):
        read_csv(path)
    assert read_csv(path, encoding="cp1252")["straße"].tolist() == ["Müller"]
    with pytest.raises(gl.GenReError, match="'klingon', which is not known"):
        read_csv(path, encoding="klingon")


def test_a_byte_order_mark_belongs_to_no_name(write) -> None:
    assert read_csv(write("a,b\n1,2\n", encoding="utf-8-sig")).columns.tolist() == ["a", "b"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a,b,a\n1,2,3\n", "column 'a' stands in it twice"),
        (",a\n0,1\n", r"column 1 has no name.*index=False"),
        ("a,b\n1,2\n3\n", "line 3 has 1 cells, and the header has 2"),
        ("a,b\n1,2\n3,4,5\n", "line 3 has 3 cells, and the header has 2"),
        ('a,b\n1,"2\n', "line 2: unexpected end of data"),
        ("", "first line is empty"),
        ("a,b\n", "a header and no rows"),
    ],
)
def test_a_broken_file_is_refused_with_its_line(write, text, message) -> None:
    with pytest.raises(gl.GenReError, match=message):
        read_csv(write(text))


@pytest.mark.parametrize("option", [{"sep": ";;"}, {"decimal": "'"}])
def test_options_of_reading_are_checked(write, option) -> None:
    with pytest.raises(gl.GenReError, match=next(iter(option))):
        read_csv(write("a\n1\n"), **option)


# -- terms -----------------------------------------------------------------------------------------

PEOPLE = pd.DataFrame(
    {"income": [1.0, 2.0, 3.0], "job": ["a", "b", "a"]}, index=["ana", "ben", "007"]
)
DESCRIBED = gl.Schema([gl.Feature("income", weight=3.0), gl.Feature("job", "nominal", ("a", "b"))])


@pytest.fixture
def terms(tmp_path: Path):
    def terms(text: str) -> dict:
        path = tmp_path / "terms.json"
        path.write_text(text)
        return read_terms(path, DESCRIBED, list(PEOPLE.index))

    return terms


def test_terms_for_all_are_taken_as_they_stand(terms) -> None:
    read = terms('{"freeze": ["job"], "bounds": {"income": [null, 2]}, "wait": 1}')
    assert read == {"freeze": ["job"], "bounds": {"income": (None, 2)}, "wait": 1}


def test_a_persons_terms_stand_in_place_of_those_for_all(terms) -> None:
    read = terms(
        '{"max_changes": 1, "weights": {"income": 2.0}, "largest": {"income": 1.5},'
        ' "for": {"007": {"max_changes": 2, "freeze": ["job"], "bounds": {"income": [2, null]},'
        ' "weights": {"income": 5.0}}, "ana": {"largest": {}, "weights": {}}}}'
    )
    codec = gl.Codec(DESCRIBED).fit(PEOPLE)
    limits = Limits(codec, PEOPLE, Terms(**read))
    assert limits.most.tolist() == [1, 1, 2]
    # Of a schema weight of 3, for whoever names none.
    assert (limits.price[:, 0] / codec.price[0] * 3).tolist() == pytest.approx([3, 2, 5])
    assert limits.fixed[:, 1].tolist() == [False, False, True]
    # income runs from 1 to 3, so a cube of width 2: largest 1.5 is 0.75; 007's bound 2 is 0.5.
    # Ana, who said that nothing binds her, has no limit; 007 has the largest step of all.
    assert limits.low[1:, 0].tolist() == pytest.approx([0.5 - 0.75, 0.5])
    assert limits.high[1:, 0].tolist() == pytest.approx([0.5 + 0.75, 1 + 0.75])
    assert limits.may_be(0, np.array([-1e6, 1e6]), np.array([0])).all()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[1]", "holds a list"),
        ("{", "is no JSON"),
        ('{"frieze": ["job"]}', "'frieze' is no term; did you mean 'freeze'.*'wait'"),
        ('{"freeze": "job"}', "freeze is 'job'; give a list"),
        ('{"bounds": [1, 2]}', "give a value for each feature"),
        ('{"for": {"bob": {"wait": 1}}}', "'bob', and nobody is so called; known: ana, ben, 007"),
        ('{"for": {"ana": {"weight": 1}}}', "'ana': 'weight' is no term; did you mean 'weights'"),
        ('{"for": ["ana"]}', '"for" holds terms by person'),
        (
            '{"freeze": ["job"], "freeze": []}',
            "json: 'freeze' stands twice in one object; keep one",
        ),
        ('{"for": {"ana": {"wait": 1}, "ana": {"wait": 2}}}', "'ana' stands twice"),
        (
            '{"for": {"ana": {"largest": {"incme": 1}}}}',
            "largest names 'incme'.*did you mean 'income'",
        ),
    ],
)
def test_a_mistake_in_terms_names_the_known_ones(terms, text, message) -> None:
    with pytest.raises(gl.GenReError, match=message):
        terms(text)


# -- models ----------------------------------------------------------------------------------------


def test_a_model_is_imported_from_the_current_folder(tmp_path, monkeypatch) -> None:
    (tmp_path / "lender_a.py").write_text("class Box:\n    model = 'the model'\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend("/nowhere")  # so that sys.path is restored afterwards
    assert import_model("lender_a:Box.model") == "the model"


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("lender_b", "name it as package.module:name"),
        ("lender_b.pkl:", "name it as package.module:name"),
        ("lender_nobody:model", "no module 'lender_nobody'"),
        ("lender_b.py:model", "'lender_b.py' is a file; .* name the module: lender_b:model"),
        ("../x/lender_b.py:model", "is a file; .* name the module: lender_b:model"),
        ("C:\\\\x\\\\lender_b:model", "is a file; .* name the module: lender_b:model"),
        ("lender_b:modle", "lender_b has no 'modle'; did you mean 'model'?"),
        ("lender_c:model", "Importing lender_c failed: No module named 'not_installed'"),
        ("lender_d:model", "Importing lender_d failed: ZeroDivisionError"),
    ],
)
def test_a_model_that_cannot_be_imported_is_named(tmp_path, monkeypatch, name, message) -> None:
    (tmp_path / "lender_b.py").write_text("model = 1\n")
    (tmp_path / "lender_c.py").write_text("import not_installed\n")
    (tmp_path / "lender_d.py").write_text("1 / 0\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend("/nowhere")
    with pytest.raises(gl.GenReError, match=message):
        import_model(name)


# -- a schema as a file ----------------------------------------------------------------------------


def test_a_schema_comes_back_from_its_text() -> None:
    for name in ("adult", "german", "compas"):
        schema = gl.load_dataset(name).schema
        assert gl.Schema.from_json(schema.to_json()) == schema


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ('{"name": "age", "actionabilty": "free"}', "'age' has no field 'actionabilty'.*'actiona"),
        ('{"name": "age", "low": "ten"}', "'age': low is 'ten'; it must be a number or null"),
        ('{"name": "age", "step": true}', "'age': step is True; it must be a number or null"),
        ('{"name": "age", "gaps": "no"}', "'age': gaps is 'no'; it must be true or false"),
        ('{"name": "age", "actionability": "fixed"}', "'age': actionability is 'fixed'; choose"),
        ('{"name": "age", "bounds": 3}', "'age': bounds is 3; it must be a list or null"),
        ('{"kind": "numeric"}', "a name and fields"),
        ("3", "a name and fields"),
    ],
)
def test_a_typo_in_an_edited_schema_names_feature_and_field(entry, message) -> None:
    with pytest.raises(gl.SchemaError, match=message):
        gl.Schema.from_json(f'{{"features": [{entry}]}}')


@pytest.mark.parametrize("text", ['{"feature": []}', "{}", '{"features": 3}', "{"])
def test_what_is_no_schema_is_refused(text) -> None:
    with pytest.raises(gl.SchemaError, match=r"features, a list|no JSON"):
        gl.Schema.from_json(text)
