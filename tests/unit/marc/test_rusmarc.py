from __future__ import annotations

import time

from catalog_sync.marc.parts import without_gmd
from catalog_sync.marc.reading import read_export, to_bib
from catalog_sync.model import Agent, BibRecord, Host, Isbn, Link, PartName, Series, SourceRecord

from .samples import iso, record, school


def bib(*lines: str, leader: str = "00000nam0 2200000   450 ") -> BibRecord:
    (found,) = read_export(iso(record("001 B1", *lines, leader=leader)), school())
    assert isinstance(found, SourceRecord)
    return to_bib(found)


def test_every_row_of_the_crosswalk_is_read() -> None:
    found = bib(
        "005 20200102030405.0",
        "010 __$a978-5-09-071740-3$bв пер.$d550 р.",
        "011 __$a0130-1234",
        "100 __$a20190101d2019    dem y0rusy50      ca",
        "101 1_$arus$ceng",
        "102 __$aRU",
        "105 __$aa   j   000yy",
        "200 1_$aАлгебра$dAlgebra$eучебник$e12+$fЮ. Н. Макарычев$gпод ред. С. А. Теляковского",
        "205 __$a3-е изд.$bперераб.",
        "210 __$aМосква$aСанкт-Петербург$cПросвещение$d2019",
        "215 __$a256 с.$cил.$d22 см$e1 CD-ROM",
        "225 1_$aШкола России$vвып. 3$x1234-5678",
        "300 __$aНа обл. авт. не указан",
        "327 1_$aГлава 1$aГлава 2",
        "330 __$aДля восьмого класса.",
        "333 __$aДля 8 класса",
        "606 1_$aАлгебра$jУчебники$xПреподавание",
        "610 0_$aуравнения; функции$aдроби",
        "608 __$aУчебники",
        "675 __$a512(075.3)",
        "686 __$a22.14я721$2rubbk",
        "700 _1$aМакарычев$bЮ. Н.$gЮрий Николаевич$f1931-2007$4070",
        "701 _1$aМиндюк$bН. Г.",
        "702 _1$aТеляковский$bС. А.$4340",
        "710 02$aРоссийская академия образования",
        "856 4_$uhttps://example.org/algebra$2Читать",
    )
    assert found.title == "Алгебра"
    assert found.parallel_titles == ("Algebra",)
    assert found.subtitle == "учебник : 12+"
    assert found.responsibility == "Ю. Н. Макарычев ; под ред. С. А. Теляковского"
    assert found.edition == "3-е изд., перераб."
    assert (found.places, found.publishers) == (("Москва", "Санкт-Петербург"), ("Просвещение",))
    assert (found.year_text, found.year_coded) == ("2019", "2019")
    assert (found.extent, found.illustrations, found.size, found.accompanying) == ("256 с.", "ил.", "22 см", "1 CD-ROM")
    assert found.series == (Series("Школа России", "вып. 3", "1234-5678"),)
    assert found.isbns == (Isbn("978-5-09-071740-3", "9785090717403", "в пер."),)
    assert (found.price, found.issns) == ("550 р.", ("0130-1234",))
    assert found.agents == (
        Agent("Макарычев, Ю. Н.", "070", "1931-2007", "person", True, "Юрий Николаевич"),
        Agent("Миндюк, Н. Г."),
        Agent("Теляковский, С. А.", "340"),
        Agent("Российская академия образования", kind="body", main=True),
    )
    assert found.subjects == ("Алгебра -- Учебники -- Преподавание",)
    assert found.keywords == ("уравнения", "функции", "дроби")
    assert (found.genres, found.udc, found.bbk) == (("Учебники",), ("512(075.3)",), ("22.14я721",))
    assert (found.languages, found.original_languages, found.country) == (("rus",), ("eng",), "RU")
    assert (found.notes, found.contents) == (("На обл. авт. не указан",), ("Глава 1", "Глава 2"))
    assert (found.abstract, found.audience, found.age_mark) == ("Для восьмого класса.", "Для 8 класса", "12+")
    assert (found.coded_form, found.literary_form) == ("j", "y")
    assert found.links == (Link("https://example.org/algebra", "Читать"),)
    assert found.changed == "20200102030405.0"


