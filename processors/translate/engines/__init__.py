"""The translation engines; one is imported only when it is chosen."""
