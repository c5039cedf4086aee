"""The interface over HTTP, a module for each subject: its routes, and the models of what it takes and gives."""
