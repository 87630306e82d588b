"""Words of titles that tell little by themselves: school subjects, and genres of belles-lettres."""

from __future__ import annotations

from typing import Final

from catalog_sync.text import words

# Titles that many different books share: subjects of the school curriculum. Not one of them identifies anything.
# Told by their first word; a longer title that begins so («Физика в играх») is counted by its length.
SUBJECTS: Final = frozenset(
    words(
        "математика алгебра геометрия физика химия биология география история обществознание литература"
        " информатика музыка технология"
        " черчение экология экономика право астрономия естествознание природоведение риторика"
        " азбука букварь чтение"
        " письмо рассказы стихи стихотворения сказки повести избранное сочинения роман романы повесть пьесы"
    )
)
_PHRASES = (
    "русский язык|окружающий мир|литературное чтение|английский язык|немецкий язык|французский язык|испанский язык"
    "|родной язык|история россии|всеобщая история|история отечества|изобразительное искусство|физическая культура"
    "|собрание сочинений|избранные произведения|родная речь|мир вокруг нас|общая биология|органическая химия"
)
SUBJECT_PHRASES: Final = frozenset(words(phrase) for phrase in _PHRASES.split("|"))
GENRES: Final = frozenset(
    words(
        "роман повесть рассказы рассказ сказка сказки стихи стихотворения поэма поэмы пьеса пьесы сборник драма комедия"
        " трагедия басни былины мифы легенды романы повести очерки новеллы эссе воспоминания мемуары"
        " фельетоны письма"
    )
)
