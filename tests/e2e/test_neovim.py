"""Neovim, headless, with the real server: the configuration in docs/editors.md as it stands there, and the plugin."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.gguf_files import reciter
from tests.pictures import draw_terminal

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "editors.md"
PLUGIN = ROOT / "editor-client" / "neovim"

DRIVER = """
local function fail(message)
  io.stderr:write("FAILED " .. message .. "\\n")
  vim.cmd("cquit")
end

local function waited(what, condition)
  if not vim.wait(240000, condition, 20) then
    fail(what)
  end
end

local function request(method, params)
  local results = vim.lsp.buf_request_sync(0, method, params, 240000)
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


PLUGIN_DRIVER = """
local plugin = require("glossator")

local function fail(message)
  io.stderr:write("FAILED " .. message .. "\\n")
  vim.cmd("cquit")
end

local function panel_window()
  for _, window in ipairs(vim.api.nvim_list_wins()) do
    if vim.api.nvim_buf_get_name(vim.api.nvim_win_get_buf(window)):find("glossator://panel", 1, true) then
      return window
    end
  end
end

local function panel()
  local window = panel_window()
  local lines = window and vim.api.nvim_buf_get_lines(vim.api.nvim_win_get_buf(window), 0, -1, false) or {}
  return table.concat(lines, "\\n")
end

local function waited(what, condition)
  if not vim.wait(240000, condition, 5) then
    fail(what .. "; the panel: " .. panel())
  end
end

-- The place that a [number] of the panel leads to.
local function jumped(pattern)
  vim.api.nvim_set_current_win(panel_window())
  vim.fn.cursor(1, 1)
  if vim.fn.search(pattern, "W") == 0 then
    fail("no " .. pattern .. " in " .. panel())
  end
  vim.api.nvim_feedkeys(vim.api.nvim_replace_termcodes("<CR>", true, false, true), "xt", false)
  return vim.fn.fnamemodify(vim.api.nvim_buf_get_name(0), ":t") .. ":" .. vim.fn.line(".")
end

local function main()
  waited("no client", function()
    local client = (vim.lsp.get_clients or vim.lsp.get_active_clients)()[1]
    return client and client.initialized
  end)
  waited("not indexed", function()
    local answers = vim.lsp.buf_request_sync(0, "glossator/status", vim.empty_dict(), 240000)
    local _, answer = next(answers or {})
    return answer and answer.result.index.state == "ready" and answer.result.index.files > 0
  end)
  vim.fn.search("add_tax", "w")

  local seen = {}
  vim.cmd("GlossatorAsk how is the tax added to the total?")
  waited("no answer", function()
    seen[#seen + 1] = panel()
    return panel():find("reciter, ", 1, true)
  end)
  local parts = 0
  for _, text in ipairs(seen) do
    -- What the index says is there before the model's first word, and the model's words come in parts.
    if text:find("From the index", 1, true) and not text:find("It adds", 1, true) then
      print("FOUND FIRST")
    elseif text:find("It adds", 1, true) and not text:find("reciter, ", 1, true) then
      parts = parts + 1
    end
  end
  print("PARTS " .. (parts > 0 and "yes" or "no"))
  print("PANEL " .. panel():gsub("\\n", "~"))
  print("JUMPED " .. jumped("\\\\[\\\\d\\\\+\\\\]"))

  vim.cmd("edit shop/cart.py")
  vim.fn.search("add_tax", "w")
  vim.cmd("GlossatorUses")
  waited("no uses", function()
    return #vim.fn.getqflist() > 0
  end)
  for _, item in ipairs(vim.fn.getqflist()) do
    print("USE " .. vim.fn.fnamemodify(vim.fn.bufname(item.bufnr), ":t") .. ":" .. item.lnum .. " " .. item.text)
  end
  vim.cmd("cclose")
  vim.cmd("GlossatorSearch empty cart order")
  waited("no hits", function()
    return vim.fn.getqflist({ title = true }).title:find("empty cart", 1, true)
  end)
  vim.cmd("cclose")
  vim.cmd("GlossatorExplain")
  waited("no explanation", function()
    local _, count = panel():gsub("reciter, ", "")
    return count == 2
  end)

  vim.cmd("GlossatorNew count to infinity")
  waited("nothing to stop", function()
    return panel():find("It adds", 1, true)
  end)
  vim.cmd("GlossatorAsk and now?")
  vim.cmd("GlossatorStop")
  waited("not stopped", function()
    return panel():find("*Stopped.*", 1, true)
  end)
  vim.cmd("GlossatorPanel")
  print("HIDDEN " .. tostring(panel_window() == nil))
  vim.cmd("GlossatorPanel")
  print("SHOWN " .. tostring(panel():find("count to infinity", 1, true) ~= nil))
  vim.cmd("qall!")
end

local fine, problem = pcall(main)
if not fine then
  fail(tostring(problem))
end
"""


