"""catalog-sync: one union catalogue for the school libraries of a district."""

__version__ = "0.1.0"
