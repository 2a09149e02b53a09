"""Access to the tables of users, teams and sessions."""

from datetime import datetime
from typing import Protocol

from accounts.models import Team, User


class Database(Protocol):
    def execute(self, statement: str, *parameters: object) -> list[tuple]: ...


class UserRepository:
    """Reads and writes users; deleted users are invisible unless asked for."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def find(self, user_id: int, *, include_deleted: bool = False) -> User | None:
        condition = "" if include_deleted else " AND deleted_at IS NULL"
        rows = self._database.execute(f"SELECT * FROM users WHERE id = ?{condition}", user_id)
        return User(*rows[0]) if rows else None

    def find_by_email(self, email: str) -> User | None:
        rows = self._database.execute(
            "SELECT * FROM users WHERE lower(email) = lower(?) AND deleted_at IS NULL", email
        )
        return User(*rows[0]) if rows else None

    def save(self, user: User) -> None:
        self._database.execute(
            "UPDATE users SET email = ?, name = ?, password_hash = ?, deleted_at = ? WHERE id = ?",
            user.email,
            user.name,
            user.password_hash,
            user.deleted_at,
            user.id,
        )

    def deleted_before(self, moment: datetime) -> list[User]:
        rows = self._database.execute("SELECT * FROM users WHERE deleted_at < ?", moment)
        return [User(*row) for row in rows]

    def erase(self, user_id: int) -> None:
        """Remove the row for good and leave an anonymous one for the invoices."""
        self._database.execute("UPDATE invoices SET user_id = NULL, name = 'erased' WHERE user_id = ?", user_id)
        self._database.execute("DELETE FROM users WHERE id = ?", user_id)


class TeamRepository:
    def __init__(self, database: Database) -> None:
        self._database = database

    def teams_of(self, user_id: int) -> list[Team]:
        rows = self._database.execute("SELECT * FROM teams WHERE ? = ANY(member_ids)", user_id)
        return [Team(*row) for row in rows]

    def save(self, team: Team) -> None:
        self._database.execute(
            "UPDATE teams SET owner_ids = ?, member_ids = ?, archived = ? WHERE id = ?",
            team.owner_ids,
            team.member_ids,
            team.archived,
            team.id,
        )


class SessionRepository:
    def __init__(self, database: Database) -> None:
        self._database = database

    def revoke_all(self, user_id: int) -> int:
        """End every session and API token of a user; return how many there were."""
        return len(self._database.execute("DELETE FROM sessions WHERE user_id = ? RETURNING id", user_id))
