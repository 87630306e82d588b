"""Coded values of RUSMARC and MARC 21 and how one becomes the other: data/tables/crosswalk_*.tsv, read once."""

from __future__ import annotations

from functools import cache, lru_cache

from catalog_sync.model import Dialect
from catalog_sync.tables import rows


@cache
def _codes() -> dict[tuple[str, str], dict[str, str]]:
    """(list, side written from) → code → code; the first line with a code wins."""
    found: dict[tuple[str, str], dict[str, str]] = {}
    for row in rows("crosswalk_codes.tsv"):
        found.setdefault((row["list"], "rusmarc"), {}).setdefault(row["rusmarc"], row["marc21"])
        found.setdefault((row["list"], "marc21"), {}).setdefault(row["marc21"], row["rusmarc"])
    return found


def side(dialect: Dialect) -> str:
    """Which column of the tables a dialect's codes are in: МАРК-SQL is a USMARC dialect and uses MARC 21 codes."""
    return "rusmarc" if dialect.is_unimarc_family else "marc21"


@lru_cache(maxsize=4096)
def translate(code_list: str, code: str, source: Dialect, target: Dialect, default: str = "") -> str:
    """One code in the target's alphabet: `translate("type", "l", RUSMARC, MARC21)` is "m"."""
    if side(source) == side(target):
        return code if code in _codes()[code_list, side(source)] else default
    return _codes()[code_list, side(source)].get(code, default)


def all_codes(code_list: str, dialect: Dialect) -> frozenset[str]:
    """Every code of a list that the dialect knows."""
    return frozenset(_codes()[code_list, side(dialect)])


@cache
def _countries() -> tuple[dict[str, str], dict[str, str], dict[str, str]]:
    """ISO alpha-2 → MARC, MARC → ISO alpha-2, ISO alpha-3 → alpha-2."""
    table = rows("crosswalk_countries.tsv")
    return (
        {r["iso"]: r["marc21"] for r in table}, {r["marc21"]: r["iso"] for r in table},
        {r["iso3"]: r["iso"] for r in table},
    )


@lru_cache(maxsize=4096)
def country_for(dialect: Dialect, typed: str) -> str:
    """A country as the dialect codes it: ISO 3166 «RU» for RUSMARC, MARC «ru» for MARC 21; "" where unknown.

    Two lower-case letters are a MARC code, two capitals an ISO one; RUSMARC files often type ISO in lower case
    («ru», «de»), which is read as ISO only where no MARC country has that code.
    """
    iso_to_marc, marc_to_iso, iso3 = _countries()
    code = typed.strip().rstrip("#| ")
    if code.isupper() and code in iso_to_marc:
        iso = code
    elif len(code) == 3 and code.upper() in iso3 and not (code.islower() and code in marc_to_iso):
        iso = iso3[code.upper()]
    else:
        iso = marc_to_iso.get(code.lower(), "") or (code.upper() if code.upper() in iso_to_marc else "")
    return iso if side(dialect) == "rusmarc" else iso_to_marc.get(iso, "")


@cache
def _relators() -> tuple[dict[str, dict[str, str]], dict[str, str]]:
    """MARC relator → row, and every way to type a role → MARC relator."""
    table = rows("crosswalk_relators.tsv")
    typed: dict[str, str] = {}
    for row in table:
        for way in (row["rusmarc"], row["marc21"], row["word"], *row["typed"].split("|")):
            if way:
                typed.setdefault(_bare(way), row["marc21"])
    return {r["marc21"]: r for r in table}, typed


def _bare(role: str) -> str:
    return role.strip(" .,;:[]()").lower().replace("ё", "е")


@lru_cache(maxsize=4096)
def relator_for(dialect: Dialect, role: str) -> str:
    """The relator code of a role typed as a code or a word («сост.», «220», «com»); "" where it is neither."""
    by_code, typed = _relators()
    known = typed.get(_bare(role))
    return by_code[known][side(dialect)] if known else ""


@lru_cache(maxsize=4096)
def relator_word(role: str) -> str:
    """The Russian word of a role; what was typed where the table does not know it and it is not a bare code."""
    by_code, typed = _relators()
    known = typed.get(_bare(role))
    if known:
        return by_code[known]["word"]
    return "" if role.strip().isdigit() else role.strip()
