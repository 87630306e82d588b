"""Object identifiers of ANSI/NISO Z39.50-2003 that we speak (registry: appendix OID of the standard)."""

from __future__ import annotations

import enum

BIB1_ATTRIBUTES = "1.2.840.10003.3.1"
BIB1_DIAGNOSTICS = "1.2.840.10003.4.1"
DIAG1 = "1.2.840.10003.4.2"
USER_INFO_1 = "1.2.840.10003.10.3"  # diagnostics inside an Init response travel in this
CHARSET_NEGOTIATION_3 = "1.2.840.10003.15.3"
PRIVATE_CHARSET = "1.2.840.10003.15.1000.81.1"  # Index Data's: the EXTERNAL holds the charset's name
ISO10646_FORM = "1.0.10646.1.0"  # + .2 UCS-2, .4 UCS-4, .5 UTF-16, .8 UTF-8
UTF8_FORM = "1.0.10646.1.0.8"
CQL_QUERY = "1.2.840.10003.16.2"


class Syntax(enum.StrEnum):
    """Record syntaxes the server answers in and the client asks for."""

    UNIMARC = "1.2.840.10003.5.1"
    USMARC = "1.2.840.10003.5.10"
    RUSMARC = "1.2.840.10003.5.28"
    SUTRS = "1.2.840.10003.5.101"
    XML = "1.2.840.10003.5.109.10"


SYNTAX_NAMES = {
    "unimarc": Syntax.UNIMARC,
    "usmarc": Syntax.USMARC,
    "marc21": Syntax.USMARC,
    "rusmarc": Syntax.RUSMARC,
    "sutrs": Syntax.SUTRS,
    "xml": Syntax.XML,
}
