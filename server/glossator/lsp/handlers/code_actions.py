"""`textDocument/codeAction` and its resolution: actions on the symbol at the cursor."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lsprotocol import types

from glossator.lsp.command_names import CLIENT_COMMANDS, SYMBOL_ACTIONS, command_arguments
from glossator.lsp.symbol_at import symbol_at

if TYPE_CHECKING:
    from glossator.lsp.context import Context


def code_actions(context: Context, params: types.CodeActionParams) -> list[types.CodeAction]:
    """Explain, ask about, and find code like the symbol at the cursor."""
    uri, position = params.text_document.uri, params.range.start
    # Ours have no kind: don't offer them to a client that requests only quick fixes or refactorings.
    if params.context.only and types.CodeActionKind.Empty not in params.context.only:
        return []
    editor = context.editor
    try:
        word = editor.document(uri).word_at(position)
    except OSError:
        return []
    if not word or symbol_at(editor, context.backend.folders, uri, position, enclosing=True) is None:
        return []
    return [
        types.CodeAction(
            title=title,
            kind=types.CodeActionKind.Empty,
            data={"command": command, "uri": uri, "line": position.line, "character": position.character},
        )
        for title, command in SYMBOL_ACTIONS
    ]


def resolve_code_action(_: Context, action: types.CodeAction) -> types.CodeAction:
    """Give an action its command."""
    data = action.data
    if isinstance(data, dict) and data.get("command") in CLIENT_COMMANDS:
        position = types.Position(int(data["line"]), int(data["character"]))
        arguments = command_arguments(str(data["uri"]), position)
        action.command = types.Command(action.title, str(data["command"]), arguments=arguments)
    return action
