"""Every judgement of matching that is a number, with its reason beside it; and the words each piece of evidence has.

Weights are points: a sum of SAME or more, without a veto, says «the same edition».
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from catalog_sync.matching.monographs import weights

# --- Thresholds ------------------------------------------------------------------------------------------------------

SAME: Final = (
    7.5  # title, author, year and publisher of a novel, or an ISBN with a fitting title and nothing against it
)
UNSURE: Final = 4.5  # title, author and one more agreement: worth a librarian's look, never merged by itself
ATTACH: Final = 5.75  # the least a record with gaps needs to follow the only cluster it fits
LINK: Final = 5.5  # the least two look-alikes need to be weighed together: one may be the other's rival for a third
MINORITY: Final = 0.25  # a part up to this share that alone conflicts with the rest is expelled, or no rival

# --- Positive evidence -----------------------------------------------------------------------------------------------

ISBN_OWN: Final = 6.0  # an ISBN of its own names one edition, up to reprints and cheap reuse (year and part are vetoes)
ISBN_PART_UNKNOWN: Final = 3.5  # one side names no part: the ISBN may be all the parts'
ISBN_OF_SET: Final = 1.5  # shared by all parts: narrows to the set, not to the part
TITLE_GENERIC: Final = 1.5  # a school subject is the title of hundreds of books
TITLE_TELLING: Final = 2.5  # two words and more that are no school subject
TITLE_LONG: Final = 2.8  # three words and more seldom repeat by chance
AUTHOR: Final = 2.5  # surname and initials
AUTHOR_SURNAME: Final = 1.5  # surname alone: «Иванов» fits many
AUTHOR_MORE: Final = 0.6  # each further author of the team, at most three
COMPILER: Final = 1.0  # compilers and editors agree where no author is named
YEAR: Final = 2.0
HOUSE: Final = 1.5
PAGES: Final = 2.0  # the same number by chance: about one in a hundred
PAGES_THIN: Final = 1.0  # sheets of 16 pages make the same small numbers again and again
PAGES_NEAR: Final = 0.7  # two pages more or less: the last numbered page is counted by some
EDITION: Final = 1.2  # «3-е изд.» on both sides
GRADE: Final = 0.8
PART: Final = 1.0
PART_COLLECTION: Final = 2.0  # «Учёные записки. Вып. 4» of one year: of a name that several houses may have
PART_ISSUE: Final = 3.0  # with title and year a number names the issue of a journal, which has no author and few pages
KIND: Final = 0.7
LEVEL: Final = 0.7
TRANSLATOR: Final = 1.0
SUBTITLE: Final = 0.7
NUMBERS: Final = 0.7  # «ОГЭ-2018», «50 вариантов»
SERIES: Final = 0.3
SIZE: Final = 0.2
ISSN: Final = 2.0

# --- Negative evidence -----------------------------------------------------------------------------------------------

YEAR_ONE_SIDED: Final = -2.0  # of a reprinted book it may be any year
YEAR_ONE_SIDED_ISBN: Final = -0.6  # the same, though the ISBN is equal
YEAR_UNSAID: Final = -1.0  # on neither side, and the ISBN doesn't tell: any reprint will do
GRADE_ONE_SIDED: Final = -2.0
GRADE_ONE_SIDED_ISBN: Final = -1.0
PART_ONE_SIDED: Final = -4.0  # a part whose number was forgotten, or the set: more often another book
PART_FORGOTTEN: Final = -2.0  # «в 2 ч.» with the very pages of a part: its number was left out
TEXTBOOK_ONE_SIDED: Final = -0.4  # «учебник» is left out by every second hand
KIND_ONE_SIDED: Final = -4.0  # «рабочая тетрадь» stands on the cover: who doesn't type it has another book in hand
KIND_ONE_SIDED_ISBN: Final = -0.8  # the same, though the ISBN is equal
LEVEL_ONE_SIDED: Final = -0.5
NUMBERS_ONE_SIDED: Final = -1.5
PAGES_FAR: Final = -1.8  # another number without a reason
PAGES_OTHER: Final = -3.0  # more than a tenth apart: seldom one edition
EDITION_ONE_SIDED: Final = -1.5  # without a year on both sides, a number typed on one side alone says reprint
UNSETTLED: Final = LINK  # the most a pair can have that points alone can't settle: it goes to a librarian
SUBTITLE_NUMBERS_ONE_SIDED: Final = -1.5  # «30 вариантов» left out: there may be a book of 10
SUBTITLE_OTHER: Final = -3.0
SERIES_OTHER: Final = -3.5  # a house prints one tale in two series of a year: each has its cover, often its ISBN
AUTHOR_UNSAID: Final = -0.5  # on neither side, and the ISBN doesn't tell
AUTHORS_CROSS: Final = -3.0  # each side names someone the other doesn't
AUTHORS_OTHER: Final = -4.0  # nobody in common, though the ISBN is the same
HOUSE_OTHER: Final = -4.0  # another house, though the ISBN is the same or the house isn't a known one
ISBN_OTHER_PART: Final = -1.0  # parts carry the set's ISBN on one copy, their own on another
REVISION_OTHER: Final = -1.0  # «стер.» against «перераб.»
LARGE_SILENT: Final = -3.0  # one says large print, the other nothing, ISBN and pages are the same
TITLE_PART: Final = -0.5  # one title is a piece of the other, the ISBN is the same
TITLE_PART_NO_ISBN: Final = -2.5  # «Словарь русского языка» within «Толковый словарь русского языка» is another book
TITLE_TRANSLATED: Final = -1.5  # «Rainbow English» and «Английский язык»: the parallel title was chosen
TITLE_OTHER: Final = -3.0  # another title, though ISBN, author, year and pages are the same
CROSS_GAPS: Final = -1.5  # each side is silent where the other speaks: two sketches that nothing holds together

THIN_BOOK: Final = 96  # pages
MONOGRAPH_UNSURE: Final = -2.0  # log-odds: one in eight is still the same edition, worth a look
MONOGRAPH_UNLIKE: Final = -4.0  # log-odds: below this a pair across two clusters forbids their union

PAGES_NEAR_LIMIT: Final = 2  # pages
PAGES_OTHER_SHARE: Final = 0.10  # of the longer extent
PAGES_VETO_SHARE: Final = 0.33  # of the longer extent: no hand counts a third of a book away


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of evidence: which feature it is about and how it reads in Russian."""

    code: int
    feature: str
    text: str
    veto: bool = False