SCREEN_COMMANDS = """
vim.o.termguicolors = true
vim.o.number = true
vim.cmd("syntax on")

-- Each says on the screen when what it waits for is there.
vim.api.nvim_create_user_command("AwaitIndex", function()
  vim.wait(240000, function()
    local client = (vim.lsp.get_clients or vim.lsp.get_active_clients)()[1]
    if not (client and client.initialized) then
      return false
    end
    local _, answer = next(vim.lsp.buf_request_sync(0, "glossator/status", vim.empty_dict(), 240000) or {})
    return answer and answer.result and answer.result.index.state == "ready" and answer.result.index.files > 0
  end, 20)
  print("INDEXED")
end, {})
vim.api.nvim_create_user_command("AwaitAnswer", function()
  vim.wait(480000, function()
    for _, buffer in ipairs(vim.api.nvim_list_bufs()) do
      local text = table.concat(vim.api.nvim_buf_get_lines(buffer, 0, -1, false), "\\n")
      if text:find("## How", 1, true) and text:find(" tokens", 1, true) then
        return true
      end
    end
  end, 20)
  print("ANSWERED")
end, {})
"""


def run_neovim(
    folder: Path, project: Path, configuration: str, *commands: str, env: dict[str, str] | None = None
) -> tuple[int, str]:
    """Open a file of the project in Neovim, with commands for its command line; its status, and all that it printed."""
    program, _ = neovim()
    (folder / "init.lua").write_text(configuration, "utf-8")
    arguments = [part for command in commands for part in ("-c", command)]
    done = subprocess.run(
        [
            *(program, "--headless", "-i", "NONE", "-n", "-u", folder / "init.lua"),
            *(project / "shop" / "cart.py", *arguments),
        ],
        cwd=project,
        env={**os.environ, **(env or {})},
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        timeout=1200,
    )
    return done.returncode, done.stdout + done.stderr


def run_driver(folder: Path, project: Path, configuration: str, driver: str, env: dict[str, str] | None = None) -> str:
    """Have Neovim run a script in a project of its own; what it printed."""
    (folder / "driver.lua").write_text(driver, "utf-8")
    (project / ".git").mkdir()
    status, told = run_neovim(folder, project, configuration, f"luafile {folder / 'driver.lua'}", env=env)
    assert status == 0, told
    return told


def plugin(setup: str) -> str:
    """A configuration with the plugin."""
    return f"vim.opt.runtimepath:append({json.dumps(str(PLUGIN))})\nrequire('glossator').setup({{ {setup} }})\n"


