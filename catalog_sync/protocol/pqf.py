"""PQF, the prefix notation in which librarians and YAZ write RPN: `@and @attr 1=4 алгебра @attr 1=1003 Макарычев`.

Grammar: YAZ user's guide, "Prefix Query Format". Proximity has no form here (no target of ours answers it).
"""

from __future__ import annotations

import re

from catalog_sync.protocol.apdu import Attribute, Operator, RpnItem, RpnQuery, RpnSet, RpnTerm, TermKind
from catalog_sync.protocol.oids import BIB1_ATTRIBUTES

_TOKEN = re.compile(r'\s*(?:"((?:[^"\\]|\\.)*)"|(\S+))', re.DOTALL)
_OPERATORS = {"@and": Operator.AND, "@or": Operator.OR, "@not": Operator.AND_NOT}
_SETS = {"bib-1": BIB1_ATTRIBUTES, "bib1": BIB1_ATTRIBUTES, BIB1_ATTRIBUTES: BIB1_ATTRIBUTES}
_TERM_KINDS = {"general": TermKind.GENERAL, "string": TermKind.CHARACTERS, "numeric": TermKind.NUMERIC}
_ATTRIBUTE = re.compile(r"(\d+)=(.+)", re.DOTALL)


class PqfError(ValueError):
    """Says what was expected and what came."""


class _Parser:
    """Prefix to postfix without recursion: an operator waits on a stack until both its operands are there."""

    def __init__(self, text: str, encoding: str) -> None:
        self._tokens = [(quoted, bare) for quoted, bare in _TOKEN.findall(text)]
        self._at = 0
        self._encoding = encoding
        self.items: list[RpnItem] = []
        self._open: list[list[int]] = []  # [operator, operands still missing]

    def query(self) -> RpnQuery:
        attribute_set = BIB1_ATTRIBUTES
        if self._peek() == "@attrset":
            self._next("@attrset")
            attribute_set = self._set(self._next("an attribute set"))
        while True:
            operator = _OPERATORS.get(self._peek())
            if operator is not None:
                self._at += 1
                self._open.append([operator, 2])
                continue
            self.items.append(self._operand())
            if not self._closed():
                break
        if self._at < len(self._tokens):
            raise PqfError(f"the end of the query was expected, came {self._shown()}")
        return RpnQuery(attribute_set, tuple(self.items))

    def _closed(self) -> bool:
        """After an operand: write every operator that is complete; whether another operand is still awaited."""
        while self._open:
            self._open[-1][1] -= 1
            if self._open[-1][1]:
                return True
            self.items.append(Operator(self._open.pop()[0]))
        return False

    def _operand(self) -> RpnItem:
        attributes: list[Attribute] = []
        kind = TermKind.GENERAL
        while True:
            word = self._peek()
            if word == "@attr":
                self._at += 1
                attributes.append(self._attribute())
            elif word == "@term":
                self._at += 1
                kind = self._kind(self._next("a term type"))
            elif word == "@set":
                self._at += 1
                return RpnSet(self._next("a result set"), tuple(attributes))
            elif word.startswith("@") and word != "@":
                raise PqfError(f"a term was expected, came {word}")
            else:
                return RpnTerm(self._next("a term").encode(self._encoding), tuple(attributes), kind)

    def _attribute(self) -> Attribute:
        word = self._next("an attribute")
        attribute_set = ""
        if word in _SETS:
            attribute_set, word = self._set(word), self._next("an attribute")
        found = _ATTRIBUTE.fullmatch(word)
        if found is None:
            raise PqfError(f"an attribute as 1=4 was expected, came {word}")
        value = found[2]
        return Attribute(int(found[1]), int(value) if value.isdigit() else value, attribute_set)

    def _peek(self) -> str:
        """The next bare word; "" where a quoted one or nothing comes."""
        return self._tokens[self._at][1] if self._at < len(self._tokens) else ""

    def _next(self, expected: str) -> str:
        if self._at >= len(self._tokens):
            raise PqfError(f"{expected} was expected, the query ends")
        quoted, bare = self._tokens[self._at]
        if bare.startswith('"'):
            raise PqfError(f"a closing quote was expected after {bare}")
        self._at += 1
        return bare or re.sub(r"\\(.)", r"\1", quoted)

    def _shown(self) -> str:
        quoted, bare = self._tokens[self._at]
        return bare or f'"{quoted}"'

    @staticmethod
    def _set(name: str) -> str:
        if name.lower() not in _SETS:
            raise PqfError(f"the attribute set Bib-1 was expected, came {name}")
        return _SETS[name.lower()]

    @staticmethod
    def _kind(name: str) -> TermKind:
        if name not in _TERM_KINDS:
            raise PqfError(f"a term type of {', '.join(_TERM_KINDS)} was expected, came {name}")
        return _TERM_KINDS[name]


def parse(text: str, encoding: str = "utf-8") -> RpnQuery:
    """The query of a PQF text, its terms in `encoding` (a codec). Raises PqfError, or UnicodeEncodeError for a term."""
    return _Parser(text, encoding).query()
