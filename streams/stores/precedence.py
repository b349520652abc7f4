"""Which of a company's filings count when one amends the other."""

from collections.abc import Collection

AMENDMENT = "/A"


def filings_in_force(filings: Collection[tuple[int, str]]) -> set[tuple[int, str]]:
    """Of the (filing year, form) pairs that have stored risk factors, those that make up the history.

    An amendment replaces the filing that it amends, 10-K/A the 10-K of its year: Rule 12b-15 of the Exchange
    Act has an amendment set forth the complete text of each item that it amends, so an amended Item 1A is a
    whole one. An amendment without an Item 1A has no stored factors and so replaces nothing. Different forms
    of one year, such as a 10-K and the 10-KT of a changed fiscal year, are different filings and both count.
    """
    known = set(filings)
    return {(year, form) for year, form in known if (year, form + AMENDMENT) not in known}
