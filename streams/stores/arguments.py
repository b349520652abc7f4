"""What every store refuses, with the same words."""

from collections.abc import Sequence

from streams.stores.protocol import StoredFactor, Vectors, VectorSpace
from streams.stores.revisions import Filing


def check_factors(filing: Filing, factors: Sequence[StoredFactor], space: VectorSpace) -> None:
    """Of what is to be stored as a filing.

    Raises:
        ValueError: where a factor is of another filing, two have one id, or a factor's vectors are not of
            shape (at least 1, `space.dimensions`).
    """
    ticker, filing_year, form = filing
    if any((factor.ticker, factor.filing_year, factor.form) != filing for factor in factors):
        raise ValueError(f"Not all risk factors are of the filing {ticker} {filing_year} {form}.")
    if len({factor.id for factor in factors}) < len(factors):
        raise ValueError(f"Two risk factors of {ticker} {filing_year} {form} have the same id.")
    for factor in factors:
        if factor.vectors.ndim != 2 or not len(factor.vectors) or factor.vectors.shape[1] != space.dimensions:
            raise ValueError(
                f"Risk factor {factor.id} has vectors of shape {factor.vectors.shape}; "
                f"the store takes (chunks, {space.dimensions}) with at least one chunk."
            )


def check_query(vector: Vectors, space: VectorSpace) -> None:
    """Of what is to be searched for.

    Raises:
        ValueError: where it is not of shape (`space.dimensions`,).
    """
    if vector.shape != (space.dimensions,):
        raise ValueError(f"The vector has shape {vector.shape}, not ({space.dimensions},).")