@pytest.mark.llama
def test_the_plugin_writes_answers_as_they_come(project: Path, tmp_path: Path) -> None:
    # It goes on until the limit of tokens, which takes a second or more.
    answer = "It adds the tax of the cart [1] when the total is asked for."
    model = reciter(tmp_path / "reciter.gguf", answer, forever=True)
    server = [sys.executable, "-m", "glossator", "serve", "--index-dir", str(tmp_path / "indexes")]
    command = ", ".join(json.dumps(part) for part in server)
    settings = f"model = {json.dumps(str(model))}, maxAnswerTokens = 1500"
    configuration = plugin(f"cmd = {{ {command} }}, init_options = {{ {settings} }}")
    told = run_driver(tmp_path, project, configuration, PLUGIN_DRIVER)
    assert "FOUND FIRST" in told
    assert "PARTS yes" in told
    panel = told.partition("PANEL ")[2].partition("JUMPED")[0]
    assert "## how is the tax added to the total?" in panel
    assert "It adds the tax of the cart" in panel
    assert "shop/" in panel.partition("- [")[2]
    assert re.search(r"JUMPED (cart|money|checkout)\.py:\d+", told), told
    assert re.search(r"USE cart\.py:\d+ (call|import): ", told), told
    assert "HIDDEN true" in told
    assert "SHOWN true" in told


@pytest.mark.llama
@pytest.mark.skipif(os.name == "nt", reason="there are no pseudo-terminals")
def test_the_panel_is_readable_on_the_screen(project: Path, tmp_path: Path) -> None:
    from tests.terminal.emulator import Terminal

    answer = (
        "`Cart.total` adds up the lines of the cart and passes the net sum to `add_tax`, at the rate of 19 percent."
    )
    model = os.environ.get("VSCODE_TEST_MODEL") or str(reciter(tmp_path / "reciter.gguf", answer))
    server = [sys.executable, "-m", "glossator", "serve", "--index-dir", str(tmp_path / "indexes")]
    command = ", ".join(json.dumps(part) for part in server)
    setup = f"cmd = {{ {command} }}, size = 60, init_options = {{ model = {json.dumps(model)} }}"
    (tmp_path / "init.lua").write_text(SCREEN_COMMANDS + plugin(setup), "utf-8")
    (project / ".git").mkdir()
    program, _ = neovim()
    arguments = [program, "-i", "NONE", "-n", "-u", tmp_path / "init.lua", "shop/cart.py"]
    with Terminal(arguments, columns=134, lines=30, cwd=project) as terminal:
        terminal.wait_for("class Cart")
        terminal.type(":AwaitIndex\r")
        terminal.wait_for("INDEXED")
        terminal.type(":GlossatorAsk How is the tax added to the total?\r:AwaitAnswer\r")
        terminal.wait_for("ANSWERED")
        # The panel gets the focus, and is read from its beginning.
        terminal.type("\x17lgg:echo 'BEGIN' 'READ'\r")
        terminal.wait_for(lambda text: "BEGIN READ" in text and "## How is the tax added to the total?" in text)
        terminal.type(":echo\r")
        terminal.wait_for(lambda text: "BEGIN READ" not in text)
        shown = terminal.text
        draw_terminal("neovim", terminal.styled, terminal.columns)
    assert "return add_tax(net, tax_rate)" in shown
    assert re.search(r"\[\d+\]", shown), shown
    assert "From the index" in shown, shown


def test_the_plugin_says_what_is_missing(project: Path, tmp_path: Path) -> None:
    asked = ("GlossatorAsk why?", "GlossatorUses", "GlossatorStop", "qall!")
    _, told = run_neovim(tmp_path, project, plugin("cmd = { 'absent-program' }"), *asked)
    assert "absent-program cannot be run" in told
    assert told.count("no server runs for this buffer") == 2
    assert "stack traceback" not in told


def test_the_page_s_configuration_works(project: Path, tmp_path: Path) -> None:
    _, version = neovim()
    lua = blocks()
    configuration = lua["neovim-0.11" if version >= (0, 11) else "neovim-0.7"]
    folder = tmp_path / "bin"
    folder.mkdir()
    wrapper = folder / "glossator"
    wrapper.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m glossator "$@"\n', "utf-8")
    wrapper.chmod(0o755)
    path = f"{folder}{os.pathsep}{os.environ['PATH']}"
    env = {"PATH": path, "GLOSSATOR_INDEX_DIR": str(tmp_path / "indexes")}
    told = run_driver(tmp_path, project, configuration + lua["neovim-commands"], DRIVER, env)
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
