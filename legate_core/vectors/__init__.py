"""Where vectors are kept and found again: one port of four methods, one file per store."""
