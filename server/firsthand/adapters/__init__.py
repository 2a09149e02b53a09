"""One vendor each, behind the ports of the domain; vendor errors are translated here."""
