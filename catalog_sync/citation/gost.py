"""Bibliographic description by ГОСТ Р 7.0.100-2018: areas joined by «. – », no point twice, nothing invented."""

from __future__ import annotations

import re
from datetime import date
from functools import cache

from catalog_sync.citation.names import authors, direct, inverted, spaced_initials, title_without_author
from catalog_sync.classify import classify
from catalog_sync.marc.parts import without_gmd
from catalog_sync.model import BibRecord, Carrier, Host, Isbn, Series
from catalog_sync.tables import rows
from catalog_sync.text import fold, lookalike_as_cyrillic, repair_year
from catalog_sync.text_ru import is_known

MAX_AUTHORS_IN_HEADING = 3  # с четырьмя и более авторами запись составляют под заглавием
MAX_AUTHORS_NAMED = 4  # пять и более: первые трое и «[и др.]»
MAX_ISBNS = 2

_AREA = ". – "
_SPACES = re.compile(r"\s+")


def gost(bib: BibRecord, *, today: date | None) -> str:
    """The description as one line. `today` is the day of access for online documents; None leaves it out."""
    top = heading(bib)
    body = _analytic(bib) if _is_component(bib) else _monograph(bib, today)
    return _closed(f"{_pointed(top)} {body}" if top and body else top or body)


def heading(bib: BibRecord) -> str:
    """«Пушкин, А. С.» for one to three authors; "" for more, for none, and for bodies (described under the title)."""
    found = authors(bib)
    if not found or not 1 <= _author_count(bib) <= MAX_AUTHORS_IN_HEADING:
        return ""
    return _clean(inverted(next((a for a in found if a.main), found[0])), keep_point=True)


# --- The whole document and a part of one ----------------------------------------------------------------------------


def _monograph(bib: BibRecord, today: date | None) -> str:
    areas = [_title(bib), _edition(bib), _imprint(bib), physical(bib)]
    areas.append(" ".join(f"({text})" for s in bib.series if (text := _series(s))))
    areas += [*(_isbns(bib) or _issns(bib)), *_online(bib, today), _content_and_carrier(bib)]
    return _joined(areas)


def _analytic(bib: BibRecord) -> str:
    """«Заглавие / отв. – Текст : непосредственный // Источник. – Место, год. – С. 5–9»."""
    host = _component_host(bib)
    part = _joined([_title(bib), _content_and_carrier(bib)])
    issue = _clean(host.volume)
    year = _clean(host.year) or _year(bib)
    pages = _pages(_clean(bib.extent))
    pages = "" if pages and pages in issue else pages
    source = _titled(_clean(_without_gmd(host.title)), "", _clean(host.responsibility))
    return f"{part} // {_joined([source, year, issue, pages])}"


def _is_component(bib: BibRecord) -> bool:
    return bib.carrier.leader_level.lower() in ("a", "b") and bool(_component_host(bib).title)


def _component_host(bib: BibRecord) -> Host:
    """The journal or collection: 463 before 461 in RUSMARC, else the first host with a title."""
    titled = [h for h in bib.hosts if _clean(h.title)]
    return next((h for h in titled if h.tag == "463"), titled[0] if titled else Host(""))


def _pages(extent: str) -> str:
    """«5-9» or «С. 5-9» → «С. 5–9»; anything else as it is."""
    found = re.fullmatch(r"[CСcс]?\.?\s*(\d+)\s*[-–—]\s*(\d+)\s*[cс]?\.?", extent)
    return f"С. {found[1]}–{found[2]}" if found else extent


# --- Title and responsibility ----------------------------------------------------------------------------------------


def _title(bib: BibRecord) -> str:
    return _titled(_full_title(bib), _other_title(bib), _responsibility(bib))


def _titled(title: str, other: str, responsibility: str) -> str:
    sign = "" if other.startswith("=") else ": "
    text = f"{title} {sign}{other}" if title and other else title or other
    return f"{text} / {responsibility}" if text and responsibility else text


