"""RiskAssessment: what a filing's Item 1A says, one entry a risk factor, as downstream consumers read it."""

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from schemas.base import EventModel
from schemas.labels import Labels

Share = Annotated[float, Field(ge=0.0, le=1.0)]
"""A number from 0 to 1, both included."""

ItemStatus = Literal["found", "not_required", "incorporated_by_reference", "not_found"]
"""What became of the search for Item 1A in a filing."""

HeadingSource = Literal["emphasis", "own_line", "first_sentence", "whole_item"]
"""What marks a heading: a look (bold, capitals); a line, paragraph or cell of its own; or only that it comes first.

With `whole_item` there is no heading, and the factor is all of Item 1A.
"""

ReadingWarning = Literal["no_headings"]
"""A suspicion that the reading missed something. `no_headings`: a long item in which no risk factor was found."""

NoveltyKind = Literal["first", "new", "revised", "carried"]
"""`first`: no earlier filing is known, so nothing can be said; the others compare with earlier years."""


class Category(StrEnum):
    """The cause that a risk factor names; one primary category a factor."""

    OPERATIONAL = "OPERATIONAL"
    SYSTEMATIC = "SYSTEMATIC"
    GEOPOLITICAL = "GEOPOLITICAL"
    REGULATORY = "REGULATORY"
    COMPETITIVE = "COMPETITIVE"
    TECHNOLOGICAL = "TECHNOLOGICAL"
    HUMAN_CAPITAL = "HUMAN_CAPITAL"
    FINANCIAL = "FINANCIAL"
    REPUTATIONAL = "REPUTATIONAL"
    OTHER = "OTHER"


class SeverityComponent(EventModel):
    """One named part of a severity, with what in the text it rests on."""

    name: str
    """`language`, `amounts`, `materiality` or `novelty`."""
    value: Share
    """How severe the factor is by this part alone."""
    weight: Share
    """The part's weight in the sum; the weights of one severity add up to 1."""
    evidence: tuple[str, ...] = ()
    """Short quotations or figures of the factor that the value rests on."""


class Severity(EventModel):
    """How much harm a risk factor describes."""

    value: Share
    """0 is harmless, 1 threatens the company's existence; the weighted sum of the components."""
    explanation: str
    """Why, in a sentence for a person."""
    components: tuple[SeverityComponent, ...]
    """The parts of the sum."""


class NearestFactor(EventModel):
    """The risk factor of an earlier year that comes closest."""

    filing_year: int
    """The year of the filing that it stands in."""
    heading: str
    """Its heading there."""
    similarity: Share
    """How close it comes: 1 is the same text."""


class Novelty(EventModel):
    """How new a risk factor is against the company's earlier filings."""

    value: Share | None
    """None where no earlier filing is known: that is not the same as new."""
    kind: NoveltyKind
    """What became of the factor since: `new`, `revised` or `carried` over; `first` where nothing is known."""
    explanation: str
    """Why, in a sentence for a person."""
    nearest: NearestFactor | None = None
    """Its closest earlier factor; None where there is none at all."""
    new_sentences: tuple[str, ...] = ()
    """The sentences without a near twin in the nearest earlier factor, in their order."""
    compared_with: tuple[int, ...] = ()
    """The filing years it was compared with, latest first."""


class RiskFactor(EventModel):
    """One risk factor of an Item 1A, cut, classified and scored."""

    id: str
    """Derives from ticker, filing year, form and text: the same filing gives the same ids."""
    position: int = Field(ge=0)
    """Its place in the filing, from 0; the list is sorted by severity instead."""
    heading: str
    """The sentence or phrase that it opens with, set off in the filing."""
    heading_source: HeadingSource = "emphasis"
    """What marks the heading: less certain if it is not `emphasis`."""
    text: str
    """The body below the heading, whitespace collapsed."""
    section: str
    """The group heading above it; empty where there is none."""
    start: int = Field(ge=0)
    """Where its heading begins in the item's text, whitespace collapsed; in characters."""
    end: int = Field(ge=0)
    """Where its body ends there, exclusive."""
    category: Category
    """The cause that it names."""
    category_confidence: Share
    """How sure the classification is of the category."""
    runner_up: Category | None = None
    """The category that came second; None where nothing else was in question."""
    classification_method: str
    """What classified it."""
    severity: Severity
    """How much harm it describes, and why."""
    novelty: Novelty
    """How new it is, and why."""
    source_citation: str
    """Where to check it: the nearest anchor of the original document, if any, and the offsets."""
    text_cut: bool = False
    """True where the text was cut so that the record fits its topic."""


class RiskTotals(EventModel):
    """Counts over the whole filing, also where the list shows fewer."""

    risk_factors: int = Field(ge=0)
    """How many the filing has."""
    shown: int = Field(ge=0)
    """How many the list holds."""
    by_category: dict[Category, int] = Field(default_factory=dict)
    """Category -> how many of all."""
    by_novelty: dict[NoveltyKind, int] = Field(default_factory=dict)
    """Kind of novelty -> how many of all."""


class ScoringModel(EventModel):
    """What is needed to reproduce a score."""

    analysis_version: str
    """Version of the rules: it changes when the same filing would score otherwise."""
    embedding_model: str
    """Name of the model behind the similarities."""
    classification_method: str
    """What classified the factors."""
    severity_weights: dict[str, float] = Field(default_factory=dict)
    """Severity component -> its weight."""


class RiskAssessment(EventModel):
    """The finished reading of one filing. `risks` are sorted by severity, then novelty, highest first."""

    ticker: str
    """As in the filing event."""
    filing_year: int
    """As in the filing event."""
    form: str
    """The form type, as given or detected."""
    status: ItemStatus
    """What became of the search for Item 1A."""
    title: str
    """The item's heading as the filing has it."""
    chars: int = Field(ge=0)
    """Length of the item's text, whitespace collapsed."""
    compared_with: tuple[int, ...]
    """The earlier filing years that were at hand, latest first; empty where there were none."""
    totals: RiskTotals
    """Counts over the whole filing."""
    risks: tuple[RiskFactor, ...]
    """The risk factors."""
    model: ScoringModel
    """How they were scored."""
    labels: Labels = Field(default_factory=dict)
    """As in the filing event."""
    warnings: tuple[ReadingWarning, ...] = ()
    """What a reader must know of how the filing was read; empty if nothing is suspicious."""

    def showing(self, most: int) -> "RiskAssessment":
        """The same with only the first `most` risks; the totals tell what was left out."""
        shown = self.risks[:most]
        totals = self.totals.model_copy(update={"shown": len(shown)})
        return self.model_copy(update={"risks": shown, "totals": totals})

    def with_texts_cut(self, length: int) -> "RiskAssessment":
        """The same with each factor's text cut to `length` characters, and flagged where something was cut."""
        cut = tuple(
            risk if len(risk.text) <= length else risk.model_copy(update={"text": risk.text[:length], "text_cut": True})
            for risk in self.risks
        )
        return self.model_copy(update={"risks": cut})


class IndexSummary(EventModel):
    """The result of an index-only filing event: stored for later comparison, not scored."""

    ticker: str
    """As in the filing event."""
    filing_year: int
    """As in the filing event."""
    form: str
    """The form type, as given or detected."""
    status: ItemStatus
    """What became of the search for Item 1A."""
    risk_factors: int = Field(ge=0)
    """How many were stored."""
    labels: Labels = Field(default_factory=dict)
    """As in the filing event."""
