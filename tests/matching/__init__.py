"""Tests of matching and clustering."""
