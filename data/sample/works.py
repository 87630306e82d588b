"""The books of the sample district: classics that everybody owns, and a school programme that nobody published.

Textbook authors, lines, publishers of the «…-плюс» kind and all ISBNs are invented; check digits are right.
"""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Edition:
    """One edition as a careful cataloguer sees it; the schools' hands differ in make.py."""

    title: str
    authors: tuple[str, ...] = ()
    subtitle: str = ""
    part: str = ""
    grade: str = ""
    kind: str = ""
    year: int = 2018
    edition: str = ""
    place: str = "Москва"
    publisher: str = "Просвещение"
    pages: int = 160
    isbn: str = ""
    issn: str = ""
    set_isbn: str = ""
    series: str = ""
    bbk: str = ""
    udc: str = ""
    age: str = ""
    carrier: str = "print"
    url: str = ""
    notes: tuple[str, ...] = ()
    contents: tuple[str, ...] = ()
    subjects: tuple[str, ...] = ()
    translator: str = ""
    about: str = ""  # the person it is about
    language: str = "rus"
    category: str = "fiction"


def isbn(number: int, prefix: str = "978-5-00777") -> str:
    """ISBN-13 with its check digit (ISO 2108, annex C) for a number below 1000."""
    digits = prefix.replace("-", "") + f"{number:04d}"[-(12 - len(prefix.replace("-", ""))) :]
    total = sum(int(d) * (3 if i % 2 else 1) for i, d in enumerate(digits))
    return f"{prefix}-{digits[len(prefix.replace('-', '')):]}-{(10 - total % 10) % 10}"


CLASSICS = [
    ("Пушкин, Александр Сергеевич", "Евгений Онегин", "роман в стихах", "84(2=411.2)5"),
    ("Пушкин, Александр Сергеевич", "Капитанская дочка", "роман", "84(2=411.2)5"),
    ("Пушкин, Александр Сергеевич", "Сказки", "", "84(2=411.2)5"),
    ("Лермонтов, Михаил Юрьевич", "Герой нашего времени", "роман", "84(2=411.2)5"),
    ("Гоголь, Николай Васильевич", "Мёртвые души", "поэма", "84(2=411.2)5"),
    ("Гоголь, Николай Васильевич", "Ревизор", "комедия в пяти действиях", "84(2=411.2)5"),
    ("Толстой, Лев Николаевич", "Детство. Отрочество. Юность", "", "84(2=411.2)5"),
    ("Достоевский, Фёдор Михайлович", "Преступление и наказание", "роман", "84(2=411.2)5"),
    ("Чехов, Антон Павлович", "Рассказы", "", "84(2=411.2)5"),
    ("Тургенев, Иван Сергеевич", "Отцы и дети", "роман", "84(2=411.2)5"),
    ("Островский, Александр Николаевич", "Гроза", "драма", "84(2=411.2)5"),
    ("Некрасов, Николай Алексеевич", "Кому на Руси жить хорошо", "поэма", "84(2=411.2)5"),
    ("Бунин, Иван Алексеевич", "Тёмные аллеи", "рассказы", "84(2=411.2)6"),
    ("Есенин, Сергей Александрович", "Стихотворения", "", "84(2=411.2)6"),
    ("Грин, Александр Степанович", "Алые паруса", "феерия", "84(2=411.2)6"),
    ("Бианки, Виталий Валентинович", "Лесная газета", "сказки и рассказы", "84(2=411.2)6"),
    ("Куприн, Александр Иванович", "Белый пудель", "рассказы", "84(2=411.2)6"),
    ("Лесков, Николай Семёнович", "Левша", "сказ", "84(2=411.2)5"),
    ("Аксаков, Сергей Тимофеевич", "Аленький цветочек", "сказка", "84(2=411.2)5"),
    ("Ершов, Пётр Павлович", "Конёк-Горбунок", "сказка", "84(2=411.2)5"),
]

SUBJECTS = [
    # предмет, ББК, УДК, авторы, классы, частей
    ("Математика", "22.1я71", "373.167.1:51", ("Карпова, Лидия Наумовна", "Юдин, Степан Павлович"), range(1, 7), 2),
    ("Алгебра", "22.14я721", "373.167.1:512", ("Дубровин, Илья Андреевич", "Сомова, Нина Егоровна"), range(7, 10), 1),
    ("Геометрия", "22.151я721", "373.167.1:514", ("Лазарев, Олег Тимурович",), range(7, 12), 1),
    ("Русский язык", "81.2Рус-922", "373.167.1:811.161.1", ("Ветлугина, Анна Ильинична",), range(1, 10), 2),
    ("Литературное чтение", "83.3я71", "373.167.1:82", ("Озерова, Мария Кирилловна",), range(1, 5), 2),
    ("Литература", "83.3я721", "373.167.1:82", ("Платова, Вера Олеговна", "Рябинин, Пётр Ильич"), range(5, 12), 2),
    ("Окружающий мир", "20.1я71", "373.167.1:502", ("Зимин, Андрей Львович",), range(1, 5), 2),
    ("История России", "63.3(2)я721", "373.167.1:94(47)", ("Северцев, Дмитрий Юрьевич",), range(6, 12), 1),
    ("Биология", "28.0я721", "373.167.1:57", ("Ольхова, Тамара Семёновна",), range(5, 12), 1),
    ("География", "26.8я721", "373.167.1:91", ("Горский, Павел Романович",), range(5, 12), 1),
    ("Физика", "22.3я721", "373.167.1:53", ("Лучин, Фёдор Маркович",), range(7, 12), 1),
    ("Химия", "24.1я721", "373.167.1:54", ("Солнцева, Ирина Глебовна",), range(8, 12), 1),
    ("Информатика", "32.97я721", "373.167.1:004", ("Кодрин, Артём Денисович",), range(7, 12), 1),
    ("Английский язык", "81.2Англ-922", "373.167.1:811.111", ("Вайт, Елена Робертовна",), range(2, 12), 1),
]


