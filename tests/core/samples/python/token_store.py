"""Tokens of signed-in users."""

import time
from dataclasses import dataclass
from typing import Protocol

MAX_AGE = 3600


class Clock(Protocol):
    def now(self) -> float: ...


@dataclass(frozen=True)
class Token:
    """A token and when it stops being good."""

    value: str
    expires_at: float


class TokenStore(BaseStore, audit.Mixin):
    """Keeps tokens by user.

    Expired tokens are refreshed on access.
    """

    refresh_margin: int = 30

    def __init__(self, clock: Clock, issuer: Issuer) -> None:
        self._clock = clock
        self._issuer = issuer
        self._tokens: dict[str, Token] = {}

    # Called by the middleware on every request.
    @traced("token.refresh")
    async def refresh(self, user: str) -> Token:
        """Return a good token, asking the issuer for a new one when needed."""
        token = self._tokens.get(user)
        if token is None or token.expires_at - self.refresh_margin < self._clock.now():
            token = await self._issuer.issue(user, MAX_AGE)
            self._tokens[user] = token
        return token

    @property
    def size(self) -> int:
        return len(self._tokens)


def is_expired(token: Token, now: float = time.time()) -> bool:
    """Tell whether a token is of no use any more."""
    return token.expires_at <= now
