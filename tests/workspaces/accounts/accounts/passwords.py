"""Hashing and judging passwords."""

import hashlib
import hmac
import os

MIN_LENGTH = 12
_ITERATIONS = 600_000


def is_strong(password: str) -> bool:
    """Length counts; one repeated character does not."""
    return len(password) >= MIN_LENGTH and len(set(password)) > 4


def hash_password(password: str) -> str:
    salt = os.urandom(16)
    digest = hashlib.pbkdf2_hmac("sha256", password.encode(), salt, _ITERATIONS)
    return f"{salt.hex()}${digest.hex()}"


def verify_password(password: str, stored: str) -> bool:
    salt, _, digest = stored.partition("$")
    candidate = hashlib.pbkdf2_hmac("sha256", password.encode(), bytes.fromhex(salt), _ITERATIONS)
    return hmac.compare_digest(candidate.hex(), digest)