def test_a_host_in_embedded_fields_is_read_with_its_number_and_isbn() -> None:
    found = bib(
        "200 1_$aГеометрия и тригонометрия",
        "461 _0$1001RU\\NLR\\bibl\\5996$12001 $aМатематика$fА. Иванов$vТ. 2$1010  $a978-5-09-071740-3$1210  $d2018",
    )
    assert found.hosts == (
        Host("461", "Математика", "Т. 2", "978-5-09-071740-3", "", "RU\\NLR\\bibl\\5996", "А. Иванов", "2018"),
    )
    assert found.parts == (PartName("Т. 2"),)
    assert found.isbns == (Isbn("978-5-09-071740-3", "9785090717403", of_host=True),)


def test_a_host_in_standard_subfields_is_read_the_same() -> None:
    found = bib("200 1_$aГеометрия", "461 _0$tМатематика$vТ. 2$y978-5-09-071740-3$0B77")
    assert found.hosts == (Host("461", "Математика", "Т. 2", "978-5-09-071740-3", record_id="B77"),)
    assert found.parts == (PartName("Т. 2"),)


def test_a_volume_that_is_only_a_number_goes_by_the_title_of_its_set() -> None:
    found = bib("200 0_$aВып. 13.", "461 _0$1001X$12001 $aЗадачи и этюды$vВып. 13")
    assert (found.title, found.parts) == ("Задачи и этюды", (PartName("Вып. 13"),))


def test_a_volume_with_a_name_beside_its_number_keeps_both() -> None:
    found = bib("200 1_$aЧ. 1.$aПопугай", "461 _0$1001X$12001 $aМодная книга.")
    assert (found.title, found.parts) == ("Модная книга", (PartName("Ч. 1", "Попугай"),))


def test_a_short_title_of_its_own_is_not_a_number() -> None:
    assert bib("200 1_$aМы", "461 _0$12001 $aСобрание сочинений").title == "Мы"
    assert bib("200 1_$aТ. 1").title == "Т. 1"


def test_the_page_of_an_article_is_not_a_part() -> None:
    found = bib("200 1_$aСтатья", "463 _0$12000 $aЖурнал$vС. 260-261", leader="00000naa2 2200000   450 ")
    assert found.parts == ()
    assert found.hosts[0].volume == "С. 260-261"


def test_parts_are_numbers_and_names_in_the_order_typed() -> None:
    found = bib("200 1_$aМатематика$hЧ. 2$iГеометрия$hКн. 1")
    assert found.parts == (PartName("Ч. 2", "Геометрия"), PartName("Кн. 1"))


def test_works_published_together_are_contents() -> None:
    found = bib("200 1_$aУездное$aМы$fЕ. Замятин", "423 _0$12001 $aКотлован$fА. Платонов$1700 1$aПлатонов$bА. П.")
    assert found.title == "Уездное ; Мы"
    assert found.contents == ("Котлован / А. Платонов",)
    assert found.agents == ()


def test_isbd_marks_at_the_ends_are_not_part_of_the_text() -> None:
    found = bib("200 1_$aАлгебра :$eучебник /$fЮ. Макарычев.", "210 __$aМ. :$cПросвещение,$d2019.")
    assert (found.title, found.subtitle, found.responsibility) == ("Алгебра", "учебник", "Ю. Макарычев.")
    assert (found.places, found.publishers, found.year_text) == (("М.",), ("Просвещение",), "2019")


def test_a_description_typed_into_one_subfield_is_taken_apart() -> None:
    found = bib("200 1_$aАлгебра : учебник / Ю. Макарычев", "210 __$aМосква: Вече, 1993")
    assert (found.title, found.subtitle, found.responsibility) == ("Алгебра", "учебник", "Ю. Макарычев")
    assert (found.places, found.publishers, found.year_text) == (("Москва",), ("Вече",), "1993")


def test_bbk_typed_as_udc_is_bbk() -> None:
    found = bib("200 1_$aКнига", "675 __$a372.8$aЧ426.21", "686 __$a84(2)6")
    assert (found.udc, found.bbk) == (("372.8",), ("84(2)6", "Ч426.21"))


