"""The journal, read back: searched, verified, and promised in signed checkpoints."""
