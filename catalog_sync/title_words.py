"""What two titles have in common that tells one book from another; no more than a first look."""

from __future__ import annotations

from catalog_sync import text

# Words that titles of quite different textbooks share.
WEAK_WORDS = frozenset({"класс", "класса", "классов", "классы", "часть", "части", "книга", "учебник", "пособие"})


def share_a_word(one: str, other: str) -> bool:
    """Whether two titles may be those of one book: where neither has a telling word, they may."""
    ours, theirs = _telling_words(one), _telling_words(other)
    return bool(ours & theirs) or not (ours and theirs)


def may_be_one(one: str, other: str) -> bool:
    """The same where copies agree already: titles without a telling word («Нос») must have some word in common."""
    return share_a_word(one, other) and not set(text.words(one)).isdisjoint(text.words(other))


def _telling_words(title: str) -> set[str]:
    """Words that tell one book from another: «Физика, 7 класс» and «Химия, 7 класс» share none of them."""
    return {w for w in text.words(title) if len(w) > 3 and not w.isdigit()} - WEAK_WORDS
