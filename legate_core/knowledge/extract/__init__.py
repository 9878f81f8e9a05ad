"""Reading files: one module per format, run in a bounded process, each turning bytes into blocks that know their place."""
