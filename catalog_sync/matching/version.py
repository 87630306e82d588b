"""Which rules of matching what is stored was computed by. Apart: who only asks need not read the rules."""

from __future__ import annotations

FEATURES_VERSION = 37  # raise when `extract` gives or verdicts say something else: all is then computed anew
_CURRENT = f"[{FEATURES_VERSION},".encode()


def is_current(packed: bytes) -> bool:
    """Whether packed features are of this version."""
    return packed.startswith(_CURRENT)
