"""Frames that are no message of the exchange."""

from practice.faults.fault_script import GarbageForm
from practice.streams.stream_connection import Outgoing

_BYTES = bytes(range(256))
_TEXTS: dict[GarbageForm, str] = {
    "text": "<html><body>502 Bad Gateway</body></html>",
    "broken_json": '{"stream":"btcusdt@kline_1m","data":{"e":"kline","E":17040',
    "wrong_json": '[1, {"data": null}, "kline"]',
    "unknown_event": '{"stream":"!miniTicker@arr","data":{"e":"24hrMiniTicker","E":1704067200000,"s":"BTCUSDT"}}',
    "wrong_types": '{"e":"kline","E":"soon","s":7,"k":{"t":null,"o":{},"c":"NaN","h":"1e999","x":"true","i":1}}',
    "empty": "",
}


def garbage(form: GarbageForm, place: int) -> Outgoing:
    """Return the ``place``-th frame of a form; binary ones differ in length, texts are all alike."""
    if form == "binary":
        return Outgoing(binary=_BYTES[: 1 + 37 * place % 256])
    return Outgoing(text=_TEXTS[form])
