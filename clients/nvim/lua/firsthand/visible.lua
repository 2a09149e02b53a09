--- Text from files and models on one line: what would be invisible, or break a list, is shown as a picture.
--- (Inside a buffer Neovim shows control characters itself, and nothing there is a command.)

local M = {}

---@param character string
---@return string
local function picture(character)
  local code = character:byte()
  return vim.fn.nr2char(code == 127 and 0x2421 or 0x2400 + code)
end

--- Return the text without control characters.
---@param text string
---@return string
function M.one_line(text)
  return (text:gsub('[%z\1-\31\127]', picture))
end

--- Return the text for a statusline or winbar, where `%` begins an instruction.
---@param text string
---@return string
function M.in_statusline(text)
  return (M.one_line(text):gsub('%%', '%%%%'))
end

--- Return `path:line-line`, or `path:line` for one line.
---@param path string
---@param first integer
---@param last integer
---@return string
function M.place(path, first, last)
  local lines = last > first and ('%d-%d'):format(first, last) or tostring(first)
  return ('%s:%s'):format(M.one_line(path), lines)
end

return M
