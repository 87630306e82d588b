"""An invented world of editions: families that differ in one or two attributes, as reprints and school sets do.

Titles, people and lines are other ones than those of any benchmark we were given: the point is to be surprised.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, replace


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


SUBJECTS = (
    "Кубановедение",
    "Родной русский язык",
    "Вероятность и статистика",
    "Французский язык",
    "Испанский язык",
    "Мировая художественная культура",
    "Литературное краеведение",
    "Природоведение",
    "Естествознание",
    "Искусство",
    "Труд",
    "История Древнего мира",
    "Право",
    "Наглядная геометрия",
    "Алгебра и начала анализа",
    "Введение в обществознание",
    "Чтение",
    "Русская словесность",
    "Мир вокруг нас",
    "Робототехника",
    "Финансовая грамотность",
    "Грамота",
    "Изобразительное искусство",
    "Органическая химия",
    "Общая биология",
    "Экономическая география мира",
    "Татарский язык",
    "Информатика и ИКТ",
)
PARALLEL = {"Французский язык": "Le bleu oiseau", "Испанский язык": "Mañana"}
SURNAMES = _words(
    "Абдулаев Авдеенко Бережной Верещако Гнедич Дзюба Ермолаев Журин Завьялов Игнатенко Калугин  "
    "Лаптев Мещеряков Нефедов Огородник Пчелинцев Рубцов "
    "Сафиуллин Трофимчук Ульянцев Фокин Хабибуллин Цыганков Чепурной Шаповал Щукин Юдаков Ямщиков  "
    "Бархударян Селезнев Черкасов Бойко Королев Зуев"
)
NAMES = _words(
    "Алла Борис Вера Глеб Дарья Егор Жанна Захар Инна Кирилл Любовь Марк Нина Олег Павел Рита Семен "
    "Тамара Федор Эдуард Юлия Яна"
)
PATRONYMICS = _words(
    "Аркадьевич Богданович Вадимович Геннадьевич Денисович Ефимович Захарович Ильич Климович Львович "
    "Миронович Наумович Осипович Рудольфович"
)
HOUSES = (  # forms a hand may choose from; the first is the official one
    (
        "Просвещение",
        'Изд-во "Просвещение"',
        'ОАО "Издательство "Просвещение"',
        "изд. Просвещение",
        '"Просвещение"',
        "Просвещение, АО",
        "Просв.",
    ),
    ("Академкнига/Учебник", "Академкнига", 'ООО "Академкнига/Учебник"', "Изд-во Академкнига"),
    ("Баласс", '"Баласс"', 'ООО "Баласс"', "БАЛАСС"),
    ("Ассоциация XXI век", "Ассоциация ХХI век", 'Изд-во "Ассоциация 21 век"', "Ассоциация XXI в."),
    ("Учитель", 'Издательство "Учитель"', "ИЗД-ВО УЧИТЕЛЬ", "Учитель (Волгоград)"),
    ("Айрис-пресс", "АЙРИС-пресс", "Айрис пресс", "Изд-во «Айрис-пресс»", "Айрис"),
    ("Легион", "ООО «Легион»", "ЛЕГИОН", "Легион-М"),
    ("Дрофа", "ДРОФА", 'ООО "ДРОФА"', "Дрофа-Плюс", "Изд. дом «Дрофа»"),
    ("Интеллект-Центр", "ИНТЕЛЛЕКТ-ЦЕНТР", "Интеллект - Центр", "Изд-во «Интеллект-Центр»"),
    ("Северный ветер", 'Изд. дом "Северный ветер"', "Сев. ветер", "СЕВЕРНЫЙ ВЕТЕР", "ИД Северный ветер"),
    ("Перспектива плюс", "Изд-во Перспектива плюс", "Перспектива+", '"Перспектива плюс"'),
    ("Вентана-Граф", "Вентана-Графф", "ВЕНТАНА-ГРАФ", 'Изд. центр "Вентана-Граф"', "ИЦ Вентана-Граф"),
    ("Детская литература", "Дет. лит-ра", "Дет. лит.", "Детская лит-ра", 'изд-во "Детская литература"'),
    ("Эксмо", "ЭКСМО", 'Издательство "Эксмо"', "ЭКСМО-Пресс"),
    ("Стрекоза", "Стрекоза-Пресс", "ИД «Стрекоза»", "СТРЕКОЗА"),
    ("Самовар", "САМОВАР", '"Самовар"', "Самовар-книги"),
)
SCHOOL_HOUSES, STORY_HOUSES = range(12), (7, 9, 10, 12, 13, 14, 15)
STORIES = (
    "Тихая заводь",
    "Паруса над бухтой",
    "Рыжий почтальон",
    "Записки лесничего",
    "Снежная тропа",
    "Кот с чердака",
    "Третья смена",
    "Письма к сестре",
    "Гроза над станицей",
    "Мост",
    "Старая крепость на холме",
    "Ласточкино утро",
    "Ключ от маяка",
    "Дети подвала",
    "Хлеб и соль",
    "Лето у деда",
    "Семь ветров",
    "Сын рыбака",
    "Зеленая калитка",
    "Чужое небо",
    "Первая вьюга",
    "Медный кувшин",
    "Сказки",
    "Рассказы",
    "Избранное",
)
GENRES = ("", "", "", "повесть", "роман", "рассказы", "сказки", "стихи")
JOURNALS = ("Юный эрудит", "Школьный вестник", "Читаем вместе", "Мурзилкина почта")
KINDS = (
    "textbook",
    "workbook",
    "tests",
    "method",
    "didactic",
    "atlas",
    "contour",
    "reader",
    "lessons",
    "problems",
    "trainer",
)


@dataclass(frozen=True)
class Edition:
    eid: str
    tgroup: str
    team: tuple[str, ...]
    kind: str
    pub: int
    year: int
    form: str = "print"
    grade: tuple[int, int] | None = None
    part: int = 0
    parts: int = 0
    is_set: bool = False
    vol: int = 0
    vols: int = 0
    vol_title: str = ""
    level: str = ""
    edno: int = 1
    note: str = ""
    issue: int = 0
    translator: str = ""
    subtitle: str = ""
    series: str = ""
    isbn: str = ""
    isbn_set: str = ""
    pages: int = 0


# The publishers' elements of ISBN, in the order of HOUSES.
PREFIXES = _words("09 9494 85939 418 7057 8112 91724 358 907431 6041 9908 360 08 699 9951 9781")


def isbn13(rng: random.Random, house: int) -> str:
    body = "9785" + PREFIXES[house]
    body += "".join(str(rng.randrange(10)) for _ in range(12 - len(body)))
    return body + str(-sum(int(d) * (1, 3)[i % 2] for i, d in enumerate(body)) % 10)


class World:
    """All editions of one seed."""

    def __init__(self, seed: int, families: int) -> None:
        self.rng = random.Random(seed)
        self.editions: list[Edition] = []
        makers = (
            self._textbooks,
            self._textbooks,
            self._textbooks,
            self._story,
            self._story,
            self._volumes,
            self._exam,
            self._journal,
        )
        for _ in range(families):
            self.rng.choice(makers)()

    def person(self) -> str:
        female = self.rng.random() < 0.5
        surname, patronymic = self.rng.choice(SURNAMES), self.rng.choice(PATRONYMICS)
        if female and surname.endswith(("ев", "ов", "ин")):
            surname += "а"
        return f"{surname}|{self.rng.choice(NAMES)}|{patronymic[:-2] + 'на' if female else patronymic}"

    def add(self, edition: Edition, **changes: object) -> None:
        changed = replace(edition, eid=f"X{len(self.editions):06}", **changes)  # type: ignore[arg-type]
        self.editions.append(changed)

    def _textbooks(self) -> None:
        rng = self.rng
        title = rng.choice(SUBJECTS)
        team = tuple(self.person() for _ in range(rng.choice((1, 1, 2, 2, 3, 4))))
        house = rng.choice(list(SCHOOL_HOUSES))
        series = rng.choice(("", "", "Ступени", "Классическая школа", "Мой мир"))
        first = rng.randrange(2004, 2019)
        grades = rng.choice(((5, 6, 7), (1, 2, 3, 4), (8, 9), (10, 11), (7,)))
        for grade in grades:
            span = (grade, grade) if rng.random() > 0.1 or grade == 11 else (grade, grade + 1)
            parts = rng.choice((0, 0, 2, 2, 3)) if grade < 9 else 0
            level = rng.choice(("", "base", "advanced")) if grade >= 10 else ""
            base = Edition("", title, team, "textbook", house, first, grade=span, level=level, series=series)
            stable = rng.random() < 0.5
            own = [isbn13(rng, house) for _ in range(max(parts, 1))]
            of_set = isbn13(rng, house) if parts else ""
            for reprint in range(rng.choice((1, 2, 4))):
                if not stable:
                    own = [isbn13(rng, house) for _ in own]
                year = first + reprint + rng.choice((0, 1)) * (reprint > 0)
                here = replace(
                    base,
                    year=year,
                    edno=reprint + 1,
                    note=rng.choice(("", "стер", "перераб")) if reprint else "",
                    parts=parts,
                )
                self._parts(here, own, of_set)
                if reprint == 0 and rng.random() < 0.15:
                    self.add(
                        here,
                        form=rng.choice(("electronic", "electronic", "large", "audio")),
                        part=1 if parts else 0,
                        isbn=own[0] if rng.random() < 0.5 else isbn13(rng, house),
                        pages=0,
                    )
                for kind in rng.sample(KINDS[1:], rng.choice((0, 1, 2))):
                    people = team[:1] if rng.random() < 0.6 else (self.person(),)
                    self.add(
                        here, kind=kind, team=people, parts=0, isbn=isbn13(rng, house), pages=rng.randrange(32, 160)
                    )

    def _parts(self, base: Edition, own: list[str], of_set: str) -> None:
        if not base.parts:
            self.add(base, isbn=own[0], pages=self.rng.randrange(96, 400))
            return
        for part in range(1, base.parts + 1):
            self.add(base, part=part, isbn=own[part - 1], isbn_set=of_set, pages=self.rng.randrange(96, 240))
        if self.rng.random() < 0.3:
            self.add(base, is_set=True, isbn=of_set, isbn_set=of_set)

    def _story(self) -> None:
        rng = self.rng
        title, author = rng.choice(STORIES), self.person()
        foreign = rng.random() < 0.3
        for _ in range(rng.choice((1, 2, 3, 5))):
            house, year = rng.choice(STORY_HOUSES), rng.randrange(1965, 2024)
            self.add(
                Edition("", title, (author,), "fiction", house, year),
                translator=self.person() if foreign else "",
                subtitle=rng.choice(GENRES),
                isbn=isbn13(rng, house) if year > 1990 else "",
                pages=rng.randrange(60, 500),
                series=rng.choice(("", "", "Школьная библиотека", "Книга за книгой")),
                edno=rng.choice((1, 1, 1, 2, 3)),
            )

    def _volumes(self) -> None:
        rng = self.rng
        title, author, house = (
            rng.choice(("Собрание сочинений", "Избранные произведения", "Хроника", *STORIES[:6])),
            self.person(),
            rng.choice(STORY_HOUSES),
        )
        year, vols = rng.randrange(1970, 2015), rng.choice((2, 3, 5))
        names = rng.random() < 0.4
        for vol in range(1, vols + 1):
            self.add(
                Edition("", title, (author,), "fiction", house, year),
                vol=vol,
                vols=vols,
                vol_title=f"{rng.choice(STORIES)}" if names else "",
                isbn=isbn13(rng, house) if year > 1990 else "",
                pages=rng.randrange(300, 600),
            )

    def _exam(self) -> None:
        rng = self.rng
        subject, author, house = (
            rng.choice(("История", "Химия", "Физика", "География")),
            self.person(),
            rng.choice((4, 6, 8)),
        )
        exam = rng.choice(("ЕГЭ", "ОГЭ", "ВПР"))
        for year in range(2016, 2016 + rng.choice((2, 3))):
            for variants in rng.sample((10, 20, 30), rng.choice((1, 2))):
                self.add(
                    Edition("", f"{exam}-{year + 1}. {subject}", (author,), "exam", house, year),
                    issue=year + 1,
                    subtitle=f"{variants} типовых вариантов",
                    isbn=isbn13(rng, house),
                    pages=variants * 9,
                )

    def _journal(self) -> None:
        rng = self.rng
        title, house, year = rng.choice(JOURNALS), rng.randrange(9, 16), rng.randrange(2005, 2023)
        for issue in rng.sample(range(1, 13), 4):
            self.add(Edition("", title, (), "serial", house, year), issue=issue, pages=rng.choice((32, 48, 64)))
