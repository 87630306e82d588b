"""What a harvester is: one method. It knows how to bring bytes, nothing of the store or of matching."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from catalog_sync.model import FetchedFile


class Harvester(Protocol):
    """A way to get MARC out of one kind of source. Built by `harvesters.registry.make(source, secrets)`.

    `fetch` yields files (or pages) in order. `bookmark` is what the last *published* run kept ("" the first time).
    Raises SourceUnavailable (try again later, bookmark stays) or StopEverything (settings are wrong). It never deletes
    an original and may be called again after a crash at any point. Where nothing came and there is yet something to
    tell, one file without a name carries the warnings.
    """

    def fetch(self, bookmark: str) -> Iterator[FetchedFile]: ...
