--- The running servers, one for each root folder, as Neovim's LSP clients.

local folder = require('firsthand.folder')
local messages = require('firsthand.messages')
local server = require('firsthand.server')

local M = {}

M.NAME = 'firsthand'

local NO_FOLDER =
  'open a file of your project first, or change to its folder with :cd; your home folder is not indexed.'

---@type table<integer, fun(client: vim.lsp.Client)[]>
local waiting = {}

--- Return every client, also those that are still starting.
---@return vim.lsp.Client[]
function M.all()
  ---@diagnostic disable-next-line: assign-type-mismatch, undefined-field
  return vim.lsp.get_clients({ name = M.NAME, _uninitialized = true })
end

--- Return the client of a root folder.
---@param root string
---@return vim.lsp.Client?
function M.of_root(root)
  return vim.iter(M.all()):find(function(client)
    return client.root_dir == root and not client:is_stopped()
  end)
end

--- Return the client for a buffer: its own, that of its folder, or the only one there is.
---@param buffer integer
---@return vim.lsp.Client?
function M.of_buffer(buffer)
  local all = M.all()
  for _, client in ipairs(all) do
    if client.attached_buffers[buffer] then
      return client
    end
  end
  local root = folder.of_buffer(buffer)
  return root and M.of_root(root) or (#all == 1 and all[1] or nil)
end

---@param client vim.lsp.Client
---@param callback fun(client: vim.lsp.Client)
local function when_ready(client, callback)
  if client.initialized then
    callback(client)
    return
  end
  waiting[client.id] = waiting[client.id] or {}
  table.insert(waiting[client.id], callback)
end

--- Called by Neovim when a server has answered `initialize`.
---@param client vim.lsp.Client
function M.started(client)
  local callbacks = waiting[client.id] or {}
  waiting[client.id] = nil
  -- Neovim tells the server about the open documents right after this.
  vim.schedule(function()
    for _, callback in ipairs(callbacks) do
      callback(client)
    end
  end)
end

--- Forget who waits for a server that ended.
---@param client_id integer
function M.forget(client_id)
  waiting[client_id] = nil
end

--- Start a server for a root folder, without a buffer.
---@param root string
---@return vim.lsp.Client?
function M.start(root)
  local _, problem = server.find()
  if problem then
    messages.error(problem)
    return
  end
  local client_config = vim.tbl_extend('force', vim.lsp.config[M.NAME], { root_dir = root })
  local id = vim.lsp.start(client_config, { attach = false })
  return id and vim.lsp.get_client_by_id(id)
end

--- Call back with a client that is ready; one is started when the folder has none.
---@param callback fun(client: vim.lsp.Client)
---@param root? string The folder that is meant; else it is that of the current buffer.
function M.with_client(callback, root)
  local client = root and M.of_root(root)
  if not root then
    local buffer = vim.api.nvim_get_current_buf()
    client = M.of_buffer(buffer)
    root = folder.of_buffer(buffer)
  end
  if not client and not root then
    messages.warn(NO_FOLDER)
    return
  end
  client = client or M.start(root --[[@as string]])
  if client then
    when_ready(client, callback)
  end
end

return M
