"""The rules about users: who may exist, how they change, how they go."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from accounts.errors import LastOwnerError, UserNotFoundError, WeakPasswordError
from accounts.models import User
from accounts.passwords import hash_password, is_strong
from accounts.repository import SessionRepository, TeamRepository, UserRepository

Clock = Callable[[], datetime]


class UserService:
    """Everything that may happen to a user, with all that hangs on it."""

    def __init__(
        self,
        users: UserRepository,
        teams: TeamRepository,
        sessions: SessionRepository,
        *,
        retention: timedelta = timedelta(days=30),
        clock: Clock = lambda: datetime.now(UTC),
    ) -> None:
        self._users = users
        self._teams = teams
        self._sessions = sessions
        self._retention = retention
        self._clock = clock

    def get_user(self, user_id: int) -> User:
        user = self._users.find(user_id)
        if user is None:
            raise UserNotFoundError(user_id)
        return user

    def change_password(self, user_id: int, password: str) -> None:
        """Set a new password and sign the user out everywhere."""
        user = self.get_user(user_id)
        if not is_strong(password):
            raise WeakPasswordError("Use at least twelve characters")
        user.password_hash = hash_password(password)
        self._users.save(user)
        self._sessions.revoke_all(user_id)

    def delete_user(self, user_id: int) -> None:
        """Close an account: the user is gone for everybody, the row stays for the retention period.

        Memberships and sessions go at once. A team whose last member leaves is archived.

        Raises:
            LastOwnerError: a team with other members would be left without an owner.
            UserNotFoundError: there is no such user, or it is deleted already.
        """
        user = self.get_user(user_id)
        teams = self._teams.teams_of(user_id)
        for team in teams:
            others = [member for member in team.member_ids if member != user_id]
            if others and team.owner_ids == [user_id]:
                raise LastOwnerError(f"Give the team {team.name} another owner first")
        for team in teams:
            team.member_ids = [member for member in team.member_ids if member != user_id]
            team.owner_ids = [owner for owner in team.owner_ids if owner != user_id]
            team.archived = not team.member_ids
            self._teams.save(team)
        self._sessions.revoke_all(user_id)
        user.deleted_at = self._clock()
        self._users.save(user)

    def restore_user(self, user_id: int) -> User:
        """Undo a deletion inside the retention period; memberships do not come back."""
        user = self._users.find(user_id, include_deleted=True)
        if user is None:
            raise UserNotFoundError(user_id)
        user.deleted_at = None
        self._users.save(user)
        return user

    def erase_deleted_users(self) -> int:
        """Erase for good all users whose retention period is over; return how many."""
        expired = self._users.deleted_before(self._clock() - self._retention)
        for user in expired:
            self._users.erase(user.id)
        return len(expired)
