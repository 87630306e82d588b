"""Character sets: their names here and on the wire, negotiation (charneg-3), and text that survives a small charset.

Without negotiation a target needs two settings: the charset of its queries and of its records. A query in the wrong
one finds nothing and says nothing, the best-known complaint about Z39.50, so terms are decoded strictly.
"""

from __future__ import annotations

import codecs
import unicodedata
from dataclasses import replace

from catalog_sync.protocol import ber
from catalog_sync.protocol.apdu import CharsetChoice, CharsetProposal
from catalog_sync.protocol.ber import Node
from catalog_sync.protocol.elements import Reader
from catalog_sync.protocol.external import External, read_external, write_external
from catalog_sync.protocol.oids import CHARSET_NEGOTIATION_3, PRIVATE_CHARSET, UTF8_FORM

# Name on the wire (IANA's, lower case) → Python's codec.
CODECS = {
    "utf-8": "utf-8",
    "windows-1251": "cp1251",
    "koi8-r": "koi8-r",
    "cp866": "cp866",
    "iso-8859-5": "iso8859-5",
    "windows-1252": "cp1252",
    "iso-8859-1": "iso8859-1",
    "us-ascii": "ascii",
}
_ALIASES = {
    "utf8": "utf-8", "cp1251": "windows-1251", "windows1251": "windows-1251", "win1251": "windows-1251",
    "koi8r": "koi8-r", "koi8": "koi8-r", "ibm866": "cp866", "866": "cp866", "ascii": "us-ascii",
    "latin1": "iso-8859-1", "iso8859-1": "iso-8859-1", "iso8859-5": "iso-8859-5",
}  # fmt: skip
NEGOTIABLE = ("utf-8", "windows-1251", "koi8-r", "cp866", "iso-8859-5")
_PROPOSAL, _RESPONSE = 1, 2
_ISO10646, _PRIVATE, _NONE = 2, 3, 4


class UnknownCharset(ValueError):
    """A charset name that is not in `CODECS`."""


def canonical(name: str) -> str:
    """The name as we spell it; raises UnknownCharset."""
    low = name.strip().lower().replace("_", "-")
    known = low if low in CODECS else _ALIASES.get(low, "")
    if not known:
        raise UnknownCharset(f"a charset of {', '.join(CODECS)} was expected, came {name!r}")
    return known


def codec(name: str) -> str:
    """Python's codec for a charset name; raises UnknownCharset."""
    return CODECS[canonical(name)]


def choose(proposal: CharsetProposal) -> CharsetChoice:
    """The first proposed charset that we speak; where there is none, no negotiation is in force (charneg-3, `none`)."""
    for name in proposal.names:
        try:
            known = canonical(name)
        except UnknownCharset:
            continue
        if known in NEGOTIABLE:
            return CharsetChoice(known, proposal.records)
    return CharsetChoice("", proposal.records)


# --- on the wire: EXTERNAL charneg-3 ---------------------------------------------------------------------------------


def read_proposal(external: External) -> CharsetProposal | None:
    if external.oid != CHARSET_NEGOTIATION_3 or not external.single:
        return None
    node, _ = ber.read_node(external.data, 0, len(external.data))
    if node.tag != _PROPOSAL:
        return None
    reader = Reader(external.data, node, "utf-8")
    names = tuple(filter(None, (_charset_name(reader.buffer, item) for item in reader.items(1))))
    return CharsetProposal(names, reader.boolean(3, False))


def read_choice(external: External) -> CharsetChoice | None:
    if external.oid != CHARSET_NEGOTIATION_3 or not external.single:
        return None
    node, _ = ber.read_node(external.data, 0, len(external.data))
    if node.tag != _RESPONSE:
        return None
    reader = Reader(external.data, node, "utf-8")
    chosen = reader.fields.get(1)
    name = _charset_name(reader.buffer, ber.only(reader.buffer, chosen)) if chosen else ""
    return CharsetChoice(name, reader.boolean(3, False) if 3 in reader.fields else None)


def _charset_name(buffer: bytes, choice: Node) -> str:
    """Name of an offered charset; "" for what has none we know (ISO 2022 sets, UCS-2 …)."""
    if choice.tag == _ISO10646:
        level = ber.fields(buffer, choice).get(2)
        return "utf-8" if level is not None and ber.oid(buffer, level) == UTF8_FORM else ""
    if choice.tag == _PRIVATE:
        kind = ber.only(buffer, choice)
        if kind.tag == 2:
            external = read_external(buffer, kind)
            return external.data.decode("ascii", "replace") if external.oid == PRIVATE_CHARSET else ""
    return ""


def write_proposal(proposal: CharsetProposal) -> External:
    offered = ber.constructed(1, *(_write_charset(name) for name in proposal.names))
    data = ber.constructed(_PROPOSAL, offered, ber.write_boolean(proposal.records, 3))
    return External(CHARSET_NEGOTIATION_3, data, True)


def write_choice(choice: CharsetChoice) -> External:
    chosen = _write_charset(choice.name) if choice.name else ber.primitive(_NONE, b"")
    records = b"" if choice.records is None else ber.write_boolean(choice.records, 3)
    return External(CHARSET_NEGOTIATION_3, ber.constructed(_RESPONSE, ber.constructed(1, chosen), records), True)


def _write_charset(name: str) -> bytes:
    if name.lower() in ("utf-8", "utf8"):
        return ber.constructed(_ISO10646, ber.write_oid(UTF8_FORM, 2))
    private = write_external(2, External(PRIVATE_CHARSET, name.encode("ascii")))
    return ber.constructed(_PRIVATE, private)


def without_records(choice: CharsetChoice) -> CharsetChoice:
    return replace(choice, records=False)


# --- text in a small charset -----------------------------------------------------------------------------------------

_PLAIN = {"–": "-", "—": "-", "−": "-", "«": '"', "»": '"', "“": '"', "”": '"', "„": '"', "’": "'", "‘": "'",
          "…": "...", "№": "N", "\u00a0": " ", "•": "*", "®": "(R)", "©": "(C)"}  # fmt: skip


def _plainer(error: UnicodeError) -> tuple[str, int]:
    """What to write for characters the charset lacks: a plainer sign, the letter without its accent, else «?»."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    found = []
    for sign in error.object[error.start : error.end]:
        bare = _PLAIN.get(sign) or "".join(c for c in unicodedata.normalize("NFKD", sign) if ord(c) < 128)
        found.append(bare or ("" if unicodedata.combining(sign) else "?"))
    return "".join(found), error.end


codecs.register_error("catalog-sync-plainer", _plainer)


def encode(text: str, name: str) -> bytes:
    """`text` in the charset, with the nearest plain sign for what it lacks; never raises for a known charset."""
    return text.encode(codec(name), "catalog-sync-plainer")


def decode_term(data: bytes, name: str, *, negotiated: bool) -> str:
    """A search term as text. Raises UnicodeDecodeError where the bytes are not of that charset.

    Where nothing was negotiated, bytes beyond ASCII that are flawless UTF-8 of European letters are taken for it,
    whatever the setting says: no Russian word of an 8-bit charset looks so, and the alternative is a silent zero.
    """
    if not negotiated and not data.isascii():
        try:
            text = data.decode("utf-8")
        except UnicodeDecodeError:
            text = ""
        # «раа» in CP866 is UTF-8 too, but of a Samaritan letter.
        if text and all(sign < "\u0530" or "\u2000" <= sign <= "\u2122" for sign in text):
            return text
    return data.decode(codec(name))
