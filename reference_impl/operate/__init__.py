"""``python -m reference_impl.operate``: what an operator does in an emergency, step by step in RUNBOOK.md.

Each command says in one JSON line what it did, and leaves a line in the operations log before and after.
"""
