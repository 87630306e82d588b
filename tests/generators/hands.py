"""How different hands type one edition: each school has habits of its own, and every record a chance to forget.

`Description` gives the fields of one record and remembers which attributes it shows.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

from tests.generators.world import HOUSES, PARALLEL, Edition

Fields = list[tuple[str, str, list[tuple[str, str]]]]  # tag, indicators, subfields
ROMAN = ("", "I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X", "XI", "XII")
ORDINAL_F = ("", "первая", "вторая", "третья", "четвертая", "пятая")
ORDINAL_M = (
    "",
    "первого",
    "второго",
    "третьего",
    "четвертого",
    "пятого",
    "шестого",
    "седьмого",
    "восьмого",
    "девятого",
    "десятого",
    "одиннадцатого",
)
KIND_WORDS = {
    "textbook": (
        "учебник",
        "учеб.",
        "Учебник для общеобразоват. учреждений",
        "учебник для сред. шк.",
        "учебник для общеобразовательной школы",
        "учеб. для уч-ся",
    ),
    "workbook": (
        "рабочая тетрадь",
        "раб. тетр.",
        "тетрадь рабочая",
        "Рабочая тетрадь для учащихся",
        "рабочая тетрадь к учебнику",
    ),
    "tests": (
        "контрольные работы",
        "тесты",
        "контрольно-измерительные материалы",
        "провер. работы",
        "тестовые задания",
    ),
    "method": (
        "методическое пособие",
        "метод. пособие для учителя",
        "методические рекомендации для учителя",
        "методич. пособие",
    ),
    "didactic": ("дидактические материалы", "дидакт. материалы", "дидактический материал"),
    "atlas": ("атлас", "Атлас"),
    "contour": ("контурные карты", "Контур. карты", "комплект контурных карт"),
    "reader": ("хрестоматия", "Хрестоматия для учащихся", "книга для чтения"),
    "lessons": ("поурочные разработки", "поурочные планы", "поурочное планирование"),
    "problems": ("сборник задач", "задачник", "сб. задач и упражнений"),
    "trainer": ("тренажер", "тетрадь-тренажёр", "тренажер для школьников"),
}
FORMS = {
    "electronic": (
        "[Электронный ресурс]",
        "электронное издание",
        "Электрон. текстовые дан.",
        "ЭФУ",
        "электронная версия учебника",
        "Электронная книга",
    ),
    "large": ("для слабовидящих детей", "Издание крупным шрифтом", "крупный шрифт"),
    "audio": ("Аудиокнига", "[Звукозапись]", "аудиокурс"),
}
LEVELS = {
    "base": ("базовый уровень", "баз. ур.", "Базовый уровень", "(базовый)"),
    "advanced": ("углубленный уровень", "профильный уровень", "угл. уровень", "углублённое изучение"),
}
LOOKALIKES = str.maketrans("аеосрху", "aeocpxy")
ROMANISED = str.maketrans(
    {
        **dict(zip("абвгдезийклмнопрстуфхцыэ", "abvgdeziiklmnoprstufhcye", strict=True)),
        "ж": "zh",
        "ч": "ch",
        "ш": "sh",
        "щ": "shch",
        "ю": "yu",
        "я": "ya",
        "ь": "'",
        "ъ": "",
        "ё": "e",
    }
)


@dataclass
class Habits:
    """One school's way of cataloguing."""

    code: str
    rng: random.Random
    dialect: str
    encoding: str

    def __post_init__(self) -> None:
        r = self.rng
        self.grade_style = r.randrange(8)
        self.part_style = r.randrange(7)
        self.layout = r.randrange(6)
        self.year_style = r.randrange(6)
        self.name_style = r.randrange(5)
        self.edition_style = r.randrange(6)
        self.capitals = r.random() < 0.12
        self.romanised = r.random() < 0.05
        self.in_notes = r.random() < 0.2  # edition and kind as notes of their own
        self.forget = r.uniform(0.05, 0.3)
        self.slip = r.uniform(0.0, 0.04)