def _full_title(bib: BibRecord) -> str:
    """Title with the set it belongs to and the designation of the part: «Алгебра. Ч. 2. Задачник»."""
    pieces: list[str] = []
    host = next((h for h in bib.hosts if h.tag in ("461", "462", "773") and h.title and h.volume), None)
    if host is not None and not _is_component(bib):
        pieces += [_without_gmd(host.title), _designation(host.volume)]
    pieces.append(_without_gmd(title_without_author(bib)))
    pieces += [piece for part in bib.parts for piece in (_designation(part.number), part.title)]
    kept: list[str] = []
    for typed in map(_clean, pieces):
        piece = re.sub(r"\b(Ч|Т|Кн|Вып)\.(?=\d)", r"\1. ", typed)
        if piece and _same_form(piece) not in map(_same_form, kept):
            kept.append(piece)
    return _dotted(kept)


_PART = re.compile(r"(ч|т|кн|вып)\.?\s*(?=\d)(.+)", re.IGNORECASE)


def _designation(number: str) -> str:
    """«ч.2» → «Ч. 2»; what is typed in full stays, with a capital («Часть 2»)."""
    found = _PART.fullmatch(number.strip())
    return f"{found[1].capitalize()}. {found[2]}" if found else number[:1].upper() + number[1:]


def _without_gmd(title: str) -> str:
    """The title without «[Текст]»: the standard gave the general designation of material up."""
    return without_gmd(title)[0] if "[" in title else title


# Typed beside the title by habit of older rules; the last area says it now.
_CARRIER_WORDS = {"текст", "электронный", "непосредственный", "электронный ресурс", "текст электронный"}


def _same_form(text: str) -> str:
    """«T. 4» typed in Latin and «Т. 4» are one designation."""
    return fold(lookalike_as_cyrillic(text))


def _other_title(bib: BibRecord) -> str:
    parallel = " ".join(f"= {t}" for p in bib.parallel_titles if (t := _clean(p)))
    pieces = (_clean(p) for p in re.split(r"\s+:\s+", bib.subtitle))
    other = " : ".join(p for p in pieces if p and fold(p).strip("[]") not in _CARRIER_WORDS)
    return f"{parallel} : {other}" if parallel and other else parallel or other


def _responsibility(bib: BibRecord) -> str:
    """As on the title page; the authors of the headings where the record has no statement."""
    typed = re.sub(r"(?<!\[)\bи др\.?(?=$| ;)", "[и др.]", spaced_initials(_clean(bib.responsibility)))
    if not typed:
        found = [n for a in authors(bib) if (n := _clean(direct(a), keep_point=True))]
        return _listed(found) if found else ""
    first, semicolon, rest = typed.partition(" ; ")
    names = re.split(r",\s+", first)
    if len(names) > MAX_AUTHORS_NAMED and all(map(_is_personal, names)):
        first = _listed(names)
    return f"{first}{semicolon}{rest}"


def _listed(names: list[str]) -> str:
    if len(names) > MAX_AUTHORS_NAMED:
        return ", ".join(names[:3]) + " [и др.]"
    return ", ".join(names)


_CAPITALISED = r"[А-ЯЁA-Z][\w’'-]+"
_PERSONAL = re.compile(rf"^(?:[А-ЯЁA-Z]\.[\s-]?){{1,3}}\s?{_CAPITALISED}$|^{_CAPITALISED}(?:\s{_CAPITALISED}){{1,2}}$")


def _is_personal(text: str) -> bool:
    return bool(_PERSONAL.match(text.strip(" []")))


def _author_count(bib: BibRecord) -> int:
    """Authors by headings or by the first statement, whichever names more; «[и др.]» means more than three."""
    first = spaced_initials(_clean(bib.responsibility)).partition(" ; ")[0]
    if re.search(r"\[?и др\.?\]?|et al", first):
        return MAX_AUTHORS_IN_HEADING + 1
    names = re.split(r",\s+|\s+и\s+", first)
    named = len(names) if first and all(map(_is_personal, names)) else 0
    return max(len(authors(bib)), named)


