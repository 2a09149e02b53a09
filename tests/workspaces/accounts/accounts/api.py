"""HTTP in, HTTP out: no rules live here."""

from dataclasses import dataclass

from accounts.errors import LastOwnerError, UserNotFoundError
from accounts.service import UserService


@dataclass(frozen=True)
class Reply:
    status: int
    body: dict[str, object]


def delete_account(service: UserService, user_id: int, acting_user_id: int) -> Reply:
    """DELETE /users/{id}: users delete themselves, nobody else."""
    if user_id != acting_user_id:
        return Reply(403, {"error": "Only the owner of an account can delete it"})
    try:
        service.delete_user(user_id)
    except UserNotFoundError as error:
        return Reply(404, {"error": str(error)})
    except LastOwnerError as error:
        return Reply(409, {"error": str(error)})
    return Reply(204, {})


def change_password(service: UserService, user_id: int, body: dict[str, str]) -> Reply:
    """PUT /users/{id}/password."""
    service.change_password(user_id, body["password"])
    return Reply(204, {})
