"""`llt demo`: a recording through the whole pipeline, shown live."""
