"""Backups: everything that is kept here in one file under a passphrase, and back again into an empty folder."""
