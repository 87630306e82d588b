"""Extract the sentences of the pages, merge them into the catalogues, compile: `python -m web.translations.make`.

Message ids are the Russian sentences; `en` must have every one, `ru` only the plural forms.
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import IO, Any

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from catalog_sync.court import ASKED
from catalog_sync.matching.verdict import KINDS
from catalog_sync.runlog import STATES

HERE = Path(__file__).resolve().parent
KEYWORDS: dict[str, tuple[int, ...] | None] = {"_": None, "N_": None, "ngettext": (1, 2), "gettext": None}


def python_sentences(
    file: IO[bytes], keywords: Collection[str], _tags: object, options: object
) -> Iterator[tuple[int, str, list[str | None], list[str]]]:
    """Sentences of a module. Babel reads an f-string as one word before Python 3.12 and misses what is asked inside."""
    for node in ast.walk(ast.parse(file.read())):
        name = getattr(node.func, "attr", getattr(node.func, "id", "")) if isinstance(node, ast.Call) else ""
        if isinstance(node, ast.Call) and name in keywords:
            said = [arg.value if isinstance(arg, ast.Constant) else None for arg in node.args]
            yield node.lineno, name, [text if isinstance(text, str) else None for text in said], []


METHODS: list[tuple[str, Any]] = [("**.py", python_sentences), ("templates/**.html", "jinja2")]


def extracted() -> Catalog:
    """Every sentence of the pages, as it is in the source now."""
    found = Catalog(project="catalog-sync", fuzzy=False)
    options = {"templates/**.html": {"trimmed": "true", "silent": "false"}}
    for name, line, message, _, _ in extract_from_dir(str(HERE.parent), METHODS, options, keywords=KEYWORDS):
        found.add(message, locations=[(name, line)])
    for name in STATES.values():  # words that the commands share with the pages
        found.add(name)
    for kind in KINDS:  # reasons of matching, on the page of an edition's records
        found.add(kind.text)
    for sentence in ASKED.values():  # why the duplicates' court asks
        found.add(sentence)
    return found


def catalogue(language: str) -> Catalog:
    path = HERE / language / "LC_MESSAGES" / "messages.po"
    with path.open("rb") as file:
        return read_po(file, locale=language)


def save(language: str, value: Catalog) -> None:
    folder = HERE / language / "LC_MESSAGES"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "messages.po").open("wb") as file:
        write_po(file, value, sort_output=True, omit_header=False, no_location=True, width=0)
    with (folder / "messages.mo").open("wb") as file:
        write_mo(file, value)


def main() -> None:
    template = extracted()
    for language in ("ru", "en"):
        path = HERE / language / "LC_MESSAGES" / "messages.po"
        value = catalogue(language) if path.exists() else Catalog(locale=language, fuzzy=False)
        value.update(template, no_fuzzy_matching=True)
        value.obsolete.clear()
        save(language, value)
        print(language, len(value), "без перевода:", len(untranslated(value)))


def untranslated(value: Catalog) -> list[str]:
    """Message ids without a translation (all forms of a plural are needed)."""
    missing = []
    for message in value:
        forms = message.string if isinstance(message.string, tuple | list) else [message.string]
        if message.id and not (forms and all(forms)):
            missing.append(str(message.id))
    return missing


if __name__ == "__main__":
    main()
