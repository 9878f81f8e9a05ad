"""The pages, one package each; `shell/registry.py` says what a page is and finds them."""
