"""The composition root of the web side: settings, catalogue and database in, a Flask application out."""

from __future__ import annotations

import hashlib
import importlib
import logging
import mimetypes
import os
import secrets
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from flask import Blueprint, Flask, current_app, g, render_template, request, url_for
from markupsafe import Markup
from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError
from werkzeug.exceptions import HTTPException
from werkzeug.middleware.proxy_fix import ProxyFix

from catalog_sync.errors import Refused, StopEverything, Unholdable
from catalog_sync.failures import is_busy, note, sentence
from catalog_sync.query import Catalogue, Unsupported
from catalog_sync.settings import Settings
from web import compression, i18n, labels, security
from web.i18n import _
from web.reader import reader
from web.services import Services, clock, services

log = logging.getLogger(__name__)
FORM_PARTS = 2000
# The registry of a Windows may say otherwise, and a browser told not to guess then takes neither style nor script.
STATIC_TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
RETRY_SECONDS = 60  # after which a page without its database is worth asking for again


def create_app(
    settings: Settings,
    catalogue: Catalogue | None = None,
    engine: Engine | None = None,
    *,
    now: Callable[[], datetime] = clock,
    **config: Any,
) -> Flask:
    """The application. Without `catalogue` the store's own is opened from `settings`; `config` overrides Flask's."""
    if catalogue is None:
        catalogue, engine = open_catalogue(settings, engine)
    app = Flask(__name__)
    app.config.update(
        SECRET_KEY=secret_key(settings),
        TIME_ZONE=settings.time_zone,
        MAX_CONTENT_LENGTH=security.BODY_BYTES,
        MAX_FORM_PARTS=FORM_PARTS,
        MAX_FORM_MEMORY_SIZE=2 * 1024 * 1024,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SECURE=settings.web.https,
        SESSION_COOKIE_NAME="staff",
        PERMANENT_SESSION_LIFETIME=12 * 3600,
        WTF_CSRF_TIME_LIMIT=12 * 3600,
    )
    app.config.update(config)
    app.extensions["catalog-sync"] = Services(catalogue, settings, engine, now)
    app.wsgi_app = ProxyFix(  # type: ignore[method-assign]
        app.wsgi_app, x_for=settings.web.proxies, x_proto=1, x_host=0
    )
    compression.set_up(app)
    set_up_pages(app)
    security.protect(app, settings.web.https)
    mount(app, settings, catalogue, engine)
    set_up_errors(app)
    return app


def open_catalogue(settings: Settings, engine: Engine | None) -> tuple[Catalogue, Engine]:
    """The store's catalogue; imported here so that the pages can be tried without database and index."""
    from catalog_sync.store.catalogue import open_catalogue as opener
    from catalog_sync.store.database import open_engine

    engine = engine or open_engine(settings.database_url)
    return opener(settings, engine), engine


