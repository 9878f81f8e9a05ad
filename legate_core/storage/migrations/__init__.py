"""The schema's history, one step per file; nothing in here looks at today's tables."""
