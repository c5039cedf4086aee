"""ES modules and styles of the page of a study."""
