"""One file per request. A handler takes a `Context` and the request's params; `lsp/server.py` registers it."""
