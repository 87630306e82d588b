from __future__ import annotations

import pytest

from catalog_sync.marc.reading import read_export, to_bib
from catalog_sync.model import Agent, BibRecord, Dialect, Host, Isbn, Link, PartName, Series, SourceRecord

from .samples import iso, record, school

CODED = "008 190101s2019    ru a   j      000 1 rus d"


def bib(*lines: str, dialect: Dialect = Dialect.MARC21, leader: str = "00000nam a2200000 i 4500") -> BibRecord:
    (found,) = read_export(iso(record("001 B1", *lines, leader=leader)), school(dialect))
    assert isinstance(found, SourceRecord)
    return to_bib(found)


def test_every_row_of_the_crosswalk_is_read() -> None:
    found = bib(
        CODED,
        "020 __$a978-5-09-071740-3 (в пер.) :$c550 р.",
        "041 1_$arus$heng",
        "080 __$a512(075.3)",
        "084 __$a22.14я721$2rubbk",
        "100 1_$aМакарычев, Юрий Николаевич,$d1931-2007.",
        "245 10$aАлгебра :$bучебник = Algebra : textbook /$cЮ. Н. Макарычев.",
        "246 31$aAlgebra",
        "250 __$a3-е изд., перераб.",
        "264 _4$c©2018",
        "264 _1$aМосква :$bПросвещение,$c2019.",
        "300 __$a256 с. :$bил. ;$c22 см +$e1 CD-ROM",
        "490 0_$aШкола России ;$vвып. 3",
        "500 __$aПримечание",
        "505 0_$aГлава 1 -- Глава 2",
        "520 __$aДля восьмого класса.",
        "521 __$a12+",
        "650 _7$aАлгебра$xПреподавание$2rubbk",
        "653 __$aуравнения",
        "655 _7$aУчебники.",
        "700 1_$aМиндюк, Н. Г.,$eсост.",
        "710 2_$aАкадемия образования.$bИнститут",
        "773 0_$tМатематика$gТ. 2$w(RuX)77$z978-5-09-071740-3",
        "856 41$uhttps://example.org/a",
        "880 10$6245-01$aAlgebra v drugoi grafike",
    )
    assert found.title == "Алгебра"
    assert found.subtitle == "учебник"
    assert found.parallel_titles == ("Algebra : textbook", "Algebra")
    assert found.responsibility == "Ю. Н. Макарычев"
    assert (found.places, found.publishers, found.year_text) == (("Москва",), ("Просвещение",), "2019")
    assert (found.year_coded, found.country, found.languages) == ("2019", "ru", ("rus",))
    assert (found.extent, found.illustrations, found.size, found.accompanying) == ("256 с.", "ил.", "22 см", "1 CD-ROM")
    assert found.series == (Series("Школа России", "вып. 3"),)
    assert found.isbns[0] == Isbn("978-5-09-071740-3", "9785090717403", "(в пер.)")
    assert found.isbns[1].of_host
    assert found.agents == (
        Agent("Макарычев, Юрий Николаевич", dates="1931-2007", main=True),
        Agent("Миндюк, Н. Г.", "сост."),
        Agent("Академия образования. Институт", kind="body"),
    )
    assert (found.udc, found.bbk) == (("512(075.3)",), ("22.14я721",))
    assert (found.subjects, found.keywords, found.genres) == (
        ("Алгебра -- Преподавание",),
        ("уравнения",),
        ("Учебники",),
    )
    assert (found.audience, found.age_mark, found.literary_form) == ("12+", "12+", "1")
    assert found.hosts == (Host("773", "Математика", "Т. 2", "978-5-09-071740-3", "", "77"),)
    assert found.parts == (PartName("Т. 2"),)
    assert found.links == (Link("https://example.org/a"),)
    assert found.other_titles == ("Algebra v drugoi grafike",)  # to be found by, not a second title


def test_a_title_in_the_other_language_is_parallel() -> None:
    found = bib("245 00$aСказки =$bTales :")
    assert (found.title, found.subtitle, found.parallel_titles) == ("Сказки", "", ("Tales",))


def test_a_volume_that_is_only_a_number_goes_by_the_title_of_its_set() -> None:
    found = bib("245 00$aЧ. 1", "773 18$tОбзор происшествий / сочинение А. Вейдемейера$gЧ. 1$w0100")
    assert (found.title, found.parts) == ("Обзор происшествий", (PartName("Ч. 1"),))


