"""`python -m catalog_sync`: the same as the command `catalog-sync`."""

from catalog_sync.cli import main

main()
