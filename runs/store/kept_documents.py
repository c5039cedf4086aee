"""The texts that users keep in the store, programs and pools: every text once, later ones as further versions."""

import hashlib
import re

import msgspec
from sqlalchemy import delete, func, insert, select

from core.errors import ConfigurationError
from core.settings_problem import did_you_mean, shown
from runs.store.run_store import RunStore
from runs.store.store_rows import Document, DocumentKind
from runs.store.tables import DOCUMENT

LONGEST_DOCUMENT = 200_000
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")


class KeptDocuments:
    """The documents of one kind.

    Parameters
    ----------
    store
        Where they are.
    kind
        Which of them.
    """

    def __init__(self, store: RunStore, kind: DocumentKind) -> None:
        self._store, self._kind = store, kind

    def keep(self, name: str, text: str, at_ms: int, note: str | None = None) -> Document:
        """Keep a text as the next version of its name, or return the last one where that has this text.

        Raises
        ------
        ConfigurationError
            If the name is none, or the text is too long.
        """
        require_document_name(self._kind, name)
        if len(text) > LONGEST_DOCUMENT:
            raise ConfigurationError(
                f"{self._kind} {name}: {len(text):,} characters — allowed: up to {LONGEST_DOCUMENT:,}"
            )
        sha256 = hashlib.sha256(text.encode()).hexdigest()
        with self._store.database.writing() as connection:
            own = select(DOCUMENT).where(DOCUMENT.c.kind == self._kind, DOCUMENT.c.name == name)
            row = connection.execute(own.order_by(DOCUMENT.c.version.desc()).limit(1)).first()
            if row is not None and row.sha256 == sha256:
                return Document(**row._mapping)
            made = Document(
                kind=self._kind,
                name=name,
                version=1 if row is None else row.version + 1,
                sha256=sha256,
                note=note,
                created_ms=at_ms,
                text=text,
            )
            values = msgspec.structs.asdict(made)
            del values["id"]
            id_ = connection.execute(insert(DOCUMENT).values(values).returning(DOCUMENT.c.id)).scalar_one()
        return msgspec.structs.replace(made, id=id_)

    def latest(self) -> list[Document]:
        """Return the last version of each document, by name."""
        last = (
            select(DOCUMENT.c.name, func.max(DOCUMENT.c.version).label("version"))
            .where(DOCUMENT.c.kind == self._kind)
            .group_by(DOCUMENT.c.name)
            .subquery()
        )
        found = (
            select(DOCUMENT)
            .join(last, (DOCUMENT.c.name == last.c.name) & (DOCUMENT.c.version == last.c.version))
            .where(DOCUMENT.c.kind == self._kind)
            .order_by(DOCUMENT.c.name)
        )
        with self._store.database.reading() as connection:
            return [Document(**row._mapping) for row in connection.execute(found)]

    def versions(self, name: str) -> list[Document]:
        """Return every version of a document, the first one first; none where there is no such document."""
        return self._store.records(Document, kind=self._kind, name=name)

    def document(self, name: str, version: int | None = None) -> Document:
        """Return a version of a document, the last one where none is named.

        Raises
        ------
        ConfigurationError
            If there is none.
        """
        found = self.versions(name)
        if not found:
            known = [one.name for one in self.latest()]
            hint, allowed = did_you_mean(name, known), ", ".join(known) or "none"
            raise ConfigurationError(f"{self._kind} {shown(name)}: there is none{hint} — allowed: {allowed}")
        if version is None:
            return found[-1]
        for one in found:
            if one.version == version:
                return one
        raise ConfigurationError(
            f"{self._kind} {name}: has no version {version} — allowed: {found[0].version} to {found[-1].version}"
        )

    def remove(self, name: str) -> int:
        """Remove a document with all its versions; return how many there were."""
        own = (DOCUMENT.c.kind == self._kind) & (DOCUMENT.c.name == name)
        with self._store.database.writing() as connection:
            return int(connection.execute(delete(DOCUMENT).where(own)).rowcount)


def require_document_name(kind: DocumentKind, name: str) -> None:
    """Raise the ConfigurationError of a text that can be no document's name."""
    if not _NAME.fullmatch(name):
        raise ConfigurationError(
            f"{kind}: {shown(name)} is no name — allowed: letters, digits, - and _, at most 64, no sign first"
        )
