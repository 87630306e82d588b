"""Labelled files of a generated district: what every school typed, and which edition it was."""

from __future__ import annotations

import csv
import json
import random
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

from tests.generators.hands import LOOKALIKES, ROMANISED, Description, Fields, Habits, slipped
from tests.generators.world import Edition, World


def _fits(shown: dict[str, object], e: Edition) -> bool:
    for attribute, value in shown.items():
        if attribute == "team":
            if e.team[:1] != value:
                return False
        elif attribute == "isbn":
            if value not in (e.isbn, e.isbn_set):
                return False
        elif getattr(e, attribute) != value:
            return False
    return True


def spoil(h: Habits, fields: Fields) -> Fields:
    """Slips, half-Latin words, capitals, Latin letters: noise that leaves the meaning readable."""
    r = h.rng
    done: Fields = []
    for tag, indicators, subfields in fields:
        typed = []
        for code, value in subfields:
            if tag in ("200", "245", "210", "260", "700", "100") and code != "u":
                value = slipped(r, value) if r.random() < h.slip else value
                value = value.translate(LOOKALIKES) if r.random() < h.slip / 2 and tag in ("200", "245") else value
                value = value.upper() if h.capitals else value
                if h.romanised and tag in ("200", "245") and "№" not in value:
                    value = value.lower().translate(ROMANISED)
            typed.append((code, value))
        done.append((tag, indicators, typed))
    return done


def iso2709(identity: str, fields: Fields, encoding: str, unimarc: bool) -> bytes:
    encoded = [(b"001", identity.encode())]
    for tag, indicators, subfields in fields:
        text = indicators + "".join(f"\x1f{code}{value}" for code, value in subfields)
        encoded.append((tag.encode(), text.encode(encoding, "replace")))
    directory, data = b"", b""
    for name, body in encoded:
        directory += name + b"%04d%05d" % (len(body) + 1, len(data))
        data += body + b"\x1e"
    base = 24 + len(directory) + 1
    leader = b"%05dnam%s 22%05d%s" % (
        base + len(data) + 1,
        b"0" if unimarc else b" ",
        base,
        b"   450 " if unimarc else b" a 4500",
    )
    return leader[:24] + directory + b"\x1e" + data + b"\x1d"


def records(seed: int, families: int, schools: int) -> Iterator[tuple[Habits, str, bytes, Edition, bool, bool]]:
    """(habits, local id, ISO 2709, edition, ambiguous, corrupt) for every record of the district."""
    world = World(seed, families)
    rng = random.Random(seed + 1)
    by_title: dict[str, list[Edition]] = {}
    for edition in world.editions:
        by_title.setdefault(edition.tgroup, []).append(edition)
    habits = [
        Habits(
            f"h{n:02}",
            random.Random(seed * 100 + n),
            rng.choice(("rusmarc", "rusmarc", "marc21", "marcsql")),
            rng.choice(("utf-8", "cp1251")),
        )
        for n in range(schools)
    ]
    number = 0
    for edition in world.editions:
        for h in rng.sample(habits, min(schools, 1 + int(rng.expovariate(0.45)))):
            number += 1
            description = Description(h, edition)
            fields = description.fields()
            corrupt = rng.random() < 0.02
            if corrupt:
                fields = [
                    (t, i, [(c, v.replace("20", "19", 1) if c in "dc" else v) for c, v in s]) for t, i, s in fields
                ]
            ambiguous = sum(_fits(description.shown, other) for other in by_title[edition.tgroup]) > 1
            unimarc = h.dialect == "rusmarc"
            identity = f"{h.code}-{number:06}"
            yield h, identity, iso2709(identity, spoil(h, fields), h.encoding, unimarc), edition, ambiguous, corrupt


def write(folder: Path, seed: int = 1, families: int = 900, schools: int = 20) -> None:
    """Files like those of ../shared/dedup: iso2709/SCHOOL.DIALECT.ENCODING.mrc, truth.csv, editions.jsonl."""
    (folder / "iso2709").mkdir(parents=True, exist_ok=True)
    files: dict[str, list[bytes]] = {}
    used: dict[str, Edition] = {}
    with (folder / "truth.csv").open("w", newline="", encoding="utf-8") as file:
        out = csv.writer(file)
        out.writerow(("source", "local_id", "edition", "ambiguous", "corrupt"))
        for h, identity, data, edition, ambiguous, corrupt in records(seed, families, schools):
            files.setdefault(f"{h.code}.{h.dialect}.{h.encoding}.mrc", []).append(data)
            used[edition.eid] = edition
            out.writerow((h.code, identity, edition.eid, int(ambiguous), int(corrupt)))
    for name, parts in files.items():
        (folder / "iso2709" / name).write_bytes(b"".join(parts))
    with (folder / "editions.jsonl").open("w", encoding="utf-8") as file:
        for edition in used.values():
            file.write(json.dumps(asdict(edition), ensure_ascii=False) + "\n")
