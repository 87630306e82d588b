"""Russian first, English second: which language a page speaks, and gettext without Flask-Babel's cost per word.

Message ids are the Russian sentences. `en` translates all of them; `ru` holds only the three plural forms.
"""

from __future__ import annotations

from contextvars import ContextVar
from datetime import date, datetime
from functools import cache
from gettext import NullTranslations
from pathlib import Path
from typing import Any

from babel.dates import format_date, format_datetime
from babel.numbers import format_decimal
from babel.support import Translations
from flask import Flask, current_app, g, has_request_context, request
from flask_babel import Babel
from markupsafe import Markup, escape

LANGUAGES = {"ru": "Русский", "en": "English"}
FOLDER = Path(__file__).with_name("translations")


def choose_language() -> str:
    """`?lang=` for this page and its links, else the reader's setting, else Russian (the district's language)."""
    if not has_request_context():
        return "ru"
    if "language" not in g:  # a page asks a hundred times
        kept = request.cookies.get("lang", "")
        g.language = asked_language() or (kept if kept in LANGUAGES else "ru")
    return str(g.language)


def asked_language() -> str:
    """The language this page's address asks for, or ""."""
    if "asked_language" not in g:
        asked = request.args.get("lang", "")
        g.asked_language = asked if asked in LANGUAGES else ""
    return str(g.asked_language)


@cache
def translations(language: str) -> NullTranslations:
    return Translations.load(str(FOLDER), [language])


# A search page asks for two hundred sentences: one look into the context each, not three.
_chosen: ContextVar[NullTranslations | None] = ContextVar("translations", default=None)


def _current() -> NullTranslations:
    return _chosen.get() or translations(choose_language())


def _(text: str, **values: Any) -> str:
    """The sentence in the reader's language; `%(name)s` is filled from `values`."""
    found = _current().gettext(text)
    return found % values if values else found


_escaped: dict[tuple[int, str], Markup] = {}
ESCAPED = 4000  # more than the pages have sentences; words of records may pass here too, so it has an end


def escaped(text: str, **values: Any) -> Markup:
    """`_` for templates: the sentence escaped once, not on every page; what is filled in is escaped each time."""
    chosen = _current()
    found = _escaped.get((id(chosen), text))
    if found is None:
        if len(_escaped) >= ESCAPED:
            _escaped.clear()
        found = _escaped[id(chosen), text] = escape(chosen.gettext(text))
    return found % values if values else found


def ngettext(one: str, many: str, number: int, **values: Any) -> str:
    """The right plural: 1 экземпляр, 2 экземпляра, 5 экземпляров. `%(num)s` is the number, with thin grouping."""
    found = _current().ngettext(one, many, number)
    return found % {"num": grouped(number), **values}


def N_(text: str) -> str:  # noqa: N802  (gettext's customary name for "translate later")
    """Mark a sentence for translation where it is only stored."""
    return text


def grouped(number: int) -> str:
    """12 345 in Russian (non-breaking space), 12,345 in English."""
    if abs(number) < 10_000:
        return str(number)
    return format_decimal(number, locale=choose_language())


def signed(number: int) -> str:
    """+12 345, −7, 0."""
    return f"{'+' if number > 0 else '−' if number < 0 else ''}{grouped(abs(number))}"


def day(value: date | datetime | None) -> str:
    """A date in words: «20 ноября 2026 г.»."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        value = value.astimezone(current_app.config["TIME_ZONE"]).date()
    return format_date(value, "long", locale=choose_language())


def moment(value: datetime | None) -> str:
    """A moment of the district's clock: «20 нояб. 2026 г., 01:15»."""
    if value is None:
        return ""
    zone = current_app.config["TIME_ZONE"]
    return format_datetime(value, "d MMM y, HH:mm", tzinfo=zone, locale=choose_language())


def lasting(seconds: float) -> str:
    """How long something took: «0,8 с», «12 мин 5 с», «1 ч 20 мин»."""
    if seconds < 60:
        return _("%(seconds)s с", seconds=format_decimal(round(seconds, 1), locale=choose_language()))
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return _("%(minutes)s мин %(seconds)s с", minutes=minutes, seconds=rest)
    return _("%(hours)s ч %(minutes)s мин", hours=minutes // 60, minutes=minutes % 60)


def set_up(app: Flask) -> None:
    """Languages for Flask-WTF's own messages (through Flask-Babel) and for our pages (directly)."""
    app.config.setdefault("BABEL_DEFAULT_LOCALE", "ru")
    Babel(app, locale_selector=choose_language)
    app.jinja_env.add_extension("jinja2.ext.i18n")
    app.jinja_env.install_gettext_callables(  # type: ignore[attr-defined]
        lambda text: _current().gettext(text), lambda one, many, n: _current().ngettext(one, many, n), newstyle=True
    )

    @app.before_request
    def choose() -> None:
        _chosen.set(translations(choose_language()))

    @app.teardown_request
    def forget(_error: BaseException | None) -> None:
        _chosen.set(None)

    app.jinja_env.globals.update(_=escaped, ngettext=ngettext, languages=LANGUAGES)
    app.jinja_env.filters.update(day=day, moment=moment, grouped=grouped, signed=signed, lasting=lasting)
