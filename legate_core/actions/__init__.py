"""A tool call on its way to the world: the gate, the intent, the effect, the outcome."""
