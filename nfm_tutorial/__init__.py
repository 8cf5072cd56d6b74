"""Factorization machines, DeepFM and neural factorization machines: the package the notebooks import.

Importing it changes nothing global and knows no module: import what you need from its modules.
"""

__version__ = "0.1.0"
