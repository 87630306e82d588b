"""Russian words: any case of a surname, ё and е, Latin letters, the wrong keyboard layout."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog_sync import text_ru
from catalog_sync.query import Access, Term
from catalog_sync.search.analysis import lemma_text
from catalog_sync.search.parse import search_box
from catalog_sync.text import fold as text_fold
from catalog_sync.text_ru import (
    as_if_latin_layout,
    as_if_russian_layout,
    fold,
    lemmas,
    skeleton,
    words,
)  # fmt: skip
from tests.search.shelf import book, found, shelf

# Surname → forms met in queries («книги Пушкина», «о Пушкине», «с Толстым»): genitive, dative, instrumental,
# prepositional, feminine where usual. Our own list: schoolbook authors, foreign names, names on -ин, -ов, -ый, -о, -а.
SURNAMES = {
    "Пушкин": "пушкина пушкину пушкиным пушкине", "Толстой": "толстого толстому толстым толстом",
    "Чехов": "чехова чехову чеховым чехове", "Достоевский": "достоевского достоевскому достоевским достоевском",
    "Лермонтов": "лермонтова лермонтову лермонтовым лермонтове", "Гоголь": "гоголя гоголю гоголем гоголе",
    "Тургенев": "тургенева тургеневу тургеневым тургеневе", "Некрасов": "некрасова некрасову некрасовым некрасове",
    "Грибоедов": "грибоедова грибоедову грибоедовым", "Крылов": "крылова крылову крыловым крылове",
    "Барто": "барто", "Маршак": "маршака маршаку маршаком маршаке", "Чуковский": "чуковского чуковскому чуковским",
    "Носов": "носова носову носовым носове", "Осеева": "осеевой осееву", "Гайдар": "гайдара гайдару гайдаром гайдаре",
    "Паустовский": "паустовского паустовскому паустовским", "Пришвин": "пришвина пришвину пришвиным пришвине",
    "Бианки": "бианки", "Житков": "житкова житкову житковым", "Драгунский": "драгунского драгунскому драгунским",
    "Михалков": "михалкова михалкову михалковым", "Успенский": "успенского успенскому успенским",
    "Заходер": "заходера заходеру заходером", "Цветаева": "цветаевой цветаеву", "Ахматова": "ахматовой ахматову",
    "Есенин": "есенина есенину есениным есенине", "Блок": "блока блоку блоком блоке",
    "Маяковский": "маяковского маяковскому маяковским", "Булгаков": "булгакова булгакову булгаковым булгакове",
    "Шолохов": "шолохова шолохову шолоховым", "Солженицын": "солженицына солженицыну солженицыным",
    "Астафьев": "астафьева астафьеву астафьевым", "Распутин": "распутина распутину распутиным распутине",
    "Шукшин": "шукшина шукшину шукшиным шукшине", "Твардовский": "твардовского твардовскому твардовским",
    "Фет": "фета фету фетом фете", "Тютчев": "тютчева тютчеву тютчевым", "Кольцов": "кольцова кольцову кольцовым",
    "Бажов": "бажова бажову бажовым", "Ершов": "ершова ершову ершовым", "Аксаков": "аксакова аксакову аксаковым",
    "Мамин-Сибиряк": "мамина-сибиряка мамину-сибиряку", "Салтыков-Щедрин": "салтыкова-щедрина салтыкову-щедрину",
    "Олеша": "олеши олеше олешу", "Катаев": "катаева катаеву катаевым", "Каверин": "каверина каверину кавериным",
    "Шварц": "шварца шварцу шварцем", "Хармс": "хармса хармсу хармсом", "Гоцци": "гоцци", "Гюго": "гюго",
    "Верн": "верна верну верном", "Дюма": "дюма", "Свифт": "свифта свифту свифтом", "Дефо": "дефо",
    "Андерсен": "андерсена андерсену андерсеном", "Перро": "перро", "Гримм": "гримма гримму гриммом",
    "Линдгрен": "линдгрен", "Родари": "родари", "Кэрролл": "кэрролла кэрроллу кэрроллом",
    "Твен": "твена твену твеном твене", "Лондон": "лондона лондону лондоном", "Сетон-Томпсон": "сетона-томпсона",
    "Киплинг": "киплинга киплингу киплингом", "Виленкин": "виленкина виленкину виленкиным",
    "Макарычев": "макарычева макарычеву макарычевым", "Мордкович": "мордковича мордковичу мордковичем",
    "Атанасян": "атанасяна атанасяну атанасяном", "Погорелов": "погорелова погорелову погореловым",
    "Ладыженская": "ладыженской ладыженскую", "Разумовская": "разумовской разумовскую", "Бархударов": "бархударова",
    "Плешаков": "плешакова плешакову плешаковым", "Моро": "моро", "Петерсон": "петерсон петерсона",
    "Перышкин": "перышкина перышкину перышкиным", "Габриелян": "габриеляна габриеляну габриеляном",
    "Рудзитис": "рудзитиса рудзитису", "Пасечник": "пасечника пасечнику пасечником", "Сонин": "сонина сонину сониным",
    "Коринская": "коринской", "Боголюбов": "боголюбова боголюбову боголюбовым", "Данилов": "данилова данилову",
    "Черемшанцев": "черемшанцева черемшанцеву черемшанцевым", "Кузовлев": "кузовлева кузовлеву кузовлевым",
    "Биболетова": "биболетовой биболетову", "Ваулина": "ваулиной ваулину", "Босова": "босовой босову",
    "Семакин": "семакина семакину семакиным", "Угринович": "угриновича угриновичу угриновичем",
    "Симоненко": "симоненко", "Неменский": "неменского неменскому неменским", "Критская": "критской критскую",
}  # fmt: skip


def test_surnames_are_found_in_every_case(tmp_path: Path) -> None:
    reader = shelf(tmp_path, [book(str(n), "Книга", f"{name}, Имя") for n, name in enumerate(SURNAMES, 1)])
    lost = [
        f"{form} → {name}"
        for number, (name, forms) in enumerate(SURNAMES.items(), 1)
        for form in (name, name.upper(), *forms.split())
        if str(number) not in found(reader, Term(form, Access.AUTHOR))
    ]
    assert lost == []


LETTERS = dict(zip("абвгдеёзийклмнопрстуфхцчшщъыьэюя-", (
    "a b v g d e yo z i y k l m n o p r s t u f kh ts ch sh shch _ y _ e yu ya -".replace("_", "").split(" ")
), strict=True)) | {"ж": "zh"}  # fmt: skip


def test_surnames_typed_in_latin_letters_are_found_in_nearly_every_case(tmp_path: Path) -> None:
    """As telephones write them. «Feta» is shorter than an English word may be, «Vernu» the dictionary misreads."""
    reader = shelf(tmp_path, [book(str(n), "Книга", f"{name}, Имя") for n, name in enumerate(SURNAMES, 1)])
    asked = [
        (number, form, "".join(LETTERS[letter] for letter in form.lower()))
        for number, (name, forms) in enumerate(SURNAMES.items(), 1)
        for form in (name, *forms.split())
    ]
    lost = [
        f"{form}: {latin}"
        for number, form, latin in asked
        if str(number) not in found(reader, Term(latin, Access.AUTHOR))
    ]
    assert len(lost) <= len(asked) // 50, lost


@pytest.mark.parametrize(
    ("russian", "latin"),
    [
        ("Достоевский", "dostoevsky dostoyevsky dostoevskij dostoevskiy dostojewskij"),
        ("Чехов", "chekhov tchekhov chehov"),
        ("Щедрин", "shchedrin schedrin"), ("Цветаева", "tsvetaeva cvetaeva tsvetayeva"),
        ("Ахматова", "akhmatova ahmatova"), ("Юрий", "yuri yuriy iurii jurij"), ("Жюль", "zhul zhyul"),
        ("Алексей", "alexey aleksey aleksei alexei"), ("Соловьёв", "solovyov solovev"), ("Объезд", "obezd"),
    ],
)  # fmt: skip
def test_a_name_in_latin_letters_is_the_same_name(russian: str, latin: str) -> None:
    assert {skeleton(w) for w in latin.split()} == {skeleton(words(russian)[0])}


def test_transliterated_queries_find_cyrillic_titles_in_other_cases(tmp_path: Path) -> None:
    reader = shelf(tmp_path, [book("1", "Сказки Пушкина"), book("2", "Колобок"), book("3", "Нева")])
    assert found(reader, Term("pushkin")) == {"1"}
    assert found(reader, Term("skazki", Access.TITLE)) == {"1"}
    assert found(reader, Term("kolobok")) == {"2"}
    assert found(reader, search_box("Pushkinu")) == found(reader, search_box("skazok Pushkina")) == {"1"}
    assert found(reader, Term("new")) == set()


def test_the_apostrophe_of_a_soft_sign_does_not_divide_a_word(tmp_path: Path) -> None:
    reader = shelf(
        tmp_path, [book("1", "На дне", "Горький, М."), book("2", "Философский камень"), book("3", "D'Artagnan")]
    )
    assert found(reader, search_box("Gor'kij")) == found(reader, search_box("gor’kogo")) == {"1"}
    assert found(reader, search_box("d'artagnan")) == {"3"}


def test_the_layout_slip_goes_both_ways() -> None:
    assert as_if_russian_layout("vfntvfnbrf") == "математика"
    assert as_if_russian_layout("[fhfrnth") == "характер"
    assert as_if_latin_layout("руддщ") == "hello"


@given(st.text(st.sampled_from(" \t\n\r!-.,:;_'`\"№«»–—…абвйёЁЯ019AxIo\u0301\xad"), max_size=12))
def test_words_are_what_folding_leaves_however_they_are_found(text: str) -> None:
    assert words(text) == tuple(re.findall(r"[^\W_]+", text_fold(text)))


@given(st.text())
def test_folding_is_idempotent(text: str) -> None:
    assert words(fold(text)) == words(text)


@given(st.text(st.characters(codec="utf-8")))
def test_a_word_is_always_found_by_itself(text: str) -> None:
    indexed = set(lemma_text(words(text)).split())
    assert all(set(lemmas(w)) & indexed for w in words(text))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Ёлка", ("елка",)), ("Mатематика", ("математика",)), ("научно-популярный", ("научно", "популярный")),
        ("йод", ("йод",)), ("naïve", ("naive",)), ("№ 5", ("5",)), ("Әлифба", ("әлифба",)), ("5-й", ("5", "й")),
    ],
)  # fmt: skip
def test_words_of_a_text(text: str, expected: tuple[str, ...]) -> None:
    assert words(text) == expected


def test_the_version_of_the_dictionary_is_the_one_that_analyses_words() -> None:
    revision = text_ru._analyzer().dictionary.meta["source_revision"]
    assert text_ru.dictionary_version() == f"{text_ru.ANALYSIS_VERSION}/{revision}"
