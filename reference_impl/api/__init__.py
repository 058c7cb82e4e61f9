"""The resource server of one stage."""

from reference_impl.api.access_token import AccessTokens
from reference_impl.api.app import create_api_app
from reference_impl.api.challenge import Unauthorized
from reference_impl.api.guard import ApiGuard, GrantStatus, Principal
from reference_impl.api.realtime import Realtime

__all__ = ["AccessTokens", "ApiGuard", "GrantStatus", "Principal", "Realtime", "Unauthorized", "create_api_app"]
