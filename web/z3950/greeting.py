"""Init: version, options, sizes, character set, who is there (Z39.50-2003, 3.2.1.1)."""

from __future__ import annotations

from dataclasses import dataclass

from catalog_sync import __version__
from catalog_sync.protocol import charset
from catalog_sync.protocol.apdu import Authentication, CharsetChoice, Diagnostic, InitRequest, InitResponse, Option
from catalog_sync.protocol.diagnostics import Condition
from web.z3950.settings import ServerSettings

OURS = frozenset({
    Option.SEARCH, Option.PRESENT, Option.DELETE_SET, Option.SCAN, Option.SORT, Option.NAMED_RESULT_SETS,
    Option.QUERY_TYPE_104,
})  # fmt: skip
VERSIONS = frozenset((0, 1, 2))
SMALLEST_MESSAGE = 1024  # bytes; a client that promises to take less is taken at this


@dataclass(frozen=True, slots=True)
class Greeting:
    """What was agreed. `charset` "" = nothing negotiated; `records` = records come in it too."""

    preferred_bytes: int
    exceptional_bytes: int
    charset: str = ""
    records: bool = False
    authenticated: bool = False
    version_3: bool = True

    @property
    def encoding(self) -> str:
        """Python's codec of names and messages. Version 2 knows only VisibleString."""
        if not self.version_3:
            return "ascii"
        return charset.codec(self.charset) if self.charset else "utf-8"


def greet(request: InitRequest, settings: ServerSettings) -> tuple[Greeting, InitResponse]:
    """What is agreed, and the response that says so; `accepted` is false for an unknown user or version."""
    version_3 = 2 in request.versions
    choice = charset.choose(request.charset) if request.charset and version_3 else None
    ceiling = settings.limits.message_bytes
    preferred = _agreed(request.preferred_size, ceiling)
    exceptional = max(preferred, _agreed(request.exceptional_size, ceiling))
    refusal = _refusal(request, settings)
    greeting = Greeting(
        preferred,
        exceptional,
        choice.name if choice else "",
        bool(choice and choice.name and choice.records),
        settings.authenticate is not None and refusal is None,
        version_3,
    )
    return greeting, _response(request, settings, greeting, choice, refusal)


def _response(
    request: InitRequest, settings: ServerSettings, greeting: Greeting, choice: CharsetChoice | None,
    refusal: Diagnostic | None,
) -> InitResponse:  # fmt: skip
    options = {int(option) for option in OURS & request.options}
    if choice is not None and Option.NEGOTIATION_MODEL in request.options:
        options.add(Option.NEGOTIATION_MODEL)
    return InitResponse(
        accepted=refusal is None,
        options=frozenset(options),
        versions=VERSIONS & request.versions or VERSIONS,
        preferred_size=greeting.preferred_bytes,
        exceptional_size=greeting.exceptional_bytes,
        implementation_id="catalog-sync",
        implementation_name=settings.name,
        implementation_version=__version__,
        charset=choice if refusal is None else None,
        diagnostic=refusal,
        reference=request.reference,
    )


def _agreed(asked: int, ceiling: int) -> int:
    """Zero or less means «as you like» to the clients that send it."""
    return ceiling if asked <= 0 else min(max(asked, SMALLEST_MESSAGE), ceiling)


def _refusal(request: InitRequest, settings: ServerSettings) -> Diagnostic | None:
    if not VERSIONS & request.versions:
        return Diagnostic(Condition.UNSPECIFIED, "нужна версия 2 или 3 протокола")
    if settings.authenticate is None:
        return None
    user, password = _credentials(request.authentication)
    if password and settings.authenticate(user, password):
        return None
    return Diagnostic(Condition.BAD_USER_OR_PASSWORD, "имя или пароль не подходят")


def _credentials(given: Authentication | None) -> tuple[str, str]:
    """The open form is «user/password», as its users write it."""
    if given is None:
        return "", ""
    if given.open:
        user, _, password = given.open.partition("/")
        return user, password
    return given.user, given.password
