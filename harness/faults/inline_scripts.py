"""Pages whose scripts stand in them, and whose policy lets these run: for faults that do more than they may."""

from __future__ import annotations

from reference_impl.web.pages import Pages

__all__ = ["InlineScripts"]


class InlineScripts(Pages):
    """The real pages with a policy that is too weak."""

    def headers(self) -> dict[str, str]:
        headers = super().headers()
        policy = headers["Content-Security-Policy"]
        return {**headers, "Content-Security-Policy": policy.replace("script-src", "script-src 'unsafe-inline'")}

    def with_script(self, page: str, script: str) -> str:
        """The page with a script at its end."""
        return page.replace("</body>", f"<script>{script}</script></body>")
