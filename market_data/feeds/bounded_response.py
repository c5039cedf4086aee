"""Answers of asynchronous requests that are read up to a bound."""

import aiohttp

from market_data.exchanges.bounded_answers import MOST_BYTES, PART_BYTES, TOO_LONG


class BoundedResponse(aiohttp.ClientResponse):
    """An aiohttp response whose ``read`` and ``text`` raise ClientPayloadError for a body that is too long."""

    async def read(self) -> bytes:
        """Return the body."""
        if self._body is None:
            parts, size = [], 0
            async for part in self.content.iter_chunked(PART_BYTES):
                size += len(part)
                if size > MOST_BYTES:
                    self.close()
                    raise aiohttp.ClientPayloadError(TOO_LONG)
                parts.append(part)
            self._body = b"".join(parts)
        return self._body