_POSITIVE = (
    ("isbn", "одинаковый ISBN"),
    ("isbn", "одинаковый ISBN комплекта"),
    ("title", "заглавия совпадают"),
    ("title", "заглавия совпадают с точностью до сокращений, окончаний или опечатки"),
    ("title", "одно заглавие — часть другого"),
    ("author", "общий автор"),
    ("author", "общая фамилия автора"),
    ("author", "общие соавторы"),
    ("compiler", "общий составитель или редактор"),
    ("year", "год совпадает"),
    ("publisher", "издательство совпадает"),
    ("pages", "число страниц совпадает"),
    ("pages", "число страниц почти совпадает"),
    ("edition", "номер издания совпадает"),
    ("grade", "класс совпадает"),
    ("part", "часть совпадает"),
    ("kind", "вид издания совпадает"),
    ("level", "уровень совпадает"),
    ("translator", "переводчик совпадает"),
    ("subtitle", "сведения, относящиеся к заглавию, совпадают"),
    ("numbers", "числа в заглавии совпадают"),
    ("series", "серия совпадает"),
    ("size", "формат книги совпадает"),
    ("issn", "ISSN совпадает"),
    ("form", "форма издания совпадает"),
)
_NEGATIVE = (
    ("year", "год указан только в одной записи"),
    ("grade", "класс указан только в одной записи"),
    ("part", "часть указана только в одной записи"),
    ("kind", "вид издания указан только в одной записи"),
    ("level", "уровень указан только в одной записи"),
    ("numbers", "число в заглавии есть только в одной записи"),
    ("pages", "число страниц различается"),
    ("pages", "число страниц сильно различается"),
    ("subtitle", "сведения, относящиеся к заглавию, различаются"),
    ("author", "составы авторов пересекаются, но различаются"),
    ("author", "авторы разные при одном ISBN"),
    ("publisher", "издательства различаются"),
    ("isbn", "ISBN различаются: возможно, комплекта и части"),
    ("revision", "стереотипное и переработанное издания"),
    ("form", "крупный шрифт указан только в одной записи"),
    ("title", "заглавия на разных языках"),
    ("title", "заглавия различаются, но ISBN, автор, год и объём те же"),
    ("", "каждая запись молчит о том, что сказано в другой"),
    ("edition", "номер издания указан только в одной записи, а год не в обеих или ISBN разные"),
    ("year", "год не указан ни в одной записи"),
    ("author", "автор не указан ни в одной записи"),
)
_VETO = (
    ("analytic", "одна запись описывает статью или часть, другая — книгу"),
    ("year", "разные годы издания"),
    ("grade", "разные классы"),
    ("part", "разные части, тома или выпуски"),
    ("part", "комплект и отдельная часть"),
    ("kind", "разные виды издания"),
    ("form", "разные носители или формы"),
    ("level", "разные уровни"),
    ("numbers", "разные числа в заглавии"),
    ("edition", "разные номера издания"),
    ("title", "разные заглавия"),
    ("title", "разные заглавия при одном ISBN: ISBN, вероятно, ошибочен"),
    ("author", "разные авторы"),
    ("isbn", "разные ISBN"),
    ("translator", "разные переводчики или пересказчики"),
    ("publisher", "разные издательства"),
    ("subtitle", "разные жанры в подзаголовке"),
    ("title", "описания не похожи"),
)

