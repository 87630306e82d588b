"""The command line: one thin layer over pipeline, store and servers. Texts are Russian: operators read them."""

from __future__ import annotations

import codecs
import os
import stat
import sys
from io import TextIOWrapper

import click

from catalog_sync.cli import failing
from catalog_sync.cli.root import PROGRAM, end_progress, root
from catalog_sync.errors import INTERRUPTED
from catalog_sync.settings import home_of
from catalog_sync.system import utc_now

# Our signs that code pages of Windows lack → what people type instead.
PLAIN = {"−": "-", "–": "-", "—": "-", "«": '"', "»": '"', "…": "...", "→": "->", "№": "N", "✓": "+"}


def plainly(error: UnicodeError) -> tuple[str | bytes, int]:
    """What an encoding lacks, written so that it can be read: no command fails over a letter it only wants to show.

    Redirected into a file on Windows our words leave in its code page; names of files may have bytes that are no UTF-8.
    """
    if not isinstance(error, UnicodeEncodeError):
        raise error
    signs = error.object[error.start : error.end]
    return "".join(PLAIN.get(s) or s.encode("ascii", "backslashreplace").decode() for s in signs), error.end


def of_console(mode: int, page: int) -> str | None:
    """The encoding of a stream with this mode, where the console's code page says it; None: as Python has it.

    What goes to another program on Windows, PowerShell reads in the code page of its console (866), and puts it into a
    file; Python writes it in that of the system (1251). A page 0 is none.
    """
    return f"cp{page}" if page and stat.S_ISFIFO(mode) else None


def _encoding(stream: TextIOWrapper) -> str | None:
    if sys.platform != "win32" or sys.flags.utf8_mode or os.environ.get("PYTHONIOENCODING"):
        return None
    import ctypes

    return of_console(os.fstat(stream.fileno()).st_mode, ctypes.windll.kernel32.GetConsoleOutputCP())


codecs.register_error("plainly", plainly)


def main() -> None:
    """Entry point: a failure is one clear line on stderr and exit code 1 (2 for a mistyped command)."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(encoding=_encoding(stream), errors="plainly")
    try:
        # Without standalone mode click returns the code of an Exit instead of leaving with it.
        code = root.main(standalone_mode=False, prog_name=PROGRAM)
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message())
        sys.exit(error.exit_code)
    except click.ClickException as error:
        click.echo(f"catalog-sync: {failing.usage(error)}", err=True)
        sys.exit(error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        end_progress()
        click.echo("прервано", err=True)
        sys.exit(INTERRUPTED)
    except SystemExit:
        # Without standalone mode click leaves so only where `| head` has read enough: the rest goes nowhere
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except Exception as error:  # the last place before the terminal: nothing but one line may reach it
        end_progress()
        known = failing.sentence(error)
        click.echo(f"catalog-sync: {known or failing.keep(error, home_of(), utc_now())}", err=True)
        sys.exit(1)
    sys.exit(code if isinstance(code, int) else 0)
