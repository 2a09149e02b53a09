"""In-memory repositories for tests of the rules."""

from datetime import UTC, datetime

import pytest

from accounts.models import Team, User
from accounts.service import UserService

NOW = datetime(2024, 5, 1, 12, 0, tzinfo=UTC)


class MemoryUsers:
    def __init__(self, *users: User) -> None:
        self.rows = {user.id: user for user in users}

    def find(self, user_id, *, include_deleted=False):
        user = self.rows.get(user_id)
        return user if user and (include_deleted or not user.is_deleted) else None

    def save(self, user):
        self.rows[user.id] = user

    def deleted_before(self, moment):
        return [user for user in self.rows.values() if user.deleted_at and user.deleted_at < moment]

    def erase(self, user_id):
        del self.rows[user_id]


class MemoryTeams:
    def __init__(self, *teams: Team) -> None:
        self.rows = list(teams)

    def teams_of(self, user_id):
        return [team for team in self.rows if user_id in team.member_ids]

    def save(self, team):
        pass


class MemorySessions:
    def __init__(self) -> None:
        self.revoked = []

    def revoke_all(self, user_id):
        self.revoked.append(user_id)
        return 1


@pytest.fixture
def ada() -> User:
    return User(1, "ada@example.com", "Ada", "hash")


@pytest.fixture
def sessions() -> MemorySessions:
    return MemorySessions()


@pytest.fixture
def make_service(ada, sessions):
    def make(*teams: Team) -> UserService:
        return UserService(MemoryUsers(ada), MemoryTeams(*teams), sessions, clock=lambda: NOW)

    return make
