--- What other plugins and configurations may call. Everything else may change.

local M = {}

--- Ask a question in a new conversation; without a text the user is asked for it.
---@param text? string
---@param scope? firsthand.Scope
function M.ask(text, scope)
  require('firsthand.actions').ask({ text = text, scope = scope })
end

--- Search and choose from the best places.
---@param query string
---@param scope? firsthand.Scope
function M.search(query, scope)
  require('firsthand.search').run(query, scope, false)
end

--- Return a few words about the server of a buffer for the statusline: health, progress, model. Empty without a server.
---@param buffer? integer
---@return string
function M.statusline(buffer)
  return require('firsthand.status').line(buffer)
end

--- Return what the server of a buffer last said of itself.
---@param buffer? integer
---@return firsthand.Status?
function M.status(buffer)
  return require('firsthand.status').of_buffer(buffer)
end

return M