def editions() -> list[Edition]:
    """Every edition of the district, in a fixed order; numbers of ISBN are places in this list."""
    found = [*_textbooks(), *_companions(), *_fiction(), *_others()]
    return [
        replace(e, isbn=isbn(n)) if e.category != "serial" and e.year > 1990 and e.isbn == "" else e
        for n, e in enumerate(found, 1)
    ]


def _textbooks() -> list[Edition]:
    found = []
    for number, (title, bbk, udc, authors, grades, parts) in enumerate(SUBJECTS):
        for grade in grades:
            for year, edition in ((2019, "2-е изд."), (2023, "4-е изд., перераб.")):
                base = Edition(
                    title=title, authors=authors, grade=f"{grade}", kind="учебник", year=year, edition=edition,
                    publisher="Просвещение" if number % 3 else "Дрофа", pages=128 + 16 * ((grade + number) % 7),
                    bbk=bbk, udc=udc, category="textbook", subjects=(title,),
                )  # fmt: skip
                if parts == 1:
                    found.append(base)
                else:
                    common = isbn(number * 12 + grade + (500 if year == 2019 else 700))
                    found += [replace(base, part=f"{p}", set_isbn=common) for p in (1, 2)]
    return found


def _companions() -> list[Edition]:
    found = []
    for title, bbk, udc, authors, grades, _ in SUBJECTS:
        grade = grades[len(grades) // 2]
        base = Edition(
            title=title, authors=authors[:1], grade=f"{grade}", year=2021, pages=80, bbk=bbk, udc=udc,
            publisher="Экзамен", category="aid", subjects=(title,),
        )  # fmt: skip
        found.append(replace(base, kind="рабочая тетрадь"))
        found.append(replace(base, kind="книга для учителя", pages=208, publisher="Просвещение"))
    found.append(Edition("География", (), grade="7", kind="атлас", year=2022, pages=48, publisher="Дрофа", bbk="26.8я6",
                         category="aid", subjects=("География",)))
    found.append(Edition("География", (), grade="7", kind="контурные карты", year=2022, pages=16, publisher="Дрофа",
                         bbk="26.8я6", category="aid", subjects=("География",)))
    return found


def _fiction() -> list[Edition]:
    found = []
    for n, (author, title, subtitle, bbk) in enumerate(CLASSICS):
        base = Edition(title, (author,), subtitle, bbk=bbk, pages=224 + 8 * n, age="12+", series="Школьная библиотека")
        found.append(replace(base, year=2015, publisher="Детская литература"))
        found.append(replace(base, year=2020, publisher="Эксмо", series="Классика в школе"))
        if n % 3 == 0:
            found.append(replace(base, year=1985, publisher="Детская литература", age="", isbn=""))
    found.append(Edition("Война и мир", ("Толстой, Лев Николаевич",), "роман в четырёх томах", part="том 1", year=2014,
                         publisher="Эксмо", bbk="84(2=411.2)5", pages=416, age="12+"))
    found.append(Edition("Война и мир", ("Толстой, Лев Николаевич",), "роман в четырёх томах", part="том 2", year=2014,
                         publisher="Эксмо", bbk="84(2=411.2)5", pages=400, age="12+"))
    found.append(Edition("Русские народные сказки", (), year=2017, publisher="Росмэн", bbk="82.3(2=411.2)", pages=96,
                         age="0+", contents=("Теремок", "Колобок", "Репка", "Морозко")))
    found.append(Edition("Алиса в Стране чудес", ("Кэрролл, Льюис",), "сказка", year=2016, publisher="Росмэн",
                         bbk="84(4Вел)", pages=144, age="6+", translator="Н. М. Демуровой"))
    return found


def _others() -> list[Edition]:
    grin = Edition("Алые паруса", ("Грин, Александр Степанович",), "феерия", bbk="84(2=411.2)6", age="12+", year=2021)
    return [
        replace(grin, carrier="disc", publisher="Аудиокнига", notes=("Читает народный артист",), pages=0),
        replace(grin, carrier="online", publisher="Открытая книга", url="https://example.org/alye-parusa", pages=96),
        Edition("Физика", ("Лучин, Фёдор Маркович",), grade="9", kind="электронная форма учебника", year=2023,
                carrier="online", url="https://example.org/efu/fizika-9", bbk="22.3я721", category="textbook", pages=0),
        Edition("Толковый словарь школьника", ("Слуцкая, Галина Львовна",), year=2018, publisher="Русский язык",
                bbk="81.2Рус-4", pages=512, category="reference", kind="словарь"),
        Edition("Большая школьная энциклопедия", (), year=2016, publisher="Росмэн", bbk="92я2", pages=480,
                category="reference", kind="энциклопедия", age="6+"),
        Edition("Справочник по химии", ("Солнцева, Ирина Глебовна",), year=2020, publisher="Экзамен", bbk="24я2",
                pages=192, category="reference", kind="справочник"),
        Edition("Писатели и поэты Заречного района", (), "сборник", year=2020, place="Заречье",
                publisher="Районная библиотека", bbk="84(2=411.2)6", pages=120, age="12+", category="fiction",
                contents=("Климова З. А. Над рекой", "Тарасов Е. И. Осенний свет")),
        Edition("Заречный район в годы войны", ("Климова, Зоя Андреевна",), "очерки", year=2019, place="Заречье",
                publisher="Районная библиотека", bbk="63.3(2)622", pages=88, category="other"),
    ]  # fmt: skip
