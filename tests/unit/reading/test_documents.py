"""What people have on their disks: web archives, Markdown, submissions of several documents, and other documents."""

import base64
import quopri

import pytest

from streams.analysis.reading import UnreadableDocument, read_item_1a, segment
from tests.unit.reading.expected import assert_cut_right, assert_whole
from tests.unit.reading.filings import (
    BODY,
    BOLD,
    CONTENTS,
    HEADINGS,
    ITEM_1A,
    SECOND,
    contents,
    cover,
    filing,
    paragraph,
)

TEXTS = dict.fromkeys(HEADINGS, f"{BODY} {SECOND}")


def archive(part: bytes, encoding: str, *, header: str = "From: <Saved by Blink>\nMIME-Version: 1.0\n") -> bytes:
    return (
        f'{header}Content-Type: multipart/related; type="text/html"; boundary="----B"\n\n------B\nContent-Type: text/html\n'
        f"Content-Transfer-Encoding: {encoding}\nContent-Location: file:///filing.htm\n\n"
    ).encode() + part + b"\n------B\nContent-Type: image/png\nContent-Transfer-Encoding: base64\n\niVBORw0KGgo=\n------B--\n"  # fmt: skip


@pytest.mark.parametrize(
    "document",
    [
        archive(quopri.encodestring(filing()), "quoted-printable"),
        archive(quopri.encodestring(filing()), "quoted-printable").replace(b"\n", b"\r\n"),
        archive(quopri.encodestring(filing()), "quoted-printable", header="MIME-Version: 1.0\n"),
        b"\xef\xbb\xbf" + archive(base64.encodebytes(filing()), "base64"),
        archive(filing(), "8bit"),
    ],
    ids=["browser", "line ends of Windows", "Word", "base64", "8bit"],
)
def test_a_saved_web_archive_is_decoded(document: bytes) -> None:
    item = read_item_1a(document)
    assert_whole(item)
    assert_cut_right(segment(item))


@pytest.mark.parametrize("part", [b"", b"Content-Type: text/html\n", b"Content-Type: text/plain\n\nItem 1A"])
def test_a_web_archive_without_html_is_refused(part: bytes) -> None:
    with pytest.raises(UnreadableDocument) as refused:
        read_item_1a(b"MIME-Version: 1.0\nContent-Type: multipart/related; boundary=B\n\n--B\n" + part)
    assert refused.value.type == "not_a_filing"


def markdown(title: str, heading: str, *, run_in: bool = False) -> bytes:
    """A 10-K in Markdown; `title` and `heading` hold a place for the words."""
    factors = [heading.format(words) + (" " if run_in else "\n\n") + text for words, text in TEXTS.items()]
    items = [
        "We build harbour cranes.",
        "\n\n".join(factors),
        "None.",
        "We own both yards.",
    ]
    parts = ["# FORM 10-K", "For the fiscal year ended December 31, 2019"]
    for (number, words), text in zip(CONTENTS, items, strict=False):
        parts += [title.format(f"{number} {words}"), text]
    return "\n\n".join(parts).encode()


@pytest.mark.parametrize(
    ("title", "heading", "run_in"),
    [
        ("## {}", "### {}", False),
        ("## {}", "## {}", False),
        ("## **{}**", "**{}**", False),
        ("**{}**", "***{}***", False),
        ("**{}**", "*{}*", False),
        ("## {}", "_{}_", False),
        ("# {}", "**{}**", True),
        ("# {}", "- **{}**", True),
        ("{}\n-----", "**{}**", False),
    ],
)
def test_markdown_is_read_by_its_signs(title: str, heading: str, run_in: bool) -> None:
    factors = segment(read_item_1a(markdown(title, heading, run_in=run_in)))
    assert {factor.heading: factor.text for factor in factors} == TEXTS


