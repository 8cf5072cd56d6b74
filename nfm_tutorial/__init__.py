"""Factorization machines, DeepFM and neural factorization machines: the package the notebooks import."""

__version__ = "0.1.0"
