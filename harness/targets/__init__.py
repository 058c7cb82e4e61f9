"""The systems under verification, each behind the ports."""
