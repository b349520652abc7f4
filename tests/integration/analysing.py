"""A worker's analysis without Kafka, in a process of its own: `python -m tests.integration.analysing cache|no-cache`.

It takes the earlier of the demonstration's filings into its store, analyses the later one against it twice, and prints
both assessments. Store and cache are where the SIGMAK_ settings say.
"""

import sys
from dataclasses import replace
from pathlib import Path

import ops.demo
from schemas.filings import FilingSubmitted
from streams.assembly import configured_embedder, load_configured_analysis
from streams.pipeline import Pipeline
from streams.settings import WorkerSettings

FILINGS = Path(ops.demo.__file__).parent / "filings"


def main() -> None:
    settings = WorkerSettings()
    analysis = load_configured_analysis(settings)
    assert isinstance(analysis, Pipeline)
    if sys.argv[1] == "no-cache":
        analysis = replace(analysis, embedder=configured_embedder(settings))
    for year in (2023, 2024, 2024):
        document = (FILINGS / f"KLMF_{year}.html").read_text()
        filing = FilingSubmitted(
            ticker="KLMF", filing_year=year, html_content=document, action="index" if year == 2023 else "analyze"
        )
        result = analysis(filing, lambda _step: None)
        if filing.action == "analyze":
            print(result.model_dump_json())


if __name__ == "__main__":
    main()
