"""Responses against a schema of our own, always, and against the official ones where a folder with them is at hand
(OAI_XSD_FOLDER, ../shared/xsd).

OAI-PMH.xsd alone rejects every ListRecords: its wildcard is strict, so oai_dc and MARC21slim have to be imported too.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from lxml import etree

from tests.fakes import MemoryCatalogue, generated_catalogue
from tests.oai.test_oai import NOW, repository
from tests.sru.live import application

ROOT = Path(__file__).resolve().parents[2]
FILES = ("OAI-PMH.xsd", "oai_dc.xsd", "MARC21slim.xsd", "oai-identifier.xsd", "simpledc20021212.xsd")
NAMESPACES = {
    "OAI-PMH.xsd": "http://www.openarchives.org/OAI/2.0/",
    "oai_dc.xsd": "http://www.openarchives.org/OAI/2.0/oai_dc/",
    "MARC21slim.xsd": "http://www.loc.gov/MARC21/slim",
    "oai-identifier.xsd": "http://www.openarchives.org/OAI/2.0/oai-identifier",
}
XML_NAMESPACE = """<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema"
    targetNamespace="http://www.w3.org/XML/1998/namespace"><xs:attribute name="lang" type="xs:language"/></xs:schema>"""


class Offline(etree.Resolver):
    """xml.xsd is the one import that points into the network."""

    def resolve(self, url: str, identifier: str, context: object) -> object:
        if url.endswith("xml.xsd"):
            return self.resolve_string(XML_NAMESPACE, context)
        return None


Schema = etree.XMLSchema | etree.RelaxNG


@pytest.fixture(scope="module", params=["ours", "official"])
def schema(request: pytest.FixtureRequest) -> Schema:
    if request.param == "ours":
        return etree.RelaxNG(file=str(Path(__file__).with_name("responses.rng")))
    return official()


def official() -> etree.XMLSchema:
    for folder in (os.environ.get("OAI_XSD_FOLDER", ""), str(ROOT.parent / "shared" / "xsd")):
        if folder and all((Path(folder) / name).exists() for name in FILES):
            break
    else:
        pytest.skip(f"the official schemas are not here: set OAI_XSD_FOLDER to a folder with {', '.join(FILES)}")
    imports = "".join(
        f'<xs:import namespace="{space}" schemaLocation="{Path(folder) / name}"/>' for name, space in NAMESPACES.items()
    )
    parser = etree.XMLParser(no_network=True)
    parser.resolvers.add(Offline())
    whole = f'<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema">{imports}</xs:schema>'
    return etree.XMLSchema(etree.fromstring(whole, parser))


@pytest.fixture(scope="module")
def catalogue() -> MemoryCatalogue:
    made = generated_catalogue(300)
    for change in made.changes(limit=5):
        made.delete(change.cluster)
    return made


@pytest.mark.parametrize(
    "arguments",
    [
        {"verb": "Identify"}, {"verb": "ListSets"}, {"verb": "ListMetadataFormats"},
        {"verb": "ListIdentifiers", "metadataPrefix": "oai_dc"},
        {"verb": "ListRecords", "metadataPrefix": "oai_dc"}, {"verb": "ListRecords", "metadataPrefix": "marcxml"},
        {"verb": "ListRecords", "metadataPrefix": "rusmarc"}, {"verb": "Nonsense"},
        {"verb": "ListRecords", "resumptionToken": "x"},
    ],
)
def test_every_response_is_valid(
    schema: Schema, catalogue: MemoryCatalogue, arguments: dict[str, str]
) -> None:
    made = repository(catalogue, 300 if "metadataPrefix" in arguments else 3)
    root = etree.fromstring("".join(made.answer({k: [v] for k, v in arguments.items()}, NOW)).encode())
    schema.assertValid(root)


def test_the_response_of_the_mounted_provider_is_valid_without_any_settings(
    schema: Schema, catalogue: MemoryCatalogue
) -> None:
    client = application(catalogue).test_client()
    schema.assertValid(etree.fromstring(client.get("/oai?verb=Identify").data))


@pytest.mark.parametrize("name", ["marcxml", "rusmarc"])
def test_the_marcxml_of_sru_is_valid(schema: Schema, catalogue: MemoryCatalogue, name: str) -> None:
    client = application(catalogue).test_client()
    root = etree.fromstring(client.get(f"/sru?query=*&maximumRecords=50&recordSchema={name}").data)
    records = list(root.iter("{http://www.loc.gov/MARC21/slim}record"))
    assert len(records) == 50
    for record in records:
        schema.assertValid(etree.fromstring(etree.tostring(record)))


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("<protocolVersion>2.0", "<protocolVersion>1.1"), ("<adminEmail>", "<adminEmail>nobody at "),
        ("Z</responseDate>", "</responseDate>"),
        ("<repositoryName>", "<name/><repositoryName>"), ('verb="Identify"', 'verb="Identity"'), ("persistent", "yes"),
        ("YYYY-MM-DDThh:mm:ssZ", "seconds"), ("<scheme>oai", "<scheme>OAI"), ("<delimiter>:", "<delimiter>/"),
    ],
)  # fmt: skip
def test_the_schema_of_our_own_finds_faults(catalogue: MemoryCatalogue, right: str, wrong: str) -> None:
    ours = etree.RelaxNG(file=str(Path(__file__).with_name("responses.rng")))
    text = "".join(repository(catalogue).answer({"verb": ["Identify"]}, NOW))
    assert ours.validate(etree.fromstring(text.encode()))
    assert right in text
    assert not ours.validate(etree.fromstring(text.replace(right, wrong, 1).encode()))
