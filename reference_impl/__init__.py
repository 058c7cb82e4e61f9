"""A reference implementation of hardened sign-in: issuer, API, web client, desktop client, session store, events.

What a team may copy. It knows nothing of the harness that verifies it.
"""

__version__ = "0.1.0"
