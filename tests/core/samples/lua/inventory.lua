local json = require("cjson")
local log = require("app.log")

local M = {}

local LIMIT = 64

--- Adds items to an inventory.
-- Refuses more than the limit.
function M.add(inventory, item, count)
  if inventory:size() + count > LIMIT then
    log.warn("inventory is full")
    return false
  end
  inventory.items[item] = (inventory.items[item] or 0) + count
  return true
end

local function is_empty(inventory)
  return next(inventory.items) == nil
end

function M:size()
  local total = 0
  for _, count in pairs(self.items) do
    total = total + count
  end
  return total
end

M.dump = function(inventory)
  return json.encode(inventory.items, is_empty(inventory))
end

return M
