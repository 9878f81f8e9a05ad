"""How rows of lists are painted, from tokens, without a widget per row."""
