"""The same documents in SQLite FTS5: title, author and everything searched, facets counted by GROUP BY."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from pathlib import Path

from catalog_sync.search.document import Document

COLUMNS = ("kind", "library", "grade", "year", "language")  # the five facets of bench.search


class Fts5:
    """A table of texts and one of values to a facet, as a small catalogue would build them."""

    def __init__(self, path: Path) -> None:
        self.connection = sqlite3.connect(path, isolation_level=None)
        self.connection.executescript(
            "PRAGMA journal_mode = off; PRAGMA synchronous = off; PRAGMA cache_size = -200000;"
            "CREATE VIRTUAL TABLE text USING fts5(title, author, rest, content='', tokenize='unicode61');"
            + "".join(f"CREATE TABLE {c} (doc INTEGER, value, PRIMARY KEY (doc, value)) WITHOUT ROWID;"
                      for c in COLUMNS)
        )  # fmt: skip

    def recorded(self, documents: Iterable[Document]) -> Iterator[Document]:
        """The documents as they pass, written here as well."""
        self.connection.execute("BEGIN")
        for number, d in enumerate(documents, 1):
            rest = (*d.series, *d.subjects, *d.publishers, *d.places, *d.notes, d.abstract, *d.isbns)
            texts = (" ".join((*d.titles, *d.title_words)), " ".join((*d.authors, *d.author_words)), " ".join(rest))
            self.connection.execute("INSERT INTO text(rowid, title, author, rest) VALUES (?, ?, ?, ?)",
                                    (number, *texts))  # fmt: skip
            for column, values in zip(COLUMNS, ((d.kind,), d.libraries, d.grades, (d.year,), d.languages), strict=True):
                rows = [(number, value) for value in values if value]
                self.connection.executemany(f"INSERT OR IGNORE INTO {column} VALUES (?, ?)", rows)
            yield d
        self.connection.execute("COMMIT")

    def search(self, match: str) -> tuple[int, list[int]]:
        """How many there are, and the best twenty."""
        ask = self.connection.execute
        total = ask("SELECT count(*) FROM text WHERE text MATCH ?", (match,)).fetchone()[0]
        best = ask("SELECT rowid FROM text WHERE text MATCH ? ORDER BY rank LIMIT 20", (match,)).fetchall()
        return total, [row[0] for row in best]

    def facets(self, match: str) -> list[list[tuple[object, int]]]:
        """The twenty most frequent values of each of the five."""
        return [
            self.connection.execute(
                f"SELECT value, count(*) FROM {c} WHERE doc IN (SELECT rowid FROM text WHERE text MATCH ?)"
                " GROUP BY value ORDER BY 2 DESC LIMIT 20", (match,),
            ).fetchall()
            for c in COLUMNS
        ]  # fmt: skip
