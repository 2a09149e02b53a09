--- Places in files as a quickfix list.

local visible = require('firsthand.visible')

local M = {}

---@class (exact) firsthand.ListedPlace
---@field uri string
---@field first integer From 1.
---@field last integer
---@field text string

--- Fill the quickfix list and open it.
---@param title string
---@param places firsthand.ListedPlace[]
function M.quickfix(title, places)
  local items = vim.tbl_map(function(place)
    return {
      filename = vim.uri_to_fname(place.uri),
      lnum = place.first,
      end_lnum = place.last,
      text = visible.one_line(place.text),
    }
  end, places)
  vim.fn.setqflist({}, ' ', { title = 'Firsthand: ' .. visible.one_line(title), items = items })
  vim.cmd('botright copen')
end

return M
