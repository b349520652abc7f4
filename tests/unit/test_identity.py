from uuid import UUID

from streams.analysis.identity import factor_id, factor_ids

HEADING = "Our only bridge may close."
TEXT = "All of our goods cross one bridge."


def test_the_same_factor_of_the_same_filing_always_has_the_same_id() -> None:
    assert factor_id("ACME", 2025, "10-K", HEADING, TEXT) == "fe6dda9e-d0d7-8346-b8ba-3ed0aebfd34c"


def test_the_id_is_a_well_formed_uuid() -> None:
    assert UUID(factor_id("ACME", 2025, "10-K", HEADING, TEXT)).version == 8


def test_whitespace_does_not_change_the_id() -> None:
    spaced = factor_id("ACME", 2025, "10-K", f"  {HEADING}\n", TEXT.replace(" ", "\n\t"))
    assert spaced == factor_id("ACME", 2025, "10-K", HEADING, TEXT)


def test_each_part_of_where_and_what_changes_the_id() -> None:
    ids = {
        factor_id("ACME", 2025, "10-K", HEADING, TEXT),
        factor_id("BOLT", 2025, "10-K", HEADING, TEXT),
        factor_id("ACME", 2024, "10-K", HEADING, TEXT),
        factor_id("ACME", 2025, "10-K/A", HEADING, TEXT),
        factor_id("ACME", 2025, "10-K", "Our bridge may close.", TEXT),
        factor_id("ACME", 2025, "10-K", HEADING, "No bridge."),
        factor_id("ACME", 2025, "10-K", HEADING, TEXT, occurrence=1),
        factor_id("ACME", 2025, "10-K", f"{HEADING} {TEXT}", ""),
    }
    assert len(ids) == 8


def test_a_factor_that_a_filing_repeats_gets_its_own_id_each_time() -> None:
    repeated, other = (HEADING, TEXT), ("Another heading", TEXT)
    ids = factor_ids("ACME", 2025, "10-K", [repeated, other, repeated])
    assert len(set(ids)) == 3
    assert ids[0] == factor_id("ACME", 2025, "10-K", HEADING, TEXT)
    assert ids[2] == factor_id("ACME", 2025, "10-K", HEADING, TEXT, occurrence=1)


def test_text_with_unpaired_surrogates_has_an_id() -> None:
    assert factor_id("ACME", 2025, "10-K", "\ud800", "\udfff")
