"""Models: one port, one file per provider, prices as data; `registry.open_model` gives a model from its settings."""
