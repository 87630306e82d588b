"""The command line: one thin layer over pipeline, store and servers. Texts are Russian: operators read them."""

from __future__ import annotations

import sys

import click

from catalog_sync.cli.root import root
from catalog_sync.errors import CatalogSyncError

GROUPS = ("setup", "harvesting", "catalogue", "matching", "reporting", "serving")


def main() -> None:
    """Entry point: a failure is one clear line on stderr and exit code 1 (2 for a mistyped command)."""
    from importlib import import_module

    for name in GROUPS:
        import_module(f"catalog_sync.cli.{name}")
    try:
        root.main(standalone_mode=False, prog_name="catalog-sync")
    except click.exceptions.Exit as error:
        sys.exit(error.exit_code)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except click.Abort:
        click.echo("прервано", err=True)
        sys.exit(130)
    except CatalogSyncError as error:
        click.echo(f"catalog-sync: {error}", err=True)
        sys.exit(1)
    except BrokenPipeError:
        sys.exit(0)
