"""How a client tells the token endpoint who it is (RFC 6749 §2.3.1, RFC 7591 §2)."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from urllib.parse import quote_plus

from harness.probes.stage_address import Client

__all__ = ["authenticated"]


def authenticated(form: Mapping[str, str], client: Client | None) -> tuple[dict[str, str], dict[str, str]]:
    """Form and headers with the client's identification in them; None: nobody's."""
    if client is None:
        return dict(form), {}
    if client.authentication == "client_secret_basic":
        pair = f"{quote_plus(client.client_id)}:{quote_plus(client.secret)}"
        return dict(form), {"Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}
    secret = {"client_secret": client.secret} if client.authentication == "client_secret_post" else {}
    return {**form, "client_id": client.client_id, **secret}, {}
