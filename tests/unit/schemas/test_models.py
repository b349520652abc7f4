"""What holds for every model of the contract."""

from collections.abc import Iterator

import pytest
from pydantic import ValidationError

import schemas.cancellations
import schemas.filings
import schemas.risks
import schemas.tasks
from schemas.base import EventModel, TolerantModel
from tests.unit.examples import a_filing, a_risk, a_status, an_assessment


def _models_below(base: type[EventModel]) -> Iterator[type[EventModel]]:
    for model in base.__subclasses__():
        if model.__module__.startswith("schemas."):
            yield model
            yield from _models_below(model)


MODELS = [model for model in _models_below(EventModel) if model is not TolerantModel]


def test_the_models_are_found() -> None:
    assert {
        schemas.cancellations.Cancellation,
        schemas.filings.FilingSubmitted,
        schemas.tasks.TaskStatus,
        schemas.risks.RiskAssessment,
    } < set(MODELS)


@pytest.mark.parametrize("model", MODELS)
def test_every_model_and_every_field_is_described_in_the_json_schema(model: type[EventModel]) -> None:
    schema = model.model_json_schema()
    assert schema.get("description")
    assert [name for name, field in schema["properties"].items() if not field.get("description")] == []


@pytest.mark.parametrize("model", MODELS)
def test_every_model_is_frozen_and_refuses_unknown_fields_or_ignores_them_by_intent(model: type[EventModel]) -> None:
    assert model.model_config["frozen"] is True
    assert model.model_config["extra"] == ("ignore" if issubclass(model, TolerantModel) else "forbid")


@pytest.mark.parametrize("example", [a_filing(), a_status(), a_risk(), an_assessment(a_risk())])
def test_an_event_can_not_be_changed(example: EventModel) -> None:
    field = next(iter(type(example).model_fields))
    with pytest.raises(ValidationError, match="frozen"):
        setattr(example, field, "changed")


@pytest.mark.parametrize("model", MODELS)
def test_what_is_not_valid_is_not_quoted(model: type[EventModel]) -> None:
    secret = "words of a document"
    with pytest.raises(ValidationError) as invalid:
        model.model_validate({name: [secret] for name in [*model.model_fields, "more"]})
    assert secret not in str(invalid.value)


def test_equality_is_by_value() -> None:
    assert a_filing() == a_filing()
    assert a_filing() != a_filing(filing_year=2023)
