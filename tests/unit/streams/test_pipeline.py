"""What the pipeline refuses before it reads."""

from typing import Any

import pytest

from streams.faults import PermanentFault
from streams.pipeline import Pipeline
from tests.unit.examples import a_filing
from transport.documents import DocumentFolders

LIMIT = 1000
UNREACHED: Any = object()


def fault_of(document: str) -> PermanentFault:
    """What a document that holds no Item 1A is refused for."""
    pipeline = Pipeline(DocumentFolders([]), LIMIT, embedder=UNREACHED, scorer=UNREACHED, store=UNREACHED)
    with pytest.raises(PermanentFault) as refused:
        pipeline(a_filing(html_content=document), lambda _step: None)
    return refused.value


def test_an_inline_document_over_the_limit_is_refused_like_a_file_is() -> None:
    refused = fault_of("é" * (LIMIT // 2) + "x")
    assert (refused.type, str(refused)) == ("document_too_large", "html_content is larger than 1000 bytes.")


def test_an_inline_document_of_just_the_limit_is_read() -> None:
    assert fault_of("é" * (LIMIT // 2)).type != "document_too_large"


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ("<p>A letter.</p>", "Is it the filing's main document?"),
        ("<p>Exhibit 21</p><p>Subsidiaries</p>", "This is exhibit 21 of a filing, not its main document."),
        ("<p>FORM S-3</p><p>Risk Factors</p>", "This is a S-3, no annual or quarterly report."),
    ],
)
def test_a_document_without_item_1a_is_refused_with_what_it_seems_to_be(document: str, said: str) -> None:
    refused = fault_of(document)
    assert refused.type == "no_risk_factors_section"
    assert str(refused) == f"The document holds no Item 1A, Risk Factors. {said}"