_RULES: Final = tuple(
    Kind(code, feature, text, veto)
    for code, (feature, text, veto) in enumerate(
        [(f, t, False) for f, t in _POSITIVE + _NEGATIVE] + [(f, t, True) for f, t in _VETO]
    )
)
(
    P_ISBN,
    P_ISBN_SET,
    P_TITLE,
    P_TITLE_NEAR,
    P_TITLE_PART,
    P_AUTHOR,
    P_SURNAME,
    P_AUTHORS,
    P_COMPILER,
    P_YEAR,
    P_HOUSE,
    P_PAGES,
    P_PAGES_NEAR,
    P_EDITION,
    P_GRADE,
    P_PART,
    P_KIND,
    P_LEVEL,
    P_TRANSLATOR,
    P_SUBTITLE,
    P_NUMBERS,
    P_SERIES,
    P_SIZE,
    P_ISSN,
    P_FORM,
    N_YEAR,
    N_GRADE,
    N_PART,
    N_KIND,
    N_LEVEL,
    N_NUMBERS,
    N_PAGES_FAR,
    N_PAGES_OTHER,
    N_SUBTITLE,
    N_AUTHORS_CROSS,
    N_AUTHORS_OTHER,
    N_HOUSE,
    N_ISBN_PART,
    N_REVISION,
    N_LARGE,
    N_TITLE_LANGUAGE,
    N_TITLE_OTHER,
    N_CROSS_GAPS,
    N_EDITION,
    N_NO_YEAR,
    N_NO_AUTHOR,
    V_ANALYTIC,
    V_YEAR,
    V_GRADE,
    V_PART,
    V_SET,
    V_KIND,
    V_FORM,
    V_LEVEL,
    V_NUMBERS,
    V_EDITION,
    V_TITLE,
    V_TITLE_ISBN,
    V_AUTHOR,
    V_ISBN,
    V_TRANSLATOR,
    V_HOUSE,
    V_SUBTITLE,
    V_UNLIKE,
) = range(len(_RULES))
_WEIGHED = tuple(Kind(len(_RULES) + n, w.feature, w.text) for n, w in enumerate(weights().values()))
_LATER = (
    Kind(len(_RULES) + len(_WEIGHED), "part", "часть комплекта не указана ни в одной записи"),
    Kind(len(_RULES) + len(_WEIGHED) + 1, "pages", "объём различается на треть и больше", veto=True),
    Kind(len(_RULES) + len(_WEIGHED) + 2, "series", "разные серии"),
    Kind(len(_RULES) + len(_WEIGHED) + 3, "part", "тома собраний с разным числом томов", veto=True),
    Kind(len(_RULES) + len(_WEIGHED) + 4, "serves", "пособия к учебникам разных авторов", veto=True),
)
N_PARTS_UNSAID, V_PAGES, N_SERIES, V_TOTAL, V_SERVES = (kind.code for kind in _LATER)  # at the end: codes are stored
KINDS: Final = _RULES + _WEIGHED + _LATER
WEIGHED: Final = {name: len(_RULES) + n for n, name in enumerate(weights())}

# Kinds that stand in the title itself, so that silence about them says nothing.
TITLE_KINDS: Final = frozenset({"dictionary", "encyclopedia", "reference", "album"})
