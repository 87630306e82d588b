"""A reader's choices, kept in plain cookies without any identity: my school, theme, text size, child's view."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Request, Response, g, request

from web.i18n import LANGUAGES
from web.services import services

YEAR_SECONDS = 365 * 24 * 3600
CHOICES: dict[str, tuple[str, ...]] = {
    "theme": ("auto", "light", "dark"),
    "size": ("normal", "large", "huge"),
    "spacing": ("normal", "wide"),
    "colours": ("normal", "black-white", "white-black", "blue", "beige"),
    "pictures": ("on", "off"),
    "child": ("off", "on"),
}


@dataclass(frozen=True)
class Reader:
    """How this reader wants the pages. Everything has a default, so pages work with cookies off."""

    library: str = ""
    theme: str = "auto"
    size: str = "normal"
    spacing: str = "normal"
    colours: str = "normal"
    pictures: str = "on"
    child: bool = False

    @property
    def library_name(self) -> str:
        return services().directory.name(self.library) if self.library else ""

    @property
    def classes(self) -> str:
        """CSS classes of <html>."""
        chosen = {"theme": self.theme, "size": self.size, "spacing": self.spacing, "colours": self.colours}
        names = [f"{k}-{v}" for k, v in chosen.items() if v not in ("auto", "normal")]
        extra = (("pictures-off", self.pictures == "off"), ("child", self.child))
        return " ".join([*names, *(name for name, wanted in extra if wanted)])


def read_reader(req: Request) -> Reader:
    """The choices of the request's cookies; `?my=CODE` in an address wins (a school's own link to the catalogue)."""
    chosen = {name: _choice(req, name) for name in CHOICES}
    library = req.args.get("my") or req.cookies.get("library", "")
    known = services().directory.get(library) is not None
    child = chosen.pop("child") == "on"
    return Reader(library=library if known else "", child=child, **chosen)


def _choice(req: Request, name: str) -> str:
    value = req.cookies[name] if name in req.cookies else ""  # noqa: SIM401 (its `get` makes an exception of a miss)
    return value if value in CHOICES[name] else CHOICES[name][0]


def reader() -> Reader:
    if "reader" not in g:
        g.reader = read_reader(request)
    return g.reader  # type: ignore[no-any-return]


def remember(response: Response, name: str, value: str) -> None:
    """Keep one choice for a year; it says nothing about who the reader is."""
    secure = services().settings.web.https
    response.set_cookie(name, value, max_age=YEAR_SECONDS, samesite="Lax", httponly=True, secure=secure)


def valid_choice(name: str, value: str) -> bool:
    if name == "library":
        return value == "" or services().directory.get(value) is not None
    return value in LANGUAGES if name == "lang" else value in CHOICES.get(name, ())
