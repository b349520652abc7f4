"""The real analysis of one filing: read, segment, embed, score, store; a step reported as each begins."""

import codecs
import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from schemas.filings import FilingSubmitted
from schemas.risks import IndexSummary, RiskAssessment
from streams.analysis.identity import factor_ids
from streams.analysis.reading import Item1A, RiskFactorText, UnreadableDocument, read_item_1a, segment, warnings_of
from streams.analysis.scoring import Scorer, company_size, full_text
from streams.analysis_port import Report, Result
from streams.faults import PermanentFault
from streams.stores.protocol import RiskFactorStore, StoredFactor, StoreUnavailable
from transport.documents import DocumentFolders, DocumentNotFound, DocumentTooLarge, PathRefused

_QUESTION = "Is it the filing's main document?"
log = logging.getLogger(__name__)

READING, SEGMENTING, EMBEDDING, SCORING, STORING = range(1, 6)

Vectors = Sequence[NDArray[np.float32]]


class Embeds(Protocol):
    """What the pipeline needs of an embedder."""

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Per text the unit vectors of its chunks, shape (chunks, dimensions)."""


@dataclass(frozen=True, slots=True)
class Pipeline:
    """An `Analysis`: pure steps in a row, with the document's source at one end and the store at the other."""

    documents: DocumentFolders
    max_document_bytes: int
    embedder: Embeds
    scorer: Scorer
    store: RiskFactorStore

    def __call__(self, filing: FilingSubmitted, report: Report) -> Result:
        """The assessment of a filing, or the summary of an index-only one.

        Raises:
            PermanentFault: the document can't be had or read, or holds no Item 1A.
            TransientFault: the store is away.
        """
        report(READING)
        document = self._document(filing)
        item = _item_1a(document, filing.form)
        report(SEGMENTING)
        factors = segment(item)
        report(EMBEDDING)
        vectors = self.embedder.embed([full_text(factor) for factor in factors])
        report(SCORING)
        if filing.action == "index":
            report(STORING)
            self._store(filing, item, _unscored(filing, item, factors, vectors))
            return IndexSummary(
                ticker=filing.ticker,
                filing_year=filing.filing_year,
                form=item.form,
                status=item.status,
                risk_factors=len(factors),
            )
        assessment = self.scorer.assess(
            ticker=filing.ticker,
            filing_year=filing.filing_year,
            item=item,
            factors=factors,
            vectors=vectors,
            history=self._history(filing),
            size=company_size(document, revenue_usd=filing.revenue_usd, market_value_usd=filing.market_value_usd),
            warnings=warnings_of(factors),
        )
        report(STORING)
        self._store(filing, item, _scored(assessment, vectors))
        return assessment

    def _document(self, filing: FilingSubmitted) -> bytes:
        if filing.html_content is not None:
            # The mark outweighs a charset that the document declares: this text is decoded already.
            document = filing.html_content.encode("utf-8-sig")
            # The gateway refuses such a document; an upstream that writes to Kafka itself has nobody who does.
            if len(document) - len(codecs.BOM_UTF8) > self.max_document_bytes:
                raise PermanentFault(
                    "document_too_large", f"html_content is larger than {self.max_document_bytes} bytes."
                )
            return document
        assert filing.html_path is not None
        try:
            return self.documents.read(filing.html_path, limit=self.max_document_bytes)
        except PathRefused as error:
            raise PermanentFault("path_refused", str(error)) from error
        except DocumentNotFound as error:
            raise PermanentFault("document_not_found", str(error)) from error
        except DocumentTooLarge as error:
            raise PermanentFault("document_too_large", str(error)) from error

    def _history(self, filing: FilingSubmitted) -> Sequence[StoredFactor]:
        with _told_to_operators():
            return self.store.history(filing.ticker, filing.filing_year)

    def _store(self, filing: FilingSubmitted, item: Item1A, factors: Sequence[StoredFactor]) -> None:
        with _told_to_operators():
            self.store.replace_filing(filing.ticker, filing.filing_year, item.form, factors)


@contextmanager
def _told_to_operators() -> Iterator[None]:
    """Log what the store says of a fault, and raise it without: it names a folder or an address of the server."""
    try:
        yield
    except StoreUnavailable as fault:
        log.warning("%s", fault)
        raise StoreUnavailable("The vector store is away, or does not do its work.") from None


def _item_1a(document: bytes, form: str | None) -> Item1A:
    try:
        item = read_item_1a(document, form=form)
    except UnreadableDocument as error:
        raise PermanentFault(error.type, str(error)) from error
    if item.status == "not_found":
        raise PermanentFault(
            "no_risk_factors_section",
            f"The document holds no Item 1A, Risk Factors. {item.hint or _QUESTION}",
        )
    return item


def _scored(assessment: RiskAssessment, vectors: Vectors) -> list[StoredFactor]:
    return [
        StoredFactor(
            id=risk.id,
            ticker=assessment.ticker,
            filing_year=assessment.filing_year,
            form=assessment.form,
            position=risk.position,
            section=risk.section,
            heading=risk.heading,
            text=risk.text,
            vectors=vectors[risk.position],
            category=risk.category,
            severity=risk.severity.value,
            novelty=risk.novelty.value,
        )
        for risk in assessment.risks
    ]


def _unscored(
    filing: FilingSubmitted, item: Item1A, factors: Sequence[RiskFactorText], vectors: Vectors
) -> list[StoredFactor]:
    ids = factor_ids(
        filing.ticker, filing.filing_year, item.form, [(factor.heading, factor.text) for factor in factors]
    )
    return [
        StoredFactor(
            id=id_,
            ticker=filing.ticker,
            filing_year=filing.filing_year,
            form=item.form,
            position=position,
            section=factor.section,
            heading=factor.heading,
            text=factor.text,
            vectors=embedded,
        )
        for position, (id_, factor, embedded) in enumerate(zip(ids, factors, vectors, strict=True))
    ]
