"""Hits as HTML, written without a template: a page has twenty, and macros cost four times as much as these lines.

Everything from a record goes through `escape`; everything else is ours.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from datetime import date
from functools import lru_cache
from html import escape as escape_anew

from markupsafe import Markup

from catalog_sync.search.brief import Brief, Held
from web.i18n import _, ngettext
from web.labels import CARRIERS, age_word, capital, kind_icon, word
from web.security import safe_url

# Publishers, authors, names of libraries and facets come again on every page.
escape = lru_cache(maxsize=20_000)(escape_anew)
LONGEST_MARK = 20  # letters of a call number kept together: a longer one would leave no room for the library
NAMED = 3  # libraries named on a hit; the rest are counted


def grade_word(grades: Sequence[int]) -> str:
    """«7 класс», «7–9 классы», or nothing."""
    if not grades:
        return ""
    first, last = grades[0], grades[-1]
    if first == last:
        return _("%(grade)s класс", grade=first)
    return _("%(first)s–%(last)s классы", first=first, last=last)


def opens_at(brief: Brief, today: date) -> str:
    """Where the work itself opens, or "": a cover or a table of contents is not the work, a contract may be over."""
    if brief.ends and brief.ends < today.isoformat():
        return ""
    return next(filter(None, map(safe_url, brief.links)), "")


class Shelf:
    """What all hits of one page share: links, the reader's library and list, sentences of the language.

    `places` gives each library code its place in the directory and its name; `mine` is the reader's own library;
    `closed` tells which of some editions the register of e-resources does not let this reader open.
    """

    def __init__(
        self, icons: str, path: Callable[[str], str], basket: str, kept: frozenset[str], here: str,
        places: Mapping[str, tuple[int, str]], mine: str, today: date, closed: Callable[[Sequence[str]], Set[str]],
    ) -> None:  # fmt: skip
        self._today, self._closed = today, closed
        self._icons, self._path, self._kept, self._places, self._mine = escape(icons), path, kept, places, mine
        self._form = (
            f'<form class="keep" method="post" action="{escape(basket)}"><input type="hidden" name="id" value="'
        )
        self._next = f'"><input type="hidden" name="next" value="{escape(here)}">'
        self._add, self._added = escape(_("В список")), escape(_("В списке"))
        self._place, self._check = self.icon("place"), self.icon("check")
        self._there, self._also = escape(_("Есть:")), escape(_("Ещё есть:"))
        self._words: dict[str, str] = {}

    def icon(self, name: str) -> Markup:
        return Markup(f'<svg class="icon" aria-hidden="true"><use href="{self._icons}#{name}"></use></svg>')

    def spine(self, brief: Brief) -> Markup:
        """The coloured back of the book: kind by icon, class by number."""
        return Markup(self._spine(brief))

    def _spine(self, brief: Brief) -> str:
        grades, icon = brief.grades, kind_icon(brief.kind, brief.carrier)
        text = f"<b>{grades[0]}{f'–{grades[-1]}' if len(grades) > 1 else ''}</b>" if grades else ""
        return (
            f'<span class="spine k-{icon}" aria-hidden="true"><svg class="icon">'
            f'<use href="{self._icons}#{icon}"></use></svg>{text}</span>'
        )

    def mark(self, call_number: str) -> Markup:
        """A call number as it is on the spine: «22.1я71 Р» is not «22.1я7» on one line and «1 Р» on the next."""
        short = len(call_number) <= LONGEST_MARK
        return Markup(f'<span class="mark">{escape(call_number)}</span>' if short else escape(call_number))

    def hits(self, briefs: Iterable[Brief]) -> Markup:
        found = list(briefs)
        open_ = self._opened(found)
        return Markup("".join(self._hit(brief, opens=brief.cluster in open_) for brief in found))

    def _opened(self, found: Iterable[Brief]) -> Set[str]:
        """Of editions that no library has on a shelf, those a link opens: few, so the register is seldom asked."""
        linked = [b.cluster for b in found if not any(h.copies for h in b.held) and opens_at(b, self._today)]
        return set(linked) - self._closed(linked) if linked else frozenset()

    def hit(self, brief: Brief) -> Markup:
        return self.hits((brief,))

    def _hit(self, brief: Brief, *, opens: bool) -> str:
        """What a person needs to recognise the edition, where it is, and a button for the list."""
        title = escape(brief.title or _("Без заглавия"))
        subtitle = f'<p class="sub">{escape(brief.subtitle)}</p>' if brief.subtitle else ""
        by = f'<p class="by">{escape(brief.by)}</p>' if brief.by else ""
        return (
            f'<li class="hit">{self._spine(brief)}<div class="what">'
            f'<h2><a href="{escape(self._path(brief.cluster))}">{title}</a></h2>{subtitle}{by}'
            f'<p class="facts">{self._facts(brief)}</p>{self._available(brief, opens=opens)}</div>'
            f"{self._button(brief.cluster, title)}</li>\n"
        )

    def _word(self, table: str, code: str, made: Callable[[], str]) -> str:
        """A word of our own, escaped once for a page of hits that share it."""
        key = table + code
        if key not in self._words:
            self._words[key] = escape(made())
        return self._words[key]

    def _facts(self, brief: Brief) -> str:
        kind = self._word("kind", brief.kind, lambda: capital(_(brief.kind)))
        found = f'<span class="kind">{kind}</span>'
        if brief.grades:
            found += f'<span class="grade">{escape(grade_word(brief.grades))}</span>'
        if brief.imprint:
            found += f"<span>{escape(brief.imprint)}</span>"
        if brief.carrier != "print":
            carrier = self._word("carrier", brief.carrier, lambda: capital(word(CARRIERS, brief.carrier)))
            found += f'<span class="carrier">{carrier}</span>'
        if brief.age:
            found += f'<span class="age">{escape(age_word(brief.age))}</span>'
        return found

    def _available(self, brief: Brief, *, opens: bool) -> str:
        mine = [h for h in brief.held if h.copies and h.library == self._mine]
        others = [h for h in brief.held if h.copies and h.library != self._mine]
        text = self._at_home(mine) if mine else ""
        if others:
            return text + self._elsewhere(others, also=bool(mine))
        if mine:
            return text
        if opens:
            return f'<p class="where">{self.icon("electronic")}{escape(_("Доступно по ссылке"))}</p>'
        return f'<p class="where none">{self._place}{escape(_("Сведений о свободных экземплярах нет"))}</p>'

    def _at_home(self, mine: Sequence[Held]) -> str:
        text = escape(ngettext("%(num)s экземпляр", "%(num)s экземпляров", sum(h.copies for h in mine)))
        call_number = next((h.call_number for h in mine if h.call_number), "")
        if call_number:
            text += f", {escape(_('шифр'))} {self.mark(call_number)}"
        strong = f"<strong>{self._check}{escape(_('Есть в моей школе'))}</strong>"
        return f'<p class="where here">{strong}: {text}</p>'

    def _elsewhere(self, others: Sequence[Held], *, also: bool) -> str:
        named = sorted((self._places.get(h.library, (0, h.library)), h.copies) for h in others)
        text = ", ".join(f"{name} ({copies})" for (_order, name), copies in named[:NAMED])
        if len(named) > NAMED:
            text += " " + ngettext("и ещё %(num)s библиотека", "и ещё %(num)s библиотек", len(named) - NAMED)
        return f'<p class="where">{self._place}{self._also if also else self._there} {escape(text)}</p>'

    def _button(self, cluster: str, title: str) -> str:
        """`title` is escaped already."""
        start = f"{self._form}{escape(cluster)}{self._next}"
        if cluster in self._kept:
            label = self._word("label", "remove", lambda: _("В списке, убрать: %(title)s", title="\0"))
            return (
                f'{start}<input type="hidden" name="action" value="remove"><button class="small on" type="submit" '
                f'aria-label="{label.replace(chr(0), title)}">{self._added}</button></form>'
            )
        label = self._word("label", "add", lambda: _("В список: %(title)s", title="\0"))
        return (
            f'{start}<button class="small" type="submit" aria-label="{label.replace(chr(0), title)}">'
            f"{self._add}</button></form>"
        )
