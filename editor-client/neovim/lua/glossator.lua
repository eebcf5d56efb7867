-- Glossator in Neovim 0.7 and later: the language server, and a panel whose answers are written as they come.
--
--   vim.opt.runtimepath:append("/path/to/glossator/editor-client/neovim")
--   require("glossator").setup()
--
-- :GlossatorAsk QUESTION      ask about the code; with a range, about the lines; a further question follows up
-- :GlossatorNew [QUESTION]    begin a new conversation
-- :GlossatorExplain           explain the symbol at the cursor
-- :GlossatorUses [NAME]       the places that use a symbol, in the quickfix list
-- :GlossatorSearch WORDS      search, into the quickfix list
-- :GlossatorStop              stop the answer that is being written
-- :GlossatorPanel             show or hide the panel
--
-- In the panel: <CR> on a [number] jumps to its lines, q hides the panel, <C-c> stops the answer.

local M = {}

local defaults = {
  cmd = { "glossator", "serve" },
  init_options = {},
  root = nil, -- a function from a buffer's file to the folder of its project; default: the nearest one with a .git
  size = 72, -- columns of the panel
  position = "botright vertical", -- how the panel's window is split off
}
local options = defaults
local started -- the client's id, before Neovim 0.8
local attached_commands = false

-- The panel: its buffer, its turns (where each begins, and the places of its numbers), the conversation, what runs now.
local panel = { buffer = nil, turns = {}, conversation = nil, running = nil, tokens = 0 }
local marks = vim.api.nvim_create_namespace("glossator")

local function say(text, level)
  vim.notify("Glossator: " .. text, level or vim.log.levels.INFO)
end

local function clients()
  return (vim.lsp.get_clients or vim.lsp.get_active_clients)({ name = "glossator" })
end

local function client_of(buffer)
  for _, client in ipairs(clients()) do
    if client.name == "glossator" and vim.lsp.buf_is_attached(buffer, client.id) then
      return client
    end
  end
  for _, client in ipairs(clients()) do
    if client.name == "glossator" then
      return client
    end
  end
end

local function send(client, method, params, handler, buffer)
  if vim.fn.has("nvim-0.11") == 1 then
    return client:request(method, params, handler, buffer)
  end
  return client.request(method, params, handler, buffer)
end

local function cancel(client, id)
  if vim.fn.has("nvim-0.11") == 1 then
    client:cancel_request(id)
  else
    client.cancel_request(id)
  end
end

-- The panel's window and text

local function window()
  for _, one in ipairs(vim.api.nvim_tabpage_list_wins(0)) do
    if vim.api.nvim_win_get_buf(one) == panel.buffer then
      return one
    end
  end
end

local function edit(change)
  vim.bo[panel.buffer].modifiable = true
  change()
  vim.bo[panel.buffer].modifiable = false
end

local function make_buffer()
  if panel.buffer and vim.api.nvim_buf_is_valid(panel.buffer) then
    return
  end
  panel.buffer = vim.api.nvim_create_buf(false, true)
  panel.turns = {}
  vim.api.nvim_buf_set_name(panel.buffer, "glossator://panel")
  vim.bo[panel.buffer].filetype = "markdown"
  vim.bo[panel.buffer].modifiable = false
  local function map(key, action, description)
    vim.keymap.set("n", key, action, { buffer = panel.buffer, nowait = true, desc = description })
  end
  map("<CR>", M.jump, "Go to the lines of the number under the cursor")
  map("q", M.toggle, "Hide the panel")
  map("<C-c>", M.stop, "Stop the answer")
end

local function show()
  make_buffer()
  if window() then
    return
  end
  local before = vim.api.nvim_get_current_win()
  vim.cmd(options.position .. " " .. options.size .. "split")
  local made = vim.api.nvim_get_current_win()
  vim.api.nvim_win_set_buf(made, panel.buffer)
  for name, value in pairs({ wrap = true, linebreak = true, number = false, relativenumber = false, signcolumn = "no", spell = false }) do
    vim.wo[made][name] = value
  end
  -- Two numbers in a row are no link with its target, for which the colours of Markdown take them.
  vim.fn.matchadd("Identifier", [=[\[\d\+\]]=], 10, -1, { window = made })
  vim.api.nvim_set_current_win(before)
end

-- Change the text, and keep its end in view where the cursor stood at the end.
local function write(change)
  local shown = window()
  local following = shown and vim.api.nvim_win_get_cursor(shown)[1] >= vim.api.nvim_buf_line_count(panel.buffer)
  edit(change)
  if following then
    vim.api.nvim_win_set_cursor(shown, { vim.api.nvim_buf_line_count(panel.buffer), 0 })
  end
end

local function first_line(turn)
  return vim.api.nvim_buf_get_extmark_by_id(panel.buffer, marks, turn.mark, {})[1]
