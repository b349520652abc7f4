"""What it costs a filing that its analysis runs in a child process. Prints JSON.

    python -m benchmarks.isolation [--filings N]

The analysis does nothing but report five steps and return a result; run in this process and in a child by turns.
"""

import argparse
import json
import statistics
import time

from benchmarks.rig.empty_analysis import sample_assessment
from benchmarks.rig.machine import machine
from schemas.filings import FilingSubmitted
from schemas.risks import RiskAssessment
from schemas.tasks import STEPS
from streams.analysis_port import Analysis, Report
from streams.isolation.isolated_analysis import IsolatedAnalysis

_LARGE = sample_assessment(2_500, risks=100)
"""As of a large company: 100 risk factors, some 350 KB."""
_DOCUMENTS = {"5 KB": 5_000, "2 MB": 2_000_000, "20 MB": 20_000_000}
_MEMORY = 2 * 1024**3


def five_steps(_filing: FilingSubmitted, report: Report) -> RiskAssessment:
    """Report each step and return the result of a large company."""
    for step in range(1, len(STEPS) + 1):
        report(step)
    return _LARGE


def main() -> None:
    """Measure for the filings of the command line, and print."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--filings", type=int, default=50)
    filings = arguments.parse_args().filings
    isolated = IsolatedAnalysis(lambda: five_steps, preload=lambda: None, seconds=60.0, memory_bytes=_MEMORY)
    isolated.start()
    measured = {}
    for name, size in _DOCUMENTS.items():
        filing = FilingSubmitted(ticker="BENCH", filing_year=2024, html_content="x" * size)
        times = [(_seconds(five_steps, filing), _seconds(isolated, filing)) for _ in range(filings)]
        own, child = (statistics.median(each) * 1000 for each in zip(*times, strict=True))
        measured[name] = {"ms in this process": round(own, 2), "ms in a child": round(child, 2)}
    isolated.close()
    print(
        json.dumps({"script": "isolation", "machine": machine(), "filings": filings, "documents": measured}, indent=1)
    )


def _seconds(analysis: Analysis, filing: FilingSubmitted) -> float:
    began = time.perf_counter()
    analysis(filing, lambda _step: None)
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
