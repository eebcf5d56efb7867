"""The configuration for Neovim in docs/editors.md, as it stands there, in a headless Neovim with the real server."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PAGE = Path(__file__).resolve().parents[2] / "docs" / "editors.md"

DRIVER = """
local function fail(message)
  io.stderr:write("FAILED " .. message .. "\\n")
  vim.cmd("cquit")
end

local function waited(what, condition)
  if not vim.wait(60000, condition, 20) then
    fail(what)
  end
end

local function request(method, params)
  local results = vim.lsp.buf_request_sync(0, method, params, 30000)
  for _, answer in pairs(results or {}) do
    if answer.error then
      fail(method .. ": " .. answer.error.message)
    end
    return answer.result
  end
  fail(method .. ": no answer")
end

local function main()
  local clients = vim.lsp.get_clients or vim.lsp.get_active_clients
  waited("no client", function()
    local client = clients()[1]
    return client and client.initialized
  end)
  waited("not indexed", function()
    local status = request("glossator/status", vim.empty_dict())
    return status.index.state == "ready" and status.index.files > 0
  end)
  vim.fn.search("add_tax", "w")
  local here = vim.lsp.util.make_position_params(0, "utf-16")
  print("HOVER " .. request("textDocument/hover", here).contents.value)
  local actions = request("textDocument/codeAction", {
    textDocument = here.textDocument,
    range = { start = here.position, ["end"] = here.position },
    context = { diagnostics = {} },
  })
  for _, action in ipairs(actions) do
    print("ACTION " .. action.title)
  end
  local command = request("codeAction/resolve", actions[1]).command
  local done = request("workspace/executeCommand", { command = command.command, arguments = command.arguments })
  print("EXECUTED " .. done.answer)

  local function floating(what)
    local text
    waited(what, function()
      for _, window in ipairs(vim.api.nvim_list_wins()) do
        if vim.api.nvim_win_get_config(window).relative ~= "" then
          text = table.concat(vim.api.nvim_buf_get_lines(vim.api.nvim_win_get_buf(window), 0, -1, false), "\\n")
          vim.api.nvim_win_close(window, true)
          return true
        end
      end
    end)
    return text
  end
  vim.cmd("GlossatorAsk how is the tax added to the total?")
  print("ANSWER " .. floating("no answer to a question"))
  vim.cmd("GlossatorExplain")
  print("EXPLAINED " .. floating("no explanation"))
  vim.cmd("GlossatorSearch empty cart order")
  waited("no hits", function()
    return #vim.fn.getqflist() > 0
  end)
  for _, item in ipairs(vim.fn.getqflist()) do
    print("HIT " .. item.text)
  end
  vim.cmd("qall!")
end

local fine, problem = pcall(main)
if not fine then
  fail(tostring(problem))
end
"""


def blocks() -> dict[str, str]:
    """Name -> Lua of the page's blocks."""
    return dict(re.findall(r"^```lua (\S+)\n(.*?)^```", PAGE.read_text("utf-8"), re.MULTILINE | re.DOTALL))


def neovim() -> tuple[str, tuple[int, int]]:
    """Neovim and its version."""
    found = shutil.which("nvim")
    if found is None:
        message = "Neovim not found (Debian, Ubuntu: apt-get install neovim)"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    told = subprocess.run([found, "--version"], capture_output=True, text=True, check=True).stdout
    version = re.search(r"v(\d+)\.(\d+)", told)
    assert version is not None
    return found, (int(version[1]), int(version[2]))


def test_the_page_s_configuration_works(project: Path, tmp_path: Path) -> None:
    program, version = neovim()
    lua = blocks()
    configuration = lua["neovim-0.11" if version >= (0, 11) else "neovim-0.7"]
    (tmp_path / "init.lua").write_text(configuration + lua["neovim-commands"], "utf-8")
    (tmp_path / "driver.lua").write_text(DRIVER, "utf-8")
    (project / ".git").mkdir()
    folder = tmp_path / "bin"
    folder.mkdir()
    wrapper = folder / "glossator"
    wrapper.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m glossator "$@"\n', "utf-8")
    wrapper.chmod(0o755)
    done = subprocess.run(
        [
            *(program, "--headless", "-i", "NONE", "-n", "-u", tmp_path / "init.lua"),
            *(project / "shop" / "cart.py", "-c", f"luafile {tmp_path / 'driver.lua'}"),
        ],
        cwd=project,
        env={
            **os.environ,
            "PATH": f"{folder}{os.pathsep}{os.environ['PATH']}",
            "GLOSSATOR_INDEX_DIR": str(tmp_path / "indexes"),
        },
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        timeout=180,
    )
    told = done.stdout + done.stderr
    assert done.returncode == 0, told
    hover = told.partition("HOVER ")[2].partition("ACTION ")[0]
    assert "def add_tax" in hover
    assert "The gross amount" in hover
    assert [title.strip() for title in re.findall(r"ACTION (.*)", told)] == [
        "Explain this symbol",
        "Ask about this symbol",
        "Find similar code",
    ]
    assert "add_tax" in told.partition("EXECUTED ")[2].partition("ANSWER ")[0]
    assert "add_tax" in told.partition("ANSWER ")[2].partition("EXPLAINED ")[0]
    assert "add_tax" in told.partition("EXPLAINED ")[2].partition("HIT ")[0]
    assert "place_order" in told.partition("HIT ")[2]
