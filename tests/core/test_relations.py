"""Questions for users, callers, heirs, importers, tests and dependencies are told apart from all others."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firsthand.core.relations import Relation, asked_relation

QUESTIONS = {
    "Which services depend on the PaymentGateway class?": "users PaymentGateway",
    "Who uses retry.Permanent?": "users retry.Permanent",
    "where is `delete_user` used": "users delete_user",
    "Where do we use the PaymentGateway?": "users PaymentGateway",
    "find all references to PaymentGateway": "users PaymentGateway",
    "show me everything that uses `PaymentGateway`": "users PaymentGateway",
    "What would break if I change PaymentGateway?": "users PaymentGateway",
    "impact of changing UserRepository.save": "users UserRepository.save",
    "Is legacy_hash used anywhere?": "users legacy_hash",
    "usages of MAX_RETRIES": "users MAX_RETRIES",
    "PaymentGateway usages": "users PaymentGateway",
    "list every file which references Cart::total": "users Cart::total",
    "which components rely on useSession()": "users useSession",
    "who calls refresh?": "callers refresh",
    "Who calls delete_user?": "callers delete_user",
    "where is TokenStore.refresh called from?": "callers TokenStore.refresh",
    "callers of Cart.total": "callers Cart.total",
    "what invokes handle_event()": "callers handle_event",
    "where is PaymentGateway instantiated": "callers PaymentGateway",
    "Which classes implement Repository?": "heirs Repository",
    "Which classes implement the Repository interface?": "heirs Repository",
    "what inherits from BaseHandler": "heirs BaseHandler",
    "subclasses of BaseHandler": "heirs BaseHandler",
    "which types satisfy io.Reader": "heirs io.Reader",
    "list all implementations of Storage": "heirs Storage",
    "Which files import src/payments/paymentGateway.ts?": "importers src/payments/paymentGateway.ts",
    "who imports accounts.models": "importers accounts.models",
    "which modules include token_store.h": "importers token_store.h",
    "where is lodash imported": "importers lodash",
    "which tests cover calculateShippingCost?": "tests calculateShippingCost",
    "what tests are there for calculateShippingCost": "tests calculateShippingCost",
    "tests for Cart": "tests Cart",
    "is restore_user tested?": "tests restore_user",
    "how is refresh tested": "tests refresh",
    "where do we test the RefundService?": "tests RefundService",
    "what does UserService.delete_user call?": "uses UserService.delete_user",
    "what does CheckoutService depend on?": "uses CheckoutService",
    "Which functions does checkout call": "uses checkout",
    "dependencies of OrderService": "uses OrderService",
    "what is called by renew_session": "uses renew_session",
}

OTHERS = [
    "How does refresh work?",
    "How does our authentication middleware handle token refresh?",
    "How does the scheduler use quiet hours?",
    "Write a unit test for the calculateShippingCost function using our existing test patterns",
    "Write a table test for Backoff",
    "explain who calls refresh",
    "What stops the only owner of a team from deleting the account?",
    "Which job erases users and when does it run?",
    "Where are passwords hashed?",
    "What status does the API return when an account does not exist?",
    "Where is PaymentDeclinedError thrown?",
    "What are the default settings?",
    "When is shipping free?",
    "which component renders",
    "what is the difference between A and B",
    "PaymentGateway",
    "",
]


@pytest.mark.parametrize(("question", "expected"), QUESTIONS.items())
def test_a_relation_is_asked_for(question: str, expected: str) -> None:
    """The kind of relation and the name are read from the question, however it is put."""
    found = asked_relation(question)

    assert found is not None
    assert f"{found.kind} {found.name}" == expected


@pytest.mark.parametrize("question", OTHERS)
def test_no_relation_is_asked_for(question: str) -> None:
    """Questions for an explanation, a place or a piece of work ask for no list."""
    assert asked_relation(question) is None


@given(st.text(max_size=300))
def test_any_text_may_be_asked(text: str) -> None:
    """No text makes the reading fail."""
    assert isinstance(asked_relation(text), Relation | None)
