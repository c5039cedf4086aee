"""The dashboard's own modules of the front end; those of reports are served beside them."""
