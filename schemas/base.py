"""What every event model shares: it is frozen, and an unknown field is an error of the producer, not noise."""

from pydantic import BaseModel, ConfigDict


class EventModel(BaseModel):
    """A frozen model at the border between rooms; equality is by value."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        ser_json_inf_nan="strings",
        use_attribute_docstrings=True,
        # What is not valid may be a document, and the error's text ends in a log.
        hide_input_in_errors=True,
    )


class TolerantModel(EventModel):
    """A model of what we read from others: a field that a newer producer added is ignored."""

    model_config = ConfigDict(extra="ignore")
