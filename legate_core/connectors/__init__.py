"""The world in reach: one self-registering file per connector; `registry.built_in_tools` finds them all."""
