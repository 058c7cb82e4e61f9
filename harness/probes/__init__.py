"""What does the I/O against a target, and records what it saw."""
