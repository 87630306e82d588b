"""Full OAI-PMH harvest: records per second, provider alone and over HTTP.

    python -m bench.oai [--records 20000] [--http] [--store HOME]

Without `--store` the fake catalogue of the tests answers from memory, so the figure is what rendering and the protocol
cost; with it the real catalogue of that home is harvested. `--http` adds a live server on loopback and a client that
only counts: over a home it is the server of `serve web` with its two workers, of which a harvest keeps one busy. The
goal of the project is 3,000 records per second.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import re
import time
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from bench import web
from catalog_sync.query import Catalogue
from web.oai_pmh.server import Repository

PREFIXES = ("oai_dc", "marcxml", "rusmarc")
TOKEN = re.compile(r"<resumptionToken[^>]*>([^<]+)<")


def provider(catalogue: Catalogue) -> Repository:
    return Repository(catalogue, "bench", "http://x.ru/oai", "x.ru", "a@x.ru", "http://x.ru/record/", b"k" * 32)


def pages(made: Repository, prefix: str) -> Iterator[str]:
    arguments = {"verb": ["ListRecords"], "metadataPrefix": [prefix]}
    while True:
        page = "".join(made.answer(arguments, datetime.now(UTC)))
        yield page
        found = TOKEN.search(page, max(0, len(page) - 2000))
        if not found:
            return
        arguments = {"verb": ["ListRecords"], "resumptionToken": [found[1]]}


def http_pages(base: str, prefix: str) -> Iterator[str]:
    address = f"{base}/oai?verb=ListRecords&metadataPrefix={prefix}"
    while True:
        with urllib.request.urlopen(address, timeout=60) as response:
            page = response.read().decode()
        yield page
        found = TOKEN.search(page, max(0, len(page) - 2000))
        if not found:
            return
        address = f"{base}/oai?verb=ListRecords&resumptionToken={found[1]}"


def measure(name: str, listed: Iterator[str]) -> None:
    began, cpu, records, size = time.perf_counter(), time.process_time(), 0, 0
    for page in listed:
        records += page.count("<header")
        size += len(page.encode())
    took, spent = time.perf_counter() - began, time.process_time() - cpu
    each = max(1, records)  # of a catalogue without changes there is nothing to share the cost
    print(f"{name:24} {records:8} records {took:7.2f} s {records / took:8.0f} records/s "
          f"{size / each:6.0f} bytes/record {1000 * spent / each:6.3f} CPU ms/record")


def catalogue_of(home: str, records: int) -> Catalogue:
    if not home:
        from tests.fakes import generated_catalogue

        return generated_catalogue(records)
    from catalog_sync.settings import load
    from web.app import open_catalogue

    return open_catalogue(load(environ={**os.environ, "CATALOG_SYNC_HOME": str(Path(home))}), None)[0]


@contextlib.contextmanager
def serving(home: str, catalogue: Catalogue) -> Iterator[str]:
    """Address of a live server: the product's own over a home, a simple one over the catalogue in memory."""
    if home:
        port = web.free_port()
        with web.served(web.our_server(port), port, {"CATALOG_SYNC_HOME": str(Path(home).resolve())}) as (base, _):
            yield base
    else:
        from tests.sru import live

        with live.serving(catalogue) as base:
            yield base


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=20_000)
    parser.add_argument("--http", action="store_true")
    parser.add_argument("--store", default="")
    options = parser.parse_args()
    catalogue = catalogue_of(options.store, options.records)
    for prefix in PREFIXES:
        measure(f"provider, {prefix}", pages(provider(catalogue), prefix))
    if options.http:
        with serving(options.store, catalogue) as base:
            for prefix in PREFIXES:
                measure(f"HTTP, {prefix}", http_pages(base, prefix))


if __name__ == "__main__":
    main()