def grade_words(h: Habits, e: Edition) -> str:
    if not e.grade:
        return ""
    first, last = e.grade
    if first != last:
        return (
            f"{first}-{last} кл.",
            f"{first} - {last} классы",
            f"{ROMAN[first]}-{ROMAN[last]} классы",
            f"для {first}-{last} классов",
            f"{first}–{last}-й кл.",
            f"{first}-{last}кл",
            f"{first}/{last} класс",
            f"{first} и {last} кл.",
        )[h.grade_style]
    return (
        f"{first} кл.",
        f"{first}-й класс",
        f"{ROMAN[first]} класс",
        f"для {first}-го класса",
        f"для {ORDINAL_M[first]} класса",
        f"{first}кл",
        f"({first} класс)",
        f"Класс {first}",
    )[h.grade_style]


def part_words(h: Habits, number: int, vol: bool = False) -> str:
    word = ("Т.", "Том", "кн.") if vol else ("Ч.", "Часть", "ч.")
    return (
        f"{word[0]} {number}",
        f"{word[0]}{number}",
        f"{word[1]} {ROMAN[number]}",
        f"{'Том' if vol else 'Часть'} {number}",
        f"{word[2]} {ROMAN[number]}",
        f"{number}-й том" if vol else f"{number}-я часть",
        f"[{word[0]} {number}]" if vol else f"Часть {ORDINAL_F[number]}",
    )[h.part_style]


def person(h: Habits, name: str, style: int | None = None) -> str:
    last, first, middle = name.split("|")
    style = h.name_style if style is None else style
    return (
        f"{last}, {first[0]}. {middle[0]}.",
        f"{last} {first[0]}.{middle[0]}.",
        f"{last}, {first} {middle}",
        f"{first[0]}.{middle[0]}. {last}",
        f"{last} {first} {middle}",
    )[style]


def slipped(rng: random.Random, text: str) -> str:
    """One slip of the keyboard somewhere in a word of five letters or more."""
    words = [i for i, w in enumerate(text.split(" ")) if len(w) >= 6 and w.isalpha()]
    if not words:
        return text
    parts = text.split(" ")
    at = rng.choice(words)
    w, i = parts[at], rng.randrange(1, len(parts[at]) - 1)
    parts[at] = rng.choice((w[:i] + w[i + 1] + w[i] + w[i + 2 :], w[:i] + w[i + 1 :], w[:i] + w[i] + w[i:]))
    return " ".join(parts)


