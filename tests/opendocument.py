"""Spreadsheets of OpenDocument made by hand: what is in them is up to the test, as programs of others may write it."""

from __future__ import annotations

import io
import zipfile

MIMETYPE = "application/vnd.oasis.opendocument.spreadsheet"
NAMES = " ".join(
    f'xmlns:{prefix}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
    for prefix, name in (("office", "office"), ("table", "table"), ("text", "text"), ("draw", "drawing"))
)
CALCEXT = 'xmlns:calcext="urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0"'
MANIFEST = (
    '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0">{}</manifest:manifest>'
)


def ods(*tables: str, head: str = "", mimetype: str = MIMETYPE, manifest: str = "") -> bytes:
    """A package of these `table:table` elements; `head` stands before them, `manifest` in its list of files."""
    body = f"<office:body><office:spreadsheet>{head}{''.join(tables)}</office:spreadsheet></office:body>"
    return package(f"<office:document-content {NAMES} {CALCEXT}>{body}</office:document-content>", mimetype, manifest)


def package(content: str, mimetype: str = MIMETYPE, manifest: str = "") -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", mimetype, zipfile.ZIP_STORED)
        archive.writestr("content.xml", f'<?xml version="1.0" encoding="UTF-8"?>\n{content}')
        archive.writestr("META-INF/manifest.xml", MANIFEST.format(manifest))
    return out.getvalue()


def table(*rows: str, name: str = "Лист1") -> str:
    return f'<table:table table:name="{name}">{"".join(rows)}</table:table>'


def row(*cells: str, times: int = 1) -> str:
    """`cells`: elements, or texts to be cells."""
    made = "".join(c if c.startswith("<") else cell(c) for c in cells)
    return f'<table:table-row table:number-rows-repeated="{times}">{made}</table:table-row>'


def cell(text: str = "", kind: str = "string", value: str = "", *, inside: str = "", times: int = 1) -> str:
    """A cell that shows `text`, each line a paragraph; `inside` stands before it."""
    attribute = {"date": "date-value", "string": "string-value"}.get(kind, "value")
    said = f' office:{attribute}="{value}"' if value else ""
    lines = "".join(f"<text:p>{line}</text:p>" for line in text.split("\n")) if text else ""
    typed = f'office:value-type="{kind}"{said}' if text or value else ""
    return f'<table:table-cell {typed} table:number-columns-repeated="{times}">{inside}{lines}</table:table-cell>'
