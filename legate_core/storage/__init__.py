"""One schema on two databases: engines, transactions, migrations, and the lock on the data folder."""
