"""The vault: a secret is stored, replaced, deleted and lent for one host; it is never shown again."""
