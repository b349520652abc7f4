"""Labels as a query has them."""

from collections.abc import Sequence


def pairs(labels: Sequence[str]) -> list[tuple[str, str]] | None:
    """Name and value of each label `name:value`, whose value may have more colons; None where one has none."""
    parted = [label.partition(":") for label in labels]
    return [(name, value) for name, _, value in parted] if all(colon for _, colon, _ in parted) else None
