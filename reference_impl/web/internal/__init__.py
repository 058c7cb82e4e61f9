"""What only internal users see of the web client: the environment selector and the debug page.

A production stage does not load this package, and no production artifact holds it. Who is internal, the API says of the
signed-in account at each request; nothing that comes from a browser is asked. Turning the tools on and off is recorded.
"""

from reference_impl.web.internal.tools import InternalTools, Means

__all__ = ["InternalTools", "Means"]
