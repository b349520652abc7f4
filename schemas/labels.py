"""Labels: what a sender marks its filing with, to find its task and result by."""

from typing import Annotated

from pydantic import AfterValidator, Field


def _printable(value: str) -> str:
    if not value.isprintable():
        raise ValueError("a label's value must be printable characters")
    return value


LabelName = Annotated[str, Field(pattern=r"^[a-zA-Z0-9._\-/]{1,40}$")]
LabelValue = Annotated[str, Field(min_length=1, max_length=100), AfterValidator(_printable)]
Labels = Annotated[
    dict[LabelName, LabelValue],
    # Pydantic refuses other names, and does not say so in the schema.
    Field(max_length=10, examples=[{"portfolio": "growth-2025"}], json_schema_extra={"additionalProperties": False}),
]
"""Name -> value, up to ten."""
