"""Small exports made here, so that the tests need nobody's data."""

from __future__ import annotations

from collections.abc import Iterable

from catalog_sync.marc.exports import cut
from catalog_sync.model import FetchedFile

US, RS, GS = "\x1f", "\x1e", "\x1d"


def iso2709(number: str, title: str = "Алгебра", encoding: str = "utf-8") -> bytes:
    """A RUSMARC record with 001 and 200$a."""
    fields = [("001", number), ("200", f"1 {US}a{title}{US}fИванов И. И.")]
    directory, body = b"", b""
    for tag, text in fields:
        data = text.encode(encoding) + RS.encode()
        directory += f"{tag}{len(data):04d}{len(body):05d}".encode()
        body += data
    base = 24 + len(directory) + 1
    total = base + len(body) + 1
    return f"{total:05d}nam0 22{base:05d}3i 450 ".encode() + directory + RS.encode() + body + GS.encode()


def export(numbers: Iterable[int], encoding: str = "utf-8") -> bytes:
    return b"".join(iso2709(f"RU/SCH/{n}", f"Книга {n}", encoding) for n in numbers)


def marcxml(number: str, title: str = "Алгебра", namespace: str = "http://www.loc.gov/MARC21/slim") -> str:
    """A MARCXML record; no 001 where `number` is empty."""
    control = f'<controlfield tag="001">{number}</controlfield>' if number else ""
    return (
        f'<record xmlns="{namespace}"><leader>00000nam0 2200000 i 450 </leader>{control}'
        f'<datafield tag="200" ind1="1" ind2=" "><subfield code="a">{title}</subfield></datafield></record>'
    )


def local_ids(files: Iterable[FetchedFile]) -> list[str]:
    """001 of every record of the files, in order, as the pipeline would read them."""
    return [piece.local_id for f in files for piece in cut(f.data, f.format)]