@pytest.mark.parametrize("in_html", [False, True])
def test_a_text_without_line_breaks_is_parted_at_the_items(in_html: bool) -> None:
    parts = ["FORM 10-K For the fiscal year ended December 31, 2019"]
    parts += [f"{number} {title} {page}" for page, (number, title) in enumerate(CONTENTS[:4], 3)]
    factors = " ".join(f"{heading} {text}" for heading, text in TEXTS.items())
    parts += [
        "Item 1. Business We build cranes.",
        f"Item 1A. Risk Factors {factors}",
        "Item 1B. Unresolved Staff Comments",
    ]
    parts += ["None. Item 2. Properties We own both yards."]
    text = " ".join(parts)
    item = read_item_1a(f"<html><body><p>{text}</p></body></html>".encode() if in_html else text.encode())
    assert (item.status, item.text) == ("found", factors)


def test_html_on_one_line_is_read() -> None:
    assert_cut_right(segment(read_item_1a(filing().replace(b"\n", b" "))))


def test_the_form_and_year_stand_behind_data_of_xbrl() -> None:
    data = " ".join(f"0000999{number:03}tlc:CraneMember2019-01-012019-12-31" for number in range(900))
    assert read_item_1a(filing(front=f"<div>{data}</div>" + cover())).form == "10-K"


def submission(*documents: tuple[str, bytes]) -> bytes:
    parts = [
        f"<DOCUMENT>\n<TYPE>{form}\n<SEQUENCE>{number}\n<TEXT>\n".encode() + text + b"\n</TEXT>\n</DOCUMENT>\n"
        for number, (form, text) in enumerate(documents, 1)
    ]
    return b"<SEC-DOCUMENT>x.txt\n<SEC-HEADER>y</SEC-HEADER>\n" + b"".join(parts) + b"</SEC-DOCUMENT>\n"


COVER = f"<html><body>{cover()}</body></html>".encode()


@pytest.mark.parametrize(
    "documents",
    [
        [("10-K", COVER), ("10-K", filing())],
        [("10-K", filing()), ("10-K", COVER)],
        [("10-K", COVER), ("EX-21", b"<p>Subsidiaries</p>"), ("10-K", filing()), ("EX-99", filing())],
    ],
)
def test_of_several_reports_in_a_submission_the_one_with_risk_factors_is_taken(
    documents: list[tuple[str, bytes]],
) -> None:
    assert_whole(read_item_1a(submission(*documents)))


RISKS = BOLD("Risk Factors") + ITEM_1A
MENTIONED = paragraph("See our Annual Report on Form 10-K for the fiscal year ended December 31, 2019.")

OTHERS = {
    "a proxy statement in a submission": (submission(("DEF 14A", filing())), "DEF 14A"),
    "a proxy statement": (f"<p>SCHEDULE 14A</p>{MENTIONED}{RISKS}".encode(), "SCHEDULE 14A"),
    "a registration statement": (f"<p>FORM S-3</p>{MENTIONED}{RISKS}".encode(), "S-3"),
    "a registration statement on one line": (
        f"<p>Form S-1 Registration Statement</p>{MENTIONED}{RISKS}".encode(),
        "S-1",
    ),
    "an exhibit": (f"<p>Exhibit 99.1</p>{MENTIONED}{RISKS}".encode(), "exhibit 99.1"),
    "a viewer's shell": (
        b"<html><head><script src='/ixviewer/js/app.js'></script></head><body><p>Please wait.</p></body></html>",
        "viewer",
    ),
    "a cover": (COVER, "cover"),
    "a cover and its contents": (COVER.replace(b"</body>", contents().encode() + b"</body>"), "cover"),
}


@pytest.mark.parametrize(("document", "named"), OTHERS.values(), ids=OTHERS.keys())
def test_another_document_has_no_item_1a_and_says_what_it_is(document: bytes, named: str) -> None:
    item = read_item_1a(document)
    assert (item.status, item.text) == ("not_found", "")
    assert named in item.hint


def test_a_report_without_the_item_needs_no_hint() -> None:
    document = filing(heading="", item_1a=paragraph(BODY) * 40, toc="", front=cover(year=2001))
    assert read_item_1a(document).hint == ""
