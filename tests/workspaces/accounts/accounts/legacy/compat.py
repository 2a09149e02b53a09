"""The interface of version 1, kept until the reporting tool is rewritten. New code uses `UserService`."""

import warnings

from accounts.service import UserService


def deleteUser(service: UserService, user_id: int, hard: bool = False) -> bool:  # noqa: N802
    """Delete a user the old way; `hard` is ignored, because erasing waits for the retention period."""
    warnings.warn("deleteUser is deprecated, call UserService.delete_user", DeprecationWarning, stacklevel=2)
    service.delete_user(user_id)
    return True
