"""Gherkin phrases: they call ports and judge expectations. No I/O of their own, and no target's name."""