# --- Edition, imprint, extent, series, ISBN --------------------------------------------------------------------------


def _edition(bib: BibRecord) -> str:
    return spaced_initials(_clean(bib.edition))


def _imprint(bib: BibRecord) -> str:
    place = " ; ".join(dict.fromkeys(filter(None, map(full_city, bib.places))))
    publishers = "".join(f" : {p}" for p in dict.fromkeys(filter(None, map(_publisher, bib.publishers))))
    text = f"{place}{publishers}".strip(" :") if not place else f"{place}{publishers}"
    return ", ".join(p for p in (text, _year(bib)) if p)


_QUOTES = '"«»“”„'
_BEFORE_NAME = re.compile(  # form of property, and «издательство» where the name stands in quotes
    rf"(?:ООО|ОАО|ЗАО|ПАО|АО|ФГУП|ГУП|ИП)\s+|[{_QUOTES}]?(?i:изд-во|издательство|издательский дом)\s*(?=[{_QUOTES}])"
)


def _publisher(typed: str) -> str:
    """«ООО "Издательство "Дрофа"» → «Дрофа»: the standard leaves the form of property out."""
    text = _clean(typed)
    while found := _BEFORE_NAME.match(text):
        text = text[found.end() :]
    inner = text.strip(_QUOTES + " ")
    if not any(quote in inner for quote in _QUOTES):
        text = inner
    return "" if fold(text).strip("[] ") in ("б. и.", "б.и.", "s. n.", "s.n.") else text


def _year(bib: BibRecord) -> str:
    text = _clean(repair_year(bib.year_text))
    if text:
        return re.sub(r"^[cс©]\s*(?=\d{4})|(?<=\d{4})\s*г(?:од)?\.?$", "", text)
    return bib.year_coded if re.fullmatch(r"1[4-9]\d\d|20\d\d", bib.year_coded) else ""


@cache
def _cities() -> dict[str, str]:
    return {row["typed"].lower(): row["name"] for row in rows("cities.tsv")}


def full_city(typed: str) -> str:
    """«М.», «г. Москва» → «Москва»; brackets stay («[СПб.]» → «[Санкт-Петербург]»), unknown abbreviations, too."""
    text = _clean(typed, keep_point=True)
    named = re.sub(r"^г(?:\.\s*|\s+)(?=[А-ЯЁ])", "", text.strip("[]" + _MARKS))  # «г. Москва»
    inner, others = re.subn(r"\s*\[?и др\.\]?$", "", named)
    full = _cities().get(inner.lower(), inner) + (" [и др.]" if others else "")
    if fold(full) in ("б. м.", "б.м.", "s. l."):
        return ""
    return f"[{full}]" if text.startswith("[") and text.endswith("]") else full


def physical(bib: BibRecord) -> str:
    """«221 с. : ил. ; 21 см + 1 CD»."""
    extent, pictures, size = _extent(bib), _clean(bib.illustrations), _clean(bib.size)
    if re.fullmatch(r"\d+([xх×]\d+)?", size.replace(" ", "")):
        size += " см"
    told = pictures and pictures in extent  # «72 с. : ил.» in one subfield, «ил.» in the next
    text = f"{extent} : {pictures}" if extent and pictures and not told else extent or pictures
    text = f"{text} ; {size}" if text and size else text or size
    added = _clean(bib.accompanying)
    return f"{text} + {added}" if text and added else text


def _extent(bib: BibRecord) -> str:
    """«221 стр.», «221» of a printed book → «221 с.» (ГОСТ Р 7.0.12-2011)."""
    text = re.sub(r"(?<=[\d\]])\s*(?:стр|с)\b\.?", " с.", _clean(bib.extent))
    bare = re.fullmatch(r"\[?\d+\]?(?:, \[?\d+\]?)*", text) and classify(bib).carrier is Carrier.PRINT
    return f"{text} с." if bare else text


