--- Subcommands that the server carries out by itself: it shows its progress and says what came of it.

local clients = require('firsthand.clients')
local messages = require('firsthand.messages')
local protocol = require('firsthand.protocol')

local M = {}

---@param name string
---@param argument table
---@param done? string What to say when it has begun or is done.
local function execute(name, argument, done)
  clients.with_client(function(client)
    client:exec_cmd({ title = name, command = name, arguments = { argument } }, nil, function(failure)
      if failure then
        messages.error(failure.message)
      elseif done then
        messages.info(done)
      end
    end)
  end)
end

--- Write the documentation of the code at a place; it is shown as a diff.
---@param place firsthand.PlaceParams
function M.document(place)
  execute(protocol.DOCUMENT_COMMAND, place)
end

--- Bring the index up to date.
function M.reindex()
  execute(protocol.REINDEX_COMMAND, vim.empty_dict(), 'looking through every file again.')
end

--- Let indexing rest.
function M.pause()
  execute(protocol.PAUSE_COMMAND, vim.empty_dict(), 'indexing is paused; :Firsthand resume goes on.')
end

--- Let indexing go on.
function M.resume()
  execute(protocol.RESUME_COMMAND, vim.empty_dict(), 'indexing goes on.')
end

---@param model string
local function pull(model)
  execute(protocol.PULL_MODEL_COMMAND, { model = model }, ('pulling %s; :Firsthand stop stops it.'):format(model))
end

--- Have Ollama pull a model: the one that is named, the one that is missing, or one of those.
---@param model string
function M.pull(model)
  if model ~= '' then
    pull(model)
    return
  end
  local offers = require('firsthand.status').offers()
  if #offers == 0 then
    messages.info('no model is missing; name one to pull it.')
    return
  end
  vim.ui.select(offers, { prompt = 'Pull a model: ', kind = 'firsthand.model' }, function(chosen)
    if chosen then
      pull(chosen)
    end
  end)
end

return M
