"""What can go wrong, as a user can act on it.

Every message is one sentence that says what happened and what to do next; it is shown as it stands.

    FirsthandError
    ├── SettingsError          a setting has a value that cannot be used (names the key)
    ├── WorkspaceError         the folder cannot be read or is not a folder
    ├── RequestError           a request names something that is not there (names the field)
    ├── OutdatedError          the document changed while the work was under way
    ├── StoreError             the index cannot be opened, read or written
    │   ├── StoreBusyError     another process is writing this index
    │   └── StoreDamagedError  what is on the disk is not what was written; opened anew, the index is mended
    └── ModelError             a model could not do its work
        ├── ModelUnreachableError   nothing answers at the endpoint
        ├── ModelMissingError       the endpoint does not have the model (it can be pulled)
        ├── ModelRefusedError       privacy: the endpoint or model was not allowed by the user
        ├── ModelBusyError          the endpoint asks to come back later
        ├── ContextExceededError    the prompt does not fit the context window
        ├── InputRejectedError      this very input cannot be embedded or answered
        └── ModelFailedError        the model crashed, ran out of memory or sent nonsense
"""


class FirsthandError(Exception):
    """The root: its text is for the user."""


class SettingsError(FirsthandError):
    """A setting has a value that cannot be used."""

    def __init__(self, key: str, message: str) -> None:
        super().__init__(message)
        self.key = key


class WorkspaceError(FirsthandError):
    """The workspace folder cannot be used."""


class RequestError(FirsthandError):
    """A request names something that does not exist or has the wrong shape."""


class OutdatedError(FirsthandError):
    """The document changed while the work was under way, so its result no longer applies."""


class StoreError(FirsthandError):
    """The index cannot be opened, read or written."""


class StoreBusyError(StoreError):
    """Another process is writing this index (its id, when it is known)."""

    def __init__(self, message: str, *, holder: int | None = None) -> None:
        super().__init__(message)
        self.holder = holder


class StoreDamagedError(StoreError):
    """What is on the disk is not what was written; opened anew, the index is mended or made afresh."""


class ModelError(FirsthandError):
    """A model could not do its work."""


class ModelUnreachableError(ModelError):
    """Nothing that speaks the expected protocol answers at the endpoint."""


class ModelMissingError(ModelError):
    """The endpoint does not have the model."""

    def __init__(self, model: str, message: str) -> None:
        super().__init__(message)
        self.model = model


class ModelRefusedError(ModelError):
    """The endpoint or the model would take code off this machine and was not allowed by the user."""


class ModelBusyError(ModelError):
    """The endpoint has too much to do; the same request may succeed later."""


class ContextExceededError(ModelError):
    """The prompt does not fit the context window (sizes in tokens, when the model told them)."""

    def __init__(
        self, message: str, *, prompt_tokens: int | None = None, context_tokens: int | None = None
    ) -> None:
        super().__init__(message)
        self.prompt_tokens = prompt_tokens
        self.context_tokens = context_tokens


class InputRejectedError(ModelError):
    """This very input cannot be processed; others can."""


class ModelFailedError(ModelError):
    """The model crashed, ran out of memory or sent something that is not an answer."""
