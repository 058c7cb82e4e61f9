"""The resource server of one stage."""

from reference_impl.api.app import create_api_app
from reference_impl.api.guard import ApiGuard, GrantStatus, Principal, Unauthorized

__all__ = ["ApiGuard", "GrantStatus", "Principal", "Unauthorized", "create_api_app"]
