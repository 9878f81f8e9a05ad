"""The spine: the only way to change anything, the journal that accounts for it, and the readers of that journal."""
