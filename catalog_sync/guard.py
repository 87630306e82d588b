"""Should this run be published, or held for a person to look at? Pure: counts in, reasons in Russian out."""

from __future__ import annotations

from dataclasses import dataclass

from catalog_sync.model import RunCounts
from catalog_sync.settings import Guard


@dataclass(frozen=True, slots=True)
class Difference:
    """A staged run against what is published of the same source."""

    before: int  # live records published now
    counts: RunCounts
    incremental: bool = False
    renumbered: int = 0  # of the changed records, those that stood under other numbers; so many have the same copies:
    same_copies: int = 0
    replaced: int = 0  # changed records that now describe another book altogether
    sampled: int = 0  # how many changed records were looked into for `replaced`
    encoding_before: str = ""
    encoding: str = ""
    truncated: str = ""  # what the reader or harvester said of a cut file
    fault: str = ""  # why the first record that was set aside could not be read
    untitled: int = 0  # new and changed records in which the source's own format finds no title
    elsewhere: str = ""  # another source of the library that has such books
    same_there: int = 0  # of `looked` new records those that it has already, copy by copy
    looked: int = 0


def reasons_to_hold(difference: Difference, guard: Guard) -> list[str]:
    """Why a run must wait for a person; empty = publish.

    The first export of a source is checked for faults, and whether another source brings it already.
    """
    checks = [_set_aside, _truncated, _untitled]
    checks += [_gone, _renumbered, _replaced, _changed, _encoding] if difference.before else [_twice]
    return [sentence for check in checks if (sentence := check(difference, guard))]


def unreadable(difference: Difference, guard: Guard) -> str:
    """Why a whole export is none, "" where something of it could be read: nobody could decide to publish nothing.

    Of changes alone the unreadable ones are held: whoever knows of the fault goes on past them.
    """
    read, bad = difference.counts.read, difference.counts.set_aside
    if difference.incremental or bad < read:
        return ""
    return _set_aside(difference, guard) or _truncated(difference, guard)


def _percent(part: int, whole: int) -> str:
    return f"{round(100 * part / whole)} %" if whole else "—"


def _gone(d: Difference, guard: Guard) -> str:
    if d.incremental:
        return ""
    gone = d.counts.gone
    if not _is_much(gone, d, guard):
        return ""
    if d.counts.read == 0:
        return f"выгрузка пуста: исчезли бы все записи источника ({d.before})"
    return f"в выгрузке нет {gone} из {d.before} записей ({_percent(gone, d.before)}): похоже, она неполная"


def _is_much(lost: int, d: Difference, guard: Guard) -> bool:
    too_many = lost > guard.gone_number and lost > guard.gone_share * d.before
    # A school with a dozen records loses half its catalogue long before `gone_number` is reached.
    small = d.before * guard.gone_share <= guard.gone_number and lost > 2 and lost > guard.gone_share_small * d.before
    return too_many or small or lost == d.before


def other_numbers(renumbered: int, before: int) -> str:
    """The remark of a run, and the beginning of the reason where these are many."""
    return f"номера записей (001) другие у {renumbered} из {before}, книги те же"


def _renumbered(d: Difference, guard: Guard) -> str:
    if d.incremental:
        return ""
    if _is_much(d.renumbered, d, guard):
        told = other_numbers(d.renumbered, d.before)
        if d.same_copies <= guard.same_share * d.renumbered:
            return f"{told}, а экземпляры другие: похоже на выгрузку другой базы или школы"
        return (
            f"{told}, и экземпляры те же: похоже, база установлена заново или сменилась нумерация. Если так, "
            "опубликуйте: ссылки на издания, решения библиотекарей и учёт останутся при этих книгах"
        )
    if not d.counts.new:
        return ""
    if d.counts.gone > guard.new_share * d.before and d.counts.new > guard.new_share * d.before:
        return (
            f"почти все номера записей (001) другие: новых {d.counts.new}, исчезло {d.counts.gone} из {d.before}. "
            "Либо в системе школы сменилась нумерация, либо это выгрузка другой базы или школы"
        )
    return ""


def _replaced(d: Difference, guard: Guard) -> str:
    if d.sampled and d.replaced > 2 and d.replaced > guard.gone_share * d.sampled:
        return (
            f"под прежними номерами теперь другие книги ({d.replaced} из {d.sampled} проверенных изменений): "
            "похоже на выгрузку другой школы или новую нумерацию"
        )
    return ""


def _changed(d: Difference, guard: Guard) -> str:
    changed = d.counts.changed - d.renumbered
    if not d.incremental and changed > guard.changed_number and changed > guard.changed_share * d.before:
        return f"разом изменились {changed} из {d.before} записей ({_percent(changed, d.before)})"
    return ""


def _twice(d: Difference, guard: Guard) -> str:
    """A school that changes its program keeps its source; with a second one all its books would stand twice."""
    if d.same_there < 3 or d.same_there <= guard.same_share * d.looked:
        return ""
    return (
        f"эти книги с этими экземплярами уже есть в источнике {d.elsewhere} той же библиотеки ({d.same_there} из "
        f"{d.looked} просмотренных): похоже, это та же база, и все они были бы посчитаны дважды. Школа сменила "
        f"программу: отклоните сеанс и перенастройте прежний источник (catalog-sync source set {d.elsewhere} …) или "
        f"закройте прежний (catalog-sync source close {d.elsewhere}) и опубликуйте этот: книги останутся с прежними "
        "датами. Если же это другие книги, опубликуйте"
    )


def _encoding(d: Difference, guard: Guard) -> str:
    if d.encoding_before and d.encoding and d.encoding != d.encoding_before:
        return f"кодировка файла {d.encoding}, а прежде была {d.encoding_before}: проверьте, читаются ли примеры"
    return ""


def _set_aside(d: Difference, guard: Guard) -> str:
    bad, read = d.counts.set_aside, d.counts.read
    if bad and (bad == read or (bad > guard.set_aside_number and bad > guard.set_aside_share * read)):
        why = f", первую вот почему: {d.fault}" if d.fault else ""
        return f"не удалось прочесть {bad} из {read} записей ({_percent(bad, read)}){why}"
    return ""


def _untitled(d: Difference, guard: Guard) -> str:
    """A base read in another format than its own keeps its numbers and loses its titles: readers would find nothing."""
    understood = d.counts.new + d.counts.changed
    if d.untitled > guard.set_aside_number and d.untitled > guard.untitled_share * understood:
        return (
            f"не нашлось заглавия у {d.untitled} из {understood} новых и изменённых записей: похоже, формат источника "
            "указан неверно (dialect); проверьте: catalog-sync source test"
        )
    return ""


def _truncated(d: Difference, guard: Guard) -> str:
    return d.truncated if not d.incremental else ""
