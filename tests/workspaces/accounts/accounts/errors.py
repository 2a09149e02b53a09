"""What can go wrong with an account."""


class AccountError(Exception):
    """The root of this package's errors."""


class UserNotFoundError(AccountError):
    """There is no user with this id, or it has been deleted."""

    def __init__(self, user_id: int) -> None:
        super().__init__(f"There is no user {user_id}")
        self.user_id = user_id


class LastOwnerError(AccountError):
    """The user is the only owner of a team that has other members."""


class WeakPasswordError(AccountError):
    """The password does not meet the policy."""
