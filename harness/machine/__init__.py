"""The machine that a run happens on: what is here, what can be installed, and a session of the run's own."""
