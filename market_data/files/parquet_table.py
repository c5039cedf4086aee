"""Parquet files of other programs."""

from pathlib import Path

import pyarrow as pa
from pyarrow import parquet

from market_data.files.file_layouts import Layout
from market_data.files.file_table import FileError, FileTable, found_columns, in_order


def parquet_table(path: Path, layout: Layout) -> FileTable:
    """Read a Parquet file; FileError where it is none, or holds anything but numbers where numbers belong."""
    try:
        table = parquet.read_table(path, partitioning=None)
    except (pa.ArrowException, OSError) as error:
        raise FileError(path, f"cannot be read as Parquet ({str(error).splitlines()[0]})") from None
    places, ignored = found_columns(path, table.column_names, layout)
    for meant, position in places.items():
        column = table.column(position)
        if column.null_count and meant not in layout.optional:
            row, name = column.is_null().to_pylist().index(True), table.column_names[position]
            raise FileError(path, "is empty", row=row + 1, column=name)
    stamps = table.column(places.pop("timestamp"))
    zone = "timestamps, UTC" if pa.types.is_timestamp(stamps.type) else ""
    try:
        if zone:
            times = stamps.cast(pa.timestamp("us", stamps.type.tz), safe=False).to_numpy()
        else:
            times = stamps.cast(pa.float64() if pa.types.is_floating(stamps.type) else pa.int64()).to_numpy()
        values = {name: table.column(place).cast(pa.float64()).to_numpy() for name, place in places.items()}
    except pa.ArrowException as error:
        raise FileError(path, f"holds text where numbers belong ({str(error).splitlines()[0]})") from None
    return FileTable(times, in_order({"timestamp": times, **values}, layout), ignored, zone)
