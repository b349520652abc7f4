"""Item 1A of plain and preformatted text: where it is, and how it is cut."""

import pytest

from streams.analysis.reading import read_item_1a, segment
from tests.unit.reading.expected import assert_cut_right, assert_whole, factors_of
from tests.unit.reading.filings import BODY, GROUPS, HEADINGS, INTRODUCTION, SECOND, SECTIONS, Tag, plain, wrap


def test_plain_text_is_read() -> None:
    text = (
        "ITEM 1A.  RISK FACTORS\n\n"
        + wrap(INTRODUCTION)
        + "\n\n"
        + "\n\n".join([wrap(BODY)] * 8)
        + "\n\n"
        + wrap(SECOND)
    )
    assert_whole(read_item_1a(plain(text)))


def test_a_reference_that_wraps_to_the_start_of_a_line_is_not_the_heading() -> None:
    reference = "What follows must be read together with what is said further on in this report in\nItem 1A. Risk Factors\nand in its notes."
    text = f"{reference}\n\n{wrap(BODY)}\n\nITEM 1A.  RISK FACTORS\n\n{wrap(INTRODUCTION)}\n\n{wrap(BODY)}\n\n{wrap(BODY)}\n\n{wrap(BODY)}\n\n{wrap(SECOND)}"
    assert_whole(read_item_1a(plain(text)))


def test_preformatted_text_inside_html_is_read() -> None:
    text = (
        "ITEM 1A.  RISK FACTORS\n\n"
        + wrap(INTRODUCTION)
        + "\n\n"
        + "\n\n".join([wrap(BODY)] * 8)
        + "\n\n"
        + wrap(SECOND)
    )
    body = plain(text).decode().replace("<PAGE>", "")
    assert_whole(read_item_1a(f"<html><body><pre>{body}</pre></body></html>".encode()))


def test_text_that_lost_its_pre_is_read_by_its_lines() -> None:
    text = (
        "ITEM 1A.  RISK FACTORS\n\n"
        + wrap(INTRODUCTION)
        + "\n\n"
        + "\n\n".join([wrap(BODY)] * 8)
        + "\n\n"
        + wrap(SECOND)
    )
    body = plain(text).decode().replace("<PAGE>", "")
    assert_whole(read_item_1a(f"<html><body><div>{body}</div></body></html>".encode()))


def plain_factors(heading: Tag, group: Tag, first: int = 5) -> str:
    parts = ["ITEM 1A.  RISK FACTORS", wrap(INTRODUCTION)]
    for each in GROUPS:
        parts.append(group(each.title))
        for title in each.headings:
            parts += [heading(title), wrap(BODY, first=first), wrap(SECOND, first=first)]
    return "\n\n".join(parts)


PLAIN = {
    "sentences under capitals": (wrap, str.upper, 5),
    "sentences under centred titles": (wrap, lambda t: f"{t:^78}", 5),
    "sentences under ruled titles": (wrap, lambda t: f"{t}\n{'-' * len(t)}", 5),
    "indented sentences under capitals": (lambda t: wrap(t, first=5, indent=5), str.upper, 0),
    "ruled sentences": (lambda t: wrap(t) + "\n" + "-" * 30, str.upper, 0),
    "capitals under ruled titles": (lambda t: wrap(t.upper()), lambda t: f"{t}\n{'=' * len(t)}", 0),
}


@pytest.mark.parametrize(("heading", "group", "first"), PLAIN.values(), ids=PLAIN.keys())
def test_headings_of_plain_text(heading: Tag, group: Tag, first: int) -> None:
    item = read_item_1a(plain(plain_factors(heading, group, first)))
    factors = segment(item)
    assert [factor.heading.casefold() for factor in factors] == [heading.casefold() for heading in HEADINGS]
    assert [factor.section.casefold() for factor in factors] == [section.casefold() for section in SECTIONS]
    assert {factor.text for factor in factors} == {f"{BODY} {SECOND}"}


def test_page_furniture_of_plain_text_is_no_part_of_a_body() -> None:
    text = plain_factors(wrap, str.upper)
    paged = "\n\n".join(
        part + (f"\n\n{n:>40}\n\n<PAGE>\n\nRHINE CRANES, INC." if n % 5 == 0 else "")
        for n, part in enumerate(text.split("\n\n"))
    )
    factors = segment(read_item_1a(plain(paged)))
    assert [factor.heading for factor in factors] == list(HEADINGS)
    assert {factor.text for factor in factors} == {f"{BODY} {SECOND}"}


def test_bold_lines_inside_pre_are_one_heading() -> None:
    parts = [wrap(INTRODUCTION)]
    for group in GROUPS:
        parts.append(f"<b><i>{group.title}</i></b>")
        for heading in group.headings:
            lines = wrap(heading, width=50).split("\n")
            parts.append("\n".join(f"    <b><u>{line}</u></b>" for line in lines))
            parts += [wrap(BODY, first=5), wrap(SECOND, first=5)]
    item_1a = "<pre>" + "\n\n".join(parts) + "</pre>"
    assert_cut_right(factors_of(item_1a))
