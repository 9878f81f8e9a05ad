"""The look of the window: one module of tokens, and what makes fonts, icons, signs and style sheets from it."""
