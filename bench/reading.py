"""How fast exports are read, beside pymarc on the same bytes. Prints records per second and ratios of one run.

python bench/reading.py [--records 20000]
"""

from __future__ import annotations

import argparse
import io
import time
from collections import deque
from collections.abc import Callable, Iterable

import pymarc

from catalog_sync.marc.reading import marc_record, read_export, to_bib
from catalog_sync.marc.writing import to_iso2709, to_marcxml
from catalog_sync.model import MarcField, MarcRecord, Source, SourceRecord, Subfield

TITLES = ("Алгебра", "Русский язык", "Окружающий мир", "Капитанская дочка", "Всеобщая история")


def school_record(number: int) -> MarcRecord:
    def field(tag: str, indicators: str, text: str) -> MarcField:
        return MarcField(tag, indicators, tuple(Subfield(s[0], s[1:]) for s in text.split("$")[1:]))

    title = TITLES[number % len(TITLES)]
    return MarcRecord(
        "00000nam0 2200000   450 ",
        (
            MarcField("001", data=f"RU/SCH/{number:07}"),
            MarcField("005", data="20200102030405.0"),
            field("010", "  ", f"$a978-5-09-{number % 1_000_000:06}-3$d550 р."),
            field("100", "  ", "$a20190101d2019    dem y0rusy0189    ca"),
            field("101", "0 ", "$arus"),
            field("200", "1 ", f"$a{title}. {number % 11 + 1} класс$eучебник$fА. Б. Иванов, В. Г. Петров"),
            field("205", "  ", "$a3-е изд., перераб."),
            field("210", "  ", "$aМосква$cПросвещение$d2019"),
            field("215", "  ", "$a256 с.$cил.$d22 см"),
            field("610", "0 ", "$aучебники$aшкола"),
            field("686", "  ", "$a22.14я721$2rubbk"),
            field("700", " 1", "$aИванов$bА. Б.$gАлексей Борисович$4070"),
            field("899", "  ", f"$aШК1$bУЧ$p{number}"),
        ),
    )


def per_second(count: int, work: Callable[..., object], *given: object) -> float:
    start = time.process_time()
    work(*given)
    return count / (time.process_time() - start)


def consume(values: Iterable[object]) -> None:
    """Go through without keeping: what a run does, record by record."""
    deque(values, maxlen=0)


def with_pymarc(data: bytes) -> int:
    return sum(1 for record in pymarc.MARCReader(io.BytesIO(data), force_utf8=True) if record is not None)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=20_000)
    count = parser.parse_args().records
    records = [school_record(n) for n in range(count)]
    source = Source("bench", "bench")
    theirs = 0.0
    for codec in ("utf-8", "cp1251"):
        data = b"".join(to_iso2709(r, codec) for r in records)
        kept = [r for r in read_export(data, source) if isinstance(r, SourceRecord)]
        unchanged = per_second(count, lambda d: consume(read_export(d, source)), data)
        decoded = per_second(count, lambda k: consume(marc_record(r) for r in k), kept)
        described = per_second(count, lambda k: consume(to_bib(r) for r in k), kept)
        print(f"{codec:7} unchanged {unchanged:9,.0f}/s   fields {decoded:8,.0f}/s   described {described:8,.0f}/s")
        if codec == "utf-8":
            theirs = per_second(count, with_pymarc, data)
            print(f"pymarc  fields {theirs:8,.0f}/s   ours/theirs: fields {decoded / theirs:.1f}, ", end="")
            print(f"described {described / theirs:.1f}, unchanged {unchanged / theirs:.1f}")
    xml = b"<collection>" + b"".join(to_marcxml(r) for r in records) + b"</collection>"
    kept = [r for r in read_export(xml, source) if isinstance(r, SourceRecord)]
    unchanged = per_second(count, lambda: consume(read_export(xml, source)))
    described = per_second(count, lambda: consume(to_bib(r) for r in kept))
    print(f"marcxml unchanged {unchanged:9,.0f}/s   described {described:8,.0f}/s   ({len(xml) / 2**20:.0f} MB)")


if __name__ == "__main__":
    main()
