--- Reports, such as the status: a buffer in the window for answers, whose lines may name places in files.

local view = require('firsthand.view')

local M = {}

---@class (exact) firsthand.ReportLine
---@field text string
---@field group? string
---@field target? firsthand.Target

local space = vim.api.nvim_create_namespace('firsthand.report')

---@type table<integer, table<integer, firsthand.Target>>
local targets = {}

---@param name string
---@return integer
local function buffer_of(name)
  local whole = 'firsthand://' .. name
  for _, buffer in ipairs(vim.api.nvim_list_bufs()) do
    if vim.api.nvim_buf_get_name(buffer) == whole then
      return buffer
    end
  end
  local buffer = vim.api.nvim_create_buf(false, true)
  vim.api.nvim_buf_set_name(buffer, whole)
  vim.bo[buffer].bufhidden = 'hide'
  vim.bo[buffer].modeline = false
  return buffer
end

--- Show a report.
---@param name string
---@param lines firsthand.ReportLine[]
function M.show(name, lines)
  local buffer = buffer_of(name)
  targets[buffer] = {}
  vim.bo[buffer].modifiable = true
  vim.api.nvim_buf_set_lines(
    buffer,
    0,
    -1,
    false,
    vim.tbl_map(function(line)
      return line.text
    end, lines)
  )
  vim.bo[buffer].modifiable = false
  for row, line in ipairs(lines) do
    targets[buffer][row - 1] = line.target
    if line.group then
      vim.api.nvim_buf_set_extmark(buffer, space, row - 1, 0, { end_col = #line.text, hl_group = line.group })
    end
  end
  local window = view.show(buffer)
  vim.api.nvim_win_set_cursor(window, { 1, 0 })
  vim.api.nvim_set_option_value('winbar', 'Firsthand  <CR> open · q close', { scope = 'local', win = window })
end

--- Return the place that a line of a report names.
---@param buffer integer
---@param row integer From 0.
---@return firsthand.Target?
function M.target_at(buffer, row)
  return (targets[buffer] or {})[row]
end

return M
