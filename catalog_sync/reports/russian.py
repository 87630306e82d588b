"""Russian as reports need it: plural forms, cases, numbers, dates. No dictionary: the words are few and known."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

NBSP = "\u00a0"
MONTHS = ("января", "февраля", "марта", "апреля", "мая", "июня", "июля", "августа", "сентября", "октября",
          "ноября", "декабря")  # fmt: skip
ROMAN = ("I", "II", "III", "IV")


class Word(NamedTuple):
    """A noun with the forms that numerals and prepositions ask for."""

    one: str  # 1 школа
    few: str  # 2 школы
    many: str  # 5 школ (genitive plural)
    of_one: str  # 1 школы (genitive), also «1,5 школы»
    in_one: str  # в 1 школе
    in_many: str  # в 9 школах


SCHOOL = Word("школа", "школы", "школ", "школы", "школе", "школах")
LIBRARY = Word("библиотека", "библиотеки", "библиотек", "библиотеки", "библиотеке", "библиотеках")
COPY = Word("экземпляр", "экземпляра", "экземпляров", "экземпляра", "экземпляре", "экземплярах")
TITLE = Word("название", "названия", "названий", "названия", "названии", "названиях")
EDITION = Word("издание", "издания", "изданий", "издания", "издании", "изданиях")
RECORD = Word("запись", "записи", "записей", "записи", "записи", "записях")
TEXTBOOK = Word("учебник", "учебника", "учебников", "учебника", "учебнике", "учебниках")
LICENCE = Word("лицензия", "лицензии", "лицензий", "лицензии", "лицензии", "лицензиях")
ORGANISATION = Word("организация", "организации", "организаций", "организации", "организации", "организациях")
BASE = Word("база", "базы", "баз", "базы", "базе", "базах")
DATABASE = Word("база данных", "базы данных", "баз данных", "базы данных", "базе данных", "базах данных")
DAY = Word("день", "дня", "дней", "дня", "дне", "днях")
PUPIL = Word("обучающийся", "обучающихся", "обучающихся", "обучающегося", "обучающемся", "обучающихся")


def number(value: float, digits: int = 0) -> str:
    """12 345,6 with a no-break space between thousands (from five digits on, as ГОСТ 8.417 and typographers ask)."""
    text = f"{abs(value):,.{digits}f}".replace(",", " ").replace(".", ",")
    whole, comma, rest = text.partition(",")
    if len(whole) == 5:  # 1 234 → 1234
        whole = whole.replace(" ", "")
    sign = "−" if value < 0 and any(c in "123456789" for c in text) else ""
    return sign + whole.replace(" ", NBSP) + comma + rest


def percent(share: float | None, digits: int = 1) -> str:
    """0.453 → «45,3 %»; a dash where there is nothing to measure from.

    Rounding alone makes neither all nor nothing: a school that lacks one book of 3000 has 99,9 %.
    """
    if share is None:
        return "—"
    hundredths = share * 100
    if share < 1 and round(hundredths, digits) == 100:
        hundredths = 100 - 0.1**digits
    elif share > 0 and round(hundredths, digits) == 0:
        hundredths, digits = max(hundredths, 0.01), 2
    text = number(hundredths, digits)
    return text.removesuffix(",0") + NBSP + "%"


def plural(count: int, word: Word) -> str:
    """The form that agrees with a numeral: 1 школа, 2 школы, 5 школ, 11 школ, 21 школа."""
    tail = abs(count) % 100
    if 11 <= tail <= 14:
        return word.many
    return {1: word.one, 2: word.few, 3: word.few, 4: word.few}.get(tail % 10, word.many)


def counted(count: int, word: Word) -> str:
    """«12 345 экземпляров»."""
    return f"{number(count)}{NBSP}{plural(count, word)}"


def within(count: int, word: Word) -> str:
    """Prepositional with its preposition: «в 1 школе», «в 9 школах», «в 21 школе»."""
    return f"в{NBSP}{number(count)}{NBSP}{word.in_one if _ends_in_one(count) else word.in_many}"


def genitive(count: int, word: Word) -> str:
    """After «из», «для», «данные»: «из 1 школы», «из 20 школ», «из 21 школы»."""
    return f"{number(count)}{NBSP}{word.of_one if _ends_in_one(count) else word.many}"


def agree(count: int, one: str, many: str) -> str:
    """A verb or participle that agrees with a numeral: «поступил 21 экземпляр», «поступило 5 экземпляров»."""
    return one if _ends_in_one(count) else many


def _ends_in_one(count: int) -> bool:
    return abs(count) % 10 == 1 and abs(count) % 100 != 11


def day(value: date) -> str:
    """«20 ноября 2026 г.»"""
    return f"{value.day}{NBSP}{MONTHS[value.month - 1]} {value.year}{NBSP}г."


def short_day(value: date | None) -> str:
    """«20.11.2026»; a dash for no date."""
    return value.strftime("%d.%m.%Y") if value else "—"


def listed(values: Sequence[str], conjunction: str = "и") -> str:
    """«а, б и в»."""
    if len(values) < 2:
        return "".join(values)
    return f"{', '.join(values[:-1])} {conjunction} {values[-1]}"


def rubles(kopecks: int | None) -> str:
    """«12 345,50» (руб.); a dash where the price is not known."""
    return "—" if kopecks is None else number(kopecks / 100, 2)


MANY_TIMES = 2.0  # a growth of 200 % and more is said as «в 3 раза»


def change(share: float | None) -> str:
    """Growth in words: «вырос на 12 %», «сократился на 3,4 %», «не изменился»."""
    if share is None:
        return "сравнить не с чем"
    if abs(share) < 0.0005:
        return "не изменился"
    if share >= MANY_TIMES:
        times = round(1 + share, 1)
        word = Word("раз", "раза", "раз", "раза", "разе", "разах")
        return f"вырос в {counted(int(times), word) if times.is_integer() else number(times, 1) + NBSP + 'раза'}"
    return f"{'вырос' if share > 0 else 'сократился'} на {percent(abs(share))}"


NAMED = 12  # more names than are read in one sentence


def named(names: Sequence[str], word: Word) -> str:
    """«а, б, в и ещё 88 школ»: names as far as a sentence bears them; a list of its own has all."""
    more = len(names) - NAMED
    return ", ".join(names[:NAMED]) + (f" и ещё {counted(more, word)}" if more > 0 else "")


def capital(sentence: str) -> str:
    return sentence[:1].upper() + sentence[1:]


_UNITS = ("", "один", "два", "три", "четыре", "пять", "шесть", "семь", "восемь", "девять", "десять", "одиннадцать",
          "двенадцать", "тринадцать", "четырнадцать", "пятнадцать", "шестнадцать", "семнадцать", "восемнадцать",
          "девятнадцать")  # fmt: skip
_TENS = ("", "", "двадцать", "тридцать", "сорок", "пятьдесят", "шестьдесят", "семьдесят", "восемьдесят", "девяносто")
_HUNDREDS = ("", "сто", "двести", "триста", "четыреста", "пятьсот", "шестьсот", "семьсот", "восемьсот", "девятьсот")
_SCALES = (None, ("тысяча", "тысячи", "тысяч"), ("миллион", "миллиона", "миллионов"),
           ("миллиард", "миллиарда", "миллиардов"))  # fmt: skip


def in_words(value: int) -> str:
    """A sum in words for acts: 2 151 → «две тысячи сто пятьдесят один»."""
    if value == 0:
        return "ноль"
    parts: list[str] = []
    for power in reversed(range(len(_SCALES))):
        group = value // 1000**power % 1000
        if not group:
            continue
        words = _hundreds(group, feminine=power == 1)
        scale = _SCALES[power]
        if scale:
            words.append(plural(group, Word(*scale, "", "", "")))
        parts += words
    return " ".join(parts)


def _hundreds(value: int, feminine: bool) -> list[str]:
    words = [_HUNDREDS[value // 100]]
    rest = value % 100
    if rest >= 20:
        words.append(_TENS[rest // 10])
        rest %= 10
    unit = _UNITS[rest]
    if feminine:
        unit = {"один": "одна", "два": "две"}.get(unit, unit)
    return [word for word in (*words, unit) if word]


def rubles_in_words(kopecks: int) -> str:
    """«две тысячи сто пятьдесят один рубль 00 копеек»."""
    rubles_, rest = divmod(kopecks, 100)
    ruble = plural(rubles_, Word("рубль", "рубля", "рублей", "", "", ""))
    kopeck = plural(rest, Word("копейка", "копейки", "копеек", "", "", ""))
    return f"{in_words(rubles_)} {ruble} {rest:02d} {kopeck}"
