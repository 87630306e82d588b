"""Names as citations write them: «Иванов, И. И.» in headings, «И. И. Иванов» in statements of responsibility."""

from __future__ import annotations

import re

from catalog_sync.marc.codes import relator_for
from catalog_sync.model import Agent, BibRecord, Dialect

_RUN_INITIALS = re.compile(r"\b([А-ЯЁA-Z])\.(?=[А-ЯЁA-Z](?:\.|[а-яёa-z]))")
_DASHED_INITIAL = re.compile(r"^\w\.-\w\.$")
_WITHOUT_COMMA = re.compile(r"^([^\s,]+)\s+((?:[А-ЯЁA-Z]\.[\s-]*){1,3})$")
_AUTHOR = "aut"


def spaced_initials(text: str) -> str:
    """«С.Ю. Калинин» → «С. Ю. Калинин» (инициалы разделяют пробелом)."""
    return _RUN_INITIALS.sub(r"\1. ", text)


def surname_and_initials(agent: Agent) -> tuple[str, str]:
    """(«Пушкин», «А. С.»); initials are "" for a body or a name without a comma («Иероним Стридонский»)."""
    name = spaced_initials(agent.name.strip(" ,;"))
    if agent.kind != "person":
        return name, ""
    joined = _WITHOUT_COMMA.match(name)
    surname, _, rest = (joined[1], ",", joined[2]) if joined else name.partition(",")
    return surname.strip(" ,"), initials(rest)


def initials(forenames: str) -> str:
    """«Александр Сергеевич» → «А. С.»; «Ж.-Ж.» and «Жан-Жак» → «Ж.-Ж.»; what is no name («мл.», «граф») is dropped."""
    found = []
    for word in forenames.replace(",", " ").split():
        if _DASHED_INITIAL.match(word):
            found.append(word)
        elif word[:1].isupper():
            found.append("-".join(f"{part[0]}." for part in word.rstrip(".").split("-") if part[:1].isupper()))
    return " ".join(f for f in found if f)


def inverted(agent: Agent) -> str:
    """«Пушкин, А. С.»: the form of headings."""
    surname, rest = surname_and_initials(agent)
    return f"{surname}, {rest}" if rest else surname


def direct(agent: Agent) -> str:
    """«А. С. Пушкин»: the form of statements of responsibility."""
    surname, rest = surname_and_initials(agent)
    return f"{rest} {surname}" if rest else surname


def authors(bib: BibRecord) -> list[Agent]:
    """Persons who wrote the work: the main heading, and those whose role says author or nothing beside such a one."""
    persons = [a for a in bib.agents if a.kind == "person"]
    return [a for a in persons if _is_author(a)]


def editors(bib: BibRecord) -> list[Agent]:
    return [a for a in bib.agents if a.kind == "person" and relator_for(Dialect.MARC21, a.role) == "edt"]


def _is_author(agent: Agent) -> bool:
    role = relator_for(Dialect.MARC21, agent.role)
    return role in (_AUTHOR, "ctb") if role else agent.main and not agent.role.strip()
