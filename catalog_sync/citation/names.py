"""Names as citations write them: «Иванов, И. И.» in headings, «И. И. Иванов» in statements of responsibility."""

from __future__ import annotations

import re
from functools import lru_cache

from catalog_sync.marc.codes import relator_for
from catalog_sync.matching.names import Name, authors_of
from catalog_sync.matching.titles import leading_author
from catalog_sync.model import Agent, BibRecord, Dialect
from catalog_sync.text import fold

_RUN_INITIALS = re.compile(r"\b([А-ЯЁA-Z])\.(?=[А-ЯЁA-Z](?:\.|[а-яёa-z]))")
_DASHED_INITIAL = re.compile(r"^\w\.-\w\.$")
_LETTERS = r"(?:[А-ЯЁA-Z]\.[\s-]*){1,3}"
_INITIALS_LAST = re.compile(rf"^([^\s,.]{{2,}})\s+({_LETTERS})$")
_INITIALS_FIRST = re.compile(rf"^({_LETTERS})\s*([^\s,.]{{2,}})$")
_PATRONYMIC = re.compile(r"(?:вич|вна|ична|инична|оглы|кызы)$")
_AUTHOR = "aut"


def spaced_initials(text: str) -> str:
    """«С.Ю. Калинин» → «С. Ю. Калинин» (инициалы разделяют пробелом)."""
    return _RUN_INITIALS.sub(r"\1. ", text)


@lru_cache(maxsize=1 << 13)
def surname_and_forenames(name: str) -> tuple[str, str]:
    """A person's name in two, whichever way it was typed: «Бим, Инесса Львовна», «Бим И. Л.», «И. Л. Бим».

    A name that shows no surname («Иероним Стридонский») stays whole.
    """
    text = spaced_initials(" ".join(name.split()).strip(" ,;"))
    if "," in text:
        surname, _, rest = text.partition(",")
        return surname.strip(), rest.strip(" ,")
    if found := _INITIALS_LAST.match(text):
        return found[1], found[2].strip()
    if found := _INITIALS_FIRST.match(text):
        return found[2], found[1].strip()
    words = text.split()
    if len(words) == 3 and _PATRONYMIC.search(words[2]):
        return words[0], " ".join(words[1:])
    if len(words) == 3 and _PATRONYMIC.search(words[1]):
        return words[2], " ".join(words[:2])
    return text, ""


def established(agent: Agent) -> str:
    """«Бим, Инесса Львовна»: the name with its surname first, forenames as full as typed; a body as typed."""
    if agent.kind != "person":
        return agent.name
    surname, rest = surname_and_forenames(agent.name)
    return f"{surname}, {rest}" if rest else surname


def surname_and_initials(agent: Agent) -> tuple[str, str]:
    """(«Пушкин», «А. С.»); initials are "" for a body and for a name without a surname."""
    if agent.kind != "person":
        return spaced_initials(agent.name.strip(" ,;")), ""
    surname, rest = surname_and_forenames(agent.name)
    return surname, initials(rest)


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
    persons = [a for a in bib.agents if a.kind == "person" and any(c.isalpha() for c in a.name)]
    return [a for a in persons if _is_author(a)]


def editors(bib: BibRecord) -> list[Agent]:
    return [a for a in bib.agents if a.kind == "person" and relator_for(Dialect.MARC21, a.role) == "edt"]


def _is_author(agent: Agent) -> bool:
    role = relator_for(Dialect.MARC21, agent.role)
    return role in (_AUTHOR, "ctb") if role else agent.main and not agent.role.strip()


def title_without_author(bib: BibRecord) -> str:
    """The title without «Громов С. В.» typed before it (a habit of МАРК-SQL users); only a name the record also has."""
    people = tuple(authors_of(bib.agents))
    return _without(bib.title, people) if people else bib.title


LONGEST_TITLE = 2_000  # characters: a longer one is no title, and is looked through letter by letter


@lru_cache(maxsize=1 << 13)
def _without(title: str, people: tuple[Name, ...]) -> str:
    folded = fold(title)
    rest = leading_author(folded, people)
    if rest == folded or len(title) > LONGEST_TITLE:
        return title
    return next((title[i:].strip() for i in range(1, len(title)) if fold(title[i:]) == rest), title)
