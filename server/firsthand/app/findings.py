"""What turned up while models were chosen that the user should know."""

from dataclasses import dataclass, field

from firsthand.core.workspace import ModelOffer


@dataclass(slots=True)
class Findings:
    """Sentences for the user, and models that could be pulled."""

    notices: list[str] = field(default_factory=list)
    offers: list[ModelOffer] = field(default_factory=list)