def _series(series: Series) -> str:
    title, number = _clean(series.title), _clean(series.number)
    title = f"{title}, ISSN {series.issn}" if title and series.issn else title
    return f"{title} ; {number}" if title and number else title


def _isbns(bib: BibRecord) -> list[str]:
    own = [i for i in bib.isbns if not i.of_host]
    valid = [i for i in own if i.normal and not i.erroneous]
    return [_isbn(i) for i in (valid or own)[:MAX_ISBNS]]


def _issns(bib: BibRecord) -> list[str]:
    """Of a journal's issue, which has no ISBN."""
    digits = (re.sub(r"[^\dX]", "", issn.upper()) for issn in bib.issns)
    return [f"ISSN {d[:4]}-{d[4:]}" for d in dict.fromkeys(digits) if len(d) == 8][:MAX_ISBNS]


def _isbn(isbn: Isbn) -> str:
    number = re.sub(r"(?i)^\s*isbn[\s:]*", "", isbn.typed)
    found = re.search(r"[\d][\d\s‐-–-]{8,}[\dXxХх]", number)
    text = f"ISBN {found[0].strip() if found else isbn.normal or _clean(number)}"
    if isbn.erroneous or not isbn.normal:
        return f"{text} (ошибоч.)"
    qualifier = _clean(isbn.qualifier).strip("()")
    return f"{text} ({qualifier})" if qualifier else text


# --- Online documents, content and carrier ---------------------------------------------------------------------------

_RESTRICTED = re.compile(r"(?i)режим доступа\s*:\s*(?!http|www)(.+)")


def _online(bib: BibRecord, today: date | None) -> list[str]:
    """«URL: … (дата обращения: 01.09.2025)» of an electronic document; a scan of a printed book is not cited."""
    if classify(bib).carrier is not Carrier.ELECTRONIC:
        return []
    link = next((x for x in bib.links if x.of_work and x.url.lower().startswith(("http://", "https://"))), None)
    if link is None:
        return []
    seen = f" (дата обращения: {today:%d.%m.%Y})" if today else ""
    found = next((m for t in (link.note, *bib.notes) if (m := _RESTRICTED.search(t))), None)
    return [f"URL: {link.url.strip()}{seen}", *([f"Режим доступа: {_clean(found[1])}"] if found else [])]


# Content → its name and the gender of the adjective that follows it: m, n, f.
_TEXT = ("Текст", "m")
_CONTENT = {
    "unimarc": {"a": ("Электронные данные", "p"), "b": ("Изображение", "n"), "c": ("Движение", "n"),
                "d": ("Музыка", "f"), "e": ("Предмет", "m"), "f": ("Электронная программа", "f"),
                "g": ("Звуки", "p"), "h": ("Устная речь", "f"), "i": _TEXT, "m": ("Разные виды содержания", "p")},
    "marc21": {"txt": _TEXT, "sti": ("Изображение (неподвижное ; двухмерное)", "n"),
               "tdi": ("Изображение (движущееся ; двухмерное)", "n"), "cri": ("Изображение (картографическое)", "n"),
               "ntm": ("Музыка (знаковая)", "f"), "prm": ("Музыка (исполнительская)", "f"), "snd": ("Звуки", "p"),
               "spw": ("Устная речь", "f"), "cop": ("Электронная программа", "f"), "cod": ("Электронные данные", "p")},
}  # fmt: skip
_SCORE, _MAP = ("Музыка (знаковая)", "f"), ("Изображение (картографическое)", "n")
_BY_LEADER = {"c": _SCORE, "d": _SCORE, "e": _MAP, "f": _MAP, "g": ("Изображение (движущееся ; двухмерное)", "n"),
              "i": ("Устная речь", "f"), "j": ("Музыка (исполнительская)", "f"),
              "k": ("Изображение (неподвижное ; двухмерное)", "n")}  # fmt: skip
