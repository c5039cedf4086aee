"""The dashboard: an interface over HTTP, streams of what happens, and the pages that use both.

It reads and orders what the other packages do; nothing of a run, a study or a session is decided here. The only place
that imports a web framework.
"""
