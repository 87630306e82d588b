"""«Искать в других каталогах»: foreign catalogues of the settings asked for a record nobody in the district has yet.

The record itself travels in the form, signed: what is taken and counted is what the catalogue gave.
"""

from __future__ import annotations

import base64
import zlib
from dataclasses import dataclass

from flask import Blueprint, Response, abort, current_app, render_template, request
from itsdangerous import BadSignature, URLSafeTimedSerializer

from catalog_sync import citation
from catalog_sync.errors import BadRecord, Refused
from catalog_sync.marc import writing
from catalog_sync.marc.conversion import convert
from catalog_sync.marc.decoding import decode
from catalog_sync.model import Dialect, MarcRecord
from catalog_sync.offers import Offer, offers, question
from catalog_sync.store import staff
from catalog_sync.store.database import writing as transaction
from harvesters.secrets import Secrets
from harvesters.targets import TargetAnswer, ask_all
from web.i18n import _
from web.security import attachment, file_name
from web.services import services
from web.staff.access import me, needs
from web.staff.copying import DIALECTS, ENCODINGS, wanted

blueprint = Blueprint("elsewhere", __name__, url_prefix="/staff/copy/elsewhere")
SECONDS = 10.0  # a librarian at the counter waits no longer
EACH = 10  # records of one catalogue
SHOWN = 20
OFFER_SECONDS = 12 * 3600  # an offer is good for a working day
LONGEST = 200  # characters of a typed word


@dataclass(frozen=True)
class Shown:
    """One edition as the librarian sees it: described, as it would arrive, and what does not fit into her format."""

    offer: Offer
    description: str
    marc: MarcRecord
    losses: tuple[str, ...]
    signed: str

    @property
    def names(self) -> str:
        return ", ".join(dict.fromkeys(c.target_name for c in self.offer.candidates))


@blueprint.post("/")
@needs("librarian")
def search() -> str:
    """Ask all catalogues at once; each says what it found or why it could not."""
    typed = {name: request.form.get(name, "").strip()[:LONGEST] for name in ("isbn", "title", "author")}
    dialect, encoding = wanted()
    asked = question(**typed)
    if asked is None:
        raise Refused(_("Нечего искать: напишите ISBN, заглавие или автора."))
    answers = ask_all(services().settings.targets, asked, Secrets.of_process(), seconds=SECONDS, limit=EACH)
    found = offers([c for a in answers for c in a.candidates], services().catalogue)
    shown = [one for one in (as_shown(offer, dialect) for offer in found[:SHOWN]) if one is not None]
    return render_template(
        "staff/elsewhere.html", typed=typed, answers=answers, sentence=sentence, found=shown, dialect=dialect,
        encoding=encoding, dialects=DIALECTS, encodings=ENCODINGS,
    )  # fmt: skip


def as_shown(offer: Offer, dialect: Dialect) -> Shown | None:
    """None for a record that can't be written in this dialect at all."""
    best = offer.best
    try:
        made = convert(best.marc, best.dialect, dialect)
        data = writing.to_iso2709(made.record, "utf-8")
    except BadRecord:
        return None
    losses = tuple(dict.fromkeys(f"{loss.tag}${loss.code}" if loss.code else loss.tag for loss in made.losses))
    signed = serializer().dumps(
        [best.target, best.bib.key.local_id, dialect.value, base64.b85encode(zlib.compress(data)).decode()]
    )
    return Shown(offer, citation.gost(best.bib, today=None), made.record, losses, str(signed))


def sentence(answer: TargetAnswer) -> str:
    """What one catalogue said, in words: how much, or why nothing."""
    if answer.error:
        return answer.error
    text = _("%(name)s: найдено %(total)s, показано %(taken)s", name=answer.name, total=answer.total,
             taken=len(answer.candidates))  # fmt: skip
    if answer.unreadable:
        text += ", " + _("не прочитано %(num)s", num=answer.unreadable)
    return text


def serializer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(current_app.config["SECRET_KEY"], salt="record-home")


@blueprint.post("/take")
@needs("librarian")
def take() -> Response:
    """The offered record as a file in the school's encoding; counted as borrowed."""
    encoding = wanted()[1]
    try:
        target, local_id, dialect, packed = serializer().loads(request.form.get("record", ""), max_age=OFFER_SECONDS)
    except BadSignature:
        abort(400)
    source = decode(zlib.decompress(base64.b85decode(packed)), "utf-8")
    try:
        data = writing.to_iso2709(source, encoding)
    except (BadRecord, UnicodeEncodeError) as error:
        raise Refused(str(error)) from error
    with transaction(services().store) as connection:
        staff.note_borrowed(connection, me().library or "", f"{target}:{local_id}", dialect, me().login,
                            services().now())  # fmt: skip
    response = Response(data, content_type="application/marc")
    return attachment(response, file_name(f"{dialect}-{target}-{local_id}", "mrc"))
