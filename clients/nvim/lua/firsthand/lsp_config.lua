--- The configuration that `vim.lsp.enable('firsthand')` starts the server with.

local config = require('firsthand.config')
local folder = require('firsthand.folder')
local protocol = require('firsthand.protocol')
local server = require('firsthand.server')

---@param buffer integer
---@param on_dir fun(root?: string)
local function root_dir(buffer, on_dir)
  local path = folder.file_of(buffer)
  local root = path and folder.of_path(path)
  if not root then
    return
  end
  local _, problem = server.find()
  if problem then
    vim.notify_once('Firsthand: ' .. problem, vim.log.levels.WARN)
    return
  end
  on_dir(root)
end

---@param dispatchers vim.lsp.rpc.Dispatchers
---@param client_config vim.lsp.ClientConfig
---@return vim.lsp.rpc.PublicClient
local function start(dispatchers, client_config)
  local found, problem = server.find()
  if not found then
    error('Firsthand: ' .. problem, 0)
  end
  -- Python must not import from the folder that Neovim happens to be in.
  local environment = vim.tbl_extend('keep', client_config.cmd_env or {}, { PYTHONSAFEPATH = '1' })
  return vim.lsp.rpc.start(found.command, dispatchers, {
    cwd = client_config.cmd_cwd,
    env = environment,
    detached = client_config.detached,
  })
end

---@param root string
---@return boolean
local function is_trusted(root)
  local trusted = config.get().trusted
  if type(trusted) == 'boolean' then
    return trusted
  end
  return trusted(root) == true
end

--- Return folders with names for people; Neovim names a folder by its path.
---@param folders lsp.WorkspaceFolder[]
---@return lsp.WorkspaceFolder[]
local function named(folders)
  return vim.tbl_map(function(item)
    return { uri = item.uri, name = vim.fs.basename(vim.uri_to_fname(item.uri)) }
  end, folders)
end

---@param params table
---@param client_config vim.lsp.ClientConfig
local function before_init(params, client_config)
  local options = vim.tbl_extend('force', config.get().settings, client_config.init_options or {})
  options.streaming = true
  options.trusted = is_trusted(client_config.root_dir or vim.fn.getcwd())
  params.initializationOptions = options
  if type(params.workspaceFolders) == 'table' then
    params.workspaceFolders = named(params.workspaceFolders)
  end
end

--- Return a handler that leaves the work to a function of a module, which is loaded when it is needed.
---@param module string
---@param name string
---@return function
local function later(module, name)
  return function(...)
    return require('firsthand.' .. module)[name](...)
  end
end

---@type vim.lsp.Config
return {
  cmd = start,
  root_dir = root_dir,
  before_init = before_init,
  on_init = later('clients', 'started'),
  on_exit = later('restarting', 'ended'),
  handlers = {
    [protocol.ANSWER_DID_UPDATE] = later('requests', 'heard'),
    [protocol.STATUS_DID_CHANGE] = later('status', 'changed'),
    ['window/showMessage'] = later('server_messages', 'shown'),
    ['window/showMessageRequest'] = later('server_messages', 'asked'),
    ['workspace/applyEdit'] = later('edit_preview', 'asked'),
  },
  commands = {
    [protocol.ASK_COMMAND] = later('code_actions', 'ask'),
    [protocol.EXPLAIN_COMMAND] = later('code_actions', 'explain'),
    [protocol.GENERATE_TEST_COMMAND] = later('code_actions', 'test'),
  },
}
