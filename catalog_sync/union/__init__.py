"""Members of a cluster → the record readers see, with the provenance of each field. Pure."""
