"""What the pipeline refuses before it reads."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from streams.faults import PermanentFault
from streams.pipeline import Pipeline
from streams.stores.protocol import StoreUnavailable
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


def test_what_a_store_says_of_its_place_is_for_operators_and_not_in_the_tasks_error(
    caplog: pytest.LogCaptureFixture,
) -> None:
    class Failing:
        def replace_filing(self, *_: object) -> None:
            raise StoreUnavailable("The vector store in /srv/vectors keeps failing.")

    class Embeds:
        def embed(self, texts: Sequence[str]) -> list[NDArray[np.float32]]:
            return [np.ones((1, 2), np.float32) for _ in texts]

    store: Any = Failing()
    pipeline = Pipeline(DocumentFolders([]), 10 * LIMIT, embedder=Embeds(), scorer=UNREACHED, store=store)
    document = "<p>Item 1A. Risk Factors</p><p><b>We may fail.</b></p><p>A fire would stop our only plant.</p>"
    with pytest.raises(StoreUnavailable) as raised:
        pipeline(a_filing(html_content=document, action="index"), lambda _step: None)
    assert "/srv/vectors" not in str(raised.value)
    assert "/srv/vectors" in caplog.text
