"""Generators of labelled test data."""
