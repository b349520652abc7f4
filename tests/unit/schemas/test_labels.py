"""Which labels a filing may have."""

import jsonschema
import pytest
from pydantic import ValidationError

from schemas.filings import FilingSubmitted
from tests.unit.examples import a_filing


@pytest.mark.parametrize(
    "labels", [{}, {"a.b_c-d/E9": "x"}, {"n" * 40: "v" * 100}, {str(n): "é 漢" for n in range(10)}, {"a": "b:c=d"}]
)
def test_what_is_valid_comes_back_as_it_is(labels: dict[str, str]) -> None:
    assert a_filing(labels=labels).labels == labels


@pytest.mark.parametrize(
    "labels",
    [
        {"": "x"}, {"a b": "x"}, {"a:b": "x"}, {"a\n": "x"}, {"n" * 41: "x"}, {"a": ""}, {"a": "v" * 101}, {"a": "b\nc"},
        {"a": "b\0"}, {"a": 1}, {str(n): "x" for n in range(11)}, [["a", "b"]], "a:b",
    ],
)  # fmt: skip
def test_what_is_not_is_refused(labels: object) -> None:
    with pytest.raises(ValidationError):
        a_filing(labels=labels)


def test_the_json_schema_takes_no_other_names_either() -> None:
    schema = FilingSubmitted.model_json_schema()["properties"]["labels"]
    jsonschema.validate({"a.b_c-d/E9": "x"}, schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"a b": "x"}, schema)
