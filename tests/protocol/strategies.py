"""Hypothesis strategies for every PDU we read or write."""

from __future__ import annotations

from hypothesis import strategies as st

from catalog_sync.protocol import ber
from catalog_sync.protocol.apdu import (
    Attribute,
    Authentication,
    CharsetChoice,
    CharsetProposal,
    Close,
    CqlQuery,
    DeleteRequest,
    DeleteResponse,
    Diagnostic,
    InitRequest,
    InitResponse,
    Operator,
    PresentRequest,
    PresentResponse,
    Record,
    RpnItem,
    RpnQuery,
    RpnSet,
    RpnTerm,
    ScanEntry,
    ScanRequest,
    ScanResponse,
    SearchRequest,
    SearchResponse,
    SortKey,
    SortRequest,
    SortResponse,
    TermKind,
)
from catalog_sync.protocol.external import External
from catalog_sync.protocol.oids import BIB1_ATTRIBUTES, Syntax

# asn1tools reads GeneralString as Latin-1 and writes it so: names of its round trip stay in ASCII.
names = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=12)
some_names = st.one_of(st.just(""), names)
positions = st.integers(0, 2**31 - 1)
references = st.one_of(st.none(), st.binary(min_size=0, max_size=8))
oids = st.lists(st.integers(0, 2**20), min_size=1, max_size=6).map(lambda arcs: ".".join(map(str, [1, 2, *arcs])))
syntaxes = st.one_of(st.just(""), st.sampled_from([s.value for s in Syntax]), oids)
attribute_sets = st.sampled_from(["", BIB1_ATTRIBUTES, "1.2.840.10003.3.2"])
attributes = st.builds(
    Attribute, st.integers(1, 12), st.one_of(st.integers(0, 9999), names), attribute_sets
)
attribute_lists = st.lists(attributes, max_size=4).map(tuple)
terms = st.one_of(
    st.builds(RpnTerm, st.binary(max_size=40), attribute_lists),
    st.builds(RpnTerm, names.map(str.encode), attribute_lists, st.just(TermKind.CHARACTERS)),
    st.builds(RpnTerm, st.integers(-(2**31), 2**31).map(lambda n: str(n).encode()), attribute_lists,
              st.just(TermKind.NUMERIC)),
    st.builds(RpnTerm, st.just(b""), attribute_lists, st.just(TermKind.NULL)),
)  # fmt: skip
operands = st.one_of(terms, st.builds(RpnSet, names), st.builds(RpnSet, names, st.tuples(attributes)))
operators = st.sampled_from([Operator.AND, Operator.OR, Operator.AND_NOT])


@st.composite
def postfix(draw: st.DrawFn) -> tuple[RpnItem, ...]:
    """A well-formed expression of up to a dozen operands, of any shape."""
    items: list[RpnItem] = [draw(operands)]
    depth = 1
    for _ in range(draw(st.integers(0, 11))):
        items.append(draw(operands))
        depth += 1
        while depth > 1 and draw(st.booleans()):
            items.append(draw(operators))
            depth -= 1
    items += [draw(operators) for _ in range(depth - 1)]
    return tuple(items)


