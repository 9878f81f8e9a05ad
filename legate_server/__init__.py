"""The core behind HTTP, for a team: routes made from the registry of commands and queries."""
