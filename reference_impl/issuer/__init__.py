"""The authorization server of one stage: OAuth 2.0 authorization code with PKCE, rotating refresh tokens."""