def test_isbn_is_found_behind_a_prefix_and_a_price_is_not_one() -> None:
    found = bib("010 __$aISBN 978-5-09-071740-3 (общ.)", "010 __$a450-00", "010 __$z5-09-071740-2", "200 1_$aКнига")
    assert found.isbns == (
        Isbn("978-5-09-071740-3", "9785090717403", "(общ.)"),
        Isbn("450-00", "", erroneous=True),
        Isbn("5-09-071740-2", "", erroneous=True, cancelled=True),
    )


def test_isbn10_with_a_cyrillic_x_is_the_same_book_as_its_isbn13() -> None:
    assert bib("010 __$a5-280-57919-Х", "200 1_$aКнига").isbns[0].normal == "9785280579194"


def test_the_age_mark_is_found_where_it_is_typed_and_nowhere_else() -> None:
    assert bib("200 1_$aКнига$e[6+]").age_mark == "6+"
    assert bib("200 1_$aКнига", "300 __$aОграничения по возрасту - 12+").age_mark == "12+"
    assert bib("200 1_$aКнига", "300 __$a16+").age_mark == "16+"
    assert bib("200 1_$aКнига", "333 __$a12+. Знак информационной продукции").age_mark == "12+"
    assert bib("200 1_$aКнига", "300 __$aТираж 12+ экз.").age_mark == ""
    assert bib("200 1_$aЗадачи 6+6").age_mark == ""


def test_a_cover_or_contents_link_does_not_lead_to_the_work() -> None:
    lines = ["856 4_$uhttps://x/1", "856 41$uhttps://x/2", "856 42$uhttps://x/3", "856 4_$uhttps://x/c.jpg"]
    lines.append("856 4_$uhttps://x/5$2Оглавление")
    assert [link.of_work for link in bib("200 1_$aКнига", *lines).links] == [True, False, False, False, False]


def test_signs_of_the_carrier_are_kept_uninterpreted() -> None:
    found = bib(
        "106 __$as",
        "135 __$adrcn",
        "181 _0$ai ",
        "182 _0$ab",
        "200 1_$aАтлас$bЭлектронный ресурс",
        "203 __$aТекст$cэлектронный",
        "215 __$a1 CD-ROM",
        "337 __$aWindows 10",
        leader="00000nlm0 2200000   450 ",
    )
    signs = found.carrier
    assert (signs.leader_type, signs.leader_level, signs.media, signs.content) == ("l", "m", "b", "i")
    assert (signs.gmd, signs.form, signs.access) == ("Электронный ресурс", "s", "Текст ; электронный")
    assert signs.physical == "1 CD-ROM ; Windows 10"


def test_names_of_staff_are_nowhere_in_the_description() -> None:
    found = bib("200 1_$aКнига", "907 __$bСидорова", "097 __$bПетрова", "990 __$aКозлова", "801 _0$aRU$bБиблиотека")
    assert not any(name in repr(found) for name in ("Сидорова", "Петрова", "Козлова"))


def test_a_bracket_that_never_closes_costs_no_time() -> None:
    title = "Сказки [Текст:" + " " * 3000 + "чтение"
    before = time.process_time()
    assert without_gmd(title) == (title, "")
    assert time.process_time() - before < 1.0


def test_the_script_of_a_name_alone_makes_it_no_repetition() -> None:
    found = bib("200 1_$aКнига", "701 _1$aИванов$bИ. И.", "701 _1$7ba$aПетров$bП. П.")
    assert [agent.name for agent in found.agents] == ["Иванов, И. И.", "Петров, П. П."]


def test_several_languages_in_one_subfield_are_several() -> None:
    for typed in ("$arus/eng", "$arus eng", "$aruseng", "$arus, eng", "$aРусский; англ.", "$aru$aeng"):
        assert bib("200 1_$aКнига", f"101 0_{typed}").languages == ("rus", "eng"), typed
    assert bib("200 1_$aКнига", "101 0_$a9est$a|||").languages == ("est",)
    assert bib("200 1_$aКнига", "101 0_$aKorean$arusxyz").languages == ("Korean", "rus", "xyz")
    assert bib("200 1_$aКнига", "101 1_$arus$cengfre").original_languages == ("eng", "fre")


