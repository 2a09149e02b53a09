--- A server that ends without having been told to is started again, and the user is told.

local clients = require('firsthand.clients')
local messages = require('firsthand.messages')

local M = {}

-- A server that keeps ending is not cured by starting it; a user who reads of it can look into the log.
local MOST_RESTARTS = 3
local MILLISECONDS_OF_MEMORY = 5 * 60 * 1000

local ADVICE = 'see :Firsthand log and :checkhealth firsthand, then try :Firsthand restart.'

---@type table<string, integer[]>
local crashes = {}

--- Return whether a root's server may be started once more, and count that.
---@param root string
---@return boolean
local function may_restart(root)
  local now = vim.uv.now()
  local recent = vim.tbl_filter(function(moment)
    return now - moment < MILLISECONDS_OF_MEMORY
  end, crashes[root] or {})
  recent[#recent + 1] = now
  crashes[root] = recent
  return #recent <= MOST_RESTARTS
end

--- Start a server for a root and attach it to buffers.
---@param root string
---@param buffers integer[]
local function start(root, buffers)
  local client = clients.start(root)
  for _, buffer in ipairs(client and buffers or {}) do
    if vim.api.nvim_buf_is_valid(buffer) then
      vim.lsp.buf_attach_client(buffer, client.id)
    end
  end
end

--- Called by Neovim when a server has ended.
---@param code integer
---@param signal integer
---@param client_id integer
function M.ended(code, signal, client_id)
  local client = vim.lsp.get_client_by_id(client_id)
  local buffers = client and vim.tbl_keys(client.attached_buffers) or {}
  local root = client and client.root_dir
  local was_ready = client ~= nil and client.initialized == true
  local was_told = code == 0 and (signal == 0 or signal == 15)
  vim.schedule(function()
    clients.forget(client_id)
    require('firsthand.requests').lost(client_id)
    require('firsthand.status').forget(client_id)
    if was_told or not root or vim.v.exiting ~= vim.NIL then
      return
    end
    local how = signal ~= 0 and ('by signal %d'):format(signal) or ('with exit code %d'):format(code)
    if not was_ready then
      messages.error(('the server could not be started, it ended %s; %s'):format(how, ADVICE))
    elseif may_restart(root) then
      messages.warn(('the server ended %s and was started again.'):format(how))
      start(root, buffers)
    else
      messages.error(('the server ended %s, again; %s'):format(how, ADVICE))
    end
  end)
end

--- Stop the servers and start them again with what the configuration says now.
function M.restart()
  crashes = {}
  local running = clients.all()
  if #running == 0 then
    clients.with_client(function()
      messages.info('the server was started.')
    end)
    return
  end
  for _, client in ipairs(running) do
    local root, buffers = client.root_dir, vim.tbl_keys(client.attached_buffers)
    client:stop()
    M.when_gone(client.id, function()
      start(root --[[@as string]], buffers)
      messages.info('the server was started again.')
    end)
  end
end

-- Longer than a server takes that is closing its index; after that it is ended by force.
local MILLISECONDS_OF_PATIENCE = 5000
local MILLISECONDS_BETWEEN_LOOKS = 50

--- Call back once a client is no longer there.
---@param client_id integer
---@param callback fun()
function M.when_gone(client_id, callback)
  local began = vim.uv.now()
  local timer = assert(vim.uv.new_timer())
  timer:start(
    MILLISECONDS_BETWEEN_LOOKS,
    MILLISECONDS_BETWEEN_LOOKS,
    vim.schedule_wrap(function()
      if timer:is_closing() then
        return
      end
      local client = vim.lsp.get_client_by_id(client_id)
      if not client then
        timer:close()
        callback()
      elseif vim.uv.now() - began > MILLISECONDS_OF_PATIENCE then
        client.rpc.terminate()
      end
    end)
  )
end

return M
