"""Hits as HTML, written without a template: a page has twenty, and macros cost four times as much as these lines.

Everything from a record goes through `escape`; everything else is ours.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from markupsafe import Markup, escape

from web.i18n import _, ngettext
from web.opac.present import Card, Place

NAMED = 3  # libraries named on a hit; the rest are counted


class Shelf:
    """What all hits of one page share: links, the reader's list, sentences of the language."""

    def __init__(self, icons: str, path: Callable[[str], str], basket: str, kept: frozenset[str], here: str) -> None:
        self._icons, self._path, self._kept = icons, path, kept
        self._form = Markup(
            f'<form class="keep" method="post" action="{escape(basket)}"><input type="hidden" name="id" value="'
        )
        self._next = Markup(f'"><input type="hidden" name="next" value="{escape(here)}">')
        self._add, self._added = escape(_("В список")), escape(_("В списке"))
        self._place, self._check = self.icon("place"), self.icon("check")
        self._there, self._also = escape(_("Есть:")), escape(_("Ещё есть:"))

    def icon(self, name: str) -> Markup:
        return Markup(f'<svg class="icon" aria-hidden="true"><use href="{escape(self._icons)}#{name}"></use></svg>')

    def spine(self, card: Card) -> Markup:
        """The coloured back of the book: kind by icon, class by number."""
        grades = card.grades
        text = f"<b>{grades[0]}{f'–{grades[-1]}' if len(grades) > 1 else ''}</b>" if grades else ""
        return Markup(
            f'<span class="spine k-{card.icon}" aria-hidden="true"><svg class="icon">'
            f'<use href="{escape(self._icons)}#{card.icon}"></use></svg>{text}</span>'
        )

    def hits(self, cards: Iterable[Card]) -> Markup:
        return Markup("").join(map(self.hit, cards))

    def hit(self, card: Card) -> Markup:
        """What a person needs to recognise the edition, where it is, and a button for the list."""
        subtitle = f'<p class="sub">{escape(card.bib.subtitle)}</p>' if card.bib.subtitle else ""
        by = f'<p class="by">{escape(card.by)}</p>' if card.by else ""
        return Markup(
            f'<li class="hit">{self.spine(card)}<div class="what">'
            f'<h2><a href="{escape(self._path(card.id))}">{escape(card.heading)}</a></h2>{subtitle}{by}'
            f'<p class="facts">{self._facts(card)}</p>{self._available(card)}</div>{self._button(card)}</li>\n'
        )

    @staticmethod
    def _facts(card: Card) -> str:
        found = [("kind", card.kind_word), ("grade", card.grade_word), ("", card.imprint)]
        if card.carrier != "print":
            found.append(("carrier", card.carrier_word))
        if card.age:
            found.append(("age", card.age_word))
        classes = {name: f' class="{name}"' if name else "" for name, _text in found}
        return "".join(f"<span{classes[name]}>{escape(text)}</span>" for name, text in found if text)

    def _available(self, card: Card) -> str:
        mine = card.mine if card.mine and card.mine.copies else None
        others = [place for place in card.places if place.copies and not place.mine]
        text = self._at_home(mine) if mine else ""
        if others:
            return text + self._elsewhere(others, also=card.mine is not None)
        if mine:
            return text
        if card.reading:
            return f'<p class="where">{self.icon("electronic")}{escape(_("Доступно по ссылке"))}</p>'
        return f'<p class="where none">{self._place}{escape(_("Свободных сведений об экземплярах нет"))}</p>'

    def _at_home(self, mine: Place) -> str:
        text = ngettext("%(num)s экземпляр", "%(num)s экземпляров", mine.copies)
        if mine.call_numbers:
            text += f", {_('шифр')} {mine.call_numbers[0]}"
        strong = f"<strong>{self._check}{escape(_('Есть в моей школе'))}</strong>"
        return f'<p class="where here">{strong}: {escape(text)}</p>'

    def _elsewhere(self, others: Sequence[Place], *, also: bool) -> str:
        text = ", ".join(f"{place.name} ({place.copies})" for place in others[:NAMED])
        if len(others) > NAMED:
            text += " " + ngettext("и ещё %(num)s библиотека", "и ещё %(num)s библиотек", len(others) - NAMED)
        return f'<p class="where">{self._place}{self._also if also else self._there} {escape(text)}</p>'

    def _button(self, card: Card) -> str:
        start = f"{self._form}{escape(card.id)}{self._next}"
        if card.id in self._kept:
            label = escape(_("В списке, убрать: %(title)s", title=card.heading))
            return (
                f'{start}<input type="hidden" name="action" value="remove"><button class="small on" type="submit" '
                f'aria-label="{label}">{self._added}</button></form>'
            )
        label = escape(_("В список: %(title)s", title=card.heading))
        return f'{start}<button class="small" type="submit" aria-label="{label}">{self._add}</button></form>'
