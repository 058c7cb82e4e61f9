"""The web client: a backend for frontend (BFF). The browser holds an opaque cookie and never a token."""
