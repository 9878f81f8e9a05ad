"""People, roles and what a role may ask the engine."""
