"""The staff side: the duplicates court, runs, uploads, forms and the audit log; every page needs a login."""
