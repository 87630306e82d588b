"""Names of staff stay in the kept bytes: what is shown, indexed or exported goes through here (docs/security.md)."""

from __future__ import annotations

import re

from msgspec.structs import replace

from catalog_sync.model import MarcField, MarcRecord

# 097 «Оператор» and 040$e «Ответственный: Отд./ФИО», 990$a «Автор заказа» of МАРК-SQL; 907 «Каталогизатор» of ИРБИС.
_WHOLE = frozenset({"097", "907"})
_SUBFIELDS = {"040": "e", "990": "a"}
_RULES_CODE = re.compile(r"[a-z][a-z0-9]{1,9}")  # MARC 21 types description conventions into 040$e: «rda», «rcr»


def public(record: MarcRecord) -> MarcRecord:
    """The record without the names of those who made it."""
    return replace(record, fields=tuple(f for field in record.fields if (f := _public(field)) is not None))


def _public(field: MarcField) -> MarcField | None:
    if field.tag in _WHOLE:
        return None
    hidden = _SUBFIELDS.get(field.tag, "")
    if not hidden or field.data is not None:
        return field
    kept = tuple(s for s in field.subfields if s.code not in hidden or _is_rules_code(field.tag, s.value))
    return replace(field, subfields=kept) if kept else None


def _is_rules_code(tag: str, value: str) -> bool:
    return tag == "040" and _RULES_CODE.fullmatch(value.strip()) is not None
