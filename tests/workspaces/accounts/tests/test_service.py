import pytest

from accounts.errors import LastOwnerError, UserNotFoundError
from accounts.models import Team
from tests.conftest import NOW


def test_deleted_user_is_gone_but_kept(make_service, ada):
    service = make_service()

    service.delete_user(ada.id)

    assert ada.deleted_at == NOW
    with pytest.raises(UserNotFoundError):
        service.get_user(ada.id)


def test_deletion_ends_all_sessions(make_service, ada, sessions):
    make_service().delete_user(ada.id)

    assert sessions.revoked == [ada.id]


def test_last_owner_cannot_leave_a_team_with_members(make_service, ada):
    team = Team(7, "Analytical Engine", owner_ids=[ada.id], member_ids=[ada.id, 2])

    with pytest.raises(LastOwnerError):
        make_service(team).delete_user(ada.id)

    assert ada.deleted_at is None


def test_empty_team_is_archived(make_service, ada):
    team = Team(7, "Analytical Engine", owner_ids=[ada.id], member_ids=[ada.id])

    make_service(team).delete_user(ada.id)

    assert team.archived
