"""Every PDU of ours against the official ASN.1, both ways, and against itself."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from catalog_sync.protocol import requests, responses
from catalog_sync.protocol.apdu import (
    CharsetChoice,
    CharsetProposal,
    CqlQuery,
    InitRequest,
    InitResponse,
    Request,
    Response,
    SearchRequest,
    UnknownRequest,
)
from catalog_sync.protocol.ber import BerError
from tests.protocol import oracle, strategies

MANY = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@MANY
@given(strategies.requests)
def test_a_request_written_by_us_is_read_by_the_standard_and_read_back_by_us_the_same(request: Request) -> None:
    pdu = requests.write(request)
    name, value = oracle.decode(pdu)
    assert requests.read(pdu) == request
    assert requests.read(oracle.encode(name, value)) == request


@MANY
@given(strategies.responses)
def test_a_response_written_by_us_is_read_by_the_standard_and_read_back_by_us_the_same(response: Response) -> None:
    pdu = responses.write(response)
    name, value = oracle.decode(pdu)
    assert responses.read(pdu) == response
    assert responses.read(oracle.encode(name, value)) == response


@MANY
@given(strategies.proposals)
def test_a_charset_proposal_is_the_standards_negotiation_record(proposal: CharsetProposal) -> None:
    _, value = oracle.decode(requests.write(InitRequest(frozenset({0, 17}), charset=proposal)))
    kind, information = value["otherInfo"][0]["information"]
    assert kind == "externallyDefinedInfo"
    chosen, record = oracle.charneg().decode("CharSetandLanguageNegotiation", bytes(information["encoding"][1]))
    assert chosen == "proposal"
    assert len(record["proposedCharSets"]) == len(proposal.names)
    assert record["recordsInSelectedCharSets"] is proposal.records


@MANY
@given(strategies.choices)
def test_a_charset_choice_is_the_standards_negotiation_record(choice: CharsetChoice) -> None:
    _, value = oracle.decode(responses.write(InitResponse(True, frozenset({0}), charset=choice)))
    _, information = value["otherInfo"][0]["information"]
    chosen, record = oracle.charneg().decode("CharSetandLanguageNegotiation", bytes(information["encoding"][1]))
    assert chosen == "response"
    assert record.get("recordsInSelectedCharSets") == choice.records
    expected = {"": "none", "utf-8": "iso10646"}.get(choice.name, "private")
    assert record["selectedCharSets"][0] == expected


@settings(max_examples=400, deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_are_a_request_or_a_ber_error_and_nothing_else(data: bytes) -> None:
    for read in (requests.read, responses.read):
        try:
            read(data)
        except BerError:
            continue


@pytest.mark.slow
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(strategies.requests, st.data())
def test_a_damaged_request_is_a_request_or_a_ber_error_and_nothing_else(request: Request, data: st.DataObject) -> None:
    pdu = bytearray(requests.write(request))
    for _ in range(data.draw(st.integers(1, 4))):
        pdu[data.draw(st.integers(0, len(pdu) - 1))] = data.draw(st.integers(0, 255))
    cut = bytes(pdu[: data.draw(st.integers(1, len(pdu)))])
    for damaged in (bytes(pdu), cut):
        try:
            requests.read(damaged)
        except BerError:
            continue


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(strategies.responses, st.data())
def test_a_damaged_response_is_a_response_or_a_ber_error_and_nothing_else(
    response: Response, data: st.DataObject
) -> None:
    pdu = bytearray(responses.write(response))
    pdu[data.draw(st.integers(0, len(pdu) - 1))] = data.draw(st.integers(0, 255))
    try:
        responses.read(bytes(pdu))
    except BerError:
        return


# PDUs of YAZ 5.34's client, as they were on the wire.
YAZ_INIT_1251 = bytes.fromhex(
    "b480830200e0840400e9a240850404000000860404000000a70830068101758201709f6e0238319f6f0359415a9f702f352e33342e302064"
    "656330633861306237363231333234363863633832363463316232323065616531633637626437bf8149343032a43006072a8648ce130f03"
    "a025a123a11ea31ca21a060a2a8648ce130f87685101810c77696e646f77732d313235318301000000"
)
YAZ_SEARCH = bytes.fromhex(
    "b64b8d01008e01018f0100900101910131b20a9f690744656661756c74b52ea12c06072a8648ce130301a021bf661ebf2c0a30089f780101"
    "9f7901049f2d0ed0b0d0bbd0b3d0b5d0b1d180d0b0"
)


def test_yaz_proposes_windows_1251_with_an_indefinite_length_init() -> None:
    found = requests.read(YAZ_INIT_1251)
    assert isinstance(found, InitRequest)
    assert found.charset == CharsetProposal(("windows-1251",), False)
    assert found.authentication is not None
    assert (found.authentication.user, found.authentication.password) == ("u", "p")
    assert found.implementation_name == "YAZ"


def test_yaz_search_is_read_as_a_title_query() -> None:
    found = requests.read(YAZ_SEARCH)
    assert isinstance(found, SearchRequest)
    assert not isinstance(found.query, CqlQuery)
    assert found.result_set == "1"
    assert requests.write(found) == YAZ_SEARCH


@pytest.mark.parametrize("tag", [28, 46, 49, 30])
def test_services_we_do_not_offer_are_known_by_their_number(tag: int) -> None:
    found = requests.read(bytes([0xA0 | tag]) + b"\x00" if tag < 31 else bytes([0xBF, tag, 0]))
    assert found == UnknownRequest(tag)
