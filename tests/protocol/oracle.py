"""The official ASN.1 of Z39.50, compiled by asn1tools: the judge of every PDU of ours.

Adapted on loading: EXTERNAL is spelled out (asn1tools' own is wrong for a single ASN.1 type), LanguageCode is defined
here (it is imported from the Explain syntax), and the modules of the file are compiled together.
"""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path
from typing import Any

import asn1tools

FOLDER = Path(__file__).parent / "asn1"
EXTERNAL = """
External ::= [UNIVERSAL 8] IMPLICIT SEQUENCE {
  direct-reference OBJECT IDENTIFIER OPTIONAL,
  indirect-reference INTEGER OPTIONAL,
  data-value-descriptor OCTET STRING OPTIONAL,
  encoding CHOICE { single-ASN1-type [0] ANY, octet-aligned [1] IMPLICIT OCTET STRING,
                    arbitrary [2] IMPLICIT BIT STRING } }
"""


def _adapted(text: str, end: str) -> str:
    """One module with EXTERNAL replaced and its definition put before the module's END."""
    text = re.sub(r"\bEXTERNAL\b", "External", text)
    head, _, _ = text.rpartition(end)
    return f"{head}{EXTERNAL}\nEND\n"


@lru_cache(1)
def apdus() -> Any:
    text = (FOLDER / "z3950v3.asn").read_text()
    module = text[: text.index("END -- IR DEFINITIONS") + 3]
    return asn1tools.compile_string(_adapted(module, "END"), "ber")


@lru_cache(1)
def charneg() -> Any:
    text = (FOLDER / "charneg-3.asn").read_text()
    text = re.sub(r"\{Z39-50-negotiationRecordDefinition[^}]*\}", "", text)  # asn1tools wants every arc numbered
    text = text.replace("IMPORTS LanguageCode FROM RecordSyntax-explain;", "LanguageCode ::= GeneralString")
    # Its note on LanguageCode closes its own comment («-- … -- from ANSI …») and would be read as a definition.
    text = text.replace("-- LanguageCode ::= GeneralString -- from ANSI Z39.53-1994", "")
    return asn1tools.compile_string(_adapted(text, "END"), "ber")


def decode(pdu: bytes) -> tuple[str, dict[str, Any]]:
    """(name of the PDU, its fields); raises asn1tools.DecodeError where the bytes are not of the standard."""
    name, value = apdus().decode("PDU", pdu, check_constraints=True)
    return name, value


def encode(name: str, value: dict[str, Any]) -> bytes:
    return bytes(apdus().encode("PDU", (name, value)))
