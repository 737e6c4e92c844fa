"""What `llt demo` and `llt transcribe-file` share: a recording through the pipeline, and what comes of it."""
