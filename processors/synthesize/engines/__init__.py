"""The speech synthesis engines; one is imported only when it is chosen."""
