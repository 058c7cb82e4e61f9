"""The desktop client's main process, without a shell of its own: `python -m reference_impl.desktop`.

It keeps the sign-in in the session store, signs in by RFC 8252, serves its window on a loopback port, and is driven by
JSON lines on stdin and stdout (`control`).
"""
