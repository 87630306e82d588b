"""Every benchmark, one after another: python -m bench [NAME …]. Each prints ratios measured in one run."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
NOT_BENCHES = {"__init__", "__main__"}


def names() -> list[str]:
    """Modules that can be run: they have a `main`."""
    found = (path.stem for path in sorted(HERE.glob("*.py")))
    return [n for n in found if n not in NOT_BENCHES and "def main(" in (HERE / f"{n}.py").read_text(encoding="utf-8")]


def main(wanted: list[str]) -> int:
    """Run the benches asked for (all of them without a name); returns how many failed."""
    unknown = set(wanted) - set(names())
    if unknown:
        sys.exit(f"no such bench: {', '.join(sorted(unknown))}; there are {', '.join(names())}")
    failed = 0
    for name in wanted or names():
        print(f"\n== {name}", flush=True)
        start = time.monotonic()
        done = subprocess.run([sys.executable, "-m", f"bench.{name}"], cwd=HERE.parent, check=False)
        failed += done.returncode != 0
        print(f"-- {name}: {time.monotonic() - start:.0f} s", flush=True)
    return failed


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
