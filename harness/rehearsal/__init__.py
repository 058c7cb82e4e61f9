"""A small run with every kind of end, for the controls about the harness's own evidence (OPS-05).

It goes through the same plan, plugin, redactor, journal and seal as a real run, on a target of its own that passes one
expectation, fails one, lacks one and crashes on one. Its secrets are given to it, so that who starts it can look for
them afterwards.
"""
