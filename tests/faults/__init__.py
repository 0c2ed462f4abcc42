"""Tests of faults: short ones in the suite, long ones by ``python -m tests.faults``."""