def test_the_page_of_an_article_is_not_a_part() -> None:
    found = bib("245 00$aСтатья", "773 0_$tЖурнал$gС. 5-7", leader="00000naa a2200000 i 4500")
    assert (found.parts, found.hosts[0].volume) == ((), "С. 5-7")


def test_brackets_around_several_subfields_belong_to_none() -> None:
    found = bib("245 00$aКнига", "260 __$a[Москва :$bВече,$c1993]")
    assert (found.places, found.publishers, found.year_text) == (("Москва",), ("Вече",), "1993")


def test_parts_are_numbers_and_names() -> None:
    found = bib("245 00$aМатематика.$nЧ. 2,$pГеометрия /$cА. Иванов")
    assert found.parts == (PartName("Ч. 2", "Геометрия"),)


def test_an_imprint_typed_in_pieces_is_one() -> None:
    found = bib("245 00$aКнига", "260 ##$aМосква :.", "260 ##$bПравда,$c1989.")
    assert (found.places, found.publishers, found.year_text) == (("Москва",), ("Правда",), "1989")


def test_a_point_after_an_abbreviation_stays_and_after_a_word_goes() -> None:
    assert bib("245 00$aУчебник рус. яз.").title == "Учебник рус. яз."
    assert bib("245 00$aЗолотая книга.").title == "Золотая книга"


def test_marcsql_reads_its_own_fields() -> None:
    found = bib(
        "020 __$a978-5-09-071740-3$c550 р.",
        "040 __$aШК1$eБиблиотека/Иванова И. И.",
        "090 __$a22.14$xМ 15$fУЧ$eИ-100",
        "091 __$a22.14я721$iстаршие школьники",
        "097 __$bПетрова",
        "245 00$aАлгебра :$bучебник /$cЮ. Н. Макарычев$hТекст",
        "440 _0$aШкола России$x1234-5678",
        "900 __$a/files/algebra.pdf",
        "900 __$a/files/cover.jpg",
        "990 __$aКозлова$e1",
        dialect=Dialect.MARCSQL,
    )
    assert (found.title, found.subtitle, found.bbk, found.author_mark) == ("Алгебра", "учебник", ("22.14я721",), "М 15")
    assert (found.audience, found.price, found.issns) == ("старшие школьники", "550 р.", ("1234-5678",))
    assert found.links == (Link("/files/algebra.pdf"), Link("/files/cover.jpg", of_work=False))
    assert not any(name in repr(found) for name in ("Иванова", "Петрова", "Козлова"))


def test_several_languages_in_one_subfield_are_several() -> None:
    for typed in ("$arus/eng", "$arus eng", "$aruseng", "$arus$aeng"):
        assert bib("245 00$aКнига", f"041 0_{typed}").languages == ("rus", "eng"), typed
    assert bib("245 00$aКнига", "041 1_$arus$hengfre").original_languages == ("eng", "fre")


def test_the_article_is_what_the_second_indicator_passes_over_in_whole_words() -> None:
    assert bib("245 04$aThe hobbit").article == "The "
    assert bib("245 02$aL'altra faccia").article == "L'"
    for typed in ("245 04$aАлгебра", "245 00$aThe hobbit", "245 09$aThe hobbit"):
        assert bib(typed).article == ""


def test_other_titles_are_kept() -> None:
    found = bib("245 00$aГарри Поттер", "246 1_$iНа обл.:$aПоттер", "246 31$aHarry Potter", "240 10$aHarry Potter. Rus")
    assert found.parallel_titles == ("Harry Potter",)
    assert found.other_titles == ("Поттер", "Harry Potter. Rus")
    assert bib("245 00$aНовый Завет", "130 0_$aБиблия.$pНовый Завет").other_titles == ("Библия. Новый Завет",)


def test_headings_keep_their_form_and_names_their_numeral() -> None:
    found = bib(
        "245 00$aКнига",
        "600 04$aЕкатерина$bII,$cимп.,$d1729-1796$xБиография",
        "610 24$aРоссия.$bМинистерство просвещения$vСправочники",
        "630 04$aБиблия.$pНовый Завет",
        "650 _4$aМатематика$xИзучение$vУчебники",
    )
    assert found.subjects == (
        "Екатерина II -- Биография", "Россия. Министерство просвещения -- Справочники", "Библия. Новый Завет",
        "Математика -- Изучение -- Учебники",
    )  # fmt: skip


