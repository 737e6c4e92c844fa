"""What every host must survive: one suite, written against `host.HostUnderTest`."""