def secret_key(settings: Settings) -> str:
    """The key of the settings, else one made once and kept in the data folder, readable by us alone."""
    given = settings.web.secret
    if given.startswith("env:"):
        name = given.removeprefix("env:")
        if not os.environ.get(name):
            raise StopEverything(f"[web] secret: переменной окружения {name} нет или она пуста")
        return os.environ[name]
    if given.startswith("file:"):
        return Path(given.removeprefix("file:")).read_text(encoding="utf-8").strip()
    if given:
        return given
    kept = settings.home / "web-secret"
    settings.home.mkdir(parents=True, exist_ok=True)
    try:
        with os.fdopen(os.open(kept, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_hex(32))
    except FileExistsError:
        pass  # another worker was quicker
    return kept.read_text(encoding="utf-8").strip()


def set_up_pages(app: Flask) -> None:
    """Languages, filters and what every template may ask for."""
    i18n.set_up(app)
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    for ending, kind in STATIC_TYPES.items():
        mimetypes.add_type(kind, ending)
    digests = {path.name: digest(path) for path in Path(app.static_folder or "").glob("*.*")}

    def asset(name: str) -> str:
        return f"{request.script_root}/static/{name}?v={digests.get(name, '')}"

    app.context_processor(lambda: {"icons": asset("icons.svg")})
    app.jinja_env.globals.update(
        asset=asset, reader=reader, services=services, here=here, page_link=page_link, language=i18n.choose_language,
        part=part, settings_link=settings_link, language_field=language_field,
    )  # fmt: skip
    app.jinja_env.filters.update(
        safe_url=security.safe_url, dialled=labels.dialled, capital=labels.capital,
        library_name=lambda code: services().directory.name(code),
    )  # fmt: skip
    app.jinja_env.globals.update(labels=labels, word=labels.word)

    @app.url_defaults
    def keep_language(endpoint: str, values: dict[str, Any]) -> None:
        """A language asked in the address goes on in its links: English works with cookies off."""
        asked = kept_language()
        if asked and endpoint != "static":
            values.setdefault("lang", asked)


def kept_language() -> str:
    """The language the address asks for against the reader's setting, or ""."""
    if not request:
        return ""
    if "kept_language" not in g:  # a page asks fifty times
        asked = i18n.asked_language()
        g.kept_language = asked if asked and asked != request.cookies.get("lang", "ru") else ""
    return str(g.kept_language)


_links: dict[tuple[str, str, str, bool], str] = {}


def page_link(endpoint: str, *, plain: bool = False) -> str:
    """`url_for` of a page without parameters, made once: every page has thirty of them. `plain` drops the language."""
    key = (request.script_root, kept_language(), endpoint, plain)
    if key not in _links:
        _links[key] = url_for(endpoint, lang=None) if plain else url_for(endpoint)
    return _links[key]


def part(name: str) -> Markup:
    """What stands on every page alike (head, sections, foot): made once for each language."""
    key = (name, request.script_root, i18n.choose_language(), kept_language())
    made: dict[tuple[str, ...], Markup] = current_app.extensions.setdefault("page-parts", {})
    if key not in made:
        made[key] = Markup(render_template(f"parts/{name}.html"))  # noqa: S704 (a template, escaped by itself)
    return made[key]


def settings_link() -> str:
    """The reader's settings, and back to this page."""
    target = request.full_path if request.method == "GET" else "/"
    return f"{page_link('opac.settings')}{'&' if kept_language() else '?'}next={quote(target)}"


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:10]


def here(**changes: str) -> str:
    """The address of this page with some parameters changed."""
    values = {**request.args.to_dict(flat=False), **changes}
    # As a query of its own: parameters called `endpoint` or `_scheme` would mean something to url_for.
    address = url_for(request.endpoint or "opac.home", **{**(request.view_args or {}), "lang": None})
    return f"{address}?{urlencode(values, doseq=True)}" if values else address


def language_field() -> Markup:
    """The language asked in the address, as a field: a form that is sent by GET makes its address anew."""
    asked = i18n.asked_language()
    return Markup('<input type="hidden" name="lang" value="{}">').format(asked) if asked else Markup("")


def mount(app: Flask, settings: Settings, catalogue: Catalogue, engine: Engine | None) -> None:
    """Every surface under its address; the protocol and report modules belong to their own packages."""
    from web import feeds, health, opac, protocol_log, staff, usage

    opac.mount(app)
    app.register_blueprint(feeds.blueprint)
    app.register_blueprint(health.blueprint)
    app.extensions[protocol_log.EXTENSION] = protocol_log.ProtocolLog(settings.home)
    for module in ("web.sru", "web.oai_pmh"):
        register(app, module, catalogue, settings)
    if engine is not None:
        staff.mount(app)
        for module in ("web.reports", "web.api"):
            register(app, module, catalogue, settings)
        usage.watch(app)
    app.jinja_env.globals["has_reports"] = "reports" in app.blueprints


