--- What the user is told outside of an answer.

local visible = require('firsthand.visible')

local M = {}

---@param level integer
---@return fun(text: string)
local function at(level)
  return function(text)
    vim.notify('Firsthand: ' .. visible.one_line(text), level, { title = 'Firsthand' })
  end
end

M.info = at(vim.log.levels.INFO)
M.warn = at(vim.log.levels.WARN)
M.error = at(vim.log.levels.ERROR)

return M
