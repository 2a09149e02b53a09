--- The window in which answers and reports are shown, and the keys that work in it.

local config = require('firsthand.config')
local conversations = require('firsthand.conversation')
local visible = require('firsthand.visible')

local M = {}

M.FILETYPE = 'firsthand'

local KEYS = '<CR> source · i ask on · g? keys · q close'
local SPLITS = { left = 'left', right = 'right', above = 'above', below = 'below' }

---@type table<string, string>
local GROUPS = {
  FirsthandQuestion = 'Title',
  FirsthandHeading = 'Label',
  FirsthandSource = 'Directory',
  FirsthandCut = 'Comment',
  FirsthandCitation = 'Special',
  FirsthandCited = 'Visual',
  FirsthandUnsupported = 'DiagnosticUnderlineWarn',
  FirsthandUngrounded = 'DiagnosticUnderlineError',
  FirsthandDoubt = 'DiagnosticWarn',
  FirsthandFailure = 'DiagnosticError',
  FirsthandSignature = 'Comment',
}

local function define_groups()
  for name, link in pairs(GROUPS) do
    vim.api.nvim_set_hl(0, name, { default = true, link = link })
  end
end

--- Return the window of this tab page that shows answers or reports.
---@return integer?
function M.window()
  return vim.iter(vim.api.nvim_tabpage_list_wins(0)):find(function(window)
    return vim.bo[vim.api.nvim_win_get_buf(window)].filetype == M.FILETYPE
  end)
end

---@param size number
---@return vim.api.keyset.win_config
local function float_config(size)
  local width = math.max(40, math.floor(vim.o.columns * math.max(size, 0.6)))
  local height = math.max(8, math.floor(vim.o.lines * 0.8))
  return {
    relative = 'editor',
    width = math.min(width, vim.o.columns - 4),
    height = math.min(height, vim.o.lines - 4),
    col = math.max(0, math.floor((vim.o.columns - width) / 2)),
    row = math.max(0, math.floor((vim.o.lines - height) / 2) - 1),
    border = vim.o.winborder == '' and 'rounded' or nil,
    title = ' Firsthand ',
  }
end

---@param window firsthand.WindowConfig
---@return vim.api.keyset.win_config
local function split_config(window)
  local is_column = window.position == 'left' or window.position == 'right'
  return {
    split = SPLITS[window.position],
    win = -1,
    width = is_column and math.floor(vim.o.columns * window.size) or nil,
    height = not is_column and math.floor(vim.o.lines * window.size) or nil,
  }
end

---@param window integer
local function set_window_options(window)
  local options = {
    winfixbuf = true,
    winfixwidth = true,
    wrap = true,
    linebreak = true,
    breakindent = true,
    number = false,
    relativenumber = false,
    signcolumn = 'no',
    foldcolumn = '0',
    spell = false,
    list = false,
    foldmethod = 'expr',
    foldexpr = "v:lua.require'firsthand.view'.fold()",
    foldtext = "v:lua.require'firsthand.view'.fold_text()",
    foldlevel = 0,
    foldenable = true,
    fillchars = 'fold: ',
  }
  for name, value in pairs(options) do
    vim.api.nvim_set_option_value(name, value, { scope = 'local', win = window })
  end
end

--- The fold expression of the window.
---@return string
function M.fold()
  local conversation = conversations.of_buffer(vim.api.nvim_get_current_buf())
  return conversation and conversation:fold_of(vim.v.lnum) or '0'
end

--- The line that stands for a closed list.
---@return string
function M.fold_text()
  return ('▸ %s'):format(vim.fn.getline(vim.v.foldstart))
end

--- Make a buffer one of ours: markdown to look at, with keys that close and open.
---@param buffer integer
local function prepare(buffer)
  vim.treesitter.language.register('markdown', M.FILETYPE)
  vim.bo[buffer].filetype = M.FILETYPE
  if not pcall(vim.treesitter.start, buffer, 'markdown') then
    vim.bo[buffer].syntax = 'markdown'
  end
  require('firsthand.view_keys').map(buffer)
end

--- Show a buffer in the window for answers, which opens if need be, and go there.
---@param buffer integer
---@return integer window
function M.show(buffer)
  define_groups()
  if vim.bo[buffer].filetype ~= M.FILETYPE then
    prepare(buffer)
  end
  local window = M.window()
  if window then
    vim.wo[window].winfixbuf = false
    vim.api.nvim_win_set_buf(window, buffer)
    vim.api.nvim_set_current_win(window)
  else
    local wanted = config.get().window
    local shape = wanted.style == 'float' and float_config(wanted.size) or split_config(wanted)
    window = vim.api.nvim_open_win(buffer, true, shape)
  end
  set_window_options(window)
  return window
end

---@param conversation firsthand.Conversation
---@return string
local function bar(conversation)
  local exchange = conversation:last()
  if exchange and exchange.state == 'running' then
    return ('Firsthand: %s…  <C-c> stop'):format(exchange.stage)
  end
  return 'Firsthand  ' .. KEYS
end

--- Show in each window of a conversation how far its answer is.
---@param conversation firsthand.Conversation
function M.show_stage(conversation)
  for _, window in ipairs(vim.fn.win_findbuf(conversation.buffer)) do
    local text = visible.in_statusline(bar(conversation))
    vim.api.nvim_set_option_value('winbar', text, { scope = 'local', win = window })
  end
end

--- Have the windows of a conversation fold it anew. Neovim looks at changed lines only, and here they did not change.
---@param conversation firsthand.Conversation
local function refold(conversation)
  for _, window in ipairs(vim.fn.win_findbuf(conversation.buffer)) do
    vim.api.nvim_set_option_value('foldmethod', 'expr', { scope = 'local', win = window })
  end
  conversation.must_refold = false
end

--- Change a conversation; windows whose cursor stands at the end go along with it.
---@param conversation firsthand.Conversation
---@param change fun()
function M.following(conversation, change)
  local buffer = conversation.buffer
  local windows = vim.tbl_filter(function(window)
    return vim.api.nvim_win_get_cursor(window)[1] == vim.api.nvim_buf_line_count(buffer)
  end, vim.fn.win_findbuf(buffer))
  change()
  if conversation.must_refold then
    refold(conversation)
  end
  for _, window in ipairs(windows) do
    if vim.api.nvim_buf_is_valid(buffer) and vim.api.nvim_win_is_valid(window) then
      vim.api.nvim_win_set_cursor(window, { vim.api.nvim_buf_line_count(buffer), 0 })
      -- As much as fits above the last line is shown, also after a fold made room.
      vim.api.nvim_win_call(window, function()
        vim.cmd('normal! zb')
      end)
    end
  end
  M.show_stage(conversation)
end

--- Close the window; what it showed is kept.
function M.close()
  local window = M.window()
  if not window then
    return
  end
  local is_last = #vim.api.nvim_tabpage_list_wins(0) == 1
  if is_last then
    vim.wo[window].winfixbuf = false
    vim.api.nvim_win_set_buf(window, vim.api.nvim_create_buf(true, false))
  else
    vim.api.nvim_win_close(window, true)
  end
end

return M
