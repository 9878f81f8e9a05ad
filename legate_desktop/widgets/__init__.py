"""The parts pages are built of; each paints itself from the tokens and can be used by key and by name."""
