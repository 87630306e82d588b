"""MARCXML (MARC21slim) in any wrapping: a collection, OAI-PMH, SRU, or one bare record.

Records are cut out by their tags before any XML parser sees them: a fault in one costs that one, a file of any size
needs no tree, and entities are never expanded (a document type is cut off with the wrapping).
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Iterator

from lxml import etree

from catalog_sync.errors import BadRecord, shown
from catalog_sync.marc import encodings
from catalog_sync.model import MarcField, MarcRecord, Subfield

# No tag goes on over the next «<» (XML 1.0, 2.4): one that nobody closed is not looked through to the end of the file.
_TAG = re.compile(rb"<(/?)(?:[A-Za-z_][\w.-]*:)?record(?=[\s/>])[^<>]*>")
_ID = re.compile(rb"<(?:[\w.-]+:)?controlfield\b[^<>]*?\btag\s*=\s*[\"']001[\"'][^<>]*>([^<]*)<")
_ID_IN_DATA = re.compile(
    rb"<(?:[\w.-]+:)?datafield\b[^<>]*?\btag\s*=\s*[\"']001[\"'][^<>]*>\s*<[^<>]*code\s*=\s*[\"'][0a][\"'][^<>]*>([^<]*)<"
)
_DELETED = re.compile(
    rb"<(?:[\w.-]+:)?header\b[^<>]*\bstatus\s*=\s*[\"']deleted[\"'][^<>]*>"
    rb".{0,2000}?identifier>([^<]*)<", re.S,
)  # fmt: skip
_LEADER_DELETED = re.compile(rb"leader>[\d ]{5}d")  # leader/05
_FIELDS = re.compile(rb"<(?:[\w.-]+:)?(?:leader|controlfield|datafield)\b")
_PREFIXES = re.compile(rb"[\s<]([A-Za-z_][\w.-]*):[\w.-]+[\s=/>]")
_XMLNS = re.compile(rb"xmlns:([\w.-]+)\s*=")
_EMPTY = re.compile(rb"<(?:[\w.-]+:)?(?:collection|OAI-PMH|searchRetrieveResponse)\b")  # a wrapping with nothing in it
_INDENTED = re.compile(r"\s*\n\s*")
_NO_FIELDS = "запись без полей MARC: ожидались controlfield и datafield, пришло другое"
_FAULTS = {  # by xmlParserErrors of libxml2
    etree.ErrorTypes.ERR_NAME_REQUIRED: "после & или < нет имени: в тексте нужно &amp; и &lt;",
    etree.ErrorTypes.ERR_ENTITYREF_SEMICOL_MISSING: "после &… нет точки с запятой: в тексте нужно &amp;",
    etree.ErrorTypes.ERR_TAG_NAME_MISMATCH: "закрывается не тот элемент, который открыт",
    etree.ErrorTypes.ERR_TAG_NOT_FINISHED: "элемент не закрыт: файл оборван",
    etree.ErrorTypes.ERR_GT_REQUIRED: "нет знака > в конце тега",
    etree.ErrorTypes.ERR_LT_IN_ATTRIBUTE: "знак < в значении атрибута",
    etree.ErrorTypes.ERR_ATTRIBUTE_NOT_STARTED: "значение атрибута без кавычек",
    etree.ErrorTypes.ERR_ATTRIBUTE_WITHOUT_VALUE: "атрибут без значения",
    etree.ErrorTypes.ERR_ATTRIBUTE_REDEFINED: "атрибут повторён",
    etree.ErrorTypes.ERR_INVALID_CHAR: "знак, которого в XML быть не может",
    etree.ErrorTypes.ERR_INVALID_CHARREF: "номер знака &#…;, которого в XML быть не может",
    etree.ErrorTypes.ERR_DOCUMENT_EMPTY: "XML не начинается",
    etree.ErrorTypes.ERR_DOCUMENT_END: "лишнее за концом",
}
_RESERVED = {b"xml", b"xmlns"}
_BEGINNING = b"<?xml "
_DECLARED = re.compile(rb"^[\s\xef\xbb\xbf]*<\?xml[^>]*encoding\s*=\s*[\"']([\w.-]+)[\"']")


def records(data: bytes) -> Iterator[tuple[int, bytes, bytes, str, str, bool]]:
    """(offset, piece, record, local id, fault, deleted) for every record element that holds MARC."""
    data = _unescaped(_in_utf8(data))
    opened: int | None = None
    found = 0
    for tag in _TAG.finditer(data):
        if not tag.group(1):
            if opened is not None and _FIELDS.search(data, opened, tag.start()):
                found += 1
                yield _broken(data, opened, tag.start())
            opened = tag.start()
            if tag.group().endswith(b"/>"):
                found, opened = found + 1, None
                yield tag.start(), tag.group(), b"", "", _NO_FIELDS, False
        elif opened is not None:
            element = data[opened : tag.end()]
            start, opened = opened, None
            if _FIELDS.search(element):
                found += 1
                yield start, element, element, _local_id(element), "", _LEADER_DELETED.search(element) is not None
            elif deleted := _DELETED.search(element):
                found += 1
                yield start, element, element, _text(deleted.group(1)).rpartition(":")[2], "", True
            else:
                found += 1
                yield start, element, element, "", _NO_FIELDS, False
    if opened is not None and _FIELDS.search(data, opened):
        yield _broken(data, opened, len(data))
    elif not found and data.strip() and not _EMPTY.search(data):
        yield 0, data, data, "", f"это не MARCXML: ожидался элемент record, пришло {shown(data[:40])}", False


def _broken(data: bytes, start: int, end: int) -> tuple[int, bytes, bytes, str, str, bool]:
    piece = data[start:end]
    return start, piece, piece, "", "запись обрывается: ожидался </record>, пришёл конец файла или новая запись", False


def _in_utf8(data: bytes) -> bytes:
    encoding = encodings.of_text(data, declared_by(data))
    return data if encoding == "utf-8" else data.decode(encoding, "replace").encode()


def declared_by(data: bytes) -> str:
    """The codec a document declares, where that can be true; UTF-8 without one (XML 1.0, 4.3.3)."""
    found = _DECLARED.match(data)
    told = found.group(1).decode("ascii") if found else "utf-8"
    return encodings.known(told) if is_told_truly(told) else "utf-8"


def is_told_truly(encoding: str) -> bool:
    """Whether a declaration that was read byte by byte can be in the encoding it names. A text written into a file as
    UTF-8 often keeps the «utf-16» it had in memory."""
    try:
        return _BEGINNING.decode(encoding) == _BEGINNING.decode("ascii")
    except (LookupError, UnicodeDecodeError):
        return False


def _unescaped(data: bytes) -> bytes:
    """SRU's recordPacking=string: the record came as text inside the wrapping."""
    if b"&lt;" in data and not _FIELDS.search(data) and re.search(rb"&lt;(?:\w+:)?record\b", data):
        return data.replace(b"&lt;", b"<").replace(b"&gt;", b">").replace(b"&quot;", b'"').replace(b"&amp;", b"&")
    return data


