"""Tests of the package, for `python -m unittest`; pyarrow and polars are what they need besides."""
