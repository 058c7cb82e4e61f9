"""The attributes of the web client's cookies, in one place (RFC 6265bis; OWASP ASVS 5.0.0 3.3)."""

from __future__ import annotations


class CookiePolicy:
    """Builds Set-Cookie values. The ``__Host-`` prefix makes browsers insist on Secure, Path=/ and no Domain."""

    session_name = "__Host-session"
    flow_name = "__Host-flow"
    attributes = "Path=/; Secure; HttpOnly; SameSite=Lax"

    def issue_session(self, identifier: str, max_age: int) -> str:
        """Set the session cookie at a sign-in; ``max_age`` in seconds. The server keeps the real limits."""
        return self._set(self.session_name, identifier, max_age)

    def renew_session(self, identifier: str, max_age: int) -> str:
        """Set it again at a refresh, with the same attributes."""
        return self._set(self.session_name, identifier, max_age)

    def end_session(self) -> str:
        """Delete it; name, Path and attributes match, or browsers would keep the old one."""
        return self._set(self.session_name, "", 0)

    def issue_flow(self, identifier: str, max_age: int) -> str:
        """Set the cookie that binds a sign-in under way to this browser (RFC 9700 §4.7.1)."""
        return self._set(self.flow_name, identifier, max_age)

    def end_flow(self) -> str:
        """Delete the flow cookie."""
        return self._set(self.flow_name, "", 0)

    def _set(self, name: str, value: str, max_age: int) -> str:
        return f"{name}={value}; Max-Age={max_age}; {self.attributes}"
