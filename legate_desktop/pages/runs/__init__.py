"""The runs, and a plain live log of the one chosen."""
