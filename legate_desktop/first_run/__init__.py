"""The first three minutes: from where work is kept to a verified journal, in a workspace of its own that is thrown away."""
