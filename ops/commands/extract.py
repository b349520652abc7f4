"""`sigmak extract`: no server, only the reading."""

import time
from typing import Annotated, Any

import orjson
import typer

from ops.documents import read_document
from ops.failures import CommandFailed
from ops.terminal import say, say_error, say_json


def register(app: typer.Typer) -> None:
    """Add the command."""

    @app.command("extract")
    def extract(
        files: Annotated[list[str], typer.Argument(help="Filings, also .gz; - for standard input.")],
        form: Annotated[str | None, typer.Option(help="The form type, where it should not be detected.")] = None,
        json: Annotated[bool, typer.Option("--json", help="Print one JSON document a file.")] = False,
    ) -> None:
        """Print Item 1A of filings, cut into its risk factors."""
        failed = False
        for file in files:
            record = _record(file, form)
            failed |= "error" in record
            if json:
                say_json(orjson.dumps(record))
            else:
                _print(record)
        if failed:
            raise typer.Exit(1)


def _record(file: str, form: str | None) -> dict[str, Any]:
    from streams.analysis.reading import UnreadableDocument, read_item_1a, segment, warnings_of

    try:
        document = read_document(file)
        began = time.perf_counter()
        item = read_item_1a(document, form=form)
        factors = segment(item)
    except UnreadableDocument as error:
        return {"file": file, "error": {"type": error.type, "message": str(error)}}
    except CommandFailed as error:
        return {"file": file, "error": {"type": "document_not_found", "message": str(error)}}
    return {
        "file": file,
        "seconds": round(time.perf_counter() - began, 4),
        "status": item.status,
        "form": item.form,
        "title": item.title,
        "chars": len(item.text),
        "text": item.text,
        "hint": item.hint,
        "warnings": warnings_of(factors),
        "risk_factors": [
            {
                "heading": factor.heading,
                "heading_source": factor.heading_source,
                "text": factor.text,
                "section": factor.section,
                "start": factor.start,
                "end": factor.end,
            }
            for factor in factors
        ],
    }


def _print(record: dict[str, Any]) -> None:
    if "error" in record:
        say_error(f"{record['file']}: {record['error']['message']}")
        return
    found = f"{record['status']}, {record['chars']} characters, {len(record['risk_factors'])} risk factors"
    say(f"{record['file']} ({record['form'] or 'form unknown'}): {found}, {record['seconds']:.2f} s")
    if record["hint"]:
        say(f"  {record['hint']}")
    if "no_headings" in record["warnings"]:
        say("  No heading of a risk factor was found: the whole item counts as one.")
    section = ""
    for factor in record["risk_factors"]:
        if factor["section"] != section:
            section = factor["section"]
            say("", f"  {section}")
        say(f"  - {factor['heading']}  [{len(factor['text'].split())} words]")
