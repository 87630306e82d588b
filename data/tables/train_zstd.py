"""Train the dictionary that source records are compressed with: python -m data.tables.train_zstd NUMBER.

A frame names its dictionary (RFC 8878, 3.1.1.1.3), so a dictionary once shipped stays: train the next number instead.
Trained on the sample district and on the tests' generator: both are ours.
"""

from __future__ import annotations

import sys
from pathlib import Path

import zstandard

from tests.generators.district import records

HERE = Path(__file__).resolve().parent
SIZE = 32 * 1024  # bytes; doubling it gains 2 %


def main(number: int) -> None:
    own = [
        record + b"\x1d"
        for path in sorted((HERE.parent / "sample" / "exports").glob("*.mrc"))
        for record in path.read_bytes().split(b"\x1d")[:-1]
    ]
    own += [data for _, _, data, *_ in records(3, 60, 8)]
    dictionary = zstandard.train_dictionary(SIZE, own, dict_id=number)
    (HERE / f"records-{number}.zdict").write_bytes(dictionary.as_bytes())
    print(f"{len(own)} records, {len(dictionary.as_bytes())} bytes")


if __name__ == "__main__":
    main(int(sys.argv[1]))
