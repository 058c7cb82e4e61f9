"""The authorization server's metadata document (RFC 8414)."""

from __future__ import annotations

from reference_impl import rfc9449
from reference_impl.config import StageConfig


def build_metadata(config: StageConfig) -> dict[str, object]:
    """Return the document; it comes from the configuration alone, never from a request (RFC 8414 §3.3)."""
    return {
        "issuer": config.issuer,
        "authorization_endpoint": f"{config.issuer}/authorize",
        "token_endpoint": f"{config.issuer}/token",
        "jwks_uri": f"{config.issuer}/.well-known/jwks.json",
        "revocation_endpoint": f"{config.issuer}/revoke",
        "introspection_endpoint": f"{config.issuer}/introspect",
        "end_session_endpoint": f"{config.issuer}/logout",
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": ["authorization_code", "refresh_token"],
        "scopes_supported": ["api", "openid"],
        "code_challenge_methods_supported": ["S256"],
        "token_endpoint_auth_methods_supported": ["none", "client_secret_basic"],
        "revocation_endpoint_auth_methods_supported": ["none", "client_secret_basic"],
        "introspection_endpoint_auth_methods_supported": ["client_secret_basic"],
        "dpop_signing_alg_values_supported": list(rfc9449.ALGORITHMS),
        "authorization_response_iss_parameter_supported": True,
        "request_parameter_supported": False,
        "request_uri_parameter_supported": False,  # where it is left out, it is supported: OpenID Connect Discovery §3
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["ES256"],
    }
