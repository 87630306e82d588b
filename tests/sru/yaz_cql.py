"""YAZ's own CQL parser (libyaz.so.5, which comes with the package `yaz`), asked in this process."""

from __future__ import annotations

import ctypes
from functools import cache

from lxml import etree

from tests.peers import unavailable

_Print = ctypes.CFUNCTYPE(None, ctypes.c_char_p, ctypes.c_void_p)


@cache
def _library() -> ctypes.CDLL:
    try:
        found = ctypes.CDLL("libyaz.so.5")
    except OSError:
        unavailable("libyaz.so.5 is not installed (package yaz)")
    found.cql_parser_create.restype = found.cql_parser_result.restype = ctypes.c_void_p
    found.cql_parser_string.argtypes = [ctypes.c_void_p, ctypes.c_char_p]
    found.cql_parser_result.argtypes = found.cql_parser_destroy.argtypes = [ctypes.c_void_p]
    found.cql_to_xml.argtypes = [ctypes.c_void_p, _Print, ctypes.c_void_p]
    return found


def xcql(text: str) -> etree._Element | None:
    """The query's tree as YAZ prints it; None where YAZ refuses the query.

    The elements leftOperand and rightOperand are missing: this version prints them to standard output instead.
    """
    yaz, printed = _library(), list[bytes]()
    parser = yaz.cql_parser_create()
    try:
        if yaz.cql_parser_string(parser, text.encode()):
            return None
        yaz.cql_to_xml(yaz.cql_parser_result(parser), _Print(lambda piece, _: printed.append(piece)), None)
    finally:
        yaz.cql_parser_destroy(parser)
        ctypes.CDLL(None).fflush(None)  # what it printed belongs to this test, not to the end of the run
    return etree.fromstring(b"".join(printed))
