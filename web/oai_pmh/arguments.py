"""Arguments of an OAI-PMH 2.0 request, checked verb by verb (protocol, chapters 3.1, 3.6 and 4)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

REQUIRED: dict[str, frozenset[str]] = {
    "Identify": frozenset(),
    "ListMetadataFormats": frozenset(),
    "ListSets": frozenset(),
    "GetRecord": frozenset({"identifier", "metadataPrefix"}),
    "ListIdentifiers": frozenset({"metadataPrefix"}),
    "ListRecords": frozenset({"metadataPrefix"}),
}
OPTIONAL: dict[str, frozenset[str]] = {
    "ListMetadataFormats": frozenset({"identifier"}),
    "ListIdentifiers": frozenset({"from", "until", "set"}),
    "ListRecords": frozenset({"from", "until", "set"}),
}
EXCLUSIVE = frozenset({"ListSets", "ListIdentifiers", "ListRecords"})  # verbs that take resumptionToken, and it alone
DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
SECOND = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", re.ASCII)
# setSpec: parts of URI unreserved characters separated by colons (OAI-PMH.xsd, setSpecType).
SET = re.compile(r"[A-Za-z0-9\-_.!~*'()]+(:[A-Za-z0-9\-_.!~*'()]+)*")


ESCAPED = re.compile(r"~([0-9A-F]{2})")


def spec_of(name: str) -> str:
    """A set's name as a legal setSpec: «source:school-07/books» → «source:school-07~2Fbooks» (bytes of UTF-8)."""
    return "".join(c if c == ":" or (c != "~" and SET.fullmatch(c)) else _escaped(c) for c in name)


def _escaped(character: str) -> str:
    return "".join(f"~{byte:02X}" for byte in character.encode())


def name_of(spec: str) -> str:
    """The set a setSpec means; a spec nobody could have made names no set of ours."""
    raw = ESCAPED.sub(lambda m: chr(int(m[1], 16)), spec)
    return raw.encode("latin-1", "replace").decode("utf-8", "replace")


class OaiError(Exception):
    """An error of the protocol: its code and a sentence."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message


@dataclass(frozen=True, slots=True)
class Span:
    """A range of datestamps, both ends included and complete to seconds; None is open."""

    since: datetime | None = None
    until: datetime | None = None


def verb_of(given: Mapping[str, Sequence[str]]) -> str:
    """The verb; badVerb where it is missing, repeated or unknown."""
    verbs = given.get("verb", ())
    if not verbs:
        raise OaiError("badVerb", "The argument verb is missing / Не указан глагол verb")
    if len(verbs) > 1:
        raise OaiError("badVerb", "The argument verb is repeated / Глагол verb указан несколько раз")
    if verbs[0] not in REQUIRED:
        raise OaiError("badVerb", f"Unknown verb / Неизвестный глагол: {verbs[0]}")
    return verbs[0]


def arguments_of(verb: str, given: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """The arguments of a verb; badArgument for a repeated, an unknown or a missing one."""
    for name, values in given.items():
        if len(values) > 1:
            raise OaiError("badArgument", f"The argument is repeated / Аргумент повторён: {name}")
    arguments = {name: values[0] for name, values in given.items() if name != "verb"}
    if "resumptionToken" in arguments and verb in EXCLUSIVE:
        if len(arguments) > 1:
            raise OaiError("badArgument", "resumptionToken excludes every other argument / Маркер указывают отдельно")
        return arguments
    allowed = REQUIRED[verb] | OPTIONAL.get(verb, frozenset())
    unknown = sorted(set(arguments) - allowed)
    if unknown:
        raise OaiError("badArgument", f"{verb} does not take / лишний аргумент: {', '.join(unknown)}")
    missing = sorted(name for name in REQUIRED[verb] if not arguments.get(name))
    if missing:
        raise OaiError("badArgument", f"{verb} needs / нужен аргумент: {', '.join(missing)}")
    return arguments


def span_of(arguments: Mapping[str, str]) -> Span:
    """`from` and `until`, both inclusive. badArgument: not a date, mixed granularities, from after until."""
    given = {name: arguments[name] for name in ("from", "until") if name in arguments}
    if len({len(text) for text in given.values()}) > 1:
        raise OaiError("badArgument", "from and until have different granularities / разная точность from и until")
    since = _moment("from", given["from"], end=False) if "from" in given else None
    until = _moment("until", given["until"], end=True) if "until" in given else None
    if since and until and since > until:
        raise OaiError("badArgument", "from is later than until / from позже, чем until")
    return Span(since, until)


def _moment(name: str, text: str, *, end: bool) -> datetime:
    """A UTC moment; a day as `until` means its last second."""
    try:
        if DAY.fullmatch(text):
            day = datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC)
            return day + timedelta(days=1, seconds=-1) if end else day
        if SECOND.fullmatch(text):
            return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        pass
    raise OaiError("badArgument", f"{name}: expected YYYY-MM-DD or YYYY-MM-DDThh:mm:ssZ, came {text[:40]!r}")


def checked_set(arguments: Mapping[str, str]) -> str:
    """The name of the set asked for; badArgument where it is not a setSpec."""
    found = arguments.get("set", "")
    if "set" in arguments and not SET.fullmatch(found):
        raise OaiError("badArgument", f"set: not a setSpec / неверное имя множества: {found[:40]!r}")
    return name_of(found)
