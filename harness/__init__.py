"""Authassay: proves that a product's authentication is hardened, with evidence that an auditor can check."""

__version__ = "0.1.0"