def test_a_work_with_an_entry_of_its_own_is_told_in_the_contents() -> None:
    entries = ["700 12$aЧехов, Антон Павлович.$tТри сестры", "740 02$aВишневый сад.", "700 1_$aИванов, И. И.$tОтзыв"]
    assert bib("245 00$aПьесы", *entries).contents == ("Три сестры / Чехов, Антон Павлович", "Вишневый сад")


def test_codes_of_008_that_lost_their_blanks_are_not_read_out_of_place() -> None:
    found = bib("245 00$aза 1906 год", "008 071203s1907 ru 000 | rus d", "773 18$tОтчет [Текст]$gза 1906 г.")
    assert (found.year_coded, found.country, found.audience, found.coded_form) == ("1907", "", "", "")
    assert (found.title, found.parts) == ("Отчет", (PartName("за 1906 год"),))
    assert bib("245 00$aКнига", "008 151116s2005    ru                  rus").country == "ru"


def test_a_heading_loses_the_point_of_its_end_and_keeps_that_of_an_abbreviation() -> None:
    typed = ("Interviews.", "Jazz.", "Черчилль, У.", "Магадан, г.", "Съезды, совещания и т.п.", "Математика.", "18 вв.")
    found = bib("245 00$aКнига", *(f"650 _4$a{heading}" for heading in typed))
    kept = ("Interviews", "Jazz", "Черчилль, У.", "Магадан, г.", "Съезды, совещания и т.п.", "Математика", "18 вв.")
    assert found.subjects == kept
    assert bib("245 00$aКнига", "600 14$aЗамятин, Е. И.$xИзучение").subjects == ("Замятин, Е. И. -- Изучение",)


def test_a_name_loses_the_point_of_the_field_and_keeps_that_of_an_initial() -> None:
    typed = ("Пушкин, Александр Сергеевич.", "Чехов, А. П.", "Кинг, Мартин Лютер, мл.", "Cayrol, Jean.")
    found = bib("245 00$aКнига", *(f"700 1_$a{name}" for name in typed))
    kept = ["Пушкин, Александр Сергеевич", "Чехов, А. П.", "Кинг, Мартин Лютер, мл.", "Cayrol, Jean"]
    assert [agent.name for agent in found.agents] == kept


def test_notes_are_of_the_edition_and_not_of_its_other_forms() -> None:
    typed = ["500 __$aОбщее", "515 __$aНумерация", "530 __$aЭлектронная версия печатного издания", "586 __$aПремия"]
    assert bib("245 00$aКнига", *typed).notes == ("Общее", "Нумерация", "Премия")


def test_an_index_is_known_by_the_name_typed_before_it() -> None:
    typed = ["080 __$aУДК 51", "084 __$aББК 22.1я72; 74.26$2rubbk", "084 __$aББК: 83", "084 __$aHcd,u"]
    found = bib("245 00$aКнига", *typed)
    assert (found.udc, found.bbk) == (("51",), ("22.1я72", "74.26", "83"))
    astray = bib("245 00$aКнига", "080 __$aББК 84(2)6", "084 __$aУДК 82-31")
    assert (astray.udc, astray.bbk) == (("82-31",), ("84(2)6",))
    assert bib("245 00$aКнига", "091 __$aББК 22.1$i12+", dialect=Dialect.MARCSQL).bbk == ("22.1",)


def test_a_title_of_its_own_that_the_link_repeats_stays_the_title() -> None:
    found = bib("245 00$aВечный город, вечная любовь", "773 18$tЛюбовный роман$gВечный город, вечная любовь")
    assert (found.title, found.parts) == ("Вечный город, вечная любовь", ())


@pytest.mark.parametrize("typed", [" /", "/", " :", "="])
def test_a_subfield_that_holds_only_a_mark_says_nothing(typed: str) -> None:
    """«245 $a Сказки $b / $c Х. К. Андерсен»: the subtitle of 36 editions of the sample district was a slash."""
    found = bib(f"245 10$aСказки$b{typed}$cХ. К. Андерсен")
    assert (found.title, found.subtitle, found.responsibility) == ("Сказки", "", "Х. К. Андерсен")
