"""The resource server of one stage."""

from reference_impl.api.app import create_api_app
from reference_impl.api.guard import ApiGuard, GrantStatus, Principal, Unauthorized
from reference_impl.api.realtime import Realtime

__all__ = ["ApiGuard", "GrantStatus", "Principal", "Realtime", "Unauthorized", "create_api_app"]
