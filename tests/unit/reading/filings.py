"""Filings of a made-up company, in the layouts that filing agents use."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape

INTRODUCTION = (
    "You should read the following with the rest of this report. What we describe here is not all that can go wrong, "
    "and things that we think unimportant today may turn out otherwise."
)
BODY = (
    "We build harbour cranes in two yards on the same river. When the river froze three winters ago both yards stood still for "
    "nine weeks, and two customers took their orders elsewhere. Nothing that we have done since would prevent it from happening again. "
    "Insurance pays for a part of the loss, and only after a month."
)
SECOND = (
    "We have moved some of the welding inland, which costs more and takes longer. Our customers do not pay us for that. "
    "If the winters stay mild we will have spent the money for nothing."
)


@dataclass(frozen=True)
class Group:
    """A group of risk factors; an empty title stands for none."""

    title: str
    headings: tuple[str, ...]


GROUPS = (
    Group(
        "Risks Related to Our Business",
        (
            "A frozen river could stop both of our yards at once.",
            "We depend on one supplier for the steel ropes of all our cranes. If it fails us, we cannot deliver.",
            "Our largest customer may build its own cranes.",
            "We may not find enough welders who are willing to work outdoors.",
        ),
    ),
    Group(
        "Risks Related to Laws and Regulations",
        (
            "New limits on noise could close our older yard at night.",
            "We are subject to inspections that could delay deliveries.",
            "Tariffs on steel may raise our costs faster than our prices.",
        ),
    ),
)
HEADINGS = tuple(heading for group in GROUPS for heading in group.headings)
SECTIONS = tuple(group.title for group in GROUPS for _ in group.headings)

Tag = Callable[[str], str]


def paragraph(text: str) -> str:
    return f'<p style="margin-top:6pt">{escape(text, quote=False)}</p>\n'


def styled(css: str) -> Tag:
    """A paragraph all of one style, as agents write it today."""
    return lambda text: f'<div><span style="{css}">{escape(text, quote=False)}</span></div>\n'


BOLD = styled("font-weight:700")
ITALIC = styled("font-style:italic")
BOLD_ITALIC = styled("font-style:italic;font-weight:700")
UNDERLINED = styled("text-decoration:underline")
BOLD_UNDERLINED = styled("font-weight:bold;text-decoration:underline")
CENTERED_BOLD = lambda text: f'<p align="center"><b>{escape(text, quote=False)}</b></p>\n'  # noqa: E731


def block_factors(heading: Tag, group: Tag, *, groups: Sequence[Group] = GROUPS, body: Tag = paragraph) -> str:
    """Risk factors whose headings are paragraphs of their own."""
    parts = []
    for each in groups:
        if each.title:
            parts.append(group(each.title))
        for title in each.headings:
            parts += [heading(title), body(BODY), body(SECOND)]
    return "".join(parts)


def run_in_factors(open_tag: str, close_tag: str, group: Tag, *, groups: Sequence[Group] = GROUPS) -> str:
    """Risk factors whose headings lead their first paragraph."""
    parts = []
    for each in groups:
        if each.title:
            parts.append(group(each.title))
        for title in each.headings:
            parts += [f"<p>{open_tag}{escape(title)}{close_tag} {BODY}</p>\n", paragraph(SECOND)]
    return "".join(parts)


ITEM_1A = paragraph(INTRODUCTION) + block_factors(BOLD_ITALIC, BOLD)

CONTENTS = (
    ("Item 1.", "Business"),
    ("Item 1A.", "Risk Factors"),
    ("Item 1B.", "Unresolved Staff Comments"),
    ("Item 2.", "Properties"),
    ("Item 3.", "Legal Proceedings"),
    ("Item 7.", "Management\u2019s Discussion and Analysis of Financial Condition and Results of Operations"),
    ("Item 8.", "Financial Statements and Supplementary Data"),
)


def contents() -> str:
    rows = "".join(
        f"<tr><td>{number}</td><td>{title}</td><td>{page}</td></tr>" for page, (number, title) in enumerate(CONTENTS, 3)
    )
    return f"<table><tr><td>PART I</td></tr>{rows}</table>\n"


def cover(form: str = "10-K", year: int = 2019) -> str:
    return (
        paragraph(f"FORM {form}")
        + paragraph(f"For the fiscal year ended December 31, {year}")
        + paragraph("Rhine Cranes, Inc.")
    )


BUSINESS = BOLD("Item 1. Business") + paragraph(BODY) * 6
STAFF_COMMENTS = BOLD("Item 1B. Unresolved Staff Comments") + paragraph("None.")
PROPERTIES = BOLD("Item 2. Properties") + paragraph("We own both yards and lease an office.")
REST = (
    BOLD("Item 3. Legal Proceedings")
    + paragraph("There are none.")
    + BOLD("PART II")
    + BOLD("Item 7. Management\u2019s Discussion and Analysis of Financial Condition and Results of Operations")
    + paragraph(BODY) * 8
    + BOLD("Item 8. Financial Statements and Supplementary Data")
    + paragraph(BODY) * 8
    + BOLD("SIGNATURES")
)


def filing(
    item_1a: str = ITEM_1A,
    *,
    heading: str = BOLD("Item 1A. Risk Factors"),
    following: str = STAFF_COMMENTS + PROPERTIES,
    before: str = BUSINESS,
    toc: str | None = None,
    rest: str = REST,
    front: str | None = None,
) -> bytes:
    """A whole 10-K in HTML; every part of it can be replaced."""
    front = cover() if front is None else front
    toc = contents() if toc is None else toc
    return f"<html><body>{front}{toc}{before}{heading}{item_1a}{following}{rest}</body></html>".encode()


def plain(html_free: str) -> bytes:
    """A 10-K in plain text around the given Item 1A, which has its own heading."""
    toc = "\n".join(f"{number:10}{title:60.60}{page:>4}" for page, (number, title) in enumerate(CONTENTS, 3))
    return (
        f"<PAGE>\n\n                  FORM 10-K\n\n      For the fiscal year ended December 31, 2008\n\n"
        f"{'TABLE OF CONTENTS':^78}\n\n{toc}\n\n<PAGE>\n\nITEM 1.  BUSINESS\n\n{wrap(BODY)}\n\n{html_free}\n\n"
        f"ITEM 1B.  UNRESOLVED STAFF COMMENTS\n\nNone.\n\nITEM 2.  PROPERTIES\n\nWe own both yards.\n\n"
        f"ITEM 7.  MANAGEMENT'S DISCUSSION AND ANALYSIS OF FINANCIAL CONDITION AND\n         RESULTS OF OPERATIONS\n\n{wrap(BODY)}\n"
    ).encode()


def wrap(text: str, *, indent: int = 0, first: int = 0, width: int = 78) -> str:
    """Text in lines, the first indented by `first` blanks and the others by `indent`."""
    import textwrap

    return textwrap.fill(text, width, initial_indent=" " * first, subsequent_indent=" " * indent)
