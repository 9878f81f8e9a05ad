"""The steps, each named by its number; `storage/migrate.py` knows the last one."""
