--- The commands of the server's code actions that have a better home here than in the server's own documents.

local actions = require('firsthand.actions')

local M = {}

---@param command lsp.Command
---@return firsthand.PlaceParams
local function place_of(command)
  local argument = command.arguments[1]
  return { uri = argument.uri, range = argument.range, position = argument.position }
end

---@param command lsp.Command
function M.ask(command)
  actions.ask({ text = command.arguments[1].question, place = place_of(command) })
end

---@param command lsp.Command
function M.explain(command)
  actions.explain(place_of(command))
end

---@param command lsp.Command
function M.test(command)
  actions.test(place_of(command))
end

return M
