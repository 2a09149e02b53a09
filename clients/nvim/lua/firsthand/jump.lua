--- Opens files at lines. A file's name is only ever a value here, never a part of a command.

local messages = require('firsthand.messages')

local M = {}

local space = vim.api.nvim_create_namespace('firsthand.jump')

---@param window integer
---@return boolean
local function holds_files(window)
  local buffer = vim.api.nvim_win_get_buf(window)
  local is_float = vim.api.nvim_win_get_config(window).relative ~= ''
  return not is_float
    and vim.bo[buffer].buftype == ''
    and not vim.wo[window].winfixbuf
    and not vim.wo[window].previewwindow
end

--- Return a window of this tab page for files: the current one, the last one, any, or a new one.
---@return integer
function M.window_for_files()
  local candidates = { vim.api.nvim_get_current_win(), vim.fn.win_getid(vim.fn.winnr('#')) }
  vim.list_extend(candidates, vim.api.nvim_tabpage_list_wins(0))
  for _, window in ipairs(candidates) do
    if vim.api.nvim_win_is_valid(window) and holds_files(window) then
      return window
    end
  end
  return vim.api.nvim_open_win(0, false, { split = 'left', win = -1 })
end

--- Highlight lines until the cursor leaves them or the text changes.
---@param buffer integer
---@param first integer From 1.
---@param last integer
local function highlight(buffer, first, last)
  for line = first, last do
    vim.api.nvim_buf_set_extmark(buffer, space, line - 1, 0, { line_hl_group = 'FirsthandCited', priority = 50 })
  end
  vim.api.nvim_create_autocmd({ 'CursorMoved', 'TextChanged', 'InsertEnter', 'BufLeave' }, {
    buffer = buffer,
    group = vim.api.nvim_create_augroup('firsthand.jump', { clear = true }),
    callback = function(event)
      local line = vim.api.nvim_win_get_cursor(0)[1]
      if event.event == 'CursorMoved' and line >= first and line <= last then
        return
      end
      vim.api.nvim_buf_clear_namespace(buffer, space, 0, -1)
      return true
    end,
  })
end

---@param buffer integer
---@param target firsthand.Target
---@return boolean
local function is_unchanged(buffer, target)
  local lines = vim.api.nvim_buf_get_lines(buffer, target.first - 1, target.last, false)
  return target.hash == nil or vim.fn.sha256(table.concat(lines, '\n')) == target.hash
end

--- Return the path of a file URI that can be opened; nil, after saying so, when there is none.
---@param uri string
---@return string?
local function path_of(uri)
  if not vim.startswith(uri, 'file:') then
    messages.warn('only files can be opened, not ' .. uri)
    return nil
  end
  local path = vim.uri_to_fname(uri)
  local loaded = vim.fn.bufloaded(vim.uri_to_bufnr(uri)) == 1
  if loaded or vim.fn.filereadable(path) == 1 then
    return path
  end
  messages.warn(('%s is no longer there.'):format(path))
end

--- Open a target in a window for files, highlight its lines, and say so when they are others than at the time.
---@param target firsthand.Target
---@return boolean
function M.to(target)
  if not path_of(target.uri) then
    return false
  end
  local window = M.window_for_files()
  vim.api.nvim_set_current_win(window)
  vim.cmd("normal! m'")
  local buffer = vim.uri_to_bufnr(target.uri)
  vim.fn.bufload(buffer)
  vim.bo[buffer].buflisted = true
  vim.api.nvim_win_set_buf(window, buffer)
  local count = vim.api.nvim_buf_line_count(buffer)
  local first, last = math.min(target.first, count), math.min(target.last, count)
  vim.api.nvim_win_set_cursor(window, { first, 0 })
  vim.cmd('normal! zvzz^')
  vim.api.nvim_buf_clear_namespace(buffer, space, 0, -1)
  highlight(buffer, first, last)
  if not is_unchanged(buffer, target) then
    messages.info('these lines changed after they were read.')
  end
  return true
end

return M
