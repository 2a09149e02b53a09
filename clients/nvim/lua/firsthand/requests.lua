--- Answers in the making: a request, the stream that goes with it, and how to stop both.

local M = {}

---@class (exact) firsthand.Listener
---@field update fun(update: firsthand.Update)
---@field finish fun(answer: firsthand.Answer)
---@field fail fun(sentence: string)
---@field stop fun() Called when the user has stopped it.

---@class (exact) firsthand.Request
---@field client vim.lsp.Client
---@field id integer?
---@field stream string
---@field listener firsthand.Listener

local SERVER_ENDED = 'The server ended while it worked on this; ask again.'
local NOT_SENT = 'The server is no longer there; :Firsthand restart starts it.'

---@type table<string, firsthand.Request>
local running = {}
local count = 0

---@return string
local function new_stream()
  count = count + 1
  return ('neovim-%d-%d'):format(vim.uv.os_getpid(), count)
end

--- Send a request whose answer streams to a listener.
---@param client vim.lsp.Client
---@param method string
---@param params firsthand.AskParams|firsthand.PlaceParams
---@param listener firsthand.Listener
---@return string stream The name by which it can be stopped.
function M.start(client, method, params, listener)
  local stream = new_stream()
  params.streamId = stream
  local request = { client = client, stream = stream, listener = listener } ---@type firsthand.Request
  running[stream] = request
  local sent, id = client:request(method, params, function(failure, answer)
    if running[stream] ~= request then
      return
    end
    running[stream] = nil
    if failure then
      listener.fail(failure.message)
    else
      listener.finish(answer)
    end
  end)
  request.id = id
  if not sent then
    running[stream] = nil
    listener.fail(NOT_SENT)
  end
  return stream
end

--- Called by Neovim with each `firsthand/answer/didUpdate`.
---@param _ any
---@param update firsthand.Update
function M.heard(_, update)
  local request = running[update.streamId]
  if request then
    request.listener.update(update)
  end
end

---@param stream? string
---@return boolean
function M.is_running(stream)
  return stream ~= nil and running[stream] ~= nil
end

--- Stop one request; the server then closes the model's connection.
---@param stream string
function M.stop(stream)
  local request = running[stream]
  if not request then
    return
  end
  running[stream] = nil
  if request.id then
    request.client:cancel_request(request.id)
  end
  request.listener.stop()
end

--- Stop every request and return how many there were.
---@return integer
function M.stop_all()
  local streams = vim.tbl_keys(running)
  for _, stream in ipairs(streams) do
    M.stop(stream)
  end
  return #streams
end

--- Tell those who wait for a server that ended.
---@param client_id integer
function M.lost(client_id)
  for stream, request in pairs(running) do
    if request.client.id == client_id then
      running[stream] = nil
      request.listener.fail(SERVER_ENDED)
    end
  end
end

return M
