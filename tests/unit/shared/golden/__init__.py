"""What has been written and must be read for ever: bytes of an earlier commit, and the values that they stand for."""
