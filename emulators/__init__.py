"""Servers that speak the wire protocols of Transcribe streaming, Translate and Polly, with offline engines behind."""
