"""One vendor each, behind the ports of the domain; vendor errors are translated here."""

import os

# Lance reads its log level once, when it is imported; its warnings would flood the log of an editor.
os.environ.setdefault("LANCEDB_LOG", "error")
