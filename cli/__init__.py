"""The command line: `llt`."""
