"""The front end of pages: ES modules and one stylesheet, as they are written; a page holds a copy of them."""
