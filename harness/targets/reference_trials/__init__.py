"""Trials of the reference's session store, in a process of their own: `python -m harness.targets.reference_trials`.

The process forks clients that are killed, races them, and says in one JSON line what was seen. The store that it opens
is the reference's whole chain, with faults in place where there are some.
"""
