"""Canonical JSON, keys, envelopes, signatures, trees; nothing in here knows a feature."""
