"""Benchmarks: `python3 noxfile.py -s bench`. They measure and report; nothing is asserted, and pytest collects none."""