def register(app: Flask, module: str, catalogue: Catalogue, settings: Settings) -> None:
    make: Callable[[Catalogue, Settings], Blueprint] = importlib.import_module(module).blueprint
    app.register_blueprint(make(catalogue, settings))


def set_up_errors(app: Flask) -> None:
    """Every failure is a page with a sentence and a way on; what went wrong inside goes to the log only."""

    @app.errorhandler(HTTPException)
    def http_error(error: HTTPException) -> tuple[str, int]:
        code = error.code or 500
        text = error.description or ""
        known = TEXTS.get(code)
        return page(code, _(known[0]) if known else error.name, _(known[1]) if known else text), code

    @app.errorhandler(Refused)
    def refused(error: Refused) -> tuple[str, int]:
        return page(409, _("Это сделать нельзя"), str(error)), 409

    @app.errorhandler(Unsupported)
    def unsupported(error: Unsupported) -> tuple[str, int]:
        return page(400, _("Такой запрос каталог не понимает"), labels.unanswered(error)), 400

    @app.errorhandler(Unholdable)
    def unholdable(error: Unholdable) -> tuple[str, int]:
        code = 404 if request.method in ("GET", "HEAD") else 400  # an address names nothing, a form is mistyped
        return page(code, _(TEXTS[code][0]), _(TEXTS[code][1])), code

    @app.errorhandler(DBAPIError)
    def without_database(error: DBAPIError) -> tuple[str, int] | tuple[str, int, dict[str, str]]:
        """A server that is restarted is asked by every page: each of them is one line of the log."""
        if not sentence(error):
            return broken(error)
        note(log, f"{request.method} {request.path}", error)
        title, text = BUSY if is_busy(error) else TEXTS[503]
        text = page(503, _(title), _(text), sent_again() if is_busy(error) else None)
        return text, 503, {"Retry-After": str(RETRY_SECONDS)}

    @app.errorhandler(Exception)
    def broken(error: Exception) -> tuple[str, int]:
        log.exception("%s %s", request.method, request.path)
        return page(500, _(TEXTS[500][0]), _(TEXTS[500][1])), 500


TEXTS = {
    400: (i18n.N_("Запрос непонятен"), i18n.N_("Вернитесь назад, проверьте поля и попробуйте ещё раз.")),
    403: (i18n.N_("Сюда нельзя"), i18n.N_("Для этого действия у вас нет прав.")),
    404: (i18n.N_("Такой страницы нет"), i18n.N_("Возможно, адрес набран с ошибкой или издание больше не числится.")),
    405: (i18n.N_("Так сюда не обращаются"), i18n.N_("Откройте страницу обычной ссылкой.")),
    410: (i18n.N_("Издания больше нет в каталоге"), i18n.N_("Все библиотеки списали его или удалили запись.")),
    413: (i18n.N_("Файл слишком велик"), i18n.N_("Разделите выгрузку на части до 64 МБ.")),
    429: (i18n.N_("Слишком много попыток"), i18n.N_("Подождите несколько минут и попробуйте снова.")),
    500: (i18n.N_("Каталог не смог ответить"), i18n.N_("Ошибка записана. Попробуйте ещё раз через минуту.")),
    503: (i18n.N_("Каталог сейчас недоступен"), i18n.N_("Попробуйте ещё раз через несколько минут.")),
}


BUSY = (
    i18n.N_("Подождите немного"),
    i18n.N_("В каталог сейчас записывается выгрузка школы. Ничего не испорчено: отправьте ещё раз через минуту."),
)


def sent_again() -> list[tuple[str, str]] | None:
    """What the form said, to be sent once more by a button; None where that would need a file or show a password."""
    fields = list(request.form.items(multi=True))
    if request.method != "POST" or request.files or any("password" in name for name, _value in fields):
        return None
    return fields


def page(code: int, title: str, text: str, again: list[tuple[str, str]] | None = None) -> str:
    g.error_code = code
    return render_template("error.html", title=title, text=text, code=code, again=again)
