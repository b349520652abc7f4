"""FilingSubmitted: the event that asks for a filing to be read."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from schemas.base import EventModel
from schemas.callbacks import CallbackUrl
from schemas.labels import Labels

Ticker = Annotated[str, Field(pattern=r"^[A-Z0-9.\-]{1,10}$", examples=["AAPL", "BRK.B"])]
FilingYear = Annotated[int, Field(ge=1990, le=2030, examples=[2025])]
Priority = Literal["normal", "high"]
Action = Literal["analyze", "index"]

_LARGEST_DOLLARS = 1e14
"""About the size of the world's economy: more is a slip in the unit, as cents or thousands counted twice."""

Dollars = Annotated[float, Field(gt=0, le=_LARGEST_DOLLARS, allow_inf_nan=False)]
"""Whole US dollars, not thousands or millions."""


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
    labels: Labels = Field(default_factory=dict)
    """What the sender marks the filing with: up to ten names with a value each; task and result have them, too."""
    callback_url: CallbackUrl | None = None
    """Where to tell, signed, that the task has ended."""

    @model_validator(mode="after")
    def _one_document(self) -> Self:
        if (self.html_content is None) == (self.html_path is None):
            raise ValueError("give exactly one of html_content and html_path")
        return self


class ScoringOptions(EventModel):
    """What the sender knows or wants beside the filing, where it is scored."""

    retrieve_top_k: Annotated[int, Field(ge=1, le=50)] = 10
    """How many risks the task's result shows, the most severe first; the risk topic always gets all."""
    revenue_usd: Annotated[Dollars, Field(examples=[391_035_000_000])] | None = None
    """The company's revenue of its last fiscal year, in whole US dollars: what amounts in the text are compared with.
    Without this and `market_value_usd`, it is what the filing states of itself, if it does."""
    market_value_usd: Annotated[Dollars, Field(examples=[2_628_553_000_000])] | None = None
    """The company's market value in whole US dollars; amounts are compared with it where `revenue_usd` is not given."""


class FilingSubmitted(ScoringOptions, FilingSource):
    """A filing event. Its CloudEvents id is the task id, its Kafka key the ticker."""

    action: Action = "analyze"
    """`index` stores the risk factors for later comparison and scores nothing."""
    batch_id: str | None = None
    """The batch that it was submitted with, which is told of its end."""
