"""The one search box: what a pupil types becomes a query tree.

Understood: words, "phrases", ISBN in any hyphenation, ISSN, class («5 класс», «5–6 кл.»), an index of ББК or УДК
(«22.1я72», «821.161.1»), masks («матем*»), -exclusion,
AND OR NOT and И ИЛИ НЕ in capitals, alternatives in (brackets), a field named before its word («автор:пушкин»,
«год:2015-2020», «заглавие:"война и мир"»), and words typed with the Latin keyboard layout left on.
Spelling is not judged here: `Reader.did_you_mean` knows the words that exist.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from functools import reduce

from catalog_sync.facets import grades_in
from catalog_sync.query import Access, And, Everything, Not, Or, Query, Relation, Term, Truncation
from catalog_sync.search import habits, plain
from catalog_sync.search.codes import digits, isbn13
from catalog_sync.text_ru import as_if_russian_layout, is_known, words

LONGEST_QUERY = 500  # characters: the rest of a pasted page is not a query

_PHRASE = re.compile(r'(?P<minus>(?<!\S)[-−–])?["«“„](?P<phrase>[^"»”“]+)["»”“]')
_OR = "\x1f"  # between alternatives; nobody types it
_OPERATOR = re.compile(
    r'(?P<phrase>["«“„][^"»”“]+["»”“])|'
    r"(?<!\S)(?:(?P<or>OR|ИЛИ)|(?P<not>(?:AND\s+|И\s+)?(?:NOT|НЕ))|AND|И)\s+"
)
_SMALL_OR = re.compile(r'(?P<phrase>["«“„][^"»”“]+["»”“])|(?<=\s)(?:или|либо|or)(?=\s+(?!не\s|not\s))')
_GROUP = re.compile(r"(?<!\w)\(([^()]*)\)(?!\w)")
MOST_GROUPS = 20  # in one query; brackets beyond them are brackets
_FIRST_GROUP = "\U00010428"  # small letters of an alphabet nobody types (Deseret) stand for groups already understood
_GROUPED_PART = re.compile(rf"([-−–]?)([{_FIRST_GROUP}-{chr(ord(_FIRST_GROUP) + MOST_GROUPS - 1)}])")
_ONE_GRADE = r"(?:1[01]|[1-9]|[IVXХ]{1,4})(?:-?(?:й|ый|ий|го|ого|м|ом|е|х|ых)|\s?-?[абвг](?=\s*кл))?"
_LETTER = re.compile(r"(?<=\d)\s?-?[абвг](?=\s*кл)", re.IGNORECASE)  # «5а класс», «5-Б кл.»
_GRADE = re.compile(
    rf"(?<!\w){_ONE_GRADE}(?:(?:\s*[-–—,]\s*|\s+и\s+){_ONE_GRADE})*\s*кл(?:асс\w*|\.|(?!\w))\.?", re.IGNORECASE
)
_WORDED_GRADE = re.compile(
    r"(?<!\w)(?:перв|втор|трет|четв[её]рт|пят|шест|седьм|восьм|девят|десят|одиннадцат)\w*\s+класс\w*", re.IGNORECASE
)
_ISBN = re.compile(
    r"(?<![\dA-Za-zА-Яа-я])(?:isbn[\s:]*)?((?:\d[\s‐-–-]?){9,12}[\dXxХх])(?![\dA-Za-zА-Яа-я])", re.IGNORECASE
)

_LATIN_SOFT_SIGN = re.compile(r"(?<=[A-Za-z])['’ʹ]")  # «Gor'kij», «Gogol'»: no apostrophe divides the word
# What a reader may write before a colon. ISBN and ISSN are understood without, and with spaces between their digits.
FIELDS = {
    "заглавие": Access.TITLE, "название": Access.TITLE, "title": Access.TITLE,
    "автор": Access.AUTHOR, "author": Access.AUTHOR,
    "тема": Access.SUBJECT, "рубрика": Access.SUBJECT, "предмет": Access.SUBJECT, "subject": Access.SUBJECT,
    "издательство": Access.PUBLISHER, "publisher": Access.PUBLISHER,
    "серия": Access.TITLE_SERIES, "series": Access.TITLE_SERIES,
    "год": Access.YEAR, "year": Access.YEAR, "класс": Access.GRADE, "grade": Access.GRADE,
    "ббк": Access.BBK, "bbk": Access.BBK, "удк": Access.UDC, "udc": Access.UDC,
    "шифр": Access.CALL_NUMBER, "call": Access.CALL_NUMBER,
}  # fmt: skip
_NAMES = "|".join(FIELDS)
_FIELD = re.compile(
    rf"(?<!\S)(?P<minus>[-−–])?(?:(?P<name>{_NAMES}):|(?P<index>ббк|удк)\s+(?=\d))"
    r'(?:["«“„](?P<phrase>[^"»”“]+)["»”“]|(?P<word>[^\s"«“„]+))',
    re.IGNORECASE,
)
_SPACED_FIELD = re.compile(rf"(?<!\S)([-−–]?(?:{_NAMES})):\s+(?=\S)", re.IGNORECASE)
_NUMBERS = re.compile(r"\d{1,4}|\d{0,4}[-–—]\d{1,4}|\d{1,4}[-–—]")  # one or a span, open at either end
_ISSN = re.compile(r"(?<![\w-])(?:issn[\s:]*)?(\d{4}[‐-–-]\d{3}[\dXxХх])(?![\w-])", re.IGNORECASE)

_MINUS = re.compile(r"(?<!\S)[-−–](?=\w)")
_UNITS = (_GRADE, _WORDED_GRADE, habits.PART, _ISBN)  # what is said in several words, and is unwanted as one

# «22.1я72», «84(2Рос=Рус)6», «84Р1», «51(075.3)», «373.167.1:54»: digits that go on as no other number does.
_INDEX = re.compile(r"\d{2,3}(?:\.\d|\(|[а-я]\d)[\w.()=:/-]*", re.IGNORECASE)

# «978509071», «5-09-071884»: what can be read on a worn cover, or an old ISBN without its check digit; not two years.
_PART_OF_ISBN = re.compile(r"(?!\d{4}\D\d{4}$)(?=(?:\D*\d){6,9}\D*$|97[89](?:\D*\d){3,9}\D*$)\d+(?:[‐-–-]\d+)*[‐-–-]?")


def search_box(text: str) -> Query:
    """What was typed, as a query; nothing typed asks for everything. Never raises.

    Text without a word («!!!») stays a term, which the index answers with Unsupported rather than with everything.
    """
    typed = _GROUPED_PART.sub(" ", text.replace(_OR, " ")).strip()[:LONGEST_QUERY]
    if not typed:
        return Everything()
    groups: list[Query] = []

    def take(match: re.Match[str]) -> str:
        if _OR not in _operators(match[1]) or len(groups) == MOST_GROUPS:
            return match[0]  # «84(2Рос=Рус)», «Сказки (сборник)»
        groups.append(_alternatives(match[1], groups))
        return chr(ord(_FIRST_GROUP) + len(groups) - 1)

    before = ""
    while before != typed:  # from the innermost outwards
        before, typed = typed, _GROUP.sub(take, typed)
    return _alternatives(typed, groups)


def _alternatives(text: str, groups: Sequence[Query]) -> Query:
    """`groups` are the bracketed alternatives a single letter stands for in the text."""
    found = [part for part in _operators(text).split(_OR) if words(part) or _GROUPED_PART.search(part)] or [text]
    return reduce(Or, (_alternative(part, groups) for part in found))


def _alternative(text: str, groups: Sequence[Query]) -> Query:
    # «автор: пушкин» names a field, «Автор: жизнь и книги» is a title.
    fields = _SPACED_FIELD.sub(r"\1:", text)
    readings = dict.fromkeys((text, fields, _LATIN_SOFT_SIGN.sub("", text), layout_slip(text)))
    return reduce(Or, [_understand(reading, groups) for reading in readings if reading])


def _operators(text: str) -> str:
    """NOT as a minus, OR as `_OR`, AND left out: it is meant anyway. A title all in capitals has no operators."""
    if not any(letter.islower() for letter in text):
        return text
    return _OPERATOR.sub(lambda m: m[0] if m["phrase"] else _OR if m["or"] else "-" if m["not"] else "", text)


def alternatives_meant(text: str) -> str:
    """The query with its «или» as the operator it may be meant for; "" where it has none.

    In small letters it is a word of a title, and «быть или не быть» nothing else: this is for where nothing was found.
    """
    meant = _SMALL_OR.sub(lambda m: m["phrase"] or "ИЛИ", text.strip())
    return "" if meant == text.strip() else meant


def _understand(text: str, groups: Sequence[Query]) -> Query:
    wanted: list[Query] = []
    unwanted: list[Query] = []
    rest = _take_fields(_take_groups(text, groups, wanted, unwanted), wanted, unwanted)
    rest = _take_unwanted(_take_phrases(rest, wanted, unwanted), unwanted)
    rest = _take_issns(_take_isbns(rest, wanted), wanted)
    rest = _take_habits(rest, wanted)
    left: list[str] = []
    for token in rest.split():
        _take_token(token, left, wanted, unwanted)
    rest, meant = habits.take_short_words(" ".join(left))
    said = words(rest)
    if said and not ((wanted or meant) and plain.says_nothing(said)):  # «книги для 5 класса» asks for the class alone
        wanted.insert(0, plain.asked(rest))
    wanted += meant
    if not wanted and not unwanted:
        return Term(text)
    query: Query = reduce(And, wanted) if wanted else Everything()
    return reduce(Not, unwanted, query)


def _take_groups(text: str, groups: Sequence[Query], wanted: list[Query], unwanted: list[Query]) -> str:
    def take(match: re.Match[str]) -> str:
        (unwanted if match[1] else wanted).append(groups[ord(match[2]) - ord(_FIRST_GROUP)])
        return " "

    return _GROUPED_PART.sub(take, text) if groups else text


def _take_fields(text: str, wanted: list[Query], unwanted: list[Query]) -> str:
    def take(match: re.Match[str]) -> str:
        access = FIELDS[(match["name"] or match["index"]).lower()]
        asked = field_query(access, match["phrase"] or match["word"], phrase=bool(match["phrase"]))
        if asked is None:
            return match[0]
        (unwanted if match["minus"] else wanted).append(asked)
        return " "

    return _FIELD.sub(take, text)


def field_query(access: Access, text: str, *, phrase: bool = False) -> Query | None:
    """What is asked of one field; None where the text can't be of such a field («год:весны»).

    An index or call number is found by its beginning; a name in quotes is one of words, for it is written in any order.
    """
    if access in (Access.YEAR, Access.GRADE):
        if _NUMBERS.fullmatch(text.strip()):
            return Term(text.strip(), access)
        classes = grades_in(f"{text} класс") if access is Access.GRADE else ()  # «класс:пятый»
        named: list[Query] = [Term(str(n), access) for n in classes]
        return reduce(Or, named) if named else None
    if access in (Access.BBK, Access.UDC, Access.CALL_NUMBER):
        if not text.strip():
            return None
        return _of_bbk(text) if access is Access.BBK else Term(text, access, truncation=Truncation.RIGHT)
    if not words(text):
        return None
    if phrase and access is not Access.AUTHOR:
        return Term(text.strip(), access, Relation.ADJACENT)
    tokens = text.split()
    if not any(map(_is_masked, tokens)):  # «Что? Где? Когда?»
        return Term(text, access)
    return replace(_masked(" ".join(t if _is_masked(t) else t.rstrip("?") for t in tokens)), access=access)


def _take_phrases(text: str, wanted: list[Query], unwanted: list[Query]) -> str:
    for match in _PHRASE.finditer(text):
        if words(match["phrase"]):
            target = unwanted if match["minus"] else wanted
            target.append(Term(match["phrase"].strip(), relation=Relation.ADJACENT))
    return _PHRASE.sub(" ", text)


def _take_unwanted(text: str, unwanted: list[Query]) -> str:
    """«-5 класс», «НЕ часть 2»: a minus says as much of several words as of one."""
    kept, at = "", 0
    for minus in _MINUS.finditer(text):
        typed = text[minus.end() :]
        unit = next((found[0] for pattern in _UNITS if (found := pattern.match(typed))), "")
        if unit and minus.start() >= at:
            unwanted.append(_understand(unit, ()))
            kept, at = f"{kept}{text[at : minus.start()]} ", minus.end() + len(unit)
    return kept + text[at:]


_GROUPED = re.compile(r"\d+[‐-–-]\d+[‐-–-]\d+[‐-–-][\dXxХх]")  # four groups: an ISBN-10, whatever its check digit


def _take_isbns(text: str, wanted: list[Query]) -> str:
    def take(match: re.Match[str]) -> str:
        typed = digits(match[1])
        if not _looks_like_isbn(typed) and not _GROUPED.fullmatch(match[1].strip()):
            return match[0]
        wanted.append(Term(typed, Access.ISBN))
        return " "

    return _ISBN.sub(take, text)


def _take_issns(text: str, wanted: list[Query]) -> str:
    """Four digits and four, the check digit right; two years can be such a number: the words are asked as well."""

    def take(match: re.Match[str]) -> str:
        typed = digits(match[1])
        if sum((8 - i) * (10 if c == "X" else int(c)) for i, c in enumerate(typed)) % 11:
            return match[0]
        wanted.append(Or(Term(typed, Access.ISSN), Term(match[1])))
        return " "

    return _ISSN.sub(take, text)


def _looks_like_isbn(typed: str) -> bool:
    """Thirteen digits of the book range, or ten with a right check digit (a telephone number has no such)."""
    if len(typed) == 13:
        return typed.startswith(("978", "979"))
    if len(typed) != 10 or "X" in typed[:9]:
        return False
    total = sum((10 - i) * (10 if c == "X" else int(c)) for i, c in enumerate(typed))
    return total % 11 == 0 and bool(isbn13(typed))


def _take_grades(text: str, wanted: list[Query]) -> str:
    def take(match: re.Match[str]) -> str:
        grades = grades_in(_LETTER.sub("", match[0]))
        if not grades:
            return match[0]
        terms: list[Query] = [Term(str(g), Access.GRADE) for g in grades]
        wanted.append(reduce(Or, terms))
        return " "

    return _WORDED_GRADE.sub(take, _GRADE.sub(take, text))


def _take_habits(text: str, wanted: list[Query]) -> str:
    """What readers write in their own way. Classes before parts: «книга 5 класс» is no fifth book."""
    text, found = habits.take_years(text)
    text = _take_grades(text, wanted)
    for take in (habits.take_parts, habits.take_classes, habits.take_named, habits.take_shelf_marks):
        text, more = take(text)
        found += more
    wanted += found
    return text


def _take_token(token: str, left: list[str], wanted: list[Query], unwanted: list[Query]) -> None:
    if token[0] in "-−–" and words(token[1:]):
        unwanted.append(_understand(token.lstrip("-−–"), ()))  # a mask, an index, years: as they are wanted
    elif _is_masked(token) and words(token):
        wanted.append(_masked(token))
    elif _INDEX.fullmatch(token):  # and the beginning of one; the words are asked as well, for it may be a price
        wanted.append(Or(Or(Term(token), _of_bbk(token)), Term(token, Access.UDC, truncation=Truncation.RIGHT)))
    elif _PART_OF_ISBN.fullmatch(token):
        wanted.append(Or(Term(token), Term(digits(token), Access.ISBN, truncation=Truncation.BOTH)))
    else:
        left.append(token)


_OLD_RUSSIAN, _RUSSIAN = "(2рос=рус)", "(2=411.2)"  # Russian literature in the tables of ББК before and since 2015


def _of_bbk(typed: str) -> Query:
    """An index of ББК and those it begins; half of the schools have the old sign of a literature, half the new one."""
    index = typed.lower()
    for sign, other in ((_OLD_RUSSIAN, _RUSSIAN), (_RUSSIAN, _OLD_RUSSIAN)):
        if sign in index:
            same = Term(index.replace(sign, other), Access.BBK, truncation=Truncation.RIGHT)
            return Or(Term(typed, Access.BBK, truncation=Truncation.RIGHT), same)
    return Term(typed, Access.BBK, truncation=Truncation.RIGHT)


def _is_masked(token: str) -> bool:
    return "*" in token or "?" in token.rstrip("?!.,")  # «Кто это?» asks nothing of a letter


def _masked(token: str) -> Term:
    body = token.rstrip("*")
    if token.endswith("*") and not re.search(r"[*?]", body) and len(words(body)) == 1:
        return Term(body, truncation=Truncation.RIGHT)
    return Term(token, truncation=Truncation.MASK)


def layout_slip(text: str) -> str:
    """The text as the Russian layout would have written it, if that makes words of the dictionary; else ""."""
    if re.search(r"[а-яё]", text.lower()) or not re.search(r"[a-z]", text.lower()):
        return ""
    typed = as_if_russian_layout(text)
    found = [w for w in words(typed) if not w.isdigit()]
    long_enough = any(len(w) > 2 for w in found)
    return typed if found and long_enough and all(is_known(w) for w in found) else ""