def _local_id(element: bytes) -> str:
    found = _ID.search(element) or _ID_IN_DATA.search(element)
    return _text(found.group(1)) if found else ""


def _text(value: bytes) -> str:
    return html.unescape(value.decode("utf-8", "replace")).strip()


def from_marcxml(data: bytes) -> MarcRecord:
    """Read one record element. Raises BadRecord where it isn't well-formed or holds no field."""
    data = _with_prefixes(data if encodings.is_utf8(data) else data.decode("utf-8", "replace").encode())
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        root = etree.fromstring(data, parser)
    except (etree.XMLSyntaxError, ValueError) as e:
        raise BadRecord(f"ожидалась запись MARCXML, пришло {shown(data[:60])}: {fault_of(e)}") from e
    return _from_element(root)


def faults(data: bytes) -> tuple[str, ...]:
    """What a readable record gets wrong, in Russian."""
    return () if encodings.is_utf8(data) else ("есть байты не в UTF-8: они показаны как \ufffd",)


def fault_of(error: Exception) -> str:
    """What libxml2 stumbled over and where, in Russian; of a rare fault only its number."""
    said = str(error)
    if said.startswith("Entity '"):
        return "ссылка &…; на то, что в записи не объявлено (объявления файла не раскрываются)"
    if "depth" in said:
        return "вложенность глубже 256"
    if isinstance(error, etree.XMLSyntaxError) and error.lineno:
        code = getattr(error, "code", 0)  # SyntaxError's stubs know none
        why = _FAULTS.get(code, f"код {code} библиотеки libxml2")
        return f"ошибка XML в строке {error.lineno}, знак {error.offset} ({why})"
    return "это не XML"


def _with_prefixes(data: bytes) -> bytes:
    """Prefixes declared on the wrapping that the record was cut out of get a declaration of their own."""
    missing = set(_PREFIXES.findall(data)) - set(_XMLNS.findall(data)) - _RESERVED
    if not missing:
        return data
    declared = b" ".join(b'xmlns:%s="urn:prefix:%s"' % (name, name) for name in sorted(missing))
    return b"<wrapping %s>%s</wrapping>" % (declared, data)


def _from_element(root: etree._Element) -> MarcRecord:
    leader, fields = " " * 24, []
    for child in _not_embedded(root):
        name = etree.QName(child).localname if isinstance(child.tag, str) else ""
        if name == "leader":
            leader = (child.text or "").ljust(24)
        elif name == "controlfield":
            fields.append(MarcField(child.get("tag", ""), data=child.text or ""))
        elif name == "datafield":
            fields.append(_data_field(child))
    if not fields:
        raise BadRecord("в записи MARCXML нет ни одного поля")
    return MarcRecord(leader, tuple(fields))


def _not_embedded(root: etree._Element) -> Iterator[etree._Element]:
    """Every element but what stands inside a field: the fields of an s1 are those of a linked record."""
    yield root
    if not isinstance(root.tag, str) or etree.QName(root).localname != "datafield":
        for child in root:
            yield from _not_embedded(child)


def _data_field(element: etree._Element) -> MarcField:
    if any(map(len, element)):
        subfields = tuple(found for child in element if isinstance(child.tag, str) for found in _subfields(child))
    else:
        plain = [s for s in element if isinstance(s.tag, str)]
        subfields = tuple([Subfield(s.get("code", ""), _value(s.text)) for s in plain])
    return MarcField(element.get("tag", ""), element.get("ind1", " ") + element.get("ind2", " "), subfields)


def _value(text: str | None) -> str:
    """Without line ends and indentation that a program put in to make the XML pretty; accents with their letters."""
    if not text or (text.isascii() and "\n" not in text):
        return text or ""
    return unicodedata.normalize("NFC", _INDENTED.sub(" ", text) if "\n" in text else text)


def _subfields(element: etree._Element) -> Iterator[Subfield]:
    """A subfield, whatever stands in its text; or what an s1 of UNIMARC slim holds: the fields of a linked record, each
    as $1 and its subfields."""
    if etree.QName(element).localname != "s1":
        yield Subfield(element.get("code", ""), _value(str(element.xpath("string()"))))
        return
    for field in _from_element(element).fields:
        yield Subfield("1", field.tag + (field.indicators if field.data is None else field.data))
        yield from field.subfields
