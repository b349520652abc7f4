"""FilingSubmitted: the event that asks for a filing to be read."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from schemas.base import EventModel

Ticker = Annotated[str, Field(pattern=r"^[A-Z0-9.\-]{1,10}$", examples=["AAPL", "BRK.B"])]
FilingYear = Annotated[int, Field(ge=1990, le=2030, examples=[2025])]
Priority = Literal["normal", "high"]
Action = Literal["analyze", "index"]


class FilingSource(EventModel):
    """Which filing, and where its document is: inline, or a path that the worker reads."""

    ticker: Ticker
    """The company's ticker symbol; events of one ticker are worked on in order."""
    filing_year: FilingYear
    """The year that the filing is counted under when years are compared."""
    form: Annotated[str, Field(pattern=r"^[A-Z0-9/\-]{1,12}$", examples=["10-K", "10-K/A"])] | None = None
    """The form type, where it is known; else it is detected."""
    html_content: str | None = None
    """The filing's document itself, HTML or plain text."""
    html_path: Annotated[str, Field(min_length=1, max_length=4096)] | None = None
    """An absolute path of the document, below a folder that the workers are allowed to read."""

    @model_validator(mode="after")
    def _one_document(self) -> Self:
        if (self.html_content is None) == (self.html_path is None):
            raise ValueError("give exactly one of html_content and html_path")
        return self


class FilingSubmitted(FilingSource):
    """A filing event. Its CloudEvents id is the task id, its Kafka key the ticker."""

    action: Action = "analyze"
    """`index` stores the risk factors for later comparison and scores nothing."""
    retrieve_top_k: Annotated[int, Field(ge=1, le=50)] = 10
    """How many risks the task's result shows, the most severe first; the risk topic always gets all."""