class Description:
    """One record being typed: chooses what to say, remembers what was said."""

    def __init__(self, h: Habits, e: Edition) -> None:
        self.h, self.e, self.rng = h, e, h.rng
        self.shown: dict[str, object] = {"tgroup": e.tgroup, "form": e.form}
        self.notes: list[str] = []

    def say(self, attribute: str, chance: float) -> bool:
        """Whether to type it; a typed attribute is visible, a forgotten one may be anything."""
        said = self.rng.random() < chance
        if said:
            self.shown[attribute] = getattr(self.e, attribute)
        return said

    def fields(self) -> Fields:
        h, e, r = self.h, self.e, self.rng
        keep = 1 - h.forget
        title, elements, number = e.tgroup, [], ""
        if e.kind == "exam":
            self.shown["issue"] = e.issue
        if title in PARALLEL and r.random() < 0.4:
            title = f"{title} = {PARALLEL[title]}" if r.random() < 0.6 else title
        grade = grade_words(h, e) if e.grade and self.say("grade", 0.97 if keep > 0.8 else 0.92) else ""
        kind = (
            r.choice(KIND_WORDS[e.kind])
            if e.kind in KIND_WORDS and self.say("kind", 0.96 if e.kind != "textbook" else keep)
            else ""
        )
        level = r.choice(LEVELS[e.level]) if e.level and self.say("level", keep) else ""
        form = r.choice(FORMS[e.form]) if e.form != "print" else ""
        total = (
            r.choice((f"в {e.parts or e.vols} ч.", f"в {e.parts or e.vols}-х частях", f"[в {e.parts or e.vols} ч.]"))
            if e.parts and (e.is_set or r.random() < 0.5)
            else ""
        )
        if e.vols and r.random() < 0.5:
            total = r.choice((f"в {e.vols} т.", f"в {e.vols} томах"))
        if e.is_set:
            self.shown["is_set"] = True
        if e.part and self.say("part", 0.98):
            number = part_words(h, e.part)
        if e.vol and self.say("vol", 0.99):
            number = part_words(h, e.vol, vol=True)
        if e.kind == "serial" and self.say("issue", 0.97):
            number = r.choice((f"№ {e.issue}", f"№{e.issue}", f"{e.year}, № {e.issue}", f"вып. {e.issue}"))
        subtitle = e.subtitle if e.subtitle and self.say("subtitle", keep) else ""
        if kind and h.in_notes:
            self.notes.append(kind[0].upper() + kind[1:])
            kind = ""
        a, e_list, own_part = self._layout(title, grade, kind, level, number, total)
        elements = e_list + ([subtitle] if subtitle else [])
        gmd = ""
        if form:
            place = r.randrange(4) if e.form == "electronic" else r.randrange(3)
            if place == 3:
                self.notes.append(
                    r.choice(("Загл. с экрана", "Систем. требования: ПК, Windows", "Загл. с титул. экрана"))
                )
            gmd = form if place == 0 else ""
            elements += [form] if place == 1 else []
            a = f"{a} ({form})" if place == 2 else a
        elif r.random() < 0.25:
            gmd = r.choice(("Текст", "[Текст]", "Текст (визуальный)", "Текст : непосредственный"))
        return self._imprint(self._title(a, elements, gmd, own_part), keep)

    def _layout(
        self, title: str, grade: str, kind: str, level: str, number: str, total: str
    ) -> tuple[str, list[str], str]:
        """(title, other title information, part designation kept in its own subfield)."""
        layout = self.h.layout
        rest = [x for x in (grade, kind, level, total) if x]
        if layout == 0:
            return title, rest, number
        if layout == 1:
            return (
                ". ".join(x for x in (title, grade.replace("для ", ""), kind, number) if x),
                [x for x in (level, total) if x],
                "",
            )
        if layout == 2:
            return (
                " : ".join(x for x in (title, f"{kind} {grade}".strip(), level, total) if x)
                + (f". {number}" if number else ""),
                [],
                "",
            )
        if layout == 3:
            return f"{title} {grade}".strip(), [x for x in (f"{kind} {level}".strip(), total) if x], number
        if layout == 4:
            return title, [", ".join(rest)] if rest else [], f"{number}" if number else ""
        return f"{title}. {kind}".strip(". "), [x for x in (f"{grade} {total}".strip(), level) if x], number

    def _title(self, a: str, elements: list[str], gmd: str, number: str) -> Fields:
        h, e, r = self.h, self.e, self.rng
        unimarc = h.dialect == "rusmarc"
        names = ", ".join(person(h, n, 3) for n in e.team[:3]) + (" [и др.]" if len(e.team) > 3 else "")
        if len(e.team) > 1 and r.random() < 0.2:
            names = person(h, e.team[0], 3) + r.choice((" и др.", " [и др.]", ""))
        statement = names if e.team and r.random() < 0.7 else ""
        if e.translator and self.say("translator", 0.7):
            words = r.choice(("пер. с фр. {}", "пер. {}", "перевод с английского {}"))
            statement = f"{statement} ; {words.format(person(h, e.translator, 3))}".strip(" ;")
        if statement:
            self.shown["team"] = e.team[:1]
        subfields = [("a", a)]
        if unimarc:
            subfields += [("b", gmd)] if gmd else []
            subfields += [("e", x) for x in elements]
            subfields += [("h", number)] if number else []
            subfields += [("i", e.vol_title)] if e.vol_title and r.random() < 0.8 else []
            subfields += [("f", statement)] if statement else []
            return [("200", "1 ", subfields)]
        subfields += [("n", number)] if number else []
        subfields += [("p", e.vol_title)] if e.vol_title and r.random() < 0.8 else []
        subfields += [("h", gmd)] if gmd else []
        subfields += [("b", " : ".join(elements))] if elements else []
        subfields += [("c", statement)] if statement else []
        return [("245", "10", subfields)]

    def _imprint(self, fields: Fields, keep: float) -> Fields:
        h, e, r = self.h, self.e, self.rng
        unimarc = h.dialect == "rusmarc"
        if e.edno > 1 and self.say("edno", keep):
            text = (
                f"{e.edno}-е изд.",
                f"Изд. {e.edno}-е",
                f"{e.edno}-е издание",
                f"{e.edno} изд.",
                f"{e.edno}-ое изд.",
                f"издание {e.edno}-е",
            )[h.edition_style]
            text += {
                "": "",
                "стер": r.choice((", стер.", ", стереотипное", "")),
                "перераб": r.choice((", перераб.", ", испр. и доп.", ", переработанное")),
            }[e.note]
            if h.in_notes:
                self.notes.append(text)
            else:
                fields.append(("205" if unimarc else "250", "  ", [("a", text)]))
        imprint = []
        city = r.choice(("Москва", "М.", "[М.]", "М", "Моск."))
        house = r.choice(HOUSES[e.pub]) if self.say("pub", 0.95) else ""
        year = (
            (f"{e.year}", f"[{e.year}]", f"{e.year} г.", f"cop. {e.year}", f"{e.year}.", f"с{e.year}")[h.year_style]
            if self.say("year", 0.96)
            else ""
        )
        if house and r.random() < 0.06:
            house = f"{city} : {house}"
        elif r.random() < 0.9:
            imprint.append(("a", city))
        imprint += [("c" if unimarc else "b", house)] if house else []
        imprint += [("d" if unimarc else "c", year)] if year else []
        if imprint:
            fields.append(("210" if unimarc else "260", "  ", imprint))
        if e.pages and r.random() < keep:
            pages = e.pages + (r.choice((-2, 1, 2)) if r.random() < 0.08 else 0)
            text = r.choice((f"{pages} с.", f"{pages}с", f"{pages}, [2] с.", f"{pages} с. : ил.", f"{pages} стр"))
            fields.append(("215" if unimarc else "300", "  ", [("a", text)]))
        if e.is_set and r.random() < 0.3:
            fields.append(("215" if unimarc else "300", "  ", [("a", f"{e.parts} кн.")]))
        if e.series and r.random() < keep:
            fields.append(("225" if unimarc else "490", "1 ", [("a", e.series)]))
        fields += [("300" if unimarc else "500", "  ", [("a", note)]) for note in self.notes]
        self._isbn(fields, unimarc)
        self._people(fields, unimarc)
        if e.form == "electronic" and r.random() < 0.5:
            fields.append(("856", "4 ", [("u", f"https://example.org/{r.randrange(10**6)}")]))
        return fields

    def _isbn(self, fields: Fields, unimarc: bool) -> None:
        e, r = self.e, self.rng
        if not e.isbn or r.random() < self.h.forget * 1.5:
            return
        chosen = e.isbn
        if e.isbn_set and r.random() < 0.12:
            chosen = e.isbn_set
        self.shown["isbn"] = chosen
        typed = chosen if r.random() < 0.4 else f"{chosen[:3]}-{chosen[3]}-{chosen[4:8]}-{chosen[8:12]}-{chosen[12]}"
        if e.year < 2007 and r.random() < 0.5:
            nine = chosen[3:12]
            check = -sum(int(d) * (10 - i) for i, d in enumerate(nine)) % 11
            typed = f"{nine[0]}-{nine[1:4]}-{nine[4:]}-{'X' if check == 10 else check}"
        fields.insert(
            0,
            (
                "010" if unimarc else "020",
                "  ",
                [("a", r.choice((typed, typed, f"ISBN {typed}", f"{typed} (в пер.)")))],
            ),
        )
        if e.isbn_set and chosen != e.isbn_set and r.random() < 0.4:
            mark = r.choice((" (общ.)", "(общий)", " (комплект)"))
            fields.insert(1, ("010" if unimarc else "020", "  ", [("a", e.isbn_set + mark)]))

    def _people(self, fields: Fields, unimarc: bool) -> None:
        h, e, r = self.h, self.e, self.rng
        if not e.team or r.random() < 0.08:
            return
        self.shown["team"] = e.team[:1]
        fields.append(("700" if unimarc else "100", " 1", [("a", person(h, e.team[0]))]))
        if r.random() < 0.6:
            fields += [("701" if unimarc else "700", " 1", [("a", person(h, n))]) for n in e.team[1:]]
