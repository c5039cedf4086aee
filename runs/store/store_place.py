"""Where the run store is and which folders it indexes: ``config/store.yaml``, and one environment variable."""

import os
from pathlib import Path

import msgspec

from core.errors import ConfigurationError
from core.settings_file import read_settings_file

STORE_FILE = "config/store.yaml"
URL_VARIABLE = "HARNESS_STORE_URL"
URL = "sqlite:///data/runs.sqlite"
FOLDERS = ("logs/backtests", "logs/live")


class StorePlace(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The address of the store, and the folders below which runs lie."""

    url: str = URL
    folders: tuple[str, ...] = FOLDERS


def load_store_place(path: str | Path = STORE_FILE) -> StorePlace:
    """Return where the store is: what the file says where it exists, the variable's address before the file's.

    Raises
    ------
    ConfigurationError
        If the file says something wrong.
    """
    place = _from_file(Path(path)) if Path(path).exists() else StorePlace()
    url = os.environ.get(URL_VARIABLE, "")  # noqa: TID251 - the loader of the store's settings
    if not url:
        return place
    if not _is_plain(url):
        raise ConfigurationError(f"{URL_VARIABLE}: must be printable text without spaces around it")
    return msgspec.structs.replace(place, url=url)


def _from_file(path: Path) -> StorePlace:
    values = read_settings_file(path)
    try:
        place = msgspec.convert(values, StorePlace)
    except msgspec.ValidationError:
        place = None
    if place is not None and place.folders and all(map(_is_plain, (place.url, *place.folders))):
        return place
    # The model of the settings knows the words for what is wrong, and takes longer to load than everything else here.
    from runs.store.store_settings import StoreSettings

    settings = StoreSettings.from_file(path)
    return StorePlace(settings.url, tuple(settings.folders))


def _is_plain(text: str) -> bool:
    return bool(text) and text == text.strip() and text.isprintable()
