"""What the record of all studies speaks for: claims about settings, tested out of sample, kept and later compared."""
