"""HTTP answers that are read up to a bound, counted after decompression: no answer takes more memory than that."""

from typing import Any

import requests
import requests.adapters

MOST_BYTES = 16 * 1024 * 1024
"""Longest body of an answer; the longest honest one, a market list of all kinds, has half of it."""

PART_BYTES = 65_536
TOO_LONG = f"the answer is longer than {MOST_BYTES // (1024 * 1024)} MB"


class BoundedTransport(requests.adapters.HTTPAdapter):
    """A transport of ``requests`` that raises its ConnectionError for a body that is too long."""

    def send(self, request: requests.PreparedRequest, *arguments: Any, **options: Any) -> requests.Response:
        """Send a request and return its answer, read already."""
        response = super().send(request, *arguments, **options)
        parts, size = [], 0
        for part in response.iter_content(PART_BYTES):
            size += len(part)
            if size > MOST_BYTES:
                response.close()
                raise requests.exceptions.ConnectionError(TOO_LONG)
            parts.append(part)
        response._content = b"".join(parts)
        return response
