"""The models that a fake server can have."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field

_GO_TEMPLATE = "{{- range .Messages }}<|im_start|>{{ .Role }}\n{{ .Content }}<|im_end|>\n{{ end }}"
_JINJA_TEMPLATE = "{% for message in messages %}{{ message.content }}{% endfor %}"


@dataclass(slots=True)
class FakeModel:
    """Everything about one model; tests may change it while the server runs."""

    name: str
    family: str = "qwen2"
    capabilities: tuple[str, ...] = ("completion", "tools")
    train_context: int = 32_768
    embedding_length: int = 3584
    size: int = 4_683_087_332
    parameter_size: str = "7.6B"
    quantization: str = "Q4_K_M"
    parameters: dict[str, object] = field(default_factory=dict)
    """Of the Modelfile: `num_ctx`, `num_keep`, `stop` …"""
    native: bool = False
    """The prompt is rendered by llama-server, which refuses a prompt that is too long (0.30 and later)."""
    shifts_context: bool = True
    adds_bos: bool = False
    adds_eos: bool = False
    system: str = ""
    letters_per_token: int = 4
    load_seconds: float = 1.5
    tokens_per_second: float = 50.0
    remote_host: str = ""
    remote_model: str = ""
    revision: int = 1
    """A new revision is a new digest."""
    keeps_failing_truncation: bool = False
    """Shows the 0.13.5–0.24 regression: over-long input is refused although truncation was asked for."""
    crashes_beyond_batch: bool = False
    """The runner dies of inputs between num_batch and num_ctx, as decoder embedders do up to 0.33."""

    def __post_init__(self) -> None:
        self.name = with_tag(self.name)

    @property
    def digest(self) -> str:
        """SHA-256 (hex) that changes with `revision`."""
        return hashlib.sha256(f"{self.name}#{self.revision}".encode()).hexdigest()

    @property
    def full_name(self) -> str:
        """The name with registry and namespace, as some errors tell it."""
        return f"registry.ollama.ai/library/{self.name}"

    @property
    def template(self) -> str:
        """Jinja on the native path, else a Go template."""
        return _JINJA_TEMPLATE if self.native else _GO_TEMPLATE

    @property
    def thinks(self) -> bool:
        """The model can think."""
        return "thinking" in self.capabilities

    @property
    def embeds(self) -> bool:
        """The model is an embedding model."""
        return "embedding" in self.capabilities


def with_tag(name: str) -> str:
    """`x` and `x:latest` are the same model."""
    last = name.rsplit("/", 1)[-1]
    return name if ":" in last or not name else f"{name}:latest"


def same_name(one: str, other: str) -> bool:
    """Names are compared without case, with their tag, without the default registry."""
    return _key(one) == _key(other)


def _key(name: str) -> str:
    lowered = with_tag(name).lower()
    return lowered.removeprefix("registry.ollama.ai/").removeprefix("library/")


def embedder(name: str = "nomic-embed-text", **changes: object) -> FakeModel:
    """An embedding model: nomic-embed-text unless told otherwise."""
    values: dict[str, object] = {
        "family": "nomic-bert",
        "capabilities": ("embedding",),
        "train_context": 2048,
        "embedding_length": 768,
        "size": 274_302_450,
        "parameter_size": "137M",
        "quantization": "F16",
        "parameters": {"num_ctx": 8192},
        "adds_bos": True,
        "adds_eos": True,
        "load_seconds": 0.4,
    }
    return FakeModel(name, **{**values, **changes})  # type: ignore[arg-type]


def chat(name: str = "qwen2.5-coder:7b", **changes: object) -> FakeModel:
    """A chat model: qwen2.5-coder:7b unless told otherwise."""
    values: dict[str, object] = {"capabilities": ("completion", "tools", "insert")}
    return FakeModel(name, **{**values, **changes})  # type: ignore[arg-type]


CATALOGUE: dict[str, Callable[[], FakeModel]] = {
    "qwen2.5-coder:7b": chat,
    "nomic-embed-text": embedder,
    "qwen3:8b": lambda: chat(
        "qwen3:8b",
        family="qwen3",
        capabilities=("completion", "tools", "thinking"),
        train_context=40_960,
        parameter_size="8.2B",
    ),
    "gpt-oss:20b": lambda: chat(
        "gpt-oss:20b",
        family="gptoss",
        capabilities=("completion", "tools", "thinking"),
        train_context=131_072,
        size=13_793_441_244,
        parameter_size="20.9B",
    ),
    "deepseek-coder-v2:16b": lambda: chat(
        "deepseek-coder-v2:16b",
        family="deepseek2",
        capabilities=("completion", "insert"),
        train_context=163_840,
        shifts_context=False,
        size=8_905_126_121,
        parameter_size="15.7B",
    ),
    "hf.co/someone/coder-gguf:Q4_K_M": lambda: chat("hf.co/someone/coder-gguf:Q4_K_M", native=True),
    "gpt-oss:120b-cloud": lambda: chat(
        "gpt-oss:120b-cloud",
        family="gptoss",
        remote_host="https://ollama.com:443",
        remote_model="gpt-oss:120b",
        size=384,
    ),
    "mxbai-embed-large": lambda: embedder(
        "mxbai-embed-large",
        family="bert",
        train_context=512,
        embedding_length=1024,
        parameters={"num_ctx": 512},
        size=669_615_493,
        parameter_size="334M",
    ),
    "all-minilm": lambda: embedder(
        "all-minilm",
        family="bert",
        train_context=512,
        embedding_length=384,
        parameters={"num_ctx": 256},
        size=45_960_996,
        parameter_size="23M",
    ),
    "qwen3-embedding:0.6b": lambda: embedder(
        "qwen3-embedding:0.6b",
        family="qwen3",
        train_context=32_768,
        embedding_length=1024,
        parameters={},
        size=639_150_858,
        parameter_size="595.78M",
        crashes_beyond_batch=True,
    ),
}


def from_catalogue(name: str) -> FakeModel | None:
    """Return what a pull of `name` would bring, or None when no such model is known."""
    return next((make() for known, make in CATALOGUE.items() if same_name(known, name)), None)
