"""Work is spread evenly over partitions, by where the producer really puts a ticker."""

from collections import Counter

from benchmarks.filings_rate import even_tickers, partition_of
from schemas.topics import DEFAULT_PARTITIONS


def test_equal_filings_are_spread_evenly() -> None:
    tickers = even_tickers({f"F{n}": 1.0 for n in range(3 * DEFAULT_PARTITIONS)})
    assert set(Counter(map(partition_of, tickers.values())).values()) == {3}


def test_a_long_filing_weighs_as_much_as_many_short_ones() -> None:
    seconds = {"long": 3.0} | {f"F{n}": 1.0 for n in range(3 * (DEFAULT_PARTITIONS - 1))}
    partitions = Counter(map(partition_of, even_tickers(seconds).values()))
    assert sorted(partitions.values()) == [1] + [3] * (DEFAULT_PARTITIONS - 1)
