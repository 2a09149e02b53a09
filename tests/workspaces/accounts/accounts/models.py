"""The rows of the database as plain values."""

from dataclasses import dataclass, field
from datetime import UTC, datetime


@dataclass
class User:
    id: int
    email: str
    name: str
    password_hash: str
    created_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    deleted_at: datetime | None = None

    @property
    def is_deleted(self) -> bool:
        return self.deleted_at is not None


@dataclass
class Team:
    id: int
    name: str
    owner_ids: list[int]
    member_ids: list[int]
    archived: bool = False