queries = st.one_of(st.builds(RpnQuery, st.just(BIB1_ATTRIBUTES), postfix()), st.builds(CqlQuery, names))
databases = st.lists(names, min_size=1, max_size=3).map(tuple)
bits = st.frozensets(st.integers(0, 21), min_size=1)
proposals = st.builds(
    CharsetProposal, st.lists(st.sampled_from(["utf-8", "windows-1251", "koi8-r"]), min_size=1, unique=True).map(tuple),
    st.booleans(),
)  # fmt: skip
authentications = st.one_of(
    st.none(), st.builds(Authentication, names, names, some_names), st.builds(Authentication, open=names)
)
init_requests = st.builds(
    InitRequest, options=bits, versions=bits, preferred_size=positions, exceptional_size=positions,
    authentication=authentications, implementation_id=some_names, implementation_name=some_names,
    implementation_version=some_names, charset=st.one_of(st.none(), proposals), reference=references,
)  # fmt: skip
search_requests = st.builds(
    SearchRequest, queries, databases, names, st.booleans(), positions, positions, positions, some_names, some_names,
    syntaxes, references,
)  # fmt: skip
present_requests = st.builds(
    PresentRequest, start=positions, count=positions, result_set=names, elements=some_names, syntax=syntaxes,
    reference=references,
)  # fmt: skip
delete_requests = st.builds(
    DeleteRequest, st.one_of(st.none(), st.lists(names, min_size=1, max_size=3).map(tuple)), references
)
scan_requests = st.builds(
    ScanRequest, terms, positions, st.one_of(st.none(), positions), st.one_of(st.none(), positions), databases,
    st.sampled_from(["", BIB1_ATTRIBUTES]), references,
)  # fmt: skip
sort_keys = st.one_of(
    st.builds(SortKey, names, relation=st.sampled_from([0, 1, 3, 4]), case=st.integers(0, 1),
              missing=st.sampled_from([None, 1, 2])),
    st.builds(SortKey, st.just(""), attribute_lists, st.just(BIB1_ATTRIBUTES), st.integers(0, 1), st.integers(0, 1)),
)  # fmt: skip
sort_requests = st.builds(
    SortRequest, st.lists(names, min_size=1, max_size=3).map(tuple), names,
    st.lists(sort_keys, min_size=1, max_size=3).map(tuple), references,
)  # fmt: skip
closes = st.builds(Close, st.integers(0, 9), some_names, references)
requests = st.one_of(
    init_requests, search_requests, present_requests, delete_requests, scan_requests, sort_requests, closes
)

diagnostics = st.builds(Diagnostic, st.integers(1, 1100), some_names)
diagnostic_lists = st.lists(diagnostics, min_size=1, max_size=3).map(tuple)
externals = st.one_of(
    st.builds(External, st.sampled_from([s.value for s in Syntax]), st.binary(max_size=200)),
    st.builds(External, st.just(Syntax.SUTRS.value),
              names.map(lambda n: ber.primitive(ber.GENERAL_STRING, n.encode())), st.just(True)),
)  # fmt: skip
records = st.lists(st.builds(Record, st.one_of(externals, diagnostics), names), min_size=1, max_size=4).map(tuple)
choices = st.builds(
    CharsetChoice, st.sampled_from(["", "utf-8", "windows-1251", "koi8-r"]), st.sampled_from([None, True, False])
)
init_responses = st.builds(
    InitResponse, accepted=st.booleans(), options=bits, versions=bits, preferred_size=positions,
    exceptional_size=positions, implementation_id=some_names, charset=st.one_of(st.none(), choices),
    diagnostic=st.one_of(st.none(), diagnostics), reference=references,
)  # fmt: skip
search_responses = st.one_of(
    st.builds(SearchResponse, positions, st.just(True), positions, positions, present_status=st.integers(0, 5),
              records=records, reference=references),
    st.builds(SearchResponse, st.just(0), st.just(False), result_set_status=st.integers(1, 3),
              diagnostics=diagnostic_lists, reference=references),
)  # fmt: skip
present_responses = st.one_of(
    st.builds(PresentResponse, positions, positions, st.integers(0, 5), records, reference=references),
    st.builds(PresentResponse, positions, positions, st.just(5), diagnostics=diagnostic_lists, reference=references),
)
delete_responses = st.builds(
    DeleteResponse, st.integers(0, 10), st.lists(st.tuples(names, st.integers(0, 10)), max_size=3).map(tuple),
    some_names, references,
)  # fmt: skip
entries = st.builds(ScanEntry, st.binary(max_size=30), st.one_of(st.none(), positions), some_names)
scan_responses = st.builds(
    ScanResponse, st.integers(0, 6), st.lists(entries, max_size=4).map(tuple), st.one_of(st.none(), positions),
    st.lists(diagnostics, max_size=2).map(tuple), references,
)  # fmt: skip
sort_responses = st.builds(
    SortResponse, st.integers(0, 2), st.one_of(st.none(), st.integers(1, 4)), st.one_of(st.none(), positions),
    st.lists(diagnostics, max_size=2).map(tuple), references,
)  # fmt: skip
responses = st.one_of(
    init_responses, search_responses, present_responses, delete_responses, scan_responses, sort_responses, closes
)
