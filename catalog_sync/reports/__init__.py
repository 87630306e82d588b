"""Reports: figures of the ledger turned into the papers the district owes, and those papers turned into files."""
