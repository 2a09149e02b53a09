"""Which file an import names, in the ways that languages write imports."""

import pytest

from firsthand.core.origins import EXACT, LIKELY, NO, origin_fit

ES = "ecmascript"
JAVA = "src/main/java/com/shop/pay/Gateway.java"

CASES = [
    # relative paths
    ("../payments/gateway.js", "src/orders/a.ts", "", "Gateway", "src/payments/gateway.ts", "Gateway", ES, EXACT),
    ("../payments", "src/orders/a.ts", "", "Gateway", "src/payments/index.ts", "Gateway", ES, EXACT),
    ("../payments", "src/orders/a.ts", "", "Gateway", "src/payments/gateway.ts", "Gateway", ES, LIKELY),
    ("../payments/other", "src/orders/a.ts", "", "Gateway", "src/payments/gateway.ts", "Gateway", ES, NO),
    (".models", "shop/orders.py", "", "User", "shop/models.py", "User", "python", EXACT),
    ("..models", "shop/api/orders.py", "", "User", "shop/models.py", "User", "python", EXACT),
    ("..models", "shop/api/orders.py", "", "User", "shop/api/models.py", "User", "python", NO),
    # dotted and slashed modules
    ("accounts.models", "api/app.py", "", "User", "src/accounts/models.py", "User", "python", EXACT),
    ("accounts", "api/app.py", "models", "User", "src/accounts/models.py", "User", "python", LIKELY),
    ("accounts", "api/app.py", "", "User", "src/accounts/models.py", "User", "python", LIKELY),
    ("requests.models", "api/app.py", "", "User", "src/accounts/models.py", "User", "python", NO),
    ("com.shop.pay.Gateway", "A.java", "", "Gateway", JAVA, "Gateway", "jvm", EXACT),
    ("com.other.Gateway", "A.java", "", "Gateway", JAVA, "Gateway", "jvm", NO),
    ("crate::store::token", "src/main.rs", "", "Token", "src/store/token.rs", "Token", "rust", EXACT),
    ("crate::store", "src/main.rs", "", "Token", "src/store/token.rs", "Token", "rust", LIKELY),
    ("App\\Services\\Mailer", "src/a.php", "", "Mailer", "src/Services/Mailer.php", "Mailer", "php", LIKELY),
    ("super::token", "src/store/queue.rs", "", "Token", "src/store/token.rs", "Token", "rust", EXACT),
    ("self::token", "src/store/mod.rs", "", "Token", "src/store/token.rs", "Token", "rust", EXACT),
    ("super", "src/store/queue.rs", "", "Token", "src/store/mod.rs", "Token", "rust", EXACT),
    # a package of Go is its folder
    ("example.com/shop/retry", "main.go", "retry", "Permanent", "retry/retry.go", "Permanent", "go", EXACT),
    ("example.com/shop/retry", "main.go", "retry", "Permanent", "retry/inner/x.go", "Permanent", "go", NO),
    ("net/http", "main.go", "http", "Error", "http/errors.go", "Error", "go", NO),
    # headers
    ("net/socket.h", "src/a.cpp", "", "Socket", "include/net/socket.hpp", "Socket", "c", EXACT),
    ("* stdio.h, net/socket.h", "src/a.cpp", "", "Socket", "src/net/socket.cpp", "Socket", "c", EXACT),
]  # fmt: skip


@pytest.mark.parametrize(
    ("origin", "user", "qualifier", "name", "path", "symbol", "language", "expected"), CASES
)
def test_what_an_import_may_mean(
    origin: str, user: str, qualifier: str, name: str, path: str, symbol: str, language: str, expected: int
) -> None:
    """An import fits the file that it names, may fit one below it, and fits no other."""
    assert origin_fit(origin, user, qualifier, name, path, symbol, language) == expected
