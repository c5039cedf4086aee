"""Reports as people read them on a console."""
