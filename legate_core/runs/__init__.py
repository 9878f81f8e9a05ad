"""Runs from start to end: the log, the executor, the transport that wakes it, recovery."""
