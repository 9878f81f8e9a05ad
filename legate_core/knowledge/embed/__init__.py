"""What turns text into vectors: one file per kind, found by the settings of a knowledge base."""