_UNMEDIATED = {"m": "непосредственный", "n": "непосредственное", "f": "непосредственная", "p": "непосредственные"}
_ELECTRONIC = {"m": "электронный", "n": "электронное", "f": "электронная", "p": "электронные"}


def _content_and_carrier(bib: BibRecord) -> str:
    """«Текст : непосредственный»: the last area instead of «[Текст]» in the title."""
    name, gender = _content(bib)
    carrier = classify(bib).carrier
    if carrier is Carrier.PRINT:
        return f"{name} : {_UNMEDIATED[gender]}"
    if carrier is Carrier.ELECTRONIC:
        return f"{name} : {_ELECTRONIC[gender]}"
    if carrier is Carrier.MICROFORM:
        return f"{name} : микроформа"
    return f"{name} : {'видео' if 'движущ' in name or name == 'Движение' else 'аудио'}"


def _content(bib: BibRecord) -> tuple[str, str]:
    table = _CONTENT["unimarc" if bib.dialect.is_unimarc_family else "marc21"]
    code = bib.carrier.content.strip().lower()
    found = table.get(code[:1] if bib.dialect.is_unimarc_family else code[:3])
    return found or _BY_LEADER.get(bib.carrier.leader_type.lower(), _TEXT)


# --- Punctuation -----------------------------------------------------------------------------------------------------


_LEADING_SIGNS = re.compile(r"^(?:[\s,;:/=–—-]|\.(?!\w))+")
_MARKS = " ,;:/=–-—"


def _clean(text: str, *, keep_point: bool = False) -> str:
    """One line without ISBD marks around it, control characters and doubled signs. «...» becomes one sign."""
    text = _SPACES.sub(" ", "".join(c if c.isprintable() else " " for c in text)).replace("...", "…")
    text = re.sub(r"\s+([,.](?!\d))", r"\1", text)
    text = re.sub(r"\.{2,}", ".", text)
    text = re.sub(r"([,;:–—])(?:\s*\1)+", r"\1", text)
    text = re.sub(r",(?=[^\W\d_]|\[)|(?<=\]),(?=\d)", ", ", text)
    return _unpointed(_LEADING_SIGNS.sub("", text), keep_point=keep_point)


def _unpointed(text: str, *, keep_point: bool) -> str:
    """Without the marks at the end, whatever their order («Математика. /»); a point of an abbreviation stays."""
    while True:
        shorter = text.rstrip(_MARKS)
        if shorter.endswith(".") and not keep_point and not _ends_abbreviated(shorter):
            shorter = shorter[:-1]
        if shorter == text:
            return text
        text = shorter


_SHORT_WORD = 4  # letters: «27 с.», «ил.», «сост.»; a longer word before a point is one if the dictionary lacks it
_WHOLE_WORDS = {"язык", "труд", "мир"}  # short words that titles end with: «Русский язык. : 5 класс»


def _ends_abbreviated(text: str) -> bool:
    """Whether the closing point belongs to a shortened word («27 с.», «Результаты исслед.»), not to the sentence."""
    found = re.search(r"([^\W\d_]+)\.$", text)
    if found is None or (word := found[1].lower()) in _WHOLE_WORDS:
        return False
    return len(word) <= _SHORT_WORD or not is_known(word)


def _pointed(text: str) -> str:
    return text if text.endswith((".", "…")) else f"{text}."


def _dotted(pieces: list[str]) -> str:
    return " ".join((*map(_pointed, pieces[:-1]), pieces[-1])) if pieces else ""


def _joined(areas: list[str]) -> str:
    """Areas with «. – » between, the point not doubled after an abbreviation or an ellipsis."""
    text = ""
    for area in filter(None, areas):
        text = f"{_pointed(text)} – {area}" if text else area
    return text


def _closed(text: str) -> str:
    tidy = re.sub(r"\s+(?=[.,](?!\d))", "", text)  # signs typed alone in a field meet others only here
    tidy = re.sub(r"(?<!/)\.{2,}(?!/)", ".", tidy)
    return _pointed(tidy) if tidy else ""