def test_other_titles_are_kept_without_the_one_the_book_is_described_under() -> None:
    lines = ["500 10$aКимийа", "512 1_$aЭликсир счастья", "517 1_$aКимийа-йи са'адат.", "532 13$aЭликсир"]
    found = bib("200 1_$aКимийа-йи са'адат", *lines)
    assert found.other_titles == ("Кимийа", "Эликсир счастья", "Эликсир")
    assert bib("200 1_$aКимийа", "517 1_$hЧ. 1").other_titles == ()


def test_a_title_that_only_repeats_the_place_in_the_set_gives_way_to_the_set() -> None:
    found = bib("200 0_$a...за I квартал 2000 года", "461 _0$12001 $aБиблиография$v...за I квартал 2000 года")
    assert (found.title, found.parts) == ("Библиография", (PartName("...за I квартал 2000 года"),))


def test_the_material_typed_behind_the_title_is_no_part_of_it() -> None:
    found = bib("200 1_$aАлгебра [Электронный ресурс] : учебник / И. И. Иванов")
    assert (found.title, found.subtitle, found.responsibility) == ("Алгебра", "учебник", "И. И. Иванов")
    assert found.carrier.gmd == "[Электронный ресурс]"
    assert bib("200 1_$aАлгебра[Tекст : непосредственный]$eучебник").title == "Алгебра"
    assert bib("200 1_$aТекст [стихи]").title == "Текст [стихи]"
    assert bib("200 1_$aЧ. 1", "461 _0$12001 $aАлгебра [Текст]$vЧ. 1").title == "Алгебра"


def test_rulers_keep_their_numeral_and_a_work_as_subject_its_author_and_title() -> None:
    found = bib(
        "200 1_$aКнига",
        "600  0$aПетр$cимп.$dI$f1672 - 1725",
        "604 __$1700 1$aНейман$bМ. Б.$15011 $aШахматные партии",
        "700 _0$aПавел$dI$f1754-1801",
    )
    assert found.subjects == ("Петр I", "Нейман, М. Б. Шахматные партии")
    assert found.agents[0].name == "Павел I"


def test_a_name_repeated_in_another_script_is_one_person() -> None:
    lines = ["700 _1$6z01700$aКараччоли$bЛ. А.", "700 _1$6z01700$7ba$aCaraccioli$bL. A."]
    assert [a.name for a in bib("200 1_$aМодная книга", *lines).agents] == ["Караччоли, Л. А."]


def test_a_part_of_a_series_is_named_with_it() -> None:
    assert bib("200 1_$aКнига", "225 1_$aЖЗЛ$iВокруг света$vвып. 3").series == (Series("ЖЗЛ. Вокруг света", "вып. 3"),)


def test_214_is_read_where_there_is_no_210() -> None:
    lines = ["214 _4$d2021", "214 _0$aМосква$cПросвещение$d2020"]
    found = bib("200 1_$aКнига", *lines)
    assert (found.places, found.publishers, found.year_text) == (("Москва",), ("Просвещение",), "2020")


def test_a_work_published_with_this_one_is_told_with_its_subtitle_and_part() -> None:
    linked = "423 _0$12001 $aГроза$hД. 1$eдрама$fА. Н. Островский"
    assert bib("200 1_$aПьесы", linked).contents == ("Гроза. Д. 1 : драма / А. Н. Островский",)


def test_codes_of_100_that_lost_their_blanks_are_no_audience() -> None:
    assert bib("200 1_$aКнига", "100 __$a20151228d2011 d y0frey50 ba").audience == ""
    assert bib("200 1_$aКнига", "100 __$a19950401d1716----___---y0sloy0103----ba".replace("_", "-")).audience == ""


def test_an_index_is_known_by_the_name_typed_before_it() -> None:
    found = bib("200 1_$aКнига", "675 __$aУДК 51(075)", "675 __$aББК 83", "686 __$aББК 22.1я72; 74.26", "676 __$a82")
    assert (found.udc, found.bbk) == (("51(075)",), ("22.1я72", "74.26", "83"))
    astray = bib("200 1_$aКнига", "686 __$aУДК 82-31")
    assert (astray.udc, astray.bbk) == (("82-31",), ())
    assert bib("200 1_$aКнига", "210 __$d2015 г.").year_text == "2015"
