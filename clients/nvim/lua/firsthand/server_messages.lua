--- What the server says to the user unasked.

local messages = require('firsthand.messages')

local M = {}

---@type table<integer, fun(text: string)>
local by_type = { messages.error, messages.warn, messages.info, messages.info }

--- Handle `window/showMessage`.
---@param _ any
---@param params lsp.ShowMessageParams
function M.shown(_, params)
  local show = by_type[params.type]
  if show then
    show(params.message)
  end
end

--- Handle `window/showMessageRequest`, with which the server offers to pull a model: tell it, and how to say yes.
--- A menu that opens by itself would take the keys that somebody is typing.
---@param _ any
---@param params lsp.ShowMessageRequestParams
---@return any
function M.asked(_, params)
  messages.info(params.message .. ' Run :Firsthand pull.')
  return vim.NIL
end

return M