end

-- Put text in place of a turn's answer; the last turn's only, which reaches to the end.
local function set_body(turn, text)
  write(function()
    vim.api.nvim_buf_set_lines(panel.buffer, first_line(turn) + 2, -1, false, vim.split(text, "\n"))
  end)
end

local function append(text)
  write(function()
    local last = vim.api.nvim_buf_line_count(panel.buffer) - 1
    local line = vim.api.nvim_buf_get_lines(panel.buffer, last, last + 1, false)[1] or ""
    vim.api.nvim_buf_set_text(panel.buffer, last, #line, last, #line, vim.split(text, "\n"))
  end)
end

-- What goes on, after the question.
local function set_stage(turn, text)
  if turn.stage then
    vim.api.nvim_buf_del_extmark(panel.buffer, marks, turn.stage)
    turn.stage = nil
  end
  if text ~= "" then
    turn.stage = vim.api.nvim_buf_set_extmark(panel.buffer, marks, first_line(turn), 0, {
      virt_text = { { " " .. text, "Comment" } },
    })
  end
end

local function begin(question)
  show()
  local turn = { text = "", places = {}, token = "glossator-answer-" .. panel.tokens, work = "glossator-work-" .. panel.tokens }
  panel.tokens = panel.tokens + 1
  local heading = "## " .. question:gsub("%s+", " ")
  write(function()
    local count = vim.api.nvim_buf_line_count(panel.buffer)
    local empty = count == 1 and vim.api.nvim_buf_get_lines(panel.buffer, 0, 1, false)[1] == ""
    local lines = empty and { heading, "", "" } or { "", heading, "", "" }
    vim.api.nvim_buf_set_lines(panel.buffer, empty and 0 or count, -1, false, lines)
    local at = empty and 0 or count + 1
    turn.mark = vim.api.nvim_buf_set_extmark(panel.buffer, marks, at, 0, { right_gravity = false })
  end)
  table.insert(panel.turns, turn)
  local shown = window()
  if shown then
    vim.api.nvim_win_set_cursor(shown, { vim.api.nvim_buf_line_count(panel.buffer), 0 })
  end
  set_stage(turn, "searching")
  return turn
end

local function keep_places(turn, places)
  for _, place in ipairs(places or {}) do
    turn.places[place.number] = place
  end
end

local function on_progress(params)
  local running = panel.running
  if not running or not vim.api.nvim_buf_is_valid(panel.buffer) then
    return false
  end
  local turn, value = running.turn, params.value
  if params.token == turn.work then
    if turn.text == "" and value.message and value.kind ~= "end" then
      set_stage(turn, value.message)
    end
    return true
  end
  if params.token ~= turn.token then
    return false
  end
  if value.kind == "found" then
    keep_places(turn, value.places)
    turn.found = "*From the index:*\n\n" .. value.answer
    set_body(turn, turn.found)
  elseif value.kind == "evidence" then
    turn.places = {}
    keep_places(turn, value.evidence)
  elseif value.kind == "delta" then
    if turn.text == "" then
      set_stage(turn, "")
      set_body(turn, turn.found and (turn.found .. "\n\n---\n\n") or "")
    end
    turn.text = turn.text .. value.text
    append(value.text)
  end
  return true
end

local function listen()
  local handle = vim.lsp.handlers["$/progress"]
  vim.lsp.handlers["$/progress"] = function(problem, params, ...)
    if params and params.value and on_progress(params) then
      return
    end
    if handle then
      return handle(problem, params, ...)
    end
  end
end

local function sources(turn)
  local lines = {}
  for number, place in pairs(turn.places) do
    local name = place.qualifiedName and place.qualifiedName ~= "" and " " .. place.qualifiedName or ""
    local path = vim.fn.fnamemodify(vim.uri_to_fname(place.uri), ":~:.")
    table.insert(lines, { number, string.format("- [%d] %s:%d%s", number, path, place.range.start.line + 1, name) })
  end
  table.sort(lines, function(one, other)
    return one[1] < other[1]
  end)
  return vim.tbl_map(function(line)
    return line[2]
  end, lines)
end

local function finish(turn, problem, result)
  if turn.done or not vim.api.nvim_buf_is_valid(panel.buffer) then
    return
  end
  turn.done = true
  set_stage(turn, "")
  if problem then
    append((turn.text ~= "" and "\n\n" or "") .. (problem.stopped and "*Stopped.*" or "**Error:** " .. problem.message))
    return
  end
  panel.conversation = result.conversationId or panel.conversation
  turn.places = {}
  keep_places(turn, result.evidence)
  keep_places(turn, result.citations)
  local parts = { result.answer }
  local listed = sources({ places = (function()
    local cited = {}
    for _, place in ipairs(result.citations or {}) do
      cited[place.number] = place
    end
    return cited
  end)() })
  if #listed > 0 then
    table.insert(parts, "")
    vim.list_extend(parts, listed)
  end
  if result.model ~= "" and result.usage and result.usage.tokensPerSecond > 0 then
    local told = string.format("*%s, %d tokens, %.1f/s*", result.model, result.usage.completionTokens, result.usage.tokensPerSecond)
    vim.list_extend(parts, { "", told })
  end
  -- It is read from its beginning, unless somebody reads elsewhere.
  local shown = window()
  local following = shown and vim.api.nvim_win_get_cursor(shown)[1] >= vim.api.nvim_buf_line_count(panel.buffer)
  set_body(turn, table.concat(parts, "\n"))
  if following and turn.text == "" then
    vim.api.nvim_win_set_cursor(shown, { first_line(turn) + 1, 0 })
  end
end

local function answer(method, params, question, buffer)
  local client = client_of(buffer)
  if not client then
    return say("no server runs for this buffer; see :messages and :LspLog", vim.log.levels.ERROR)
  end
  if panel.running then
    return say("an answer is being written; stop it with :GlossatorStop", vim.log.levels.WARN)
  end
  local turn = begin(question)
  params.partialResultToken = turn.token
  params.workDoneToken = turn.work
  local running = { turn = turn, client = client }
  panel.running = running
  local sent, id = send(client, method, params, function(problem, result)
    if panel.running == running then
      panel.running = nil
    end
    finish(turn, problem, result)
  end, buffer)
  running.id = id
  if not sent then
    panel.running = nil
    finish(turn, { message = "the server has ended; start it again by opening a file" })
  end
end

-- The buffer that a question is about: the panel's own is none.
local function subject()
  local buffer = vim.api.nvim_get_current_buf()
  if buffer ~= panel.buffer then
    return buffer, vim.api.nvim_get_current_win()
  end
  local before = vim.fn.win_getid(vim.fn.winnr("#"))
  return before ~= 0 and vim.api.nvim_win_get_buf(before) or buffer, before
end

local function is_file(buffer)
  return vim.bo[buffer].buftype == "" and vim.api.nvim_buf_get_name(buffer) ~= ""
end

function M.ask(question, first, last)
  local buffer = subject()
  local params = { question = question, conversationId = panel.conversation }
  if is_file(buffer) then
    params.textDocument = { uri = vim.uri_from_bufnr(buffer) }
    if first then
      params.range = { start = { line = first - 1, character = 0 }, ["end"] = { line = last, character = 0 } }
    end
  end
  answer("glossator/ask", params, question, buffer)
end

local function position()
  local client = client_of(vim.api.nvim_get_current_buf())
  return vim.lsp.util.make_position_params(0, client and client.offset_encoding or "utf-16")
end

function M.explain()
  answer("glossator/explain", position(), "Explain " .. vim.fn.expand("<cword>"), vim.api.nvim_get_current_buf())
end

function M.stop()
  local running = panel.running
  if not running then
    return
  end
  panel.running = nil
  if running.id then
    cancel(running.client, running.id)
  end
  -- Neovim tells nobody about the answer to a request that was cancelled.
  finish(running.turn, { stopped = true })
end

function M.new()
  M.stop()
  panel.conversation = nil
  if panel.buffer and vim.api.nvim_buf_is_valid(panel.buffer) then
    edit(function()
      vim.api.nvim_buf_clear_namespace(panel.buffer, marks, 0, -1)
      vim.api.nvim_buf_set_lines(panel.buffer, 0, -1, false, {})
    end)
  end
  panel.turns = {}
end

function M.toggle()
  local shown = window()
  if not shown then
    return show()
  end
  if #vim.api.nvim_list_wins() > 1 then
    vim.api.nvim_win_close(shown, false)
  end
end

-- Go to the lines of the number under the cursor of the panel, or of the first one in its line.
function M.jump()
  local row, column = unpack(vim.api.nvim_win_get_cursor(0))
  local line = vim.api.nvim_get_current_line()
  local number, at = nil, 1
  while true do
    local from, to, digits = line:find("%[(%d+)%]", at)
    if not from then
      break
    end
    if not number or (from <= column + 1 and column + 1 <= to) then
      number = tonumber(digits)
    end
    at = to + 1
  end
  local turn
  for _, one in ipairs(panel.turns) do
    if first_line(one) < row then
      turn = one
    end
  end
  local place = turn and number and turn.places[number]
  if not place then
    return say("there is no [number] of a source in this line")
  end
  local target = vim.fn.win_getid(vim.fn.winnr("#"))
  if target == 0 or target == vim.api.nvim_get_current_win() then
    vim.cmd("leftabove vsplit")
  else
    vim.api.nvim_set_current_win(target)
  end
  vim.cmd("edit " .. vim.fn.fnameescape(vim.uri_to_fname(place.uri)))
  local count = vim.api.nvim_buf_line_count(0)
  vim.api.nvim_win_set_cursor(0, { math.min(place.range.start.line + 1, count), 0 })
  vim.cmd("normal! zz")
end

-- Lists of places

local function listed(title, items)
  vim.fn.setqflist({}, " ", { title = title, items = items })
  if #items > 0 then
    vim.cmd("botright copen")
  end
end

local function item(place, text)
  return { filename = vim.uri_to_fname(place.uri), lnum = place.range.start.line + 1, col = place.range.start.character + 1, text = text }
end

local function query(method, params, done)
  local buffer = subject()
  local client = client_of(buffer)
  if not client then
    return say("no server runs for this buffer; see :messages and :LspLog", vim.log.levels.ERROR)
  end
  send(client, method, params, function(problem, result)
    if problem then
      return say(problem.message, vim.log.levels.ERROR)
    end
    done(result)
  end, buffer)
end

function M.search(words)
  query("glossator/search", { query = words }, function(result)
    local items = vim.tbl_map(function(hit)
      return item(hit, hit.qualifiedName .. ": " .. hit.why)
    end, result.hits)
    listed("Glossator: " .. words, items)
    if #items == 0 then
      say("nothing found")
    end
  end)
end

function M.uses(name)
  local params = name ~= "" and { name = name } or position()
  query("glossator/uses", params, function(result)
    local items, unused = {}, {}
    for _, found in ipairs(result.symbols) do
      for _, use in ipairs(found.uses) do
        local sure = use.grade == "resolved" and "" or "possibly "
        table.insert(items, item(use, sure .. use.kind .. ": " .. use.code))
      end
      if found.unused then
        table.insert(unused, found.symbol.qualifiedName)
      end
    end
    listed("Uses of " .. (name ~= "" and name or vim.fn.expand("<cword>")), items)
    if #unused > 0 then
      say("nothing uses " .. table.concat(unused, ", "))
    elseif #items == 0 then
      say("no use was found")
    end
  end)
end

-- Set-up

local function root_of(file)
  if options.root then
    return options.root(file)
  end
  local found = vim.fn.finddir(".git", vim.fn.escape(vim.fn.fnamemodify(file, ":p:h"), " ,;") .. ";")
  return found ~= "" and vim.fn.fnamemodify(found, ":p:h:h") or vim.fn.getcwd()
end

local function start(buffer)
  if not is_file(buffer) then
    return
  end
  if vim.fn.executable(options.cmd[1]) == 0 then
    if not options.told then
      options.told = true
      say(options.cmd[1] .. " cannot be run; install it with `pip install glossator`, or set `cmd`", vim.log.levels.ERROR)
    end
    return
  end
  local config = {
    name = "glossator",
    cmd = options.cmd,
    root_dir = root_of(vim.api.nvim_buf_get_name(buffer)),
    init_options = vim.tbl_isempty(options.init_options) and vim.empty_dict() or options.init_options,
  }
  if vim.lsp.start then
    vim.lsp.start(config, { bufnr = buffer })
  else
    if not started or not vim.lsp.get_client_by_id(started) then
      started = vim.lsp.start_client(config)
    end
    vim.lsp.buf_attach_client(buffer, started)
  end
end

function M.setup(given)
  options = vim.tbl_extend("force", defaults, given or {})
  local group = vim.api.nvim_create_augroup("glossator", { clear = true })
  vim.api.nvim_create_autocmd({ "BufReadPost", "BufNewFile" }, {
    group = group,
    callback = function(event)
      start(event.buf)
    end,
  })
  for _, buffer in ipairs(vim.api.nvim_list_bufs()) do
    if vim.api.nvim_buf_is_loaded(buffer) then
      start(buffer)
    end
  end
  if attached_commands then
    return
  end
  attached_commands = true
  listen()
  local command = vim.api.nvim_create_user_command
  command("GlossatorAsk", function(call)
    if call.range > 0 then
      M.ask(call.args, call.line1, call.line2)
    else
      M.ask(call.args)
    end
  end, { nargs = "+", range = true, desc = "Ask about the code" })
  command("GlossatorNew", function(call)
    M.new()
    if call.args ~= "" then
      M.ask(call.args)
    end
  end, { nargs = "*", desc = "Begin a new conversation" })
  command("GlossatorExplain", M.explain, { desc = "Explain the symbol at the cursor" })
  command("GlossatorSearch", function(call)
    M.search(call.args)
  end, { nargs = "+", desc = "Search the code" })
  command("GlossatorUses", function(call)
    M.uses(call.args)
  end, { nargs = "?", desc = "The places that use a symbol" })
  command("GlossatorStop", M.stop, { desc = "Stop the answer" })
  command("GlossatorPanel", M.toggle, { desc = "Show or hide the panel" })
end

return M
